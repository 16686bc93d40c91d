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

// Squares trust every run; the robust sum grows no faster than the distance beyond `edge`, so that runs far off cannot
// bend the rest.
enum class Trust : std::uint8_t { all, robust };
constexpr double edge = 0.05;

class TimeFit {
 public:
  TimeFit(std::vector<const MeasuredRun*> runs, const Fabric& start, Trust trust = Trust::all)
      : runs_(std::move(runs)), start_(start), trust_(trust) {
    fit();
  }

  const Factors& logs() const { return logs_; }
  Fabric fabric() const { return scaled(start_, logs_); }
  std::optional<double> error_of(std::size_t unknown) const { return errors_[unknown]; }

 private:
  double residual(const MeasuredRun& run, const Factors& logs) const {
    return std::log(*run.step_seconds / predicted_seconds(run, scaled(start_, logs)));
  }
  double cost(const Factors& logs) const {
    double sum = 0;
    for (const MeasuredRun* run : runs_) {
      const double off = std::abs(residual(*run, logs));
      sum += trust_ == Trust::all || off <= edge ? off * off : edge * (2 * off - edge);
    }
    return sum;
  }
  double weight(double off) const { return trust_ == Trust::all || std::abs(off) <= edge ? 1 : edge / std::abs(off); }

  // How the logarithm of a prediction moves with each unknown; one that moves no run stays where it is. What is felt
  // changes on the way: a slow network hides no longer.
  Matrix normal_equations(Factors& right) {
    constexpr double small = 1e-4;
    constexpr double felt = 0.03;  // a constant must move some prediction by this much to be fitted
    Matrix square{};
    right = {};
    moves_ = {};
    for (const MeasuredRun* run : runs_) {
      const double here = residual(*run, logs_);
      Factors slope{};
      for (std::size_t i = 0; i < unknowns; ++i) {
        Factors moved = logs_;
        moved[i] += small;
        slope[i] = (here - residual(*run, moved)) / small;
        moves_[i] = moves_[i] || std::abs(slope[i]) > felt;
      }
      const double share = weight(here);
      for (std::size_t i = 0; i < unknowns; ++i) {
        right[i] += share * slope[i] * here;
        for (std::size_t j = 0; j < unknowns; ++j) square[i][j] += share * slope[i] * slope[j];
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
    Factors right{};
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
    put_back_what_is_not_felt(best);
    spread(best);
  }

  // The first look around may have moved what no run feels.
  void put_back_what_is_not_felt(double& best) {
    Factors right{};
    normal_equations(right);
    for (std::size_t i = 0; i < unknowns; ++i) {
      Factors back = logs_;
      back[i] = 0;
      const double here = cost(back);
      if (moves_[i] || here > best + 1e-9) continue;
      logs_ = back;
      best = here;
    }
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
    Factors right{};
    Matrix square = normal_equations(right);
    const auto moving = static_cast<std::size_t>(std::count(moves_.begin(), moves_.end(), true));
    if (runs_.size() <= moving || moving == 0) return;
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
  Trust trust_;
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

// Further off than 10 % and four times the usual scatter: for each, whether it contradicts the prediction `after`.
std::vector<bool> contradicting(const std::vector<Prediction>& predictions) {
  std::vector<double> sizes;
  for (const Prediction& one : predictions) sizes.push_back(std::abs(std::log(one.measured / one.after)));
  const double limit = std::max(std::log(1.1), 4 * 1.4826 * median(sizes));
  std::vector<bool> found;
  for (const double size : sizes) found.push_back(size > limit);
  return found;
}

// The runs that agree among each other; those that do not are noted.
std::vector<const MeasuredRun*> without_contradictions(const std::vector<Prediction>& predictions,
                                                       const std::string& what, CalibrationResult& result) {
  const std::vector<bool> contradicts = contradicting(predictions);
  std::vector<const MeasuredRun*> kept;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const Prediction& one = predictions[i];
    if (contradicts[i])
      result.contradictions.push_back({one.run->name, what, one.measured, one.after});
    else
      kept.push_back(one.run);
  }
  return kept;
}

void fit_times(const std::vector<const MeasuredRun*>& all, const Fabric& start, CalibrationResult& result) {
  const Fabric first = TimeFit(all, start, Trust::robust).fabric();
  std::vector<Prediction> predictions;
  for (const MeasuredRun* run : all)
    predictions.push_back({run, *run->step_seconds, predicted_seconds(*run, start), predicted_seconds(*run, first)});
  const auto runs = without_contradictions(predictions, "time of a step", result);
  const TimeFit fit(runs, start);
  const Fabric fitted = fit.fabric();
  result.fabric.efficiency_eager = fitted.efficiency_eager;
  result.fabric.efficiency_compiled = fitted.efficiency_compiled;
  result.fabric.link_bytes_per_second = fitted.link_bytes_per_second;
  result.fabric.nic_bytes_per_second = fitted.nic_bytes_per_second;
  result.efficiency_eager = {fitted.efficiency_eager, fit.error_of(0)};
  result.efficiency_compiled = {fitted.efficiency_compiled, fit.error_of(0)};
  result.link_bytes_per_second = {fitted.link_bytes_per_second, fit.error_of(1)};
  result.nic_bytes_per_second = {fitted.nic_bytes_per_second, fit.error_of(2)};
  if (runs.size() < 2) return;
  predictions.clear();
  for (const MeasuredRun* run : runs) {
    std::vector<const MeasuredRun*> others;
    std::copy_if(runs.begin(), runs.end(), std::back_inserter(others), [&](const auto* one) { return one != run; });
    predictions.push_back({run, *run->step_seconds, predicted_seconds(*run, start),
                           predicted_seconds(*run, TimeFit(others, start).fabric())});
  }
  result.time_error = error_of(predictions);
}

double slack_of(const MeasuredRun& run) { return *run.memory_bytes / predicted_peak(run); }

double median_slack(const std::vector<const MeasuredRun*>& runs, const MeasuredRun* without = nullptr) {
  std::vector<double> slacks;
  for (const MeasuredRun* run : runs)
    if (run != without) slacks.push_back(slack_of(*run));
  return median(std::move(slacks));
}

void fit_memory(const std::vector<const MeasuredRun*>& all, const Fabric& start, CalibrationResult& result) {
  const double first = median_slack(all);
  std::vector<Prediction> predictions;
  for (const MeasuredRun* run : all)
    predictions.push_back(
        {run, *run->memory_bytes, start.memory_slack * predicted_peak(*run), first * predicted_peak(*run)});
  const auto runs = without_contradictions(predictions, "memory", result);
  const double slack = median_slack(runs);
  result.fabric.memory_slack = slack;
  result.memory_slack.value = slack;
  if (runs.size() < 2) return;
  std::vector<double> off;
  predictions.clear();
  for (const MeasuredRun* run : runs) {
    off.push_back(std::abs(slack_of(*run) / slack - 1));
    const double peak = predicted_peak(*run);
    predictions.push_back({run, *run->memory_bytes, start.memory_slack * peak, median_slack(runs, run) * peak});
  }
  result.memory_slack.relative_error = 1.4826 * median(off) / std::sqrt(static_cast<double>(runs.size()));
  result.memory_error = error_of(predictions);
}

}  // namespace

std::optional<std::string> what_is_absurd(const MeasuredRun& run, const Fabric& fabric) {
  constexpr double gib = 1024.0 * 1024 * 1024;
  if (run.step_seconds) {
    const double seconds = *run.step_seconds;
    if (!std::isfinite(seconds) || seconds <= 0) return fmt::format("a step of {} s is no measurement", seconds);
    const Step& step = run.step;
    const double tokens = static_cast<double>(step.tokens) * static_cast<double>(step.m()) /
                          static_cast<double>(step.t * step.p);  // of one GPU
    const double mfu = mfu_percent(run.work.flops_per_token(step.seq_len), tokens / seconds, fabric.peak_flops);
    if (mfu > 100)
      return fmt::format("a step of {:.4g} s would be {:.0f} % of the peak of {}", seconds, mfu, fabric.title);
  }
  if (run.memory_bytes) {
    const double bytes = *run.memory_bytes;
    if (!std::isfinite(bytes) || bytes <= 0) return fmt::format("{} bytes of memory are no measurement", bytes);
    if (fabric.memory_bytes && bytes > *fabric.memory_bytes)
      return fmt::format("{:.1f} GiB of memory are more than the {:.1f} GiB of {}", bytes / gib,
                         *fabric.memory_bytes / gib, fabric.title);
    const auto state = static_cast<double>(figures_of(run.step, run.work, nullptr, run.gpus_per_node).memory.state);
    if (bytes < state / 2)
      return fmt::format("{:.2f} GiB of memory cannot hold parameters and optimizer, {:.2f} GiB", bytes / gib,
                         state / gib);
  }
  return std::nullopt;
}

CalibrationResult calibrate(std::span<const MeasuredRun> runs, const Fabric& start) {
  CalibrationResult result;
  std::vector<const MeasuredRun*> timed, weighed;
  for (const MeasuredRun& run : runs) {
    if (const auto absurd = what_is_absurd(run, start)) {
      result.left_out.push_back(fmt::format("{}: {}", run.name, *absurd));
      continue;
    }
    if (run.step_seconds) timed.push_back(&run);
    if (run.memory_bytes) weighed.push_back(&run);
    if (run.step_seconds || run.memory_bytes) ++result.runs;
  }
  if (result.runs == 0)
    throw Error("no run says how long a step took or how much memory it held: nothing to fit to" +
                (result.left_out.empty() ? std::string() : "; left out: " + join(result.left_out, "; ")));
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

}  // namespace tt::comm
