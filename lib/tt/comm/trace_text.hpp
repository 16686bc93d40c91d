// tt/comm/trace_text.hpp: recordings as a table for a person: what moved, in which unit, and what was left out and why.
#pragma once

#include <span>
#include <string>

#include "tt/comm/trace.hpp"
#include "tt/comm/trace_compare.hpp"

namespace tt::comm {

std::string trace_text(std::span<const Recording> recordings);

// Measured beside estimated, and the first row that disagrees.
std::string comparison_text(const Comparison& comparison);

// "[0, 2]", "0-7", "0-56 step 8", "unknown".
std::string ranks_text(const TraceRow& row);

}  // namespace tt::comm
