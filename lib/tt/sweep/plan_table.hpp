// tt/sweep/plan_table.hpp: the runs of a plan as a table for people.
#pragma once

#include <string>

#include "tt/base/terminal.hpp"
#include "tt/sweep/plan.hpp"

namespace tt::sweep {

// A line a run, 200 at most. Where a terminal is too narrow, first the text of what varies gives way, then columns,
// which are named below the table; the names of the runs last. Elsewhere all is whole.
std::string plan_table(const Plan& plan, const std::string& file, const Terminal& terminal);

}  // namespace tt::sweep
