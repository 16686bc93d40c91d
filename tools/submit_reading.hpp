// submit_reading.hpp: tt-submit collect, summary: what the runs left, read and ranked.
#pragma once

#include "tool_main.hpp"

namespace tt::tool {

void add_reading_commands(Tool& tool);

}  // namespace tt::tool
