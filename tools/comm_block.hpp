// comm_block.hpp: tt-comm block: the model `published` for one transformer block.
#pragma once

#include "tool_main.hpp"

namespace tt::tool {

void add_block_command(Tool& tool);

}  // namespace tt::tool
