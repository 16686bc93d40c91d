// tt/scheduler/kill_point.hpp: named places where a test can kill a supervisor or a task being started: TT_STOP_AT=NAME
// ends the process with SIGKILL there, as a power cut would.
#pragma once

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace tt::scheduler {

inline void kill_point(const char* name) {
  const char* wanted = std::getenv("TT_STOP_AT");
  if (wanted != nullptr && std::strcmp(wanted, name) == 0) ::kill(::getpid(), SIGKILL);
}

}  // namespace tt::scheduler
