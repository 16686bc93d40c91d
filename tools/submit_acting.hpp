// submit_acting.hpp: tt-submit cancel, hold, release, retry: what changes the fate of runs that were handed over.
#pragma once

#include "tool_main.hpp"

namespace tt::tool {

void add_acting_commands(Tool& tool);

}  // namespace tt::tool
