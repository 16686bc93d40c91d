// comm_advise.hpp: tt-comm advise: the layouts a model can train with, the fastest that fit first.
#pragma once

#include "tool_main.hpp"

namespace tt::tool {

void add_advise_command(Tool& tool);

}  // namespace tt::tool
