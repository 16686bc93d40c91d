#include "tt/flow/watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tt/base/text.hpp"

namespace tt::flow {
namespace {

constexpr std::size_t kFewNames = 3;
// A training that says nothing for so long, and for several times as long as between its step lines, may hang.
// Before the first step it may compile or wait for the other nodes.
constexpr Seconds kSilent{300};
constexpr Seconds kSilentBeforeSteps{900};
constexpr double kMissedLines = 5;

std::string names_or_count(const std::set<std::string>& names, const std::string& noun) {
  if (names.size() > kFewNames) return plural(std::ssize(names), noun);
  return join(std::vector<std::string>(names.begin(), names.end()), ", ");
}

std::optional<Seconds> silence(const TrainingProgress& progress, Instant now) {
  if (!progress.spoke) return std::nullopt;
  const Seconds silent = now - *progress.spoke;
  Seconds usual = progress.step ? kSilent : kSilentBeforeSteps;
  if (progress.between_lines) usual = std::max(usual, *progress.between_lines * kMissedLines);
  return silent > usual ? std::optional(silent) : std::nullopt;
}

// What the steps that are left will take, less the time since the last one was told.
std::optional<Seconds> time_left(const TrainingProgress& progress, Instant now) {
  if (!progress.step || !progress.steps || !progress.per_step) return std::nullopt;
  Seconds left = *progress.per_step * static_cast<double>(std::max<std::int64_t>(*progress.steps - *progress.step, 0));
  if (progress.spoke) left -= std::max(Seconds{0}, Seconds(now - *progress.spoke));
  return std::max(left, Seconds{0});
}

WatchedRun watched(const RunView& run, const TrainingProgress& progress, Instant now) {
  WatchedRun line;
  line.name = run.name;
  if (run.since) line.runs_for = now - *run.since;
  line.step = progress.step;
  line.steps = progress.steps;
  line.tokens_per_second_per_gpu = progress.tokens_per_second_per_gpu;
  line.loss = progress.loss;
  line.silent_for = silence(progress, now);
  if (!line.silent_for) line.left = time_left(progress, now);
  return line;
}

// Somebody cancelled the others: that is no news.
bool ended_badly(const RunView& run) {
  return is_ended(run.state) && run.state != RunState::finished && run.state != RunState::cancelled;
}

std::vector<WatchedEnd> bad_ends(const std::vector<RunView>& runs, const std::map<RunId, Instant>& retries,
                                 Instant now) {
  std::vector<const RunView*> ended;
  for (const RunView& run : runs) {
    if (ended_badly(run)) ended.push_back(&run);
  }
  std::stable_sort(ended.begin(), ended.end(), [](const auto* a, const auto* b) { return a->since > b->since; });
  std::vector<WatchedEnd> lines;
  for (const RunView* run : ended) {
    WatchedEnd line{run->name, run->state, run->cause, {}, {}};
    if (run->since) line.ago = now - *run->since;
    const auto retry = retries.find(run->id);
    if (retry != retries.end()) line.again = std::max(Seconds{0}, Seconds(retry->second - now));
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string reason_of(const RunView& run) {
  if (!run.cause.empty()) return run.cause;
  const bool word = run.state == RunState::unknown && !run.raw_state.empty();
  if (!word) return run.reason;
  return run.reason.empty() ? run.raw_state : run.raw_state + " " + run.reason;
}

}  // namespace

std::string title_of(const std::vector<RunView>& runs, const std::string& this_site) {
  std::set<std::string> sweeps;
  std::set<std::string> sites;
  for (const RunView& run : runs) {
    sweeps.insert(run.sweep);
    if (!run.site.empty() && is_open(run.state)) sites.insert(run.site);
  }
  if (sites.empty()) sites.insert(this_site);
  return fmt::format("{} on {}", sweeps.empty() ? "nothing" : names_or_count(sweeps, "sweep"),
                     names_or_count(sites, "site"));
}

std::vector<const RunView*> running_of(const std::vector<RunView>& runs) {
  std::vector<const RunView*> running;
  for (const RunView& run : runs) {
    if (run.state == RunState::running) running.push_back(&run);
  }
  std::stable_sort(running.begin(), running.end(), [](const auto* a, const auto* b) { return a->since < b->since; });
  return running;
}

WatchState watch_state(const std::vector<RunView>& runs, const std::map<RunId, Instant>& retries,
                       const RunningProgress& progress, Instant now) {
  WatchState state;
  for (const RunView& run : runs) {
    ++state.counts[run.state];
    const bool waits = run.waits || (is_open(run.state) && run.state != RunState::running);
    if (waits && !run.reason.empty()) ++state.waiting[run.reason];
  }
  for (const RunView* run : running_of(runs)) state.running.push_back(watched(*run, progress.of(*run), now));
  state.ended_badly = bad_ends(runs, retries, now);
  return state;
}

std::vector<std::string> RunChanges::lines(const std::vector<RunView>& runs, Instant now) {
  std::vector<std::string> lines;
  for (const RunView& run : runs) {
    const std::pair<RunState, int> here{run.state, run.attempt};
    const auto [known, fresh] = before_.try_emplace(run.id, here);
    const bool changed = first_ ? is_open(run.state) : fresh || known->second != here;
    known->second = here;
    if (changed) lines.push_back(report::change_line(now, run.name, run.state, reason_of(run)));
  }
  first_ = false;
  return lines;
}

}  // namespace tt::flow
