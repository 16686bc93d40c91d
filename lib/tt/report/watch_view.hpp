// tt/report/watch_view.hpp: runs while they run, as the lines of one screen: what is done, what trains and how fast,
// what went wrong, what waits and why, and what the person who looks should type.
//
// Pure: the same state and the same room give the same lines. When room is short, the sentence that says what to type
// stays longest.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tt/base/clock.hpp"
#include "tt/base/terminal.hpp"
#include "tt/job/state.hpp"
#include "tt/report/run_bar.hpp"

namespace tt {

// A training that runs, as far as the end of its log tells.
struct WatchedRun {
  std::string name;
  std::optional<Seconds> runs_for;
  std::optional<std::int64_t> step;
  std::optional<std::int64_t> steps;  // that it will do
  std::optional<double> tokens_per_second_per_gpu;
  std::optional<double> loss;
  std::optional<Seconds> left;        // estimated from the last steps
  std::optional<Seconds> silent_for;  // only when that is longer than it should be
};

// A run that ended without being finished.
struct WatchedEnd {
  std::string name;
  RunState state = RunState::failed;
  std::string cause;             // an id of logs/causes.hpp; may be empty
  std::optional<Seconds> ago;    // how long ago it ended
  std::optional<Seconds> again;  // tried again by itself in so long
};

struct WatchState {
  std::string title;                       // "tiny on laptop"
  std::string time;                        // "19:05:12 UTC"
  std::optional<Seconds> asked_ago;        // since every scheduler answered; unknown: nobody was asked yet
  std::vector<std::string> could_not_ask;  // "juwels: squeue: no answer in 30 s"
  RunCounts counts;
  std::vector<WatchedRun> running;              // in the order to show them
  std::vector<WatchedEnd> ended_badly;          // the last first; without those somebody cancelled
  std::map<std::string, std::int64_t> waiting;  // reason of the queue → runs
  std::vector<std::string> in_vain;             // names of runs that wait and will never start
  std::optional<std::string> said;              // the last sentence of the conversation
  std::string what;   // of suggested commands, as a shell reads it: " '_bs2_*'"; empty: all runs are meant
  std::string flags;  // the same: " --workspace demo"
};

}  // namespace tt

namespace tt::report {

// One sentence: what to type now, or that nothing is to be typed.
std::string next_step(const WatchState& state);

// At most terminal.height - 1 lines (one at least), each narrower than the terminal. Unknown sizes are 80 and 24.
std::vector<std::string> watch_lines(const WatchState& state, const Terminal& terminal);

// "2026-03-01T12:00:00Z _tp2 failed cuda-oom": one change, for what is no terminal.
std::string change_line(Instant when, const std::string& run, RunState state, const std::string& reason);

}  // namespace tt::report
