// tt/flow/running_progress.hpp: how far running trainings are, read from the ends of their logs.
//
// Made to be asked again and again about thousands of runs: a call looks at a bounded number of logs, opens those that
// grew, and reads a bounded number of bytes of each. It remembers nothing on disk.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tt/base/clock.hpp"
#include "tt/flow/views.hpp"

namespace tt::flow {

struct TrainingProgress {
  std::optional<std::int64_t> step;
  std::optional<std::int64_t> steps;  // that the training will do
  std::optional<double> tokens_per_second_per_gpu;
  std::optional<double> loss;  // not finite when the last one was not
  std::optional<Seconds> per_step;
  std::optional<Seconds> between_lines;  // of its step lines
  std::optional<Instant> spoke;          // when the log was written last
};

class RunningProgress {
 public:
  struct Limits {
    std::size_t logs = 64;            // looked at in one call, beside those that are shown
    std::size_t bytes = 64UL * 1024;  // read at either end of a log
  };
  RunningProgress() = default;
  explicit RunningProgress(Limits limits) : limits_(limits) {}

  // Looks at the logs of the first `shown` of these runs, and at some of the others: all of them in turn.
  void read(const std::vector<const RunView*>& running, std::size_t shown);
  // Empty for a run that was not looked at yet.
  TrainingProgress of(const RunView& run) const;

 private:
  struct Known {
    int attempt = 0;
    std::uintmax_t size = 0;  // of the log when it was read
    TrainingProgress progress;
  };
  void read_one(const RunView& run);
  void read_log(const std::filesystem::path& log, std::uintmax_t size, TrainingProgress& progress) const;

  Limits limits_;
  std::map<RunId, Known> known_;
  std::size_t turn_ = 0;  // whose turn it is among the others
};

}  // namespace tt::flow
