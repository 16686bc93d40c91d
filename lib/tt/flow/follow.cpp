#include "tt/flow/follow.hpp"

#include <algorithm>
#include <random>

#include "tt/base/log.hpp"
#include "tt/flow/control.hpp"
#include "tt/flow/history.hpp"
#include "tt/flow/retry_policy.hpp"
#include "tt/flow/run.hpp"

namespace tt::flow {
namespace {

// Quick where asking is cheap and something happens, slow where a controller serves a whole cluster.
class Pauses {
 public:
  explicit Pauses(bool this_machine)
      : longest_(this_machine ? 1.0 : 60.0), now_(this_machine ? 0.1 : 5.0), first_(now_) {}
  Seconds next(bool something_changed) {
    now_ = something_changed ? first_ : std::min(longest_, now_ * 1.5);
    return Seconds(now_ * jitter_(random_));
  }

 private:
  double longest_;
  double now_;
  double first_;
  std::minstd_rand random_{std::random_device{}()};
  std::uniform_real_distribution<double> jitter_{0.9, 1.1};
};

std::vector<RunView> look(const Surroundings& around, const Selection& selection) {
  return pick(look_at_runs(around, load_history(around.workspace, selection.sweeps), selection.sweeps), selection);
}

bool any_open(const std::vector<RunView>& runs) {
  return std::any_of(runs.begin(), runs.end(), [](const RunView& run) { return is_open(run.state); });
}

// A pause that is not over yet. One that is over and was not used cannot be: that is said, and not waited for.
bool retry_is_coming(const Surroundings& around, const Selection& selection, const std::vector<RunView>& runs) {
  const ledger::Ledger ledger = load_history(around.workspace, selection.sweeps);
  return std::any_of(runs.begin(), runs.end(), [&](const RunView& run) {
    const ledger::AttemptState* last = ledger::last_attempt(ledger, run.id);
    if (last == nullptr || last->state != RunState::failed) return false;
    const RetryDecision decision = decide_retry(ledger, *last);
    return decision.retry && decision.not_before > around.clock->now();
  });
}

std::vector<RunId> ids_of(const std::vector<RunView>& runs) {
  std::vector<RunId> ids;
  for (const RunView& run : runs) ids.push_back(run.id);
  return ids;
}

std::map<RunId, std::pair<RunState, int>> states_of(const std::vector<RunView>& runs) {
  std::map<RunId, std::pair<RunState, int>> states;
  for (const RunView& run : runs) states[run.id] = {run.state, run.attempt};
  return states;
}

}  // namespace

FollowEnd follow(const Surroundings& around, Schedulers& schedulers, const Selection& selection,
                 const FollowOptions& options) {
  Pauses pauses(schedulers.of_this_site().is_this_machine());
  std::map<RunId, std::pair<RunState, int>> before;
  for (;;) {
    const RefreshReport report = refresh(around, schedulers, selection.sweeps);
    hand_over_again(around, schedulers, report);
    std::vector<RunView> runs = look(around, selection);
    const RetryReport retried = retry_by_policy(around, schedulers, ids_of(runs), selection.sweeps);
    for (const std::string& why : retried.not_tried) log::warning("cannot retry " + why);
    if (retried.handed_over > 0) runs = look(around, selection);
    if (options.on_look) options.on_look(runs, report);
    if (options.interrupted && options.interrupted()) return FollowEnd::interrupted;
    if (!any_open(runs) && !retry_is_coming(around, selection, runs)) return FollowEnd::all_ended;
    auto now = states_of(runs);
    around.clock->sleep(pauses.next(now != before));
    before = std::move(now);
    if (options.interrupted && options.interrupted()) return FollowEnd::interrupted;
  }
}

void stop_as_preempted(const Surroundings& around, Schedulers& schedulers, const Selection& selection) {
  std::vector<RunView> runs = look(around, selection);
  cancel(around, schedulers, runs, CancelAs::preempted);
  // The supervisor kills what does not end by itself: its patience and a margin bound this wait.
  const Instant until =
      around.clock->now() + std::chrono::duration_cast<Instant::duration>(around.site.profile.kill_after + Seconds{10});
  while (any_open(runs) && around.clock->now() < until) {
    around.clock->sleep(Seconds{0.1});
    refresh(around, schedulers, selection.sweeps);
    runs = look(around, selection);
  }
}

}  // namespace tt::flow
