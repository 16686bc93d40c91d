#include "tt/flow/follow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <set>

#include "tt/base/log.hpp"
#include "tt/base/text.hpp"
#include "tt/flow/control.hpp"
#include "tt/flow/feed.hpp"
#include "tt/flow/history.hpp"
#include "tt/flow/retry.hpp"
#include "tt/flow/retry_policy.hpp"
#include "tt/flow/stop_policy.hpp"

namespace tt::flow {
namespace {

// Quick where asking is cheap and something happens, slow where a controller serves a whole cluster.
class Pauses {
 public:
  Pauses(bool this_machine, Seconds ask_every)
      : longest_(this_machine ? 1.0 : std::max(60.0, ask_every.count())),
        now_(this_machine ? 0.1 : ask_every.count()),
        first_(now_) {}
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

std::vector<RunView> look(const Surroundings& around, const Selection& selection, const ledger::Ledger& ledger) {
  return pick(look_at_runs(around, ledger, selection.sweeps), selection);
}

bool any_open(const std::vector<RunView>& runs) {
  return std::any_of(runs.begin(), runs.end(), [](const RunView& run) { return is_open(run.state); });
}

// Those whose pause is not over yet. One that is over and was not used cannot be: that is said, and not waited for.
std::map<RunId, Instant> retries_to_come(const std::vector<RunView>& runs, const ledger::Ledger& ledger, Instant now) {
  std::map<RunId, Instant> retries;
  for (const RunView& run : runs) {
    if (run.state != RunState::failed) continue;
    const ledger::AttemptState* last = ledger::last_attempt(ledger, run.id);
    if (last == nullptr || last->state != RunState::failed) continue;
    const RetryDecision decision = decide_retry(ledger, *last);
    if (decision.retry && decision.not_before > now) retries[run.id] = decision.not_before;
  }
  return retries;
}

// Open runs that may still end, runs that wait to be handed over and can be.
bool anything_comes(const std::vector<RunView>& runs, const RefreshReport& report, const ledger::Ledger& ledger,
                    const std::set<RunId>& unsayable, const std::string& site, Instant now) {
  std::set<RunId> in_vain;
  for (const AttemptKey& key : report.hopeless) in_vain.insert(key.run);
  // What we hold ourselves waits for somebody to release it, not for time to pass.
  const bool open = std::any_of(runs.begin(), runs.end(), [&](const RunView& run) {
    const bool is_kept = run.state == RunState::held && is_stopped(ledger, run.sweep);
    return is_open(run.state) && !in_vain.contains(run.id) && !is_kept;
  });
  if (open) return true;
  Outlooks outlooks(ledger, now, site);
  return std::any_of(runs.begin(), runs.end(), [&](const RunView& run) {
    return !unsayable.contains(run.id) && is_waiting_to_go(ledger, run.id, outlooks);
  });
}

void tell_hopeless(const RefreshReport& report, const ledger::Ledger& ledger, std::set<RunId>& told) {
  for (const AttemptKey& key : report.hopeless) {
    if (!told.insert(key.run).second) continue;
    const ledger::RunHistory& run = ledger.runs.at(key.run);
    log::warning(fmt::format("{} will never start: the scheduler says {}; `tt-submit cancel {}` takes it back",
                             run.name, run.attempts.at(key.attempt).reason, run.name));
  }
}

// Once when it begins, and once when it is over.
void tell_silence(const RefreshReport& report, Instant now, std::set<std::string>& silent) {
  for (const SiteAnswer& site : report.sites) {
    if (!site.asked && silent.insert(site.site).second)
      log::warning(describe_silence(site, now) + "; it is asked again and again");
    if (site.asked && silent.erase(site.site) > 0) log::note(site.site + " answers again");
  }
}

// The same failure too often in a row: what waits at the scheduler is held, and nothing more is handed over.
// True: one was stopped.
bool stop_what_fails_alike(const Surroundings& around, Schedulers& schedulers, const std::vector<std::string>& sweeps,
                           const ledger::Ledger& ledger) {
  bool any = false;
  for (const std::string& sweep : sweeps) {
    const auto failure = same_failure_in_a_row(ledger, sweep);
    if (!failure || is_stopped(ledger, sweep)) continue;
    any = true;
    const SweepEvent stopped{sweep, ledger::Stopped{sweep, failure->cause, failure->times}};
    record(around, std::span(&stopped, 1));
    std::vector<RunView> waiting = look_at_runs(around, ledger, {sweep});
    std::erase_if(waiting,
                  [](const RunView& run) { return run.state != RunState::queued && run.state != RunState::submitted; });
    hold(around, schedulers, waiting);
    log::warning(fmt::format(
        "{}: the last {} runs failed alike ({}): what waits is held. `tt-submit explain` says why they failed; "
        "`tt-submit release` goes on, `tt-submit cancel` gives the rest up",
        sweep, failure->times, failure->cause));
  }
  return any;
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
  Pauses pauses(schedulers.of_this_site().is_this_machine(), around.site.profile.ask_every);
  std::map<RunId, std::pair<RunState, int>> before;
  std::set<RunId> told;  // of which it was said that they wait in vain
  std::set<std::string> warned, silent;
  const auto tell_once = [&](const std::string& why) {
    if (warned.insert(why).second) log::warning(why);
  };
  for (bool first = true;; first = false) {
    const RefreshReport report = first ? refresh_with_lost_journals(around, schedulers, selection.sweeps)
                                       : refresh(around, schedulers, selection.sweeps);
    // Read once a look, and again only after something was written.
    ledger::Ledger now_known;
    const ledger::Ledger* ledger = &report.ledger;
    const auto read_again = [&] { ledger = &(now_known = load_history(around.workspace, selection.sweeps)); };
    if (hand_over_again(around, schedulers, report)) read_again();
    if (stop_what_fails_alike(around, schedulers, selection.sweeps, *ledger)) read_again();
    tell_hopeless(report, *ledger, told);
    tell_silence(report, around.clock->now(), silent);
    const RetryReport fed = feed(around, schedulers, selection.sweeps, *ledger);
    for (const std::string& why : fed.not_tried) tell_once(why);
    if (fed.handed_over > 0) log::note(fmt::format("handed over {} that waited", plural(fed.handed_over, "run")));
    if (!fed.did_nothing()) read_again();
    std::vector<RunView> runs = look(around, selection, *ledger);
    const RetryReport retried = retry_by_policy(around, schedulers, ids_of(runs), selection.sweeps, *ledger);
    for (const std::string& why : retried.not_tried) tell_once("cannot retry " + why);
    if (!retried.did_nothing()) {
      read_again();
      runs = look(around, selection, *ledger);
    }
    const Instant looked = around.clock->now();
    const std::map<RunId, Instant> retries = retries_to_come(runs, *ledger, looked);
    if (options.on_look) options.on_look({runs, report, retries});
    if (options.interrupted && options.interrupted()) return FollowEnd::interrupted;
    if (retries.empty() && !anything_comes(runs, report, *ledger, fed.unsayable, around.site.profile.name, looked))
      return FollowEnd::all_ended;
    auto now = states_of(runs);
    const Seconds pause = pauses.next(now != before);
    options.pause ? options.pause(pause) : around.clock->sleep(pause);
    before = std::move(now);
    if (options.interrupted && options.interrupted()) return FollowEnd::interrupted;
  }
}

void stop_as_preempted(const Surroundings& around, Schedulers& schedulers, const Selection& selection) {
  std::vector<RunView> runs = look(around, selection, load_history(around.workspace, selection.sweeps));
  cancel(around, schedulers, runs, CancelAs::preempted);
  // The supervisor kills what does not end by itself: its patience and a margin bound this wait.
  const Instant until =
      around.clock->now() + std::chrono::duration_cast<Instant::duration>(around.site.profile.kill_after + Seconds{10});
  while (any_open(runs) && around.clock->now() < until) {
    around.clock->sleep(Seconds{0.1});
    runs = look(around, selection, refresh(around, schedulers, selection.sweeps).ledger);
  }
}

}  // namespace tt::flow
