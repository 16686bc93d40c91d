// submit_log.hpp: tt-submit logs: the log of a run's last attempt, once or until the run ended.
#pragma once

#include "tool_main.hpp"

namespace tt::tool {

void add_logs_command(Tool& tool);

}  // namespace tt::tool
