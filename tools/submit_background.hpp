// submit_background.hpp: the commands tt starts itself, which nobody types: the supervisor of this machine and what
// becomes one of its tasks.
#pragma once

#include "tool_main.hpp"

namespace tt::tool {

void add_background_commands(Tool& tool);

}  // namespace tt::tool
