// tt/report/status_table.hpp: where the runs stand, for the screen.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tt/base/clock.hpp"
#include "tt/base/terminal.hpp"
#include "tt/job/state.hpp"

namespace tt {

// Texts are looked at where they stand: there may be ten thousand lines.
struct StatusLine {
  std::string_view name;
  RunState state = RunState::unknown;
  std::string_view raw;     // the scheduler's own word
  std::string_view reason;  // why it waits or failed
  std::string_view job;
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
