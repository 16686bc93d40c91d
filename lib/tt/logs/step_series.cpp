#include "tt/logs/step_series.hpp"

#include <algorithm>

#include "tt/logs/number_value.hpp"

namespace tt::logs {

namespace {

StepSample sample_of(const StepLine& line, std::size_t line_number, int segment) {
  StepSample sample;
  sample.step = line.step;
  if (line.loss && is_visible_loss(*line.loss)) sample.loss = line.loss;
  sample.grad_norm = line.grad_norm;
  sample.memory_gib = line.memory_gib;
  sample.tps = line.tps;
  sample.tflops = line.tflops;
  sample.mfu = line.mfu;
  sample.time = line.time;
  sample.segment = segment;
  sample.line = line_number;
  return sample;
}

std::optional<double> higher(std::optional<double> a, std::optional<double> b) {
  if (!a || !b) return a ? a : b;
  return std::max(*a, *b);
}

// Two ranks spoke about one step: believe the one that sees the loss.
void combine(StepSample& have, const StepSample& other) {
  const auto memory = higher(have.memory_gib, other.memory_gib);
  const bool after_pause = have.after_pause || other.after_pause;
  if (!have.loss && other.loss) have = other;
  have.memory_gib = memory;
  have.after_pause = after_pause;
}

std::int64_t integer_or_zero(const Value& value) { return value.is_integer() ? value.as_integer() : 0; }

}  // namespace

void StepSeries::add(const StepLine& line, std::size_t line_number) {
  auto sample = sample_of(line, line_number, segment_);
  const auto at = std::lower_bound(samples_.begin(), samples_.end(), sample.step,
                                   [](const StepSample& s, std::int64_t step) { return s.step < step; });
  const bool known = at != samples_.end() && at->step == sample.step;
  // Another rank's line of a step we have does not end a pause: that rank paused, too.
  if (!known || at->segment != segment_) {
    sample.after_pause = pause_;
    pause_ = false;
  }
  if (!known)
    samples_.insert(at, sample);
  else if (at->segment != segment_)
    *at = sample;
  else
    combine(*at, sample);
}

void StepSeries::start_segment() {
  if (!samples_.empty()) ++segment_;
  pause_ = false;
}

std::size_t StepSeries::count_from(std::int64_t step) const {
  std::size_t count = 0;
  for (auto at = samples_.rbegin(); at != samples_.rend() && at->step >= step; ++at) count += at->segment == segment_;
  return count;
}

Value StepSeries::to_value() const {
  Value list = Value::array();
  for (const auto& s : samples_) {
    Value row = Value::array();
    row.push(s.step).push(number_value(s.loss)).push(number_value(s.grad_norm)).push(number_value(s.memory_gib));
    row.push(number_value(s.tps)).push(number_value(s.tflops)).push(number_value(s.mfu));
    row.push(s.time ? Value(static_cast<std::int64_t>(s.time->time_since_epoch().count())) : Value());
    row.push(s.segment).push(s.after_pause).push(s.line);
    list.push(std::move(row));
  }
  return Value::object().set("segment", segment_).set("pause", pause_).set("samples", std::move(list));
}

StepSeries StepSeries::from_value(const Value& value) {
  StepSeries series;
  series.segment_ = static_cast<int>(value.integer_or("segment"));
  series.pause_ = value.boolean_or("pause");
  const Value* list = value.find("samples");
  if (list == nullptr || !list->is_list()) return series;
  for (const Value& item : list->as_list()) {
    if (!item.is_list() || item.as_list().size() < 11) continue;
    const auto& row = item.as_list();
    StepSample s;
    s.step = integer_or_zero(row[0]);
    s.loss = number_of(row[1]);
    s.grad_norm = number_of(row[2]);
    s.memory_gib = number_of(row[3]);
    s.tps = number_of(row[4]);
    s.tflops = number_of(row[5]);
    s.mfu = number_of(row[6]);
    if (row[7].is_integer()) s.time = Instant{std::chrono::milliseconds{row[7].as_integer()}};
    s.segment = static_cast<int>(integer_or_zero(row[8]));
    s.after_pause = row[9].is_boolean() && row[9].as_boolean();
    s.line = static_cast<std::size_t>(integer_or_zero(row[10]));
    series.samples_.push_back(s);
  }
  return series;
}

StepSeries StepSeries::merge(std::span<const StepSeries> attempts) {
  StepSeries all;
  int segments = 0;
  for (const auto& attempt : attempts) {
    if (attempt.empty()) continue;
    for (auto sample : attempt.samples_) {
      sample.segment += segments;
      const auto at = std::lower_bound(all.samples_.begin(), all.samples_.end(), sample.step,
                                       [](const StepSample& s, std::int64_t step) { return s.step < step; });
      if (at != all.samples_.end() && at->step == sample.step)
        *at = sample;
      else
        all.samples_.insert(at, sample);
    }
    segments += attempt.segment_ + 1;
  }
  all.segment_ = segments > 0 ? segments - 1 : 0;
  return all;
}

}  // namespace tt::logs
