// sweep_schema.hpp: tt-sweep schema: the configuration keys of TorchTitan's releases, and the sweep file for editors.
#pragma once

#include "tool_main.hpp"

namespace tt::tool {

void add_schema_command(Tool& tool);

}  // namespace tt::tool
