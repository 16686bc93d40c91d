// sweep_check.hpp: tt-sweep check: all problems of a sweep file at once, by our rules and, when asked, by TorchTitan.
#pragma once

#include "tool_main.hpp"

namespace tt::tool {

void add_check_command(Tool& tool);

}  // namespace tt::tool
