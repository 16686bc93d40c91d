#include "tt/logs/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace tt::logs {

namespace {

using Samples = std::vector<StepSample>;

struct Warm {
  std::vector<bool> counts;  // per sample
  std::int64_t skipped = 0;
};

bool starts_segment(const Samples& samples, std::size_t i) {
  return i > 0 && samples[i].segment != samples[i - 1].segment;
}

// Marks the samples that tell the speed of a warm training.
Warm warm_samples(const Samples& samples) {
  Warm warm{std::vector<bool>(samples.size(), true), 0};
  if (samples.empty()) return warm;
  const std::int64_t before = samples.front().step - 1;
  const std::int64_t steps = samples.back().step - before;
  const std::int64_t wanted = std::max<std::int64_t>(10, (steps + 9) / 10);
  std::size_t early = 0;
  while (early < samples.size() && samples[early].step <= before + wanted) ++early;
  const std::size_t rest = samples.size() - early;
  const bool enough = rest >= 3 && rest >= early;
  if (!enough) early = 1;
  warm.skipped = enough ? wanted : 1;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    if (i < early)
      warm.counts[i] = false;
    else if (starts_segment(samples, i)) {
      warm.counts[i] = false;
      ++warm.skipped;
    }
  }
  return warm;
}

template <class Field>
std::vector<double> collect(const Samples& samples, const Warm& warm, Field field) {
  std::vector<double> numbers;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const auto number = field(samples[i]);
    if (warm.counts[i] && number && std::isfinite(*number)) numbers.push_back(*number);
  }
  return numbers;
}

std::vector<double> step_seconds(const Samples& samples, const Warm& warm) {
  std::vector<double> seconds;
  for (std::size_t i = 1; i < samples.size(); ++i) {
    const auto &now = samples[i], &last = samples[i - 1];
    if (!warm.counts[i] || now.segment != last.segment || !now.time || !last.time) continue;
    const double between = std::chrono::duration<double>(*now.time - *last.time).count();
    // The log's clock may have been set back.
    if (between > 0) seconds.push_back(between / static_cast<double>(now.step - last.step));
  }
  return seconds;
}

Value value_of(const std::optional<double>& number) {
  return number && std::isfinite(*number) ? Value(*number) : Value();
}

std::optional<double> number_at(const Value& value, std::string_view key) {
  const Value& found = value.at(key);
  return found.is_number() ? std::optional(found.as_number()) : std::nullopt;
}

std::optional<std::int64_t> integer_at(const Value& value, std::string_view key) {
  const Value& found = value.at(key);
  return found.is_integer() ? std::optional(found.as_integer()) : std::nullopt;
}

}  // namespace

std::optional<double> percentile(std::vector<double> numbers, double p) {
  if (numbers.empty()) return std::nullopt;
  std::sort(numbers.begin(), numbers.end());
  const double place = p * static_cast<double>(numbers.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const auto above = std::min(below + 1, numbers.size() - 1);
  return numbers[below] + (place - static_cast<double>(below)) * (numbers[above] - numbers[below]);
}

Metrics make_metrics(const StepSeries& series) {
  Metrics metrics;
  const Samples& samples = series.samples();
  if (samples.empty()) return metrics;
  const Warm warm = warm_samples(samples);
  metrics.steps = samples.back().step;
  metrics.warmup_steps_skipped = warm.skipped;
  const auto tps = collect(samples, warm, [](const StepSample& s) { return s.tps; });
  metrics.tokens_per_second_per_gpu_median = percentile(tps, 0.5);
  metrics.tokens_per_second_per_gpu_p05 = percentile(tps, 0.05);
  metrics.tflops_median = percentile(collect(samples, warm, [](const StepSample& s) { return s.tflops; }), 0.5);
  metrics.mfu_percent_median = percentile(collect(samples, warm, [](const StepSample& s) { return s.mfu; }), 0.5);
  const auto seconds = step_seconds(samples, warm);
  metrics.seconds_per_step_median = percentile(seconds, 0.5);
  metrics.seconds_per_step_p95 = percentile(seconds, 0.95);
  for (const auto& sample : samples) {
    if (sample.memory_gib) metrics.memory_gib_max = std::max(metrics.memory_gib_max.value_or(0), *sample.memory_gib);
    if (sample.loss && !metrics.loss_first) metrics.loss_first = sample.loss;
    if (sample.loss) metrics.loss_last = sample.loss;
    if (sample.grad_norm) metrics.grad_norm_last = sample.grad_norm;
  }
  return metrics;
}

Value to_value(const Metrics& m) {
  Value value = Value::object();
  value.set("steps", m.steps ? Value(*m.steps) : Value());
  value.set("warmup_steps_skipped", m.warmup_steps_skipped ? Value(*m.warmup_steps_skipped) : Value());
  value.set("tokens_per_second_per_gpu_median", value_of(m.tokens_per_second_per_gpu_median));
  value.set("tokens_per_second_per_gpu_p05", value_of(m.tokens_per_second_per_gpu_p05));
  value.set("tflops_median", value_of(m.tflops_median));
  value.set("mfu_percent_median", value_of(m.mfu_percent_median));
  value.set("seconds_per_step_median", value_of(m.seconds_per_step_median));
  value.set("seconds_per_step_p95", value_of(m.seconds_per_step_p95));
  value.set("memory_gib_max", value_of(m.memory_gib_max));
  value.set("loss_first", value_of(m.loss_first));
  value.set("loss_last", value_of(m.loss_last));
  value.set("grad_norm_last", value_of(m.grad_norm_last));
  return value;
}

Metrics read_metrics(const Value& value) {
  Metrics m;
  m.steps = integer_at(value, "steps");
  m.warmup_steps_skipped = integer_at(value, "warmup_steps_skipped");
  m.tokens_per_second_per_gpu_median = number_at(value, "tokens_per_second_per_gpu_median");
  m.tokens_per_second_per_gpu_p05 = number_at(value, "tokens_per_second_per_gpu_p05");
  m.tflops_median = number_at(value, "tflops_median");
  m.mfu_percent_median = number_at(value, "mfu_percent_median");
  m.seconds_per_step_median = number_at(value, "seconds_per_step_median");
  m.seconds_per_step_p95 = number_at(value, "seconds_per_step_p95");
  m.memory_gib_max = number_at(value, "memory_gib_max");
  m.loss_first = number_at(value, "loss_first");
  m.loss_last = number_at(value, "loss_last");
  m.grad_norm_last = number_at(value, "grad_norm_last");
  return m;
}

}  // namespace tt::logs
