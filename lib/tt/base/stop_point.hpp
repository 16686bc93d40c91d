// tt/base/stop_point.hpp: named places where a test can kill this process, compiled in always.
//
// TT_STOP_AT=after-intent ends the process with SIGKILL when it reaches stop_point("after-intent"), as a power cut
// would: nothing is flushed, nothing is released. Costs one getenv; the one variable that is not read in main.
#pragma once

namespace tt {

void stop_point(const char* name);

}  // namespace tt
