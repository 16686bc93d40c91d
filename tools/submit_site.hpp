// submit_site.hpp: tt-submit site: the cluster profiles there are, one of them, a check of a file.
#pragma once

#include "tool_main.hpp"

namespace tt::tool {

void add_site_command(Tool& tool);

}  // namespace tt::tool
