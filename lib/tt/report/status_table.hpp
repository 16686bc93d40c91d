// tt/report/status_table.hpp: where the runs stand, for the screen.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tt/base/clock.hpp"
#include "tt/base/terminal.hpp"
#include "tt/job/state.hpp"

namespace tt {

struct StatusLine {
  std::string name;
  RunState state = RunState::unknown;
  std::string raw;     // the scheduler's own word
  std::string reason;  // why it waits or failed
  std::string job;
  int attempt = 0;  // 0: none yet
  std::optional<Instant> since;
};

}  // namespace tt

namespace tt::report {

// The table and below it the counts. Columns nobody fills are left out.
std::string status_text(const std::vector<StatusLine>& lines, Instant now, const Terminal& terminal);
// "12 runs: 3 running, 8 finished, 1 failed"; "no runs".
std::string counts_text(const std::vector<StatusLine>& lines);

}  // namespace tt::report
