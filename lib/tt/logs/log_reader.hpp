// tt/logs/log_reader.hpp: a log that grows, folded as it grows. The state remembers how far it read, so that collecting
// again reads only what is new; feeding the bytes in any pieces gives the same state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tt/base/value.hpp"
#include "tt/logs/normalise.hpp"
#include "tt/logs/step_series.hpp"

namespace tt::logs {

// The first step line whose loss or gradient norm is not finite, with no finite line of a later step after it.
struct NonFinite {
  std::int64_t step = 0;
  std::size_t line = 0;
  std::string evidence;
  friend bool operator==(const NonFinite&, const NonFinite&) = default;
};

struct LogState {
  std::uint64_t offset = 0;  // bytes folded, the unfinished last line included
  std::size_t lines = 0;     // finished lines
  std::string unfinished;    // the last line so far, when its end has not come yet

  StepSeries steps;
  std::optional<double> loss_first;  // of the first and the last step that showed a loss
  std::optional<double> loss_last;
  std::optional<double> grad_norm_last;
  std::optional<std::int64_t> last_step;     // highest step seen in a step line
  std::optional<std::int64_t> start_step;    // "Training starts at step N"
  std::optional<std::int64_t> total_steps;   // "total steps T"
  std::optional<std::string> titan_version;  // "torchtitan version: 0.3.0"
  std::optional<std::string> device;         // "CUDA capacity: NVIDIA H100 with ..": the name
  // What the header of our own log says trains, in its order: "runtime", "torchtitan", "torch", "nccl", "driver",
  // "gpus".
  std::vector<std::pair<std::string, std::string>> software;
  bool header_ended = false;  // what follows is the training's
  bool end_mark = false;                     // Training completed, Process group destroyed, Created seed checkpoint
  bool fake_communication = false;           // "comm_mode=fake_backend": nothing is exchanged, losses mean nothing
  std::optional<NonFinite> non_finite;

  // Steps done as far as the log tells: the last step line, else what a resumed training had done before it started.
  std::optional<std::int64_t> steps_done() const;
  // The last step the configuration asked for was reached.
  bool reached_last_step() const;
  // The last visible loss and gradient norm are finite (true when none was shown).
  bool loss_is_finite() const { return !non_finite || fake_communication; }
};

// Folds new bytes: those that follow state.offset in the file.
void read_more(LogState& state, std::string_view new_bytes);
// The file ended: its last line may lack a line end. Only for a log nobody writes to any more.
void read_end(LogState& state);
// One line, for who reads lines anyway. `number` is 1-based.
void fold_line(LogState& state, const LogLine& line, std::size_t number);
// "Training completed", "Process group destroyed", "Created seed checkpoint": the training came to its end.
bool is_end_mark(std::string_view message);

Value to_value(const LogState& state);
// A record that cannot be read gives a fresh state: the log is read again from its beginning.
LogState read_log_state(const Value& value);

}  // namespace tt::logs
