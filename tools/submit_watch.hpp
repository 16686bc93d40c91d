// submit_watch.hpp: tt-submit watch: runs while they run, on one screen, or as lines where there is no terminal.
#pragma once

#include "tool_main.hpp"

namespace tt::tool {

void add_watch_command(Tool& tool);

}  // namespace tt::tool
