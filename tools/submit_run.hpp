// submit_run.hpp: tt-submit run: from a sweep file to jobs, and on to the ranking.
#pragma once

#include "tool_main.hpp"

namespace tt::tool {

void add_run_command(Tool& tool);

}  // namespace tt::tool
