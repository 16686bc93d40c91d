// comm_trace.hpp: tt-comm trace: what a training really moved, from what it recorded.
#pragma once

#include "tool_main.hpp"

namespace tt::tool {

void add_trace_command(Tool& tool);

}  // namespace tt::tool
