#include "tt/base/stop_point.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace tt {

void stop_point(const char* name) {
  const char* wanted = std::getenv("TT_STOP_AT");
  if (wanted != nullptr && std::strcmp(wanted, name) == 0) ::kill(::getpid(), SIGKILL);
}

}  // namespace tt
