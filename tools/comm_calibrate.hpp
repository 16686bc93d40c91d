// comm_calibrate.hpp: tt-comm calibrate: constants of the time and memory model from finished runs.
#pragma once

#include "tool_main.hpp"

namespace tt::tool {

void add_calibrate_command(Tool& tool);

}  // namespace tt::tool
