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

// Runs that stand alike and beside each other: ten thousand that wait for the same are one of these. Texts are looked
// at where they stand.
struct StatusLines {
  std::vector<std::string_view> names;
  RunState state = RunState::unknown;
  std::string_view raw;     // the scheduler's own word
  std::string_view reason;  // why it waits or failed
  std::string_view job;
  int attempt = 0;  // 0: none yet
  std::optional<Instant> since;
  std::string_view sweep{};
};

}  // namespace tt

namespace tt::report {

// The table and below it the counts. Columns nobody fills are left out; sweeps are named where there are several.
std::string status_text(const std::vector<StatusLines>& lines, Instant now, const Terminal& terminal);
// "12 runs: 3 running, 8 finished, 1 failed"; "no runs".
std::string counts_text(const std::vector<StatusLines>& lines);

}  // namespace tt::report
