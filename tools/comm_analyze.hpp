// comm_analyze.hpp: tt-comm analyze: the model `published` over a list of configurations.
#pragma once

#include "tool_main.hpp"

namespace tt::tool {

void add_analyze_command(Tool& tool);

}  // namespace tt::tool
