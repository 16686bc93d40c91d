// comm_append.hpp: tt-comm append: the estimate section of run summaries, written anew.
#pragma once

#include "tool_main.hpp"

namespace tt::tool {

void add_append_command(Tool& tool);

}  // namespace tt::tool
