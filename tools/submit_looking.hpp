// submit_looking.hpp: tt-submit status, wait, explain: where runs stand, and why.
#pragma once

#include "tool_main.hpp"

namespace tt::tool {

void add_status_command(Tool& tool);
void add_wait_command(Tool& tool);
void add_explain_command(Tool& tool);

}  // namespace tt::tool
