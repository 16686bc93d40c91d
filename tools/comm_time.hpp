// comm_time.hpp: tt-comm time and tt-comm mfu: one collective on given links; utilisation of a measured speed.
#pragma once

#include "tool_main.hpp"

namespace tt::tool {

void add_time_command(Tool& tool);
void add_mfu_command(Tool& tool);

}  // namespace tt::tool
