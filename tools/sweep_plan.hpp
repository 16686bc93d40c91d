// sweep_plan.hpp: tt-sweep plan: the runs of a sweep as a table, a matrix, lines for a spreadsheet or a record.
#pragma once

#include "tool_main.hpp"

namespace tt::tool {

void add_plan_command(Tool& tool);

}  // namespace tt::tool
