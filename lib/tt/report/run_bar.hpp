// tt/report/run_bar.hpp: how many runs are where, as a bar and as words that explain its marks:
//
//   [#######################xxx>>>>>>>..............................] 9 of 20 runs ended
//   # 8 finished   x 1 failed   > 2 running   . 9 queued
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tt/base/terminal.hpp"
#include "tt/job/state.hpp"

namespace tt {

using RunCounts = std::map<RunState, std::int64_t>;

}  // namespace tt

namespace tt::report {

// As wide as the room; without the bar where there is no room for one.
std::string bar_line(const RunCounts& counts, const Terminal& room);
// As many lines as it takes.
std::vector<std::string> counts_lines(const RunCounts& counts, const Terminal& room);

}  // namespace tt::report
