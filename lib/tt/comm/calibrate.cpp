#include "tt/comm/calibrate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"

namespace tt::comm {

namespace {

constexpr std::size_t unknowns = 3;            // compute, links, network cards
using Factors = std::array<double, unknowns>;  // logarithms of the factors on the constants
using Matrix = std::array<Factors, unknowns>;

Fabric scaled(const Fabric& start, const Factors& logs) {
  Fabric fabric = start;
  fabric.efficiency_eager = start.efficiency_eager * std::exp(logs[0]);
  fabric.efficiency_compiled = start.efficiency_compiled * std::exp(logs[0]);
  fabric.link_bytes_per_second = start.link_bytes_per_second * std::exp(logs[1]);
  fabric.nic_bytes_per_second = start.nic_bytes_per_second * std::exp(logs[2]);
  return fabric;
}

double predicted_seconds(const MeasuredRun& run, Fabric fabric) {
  fabric.gpus_per_node = run.gpus_per_node;
  return figures_of(run.step, run.work, &fabric, run.gpus_per_node).time.total;
}

double predicted_peak(const MeasuredRun& run) {
  return static_cast<double>(figures_of(run.step, run.work, nullptr, run.gpus_per_node).memory.peak());
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// Solves A x = b for a small symmetric matrix; nullopt: it has no one answer.
std::optional<Factors> solve(Matrix a, Factors b) {
  for (std::size_t i = 0; i < unknowns; ++i) {
    std::size_t pivot = i;
    for (std::size_t r = i + 1; r < unknowns; ++r)
      if (std::abs(a[r][i]) > std::abs(a[pivot][i])) pivot = r;
    if (std::abs(a[pivot][i]) < 1e-14) return std::nullopt;
    std::swap(a[i], a[pivot]);
    std::swap(b[i], b[pivot]);
    for (std::size_t r = i + 1; r < unknowns; ++r) {
      const double factor = a[r][i] / a[i][i];
      for (std::size_t c = i; c < unknowns; ++c) a[r][c] -= factor * a[i][c];
      b[r] -= factor * b[i];
    }
  }
  Factors x{};
  for (std::size_t i = unknowns; i-- > 0;) {
    double sum = b[i];
    for (std::size_t c = i + 1; c < unknowns; ++c) sum -= a[i][c] * x[c];
    x[i] = sum / a[i][i];
  }
  return x;
}

class TimeFit {
 public:
  TimeFit(std::vector<const MeasuredRun*> runs, const Fabric& start) : runs_(std::move(runs)), start_(start) { fit(); }

  const Factors& logs() const { return logs_; }
  Fabric fabric() const { return scaled(start_, logs_); }
  std::optional<double> error_of(std::size_t unknown) const { return errors_[unknown]; }

 private:
  double residual(const MeasuredRun& run, const Factors& logs) const {
    return std::log(*run.step_seconds / predicted_seconds(run, scaled(start_, logs)));
  }
  double cost(const Factors& logs) const {
    double sum = 0;
    for (const MeasuredRun* run : runs_) sum += std::pow(residual(*run, logs), 2);
    return sum;
  }

  // How the logarithm of a prediction moves with each unknown; one that moves nothing stays where it is.
  Matrix normal_equations(Factors& right) const {
    constexpr double small = 1e-4;
    Matrix square{};
    right = {};
    for (const MeasuredRun* run : runs_) {
      const double here = residual(*run, logs_);
      Factors slope{};
      for (std::size_t i = 0; i < unknowns; ++i) {
        Factors moved = logs_;
        moved[i] += small;
        slope[i] = (here - residual(*run, moved)) / small;
      }
      for (std::size_t i = 0; i < unknowns; ++i) {
        right[i] += slope[i] * here;
        for (std::size_t j = 0; j < unknowns; ++j) square[i][j] += slope[i] * slope[j];
      }
    }
    return square;
  }

  // Where transfers hide behind compute a slower network moves nothing, until it no longer hides: a slope alone would
  // not find it.
  void start_where_it_is_best() {
    double best = cost(logs_);
    for (const double compute : {0.0, -0.3, 0.3})
      for (const double links : {0.0, -0.6, -1.2, 0.6})
        for (const double cards : {0.0, -0.6, -1.2, 0.6}) {
          const Factors logs{compute, links, cards};
          const double here = cost(logs);
          if (here >= best * (1 - 1e-9)) continue;
          best = here;
          logs_ = logs;
        }
  }

  void fit() {
    start_where_it_is_best();
    constexpr double determined = 1e-3;  // a constant must move predictions by this much to be fitted
    Factors right{};
    const Matrix first = normal_equations(right);
    for (std::size_t i = 0; i < unknowns; ++i) moves_[i] = first[i][i] > determined * static_cast<double>(runs_.size());
    double damping = 1e-3;
    double best = cost(logs_);
    for (int round = 0; round < 60 && damping < 1e8; ++round) {
      Matrix square = normal_equations(right);
      for (std::size_t i = 0; i < unknowns; ++i) hold_or_damp(square, right, i, damping);
      const auto step = solve(square, right);
      if (!step) break;
      Factors next = logs_;
      for (std::size_t i = 0; i < unknowns; ++i) next[i] = std::clamp(next[i] + (*step)[i], -4.0, 4.0);
      const double reached = cost(next);
      if (reached < best) {
        const bool still = best - reached < 1e-12;
        logs_ = next;
        best = reached;
        damping = std::max(1e-9, damping / 5);
        if (still) break;
      } else {
        damping *= 5;
      }
    }
    spread(best);
  }

  void hold_or_damp(Matrix& square, Factors& right, std::size_t i, double damping) const {
    if (moves_[i]) {
      square[i][i] *= 1 + damping;
      return;
    }
    for (std::size_t j = 0; j < unknowns; ++j) square[i][j] = square[j][i] = 0;
    square[i][i] = 1;
    right[i] = 0;
  }

  // Standard errors; none where there are no more runs than unknowns, or where the constant has no say.
  void spread(double cost_left) {
    const auto moving = static_cast<std::size_t>(std::count(moves_.begin(), moves_.end(), true));
    if (runs_.size() <= moving || moving == 0) return;
    Factors right{};
    Matrix square = normal_equations(right);
    for (std::size_t i = 0; i < unknowns; ++i) hold_or_damp(square, right, i, 0);
    const double variance = cost_left / static_cast<double>(runs_.size() - moving);
    for (std::size_t i = 0; i < unknowns; ++i) {
      Factors unit{};
      unit[i] = 1;
      const auto column = solve(square, unit);
      if (moves_[i] && column && (*column)[i] > 0) errors_[i] = std::sqrt(variance * (*column)[i]);
    }
  }

  std::vector<const MeasuredRun*> runs_;
  const Fabric& start_;
  Factors logs_{};
  std::array<bool, unknowns> moves_{};
  std::array<std::optional<double>, unknowns> errors_{};
};

struct Prediction {
  const MeasuredRun* run;
  double measured, before, after;
};

CalibrationError error_of(const std::vector<Prediction>& predictions) {
  std::vector<double> before, after;
  for (const Prediction& one : predictions) {
    before.push_back(std::abs(one.before / one.measured - 1));
    after.push_back(std::abs(one.after / one.measured - 1));
  }
  return {median(before), median(after), static_cast<std::int64_t>(predictions.size())};
}

// Further off than 10 % and four times the usual scatter.
void find_contradictions(const std::vector<Prediction>& predictions, const std::string& what,
                         std::vector<Contradiction>& found) {
  std::vector<double> sizes;
  for (const Prediction& one : predictions) sizes.push_back(std::abs(std::log(one.measured / one.after)));
  const double limit = std::max(0.1, 4 * 1.4826 * median(sizes));
  for (std::size_t i = 0; i < predictions.size(); ++i)
    if (sizes[i] > limit)
      found.push_back({predictions[i].run->name, what, predictions[i].measured, predictions[i].after});
}

void fit_times(const std::vector<const MeasuredRun*>& runs, const Fabric& start, CalibrationResult& result) {
  const TimeFit fit(runs, start);
  result.fabric = fit.fabric();
  result.efficiency_eager = {result.fabric.efficiency_eager, fit.error_of(0)};
  result.efficiency_compiled = {result.fabric.efficiency_compiled, fit.error_of(0)};
  result.link_bytes_per_second = {result.fabric.link_bytes_per_second, fit.error_of(1)};
  result.nic_bytes_per_second = {result.fabric.nic_bytes_per_second, fit.error_of(2)};
  if (runs.size() < 2) return;
  std::vector<Prediction> predictions;
  for (const MeasuredRun* run : runs) {
    std::vector<const MeasuredRun*> others;
    std::copy_if(runs.begin(), runs.end(), std::back_inserter(others), [&](const auto* one) { return one != run; });
    predictions.push_back({run, *run->step_seconds, predicted_seconds(*run, start),
                           predicted_seconds(*run, TimeFit(others, start).fabric())});
  }
  result.time_error = error_of(predictions);
  find_contradictions(predictions, "time of a step", result.contradictions);
}

void fit_memory(const std::vector<const MeasuredRun*>& runs, const Fabric& start, CalibrationResult& result) {
  std::vector<double> slacks;
  for (const MeasuredRun* run : runs) slacks.push_back(*run->memory_bytes / predicted_peak(*run));
  const double slack = median(slacks);
  result.fabric.memory_slack = slack;
  result.memory_slack.value = slack;
  if (runs.size() < 2) return;
  std::vector<double> off;
  std::vector<Prediction> predictions;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    off.push_back(std::abs(slacks[i] / slack - 1));
    std::vector<double> others = slacks;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    const double peak = predicted_peak(*runs[i]);
    predictions.push_back({runs[i], *runs[i]->memory_bytes, start.memory_slack * peak, median(others) * peak});
  }
  result.memory_slack.relative_error = 1.4826 * median(off) / std::sqrt(static_cast<double>(runs.size()));
  result.memory_error = error_of(predictions);
  find_contradictions(predictions, "memory", result.contradictions);
}

}  // namespace

CalibrationResult calibrate(std::span<const MeasuredRun> runs, const Fabric& start) {
  std::vector<const MeasuredRun*> timed, weighed;
  for (const MeasuredRun& run : runs) {
    if (run.step_seconds && *run.step_seconds > 0) timed.push_back(&run);
    if (run.memory_bytes && *run.memory_bytes > 0) weighed.push_back(&run);
  }
  if (timed.empty() && weighed.empty())
    throw Error("no run says how long a step took or how much memory it held: nothing to fit to");
  CalibrationResult result;
  result.fabric = start;
  result.efficiency_eager.value = start.efficiency_eager;
  result.efficiency_compiled.value = start.efficiency_compiled;
  result.link_bytes_per_second.value = start.link_bytes_per_second;
  result.nic_bytes_per_second.value = start.nic_bytes_per_second;
  result.memory_slack.value = start.memory_slack;
  if (!timed.empty()) fit_times(timed, start, result);
  if (!weighed.empty()) fit_memory(weighed, start, result);
  return result;
}

namespace {

Value constant_record(const FittedConstant& constant, double unit) {
  return Value::object()
      .set("value", constant.value / unit)
      .set("relative_error", constant.relative_error ? Value(*constant.relative_error) : Value());
}

Value error_record(const std::optional<CalibrationError>& error) {
  if (!error) return Value();
  return Value::object().set("median_before", error->before).set("median_after", error->after).set("runs", error->runs);
}

}  // namespace

Value calibration_record(const CalibrationResult& result, std::size_t runs) {
  Value contradictions = Value::array();
  for (const Contradiction& one : result.contradictions)
    contradictions.push(Value::object()
                            .set("run", one.run)
                            .set("what", one.what)
                            .set("measured", one.measured)
                            .set("predicted", one.predicted));
  return Value::object()
      .set("schema", "tt.comm.calibration/1")
      .set("hardware", result.fabric.name)
      .set("runs", static_cast<std::int64_t>(runs))
      .set("efficiency_eager", constant_record(result.efficiency_eager, 1))
      .set("efficiency_compiled", constant_record(result.efficiency_compiled, 1))
      .set("link_gb_per_second", constant_record(result.link_bytes_per_second, 1e9))
      .set("nic_gb_per_second", constant_record(result.nic_bytes_per_second, 1e9))
      .set("memory_slack", constant_record(result.memory_slack, 1))
      .set("time_error", error_record(result.time_error))
      .set("memory_error", error_record(result.memory_error))
      .set("contradictions", std::move(contradictions));
}

std::string calibration_text(const CalibrationResult& result, std::size_t runs) {
  std::string text =
      fmt::format("fitted to {} on {}:\n", plural(static_cast<std::int64_t>(runs), "run"), result.fabric.title);
  const auto line = [&](const char* name, const FittedConstant& constant, double unit, const char* unit_name) {
    text += fmt::format("  {:<32} {:.4g}{}{}\n", name, constant.value / unit, unit_name,
                        constant.relative_error ? fmt::format(" +- {:.1f} %", 100 * *constant.relative_error)
                                                : ", not determined by these runs");
  };
  line("compute, eager", result.efficiency_eager, 1, " of the peak");
  line("compute, compiled", result.efficiency_compiled, 1, " of the peak");
  line("links inside a node", result.link_bytes_per_second, 1e9, " GB/s");
  line("network card", result.nic_bytes_per_second, 1e9, " GB/s");
  line("memory reserved over in use", result.memory_slack, 1, "");
  const auto error = [&](const char* what, const std::optional<CalibrationError>& one) {
    if (one)
      text +=
          fmt::format("{}: off by {:.1f} % before and {:.1f} % after (median of {}, each left out of its own fit)\n",
                      what, 100 * one->before, 100 * one->after, plural(one->runs, "run"));
    else
      text += fmt::format("{}: fewer than two runs, no error can be told\n", what);
  };
  error("time of a step", result.time_error);
  error("memory", result.memory_error);
  for (const Contradiction& one : result.contradictions)
    text += fmt::format("contradicts the model: {}, {} {:.4g} measured, {:.4g} predicted ({})\n", one.run, one.what,
                        one.measured, one.predicted, one.what == "memory" ? "bytes" : "s");
  return text;
}

}  // namespace tt::comm
