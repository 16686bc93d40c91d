// tt/logs/step_series.hpp: what the step lines of a run said, one sample per logged step.
//
// A log repeats a step: once per shown rank. Lines of one step are one sample: the loss, speed and time of a rank that
// sees the loss (with pipelines only the last stage does), the highest memory of all. A step trained again after a
// restart replaces what was said before, so steps are counted once by their number, over all attempts.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tt/base/value.hpp"
#include "tt/logs/step_line.hpp"

namespace tt::logs {

struct StepSample {
  std::int64_t step = 0;
  std::optional<double> loss;  // visible ones only
  std::optional<double> grad_norm;
  std::optional<double> memory_gib;
  std::optional<double> tps;
  std::optional<double> tflops;
  std::optional<double> mfu;
  std::optional<Instant> time;
  int segment = 0;           // counts the (re)starts of the training: times are compared within a segment only
  bool after_pause = false;  // a validation or checkpoint stood between this line and the one before
  std::size_t line = 0;      // 1-based line of the log
  friend bool operator==(const StepSample&, const StepSample&) = default;
};

class StepSeries {
 public:
  // Adds one training line.
  void add(const StepLine& line, std::size_t line_number);
  // The training starts (again): later samples belong to a new segment.
  void start_segment();
  void mark_pause() { pause_ = true; }
  // How many steps from `step` on were logged since the training (re)started.
  std::size_t count_from(std::int64_t step) const;
  const std::vector<StepSample>& samples() const { return samples_; }  // by step, each step once
  bool empty() const { return samples_.empty(); }

  Value to_value() const;
  static StepSeries from_value(const Value& value);
  // The series of a run from its attempts, oldest first.
  static StepSeries merge(std::span<const StepSeries> attempts);

 private:
  std::vector<StepSample> samples_;
  int segment_ = 0;
  bool pause_ = false;
};

}  // namespace tt::logs
