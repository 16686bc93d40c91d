// tt/comm/measured_section.hpp: what a run recorded, as a section of summary.md.
#pragma once

#include <string>

#include "tt/base/value.hpp"

namespace tt::comm {

// Markdown, from a tt.comm.trace/1 record with its "comparisons" and "problems". What is null is written as "unknown".
std::string measured_section(const Value& record);

}  // namespace tt::comm
