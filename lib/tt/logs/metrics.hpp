// tt/logs/metrics.hpp: a run in numbers, from its step lines.
//
// Warm-up: the first W = max(10, a tenth of the steps, rounded up) steps are left out of all medians and percentiles
// when at least 3 samples and at least as many as were left out remain; else only the first logged step is left out. A
// restarted training warms up again: the first sample after a restart is left out, too. `warmup_steps_skipped` says how
// many steps: W (or 1), plus one per restart.
//
// Percentiles interpolate linearly between neighbours (the median of two numbers is their mean). Seconds per step are
// the differences of the times of consecutive samples, divided by the steps between them; unknown when the log has no
// times. Memory is the highest of all steps, warm-up included. Losses of pipeline ranks that see none are not losses.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tt/base/value.hpp"
#include "tt/logs/step_series.hpp"

namespace tt::logs {

struct Metrics {
  std::optional<std::int64_t> steps;  // the highest step number: steps trained over all attempts
  std::optional<std::int64_t> warmup_steps_skipped;
  std::optional<double> tokens_per_second_per_gpu_median;
  std::optional<double> tokens_per_second_per_gpu_p05;
  std::optional<double> tflops_median;
  std::optional<double> mfu_percent_median;
  std::optional<double> seconds_per_step_median;
  std::optional<double> seconds_per_step_p95;
  std::optional<double> memory_gib_max;
  std::optional<double> loss_first;
  std::optional<double> loss_last;
  std::optional<double> grad_norm_last;
};

Metrics make_metrics(const StepSeries& series);
Value to_value(const Metrics& metrics);  // the keys of tt.summary/1; unknown and non-finite numbers are null
Metrics read_metrics(const Value& value);

// Percentile `p` (0 to 1), interpolated; nullopt of nothing.
std::optional<double> percentile(std::vector<double> numbers, double p);

}  // namespace tt::logs
