// What the numbers of the step lines tell when nobody printed an error.
#include <algorithm>
#include <cmath>

#include "tt/logs/metrics.hpp"
#include "tt/logs/suspects.hpp"

namespace tt::logs {

namespace {

constexpr std::size_t spike_window = 20;  // lines a loss is compared with
constexpr std::size_t spike_history = 3;  // fewer lines than this prove nothing
constexpr double spike_factor = 1.5;
constexpr double spike_margin = 1.0;
constexpr std::size_t slow_lines = 3;  // a straggler is slow for at least so many lines
constexpr double slow_share = 0.5;

// The first loss far above its recent median.
std::optional<StepSample> first_spike(const std::vector<StepSample>& samples) {
  std::vector<double> recent;
  for (const auto& sample : samples) {
    if (!sample.loss || !std::isfinite(*sample.loss)) continue;
    if (recent.size() >= spike_history) {
      const auto from = recent.size() > spike_window ? recent.size() - spike_window : 0;
      const double median = *percentile({recent.begin() + static_cast<std::ptrdiff_t>(from), recent.end()}, 0.5);
      if (*sample.loss > spike_factor * median && *sample.loss > median + spike_margin) return sample;
    }
    recent.push_back(*sample.loss);
  }
  return std::nullopt;
}

// The first of several lines at less than half the run's speed. Known slow lines (the first of a start, those behind a
// checkpoint or a validation) say nothing.
std::optional<StepSample> first_slow(const std::vector<StepSample>& samples) {
  std::vector<StepSample> told;
  std::vector<double> speeds;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const bool first = samples[i].step == 1 || (i > 0 && samples[i].segment != samples[i - 1].segment);
    if (first || samples[i].after_pause || !samples[i].tps) continue;
    told.push_back(samples[i]);
    speeds.push_back(*samples[i].tps);
  }
  const auto median = percentile(speeds, 0.5);
  if (!median) return std::nullopt;
  std::size_t slow = 0;
  for (std::size_t i = 0; i < told.size(); ++i) {
    slow = *told[i].tps < slow_share * *median ? slow + 1 : 0;
    if (slow == slow_lines) return told[i + 1 - slow_lines];
  }
  return std::nullopt;
}

Suspect suspect(std::string_view cause, const LogFile& file, std::size_t line, std::string evidence) {
  Suspect s;
  s.cause = find_cause(cause);
  s.order = line;
  s.file = file.name;
  s.line = line;
  s.evidence = evidence.empty() ? line_of(file, line) : std::move(evidence);
  return s;
}

}  // namespace

std::vector<Suspect> trends_of(const LogScan& scan, const LogFile& file) {
  std::vector<Suspect> found;
  if (scan.state.fake_communication) return found;
  if (scan.state.non_finite) {
    found.push_back(suspect("loss-nan", file, scan.state.non_finite->line, scan.state.non_finite->evidence));
  }
  const auto& samples = scan.state.steps.samples();
  if (const auto spike = first_spike(samples)) found.push_back(suspect("loss-spike", file, spike->line, ""));
  if (const auto slow = first_slow(samples)) found.push_back(suspect("straggler", file, slow->line, ""));
  return found;
}

}  // namespace tt::logs
