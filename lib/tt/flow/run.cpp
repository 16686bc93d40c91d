#include "tt/flow/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/hash.hpp"
#include "tt/base/text.hpp"
#include "tt/flow/retry_policy.hpp"
#include "tt/base/stop_point.hpp"

namespace tt::flow {
namespace {

bool claimed_but_nobody_knows(const RunFolder& folder, const ledger::AttemptState& last) {
  const auto claim = load_claim(folder.claim(last.key.attempt));
  return last.state == RunState::lost && claim && !claim->revoked;
}

// Takes the claim of an attempt nobody claimed, so that its job stops if it surfaces later. False: it just surfaced.
bool withdraw(const RunFolder& folder, const ledger::AttemptState& last, const Surroundings& around) {
  if (!is_there(folder.path()) || load_claim(folder.claim(last.key.attempt))) return true;
  ClaimRecord ours;
  ours.run = last.key.run.text;
  ours.attempt = last.key.attempt;
  ours.token = last.token.text;
  ours.index = last.index;
  ours.job = "tt-submit";
  ours.host = around.host;
  ours.nonce = random_hex(16);
  ours.revoked = true;
  return revoke_claim(folder, ours).revoked;
}

// Chooses among runs, one after the other, and counts what was not chosen.
class Chooser {
 public:
  Chooser(const Surroundings& around, const ledger::Ledger& ledger, Writing writing)
      : around_(around), ledger_(ledger), writing_(writing) {}

  void offer_for_run(const ExpandedRun& run, bool fresh) {
    if (run.outcome == Outcome::kept) {
      waiting_.push_back(run.record.name + ": the sweep changed since it was started; --again starts it afresh");
      return;
    }
    const ledger::AttemptState* last = ledger::last_attempt(ledger_, run.record.id);
    if (last != nullptr && !last->closed) {
      ++open_already_;
    } else if (last == nullptr && run.folder.last_attempt() > 0 && !fresh) {
      waiting_.push_back(run.record.name + ": it was started by a submission nobody here remembers; --again starts it afresh");
    } else if (last != nullptr && last->state == RunState::finished && !fresh) {
      ++finished_already_;
    } else if (last == nullptr || fresh || is_untried(*last)) {
      take(run.folder, run.record, last, fresh ? RetryMode::fresh : RetryMode::resume);
    } else {
      const RetryDecision decision = decide_retry(ledger_, *last);
      const std::string cause = last->cause.empty() ? "" : fmt::format(" ({})", last->cause);
      waiting_.push_back(fmt::format("{}: {}{}, {}", run.record.name, to_string(last->state), cause,
                                     decision.retry ? "will be retried" : "waits for `tt-submit retry`"));
    }
  }

  void offer_for_retry(const RunFolder& folder, const ledger::AttemptState& last, Force force, const std::string& name) {
    if (!last.closed) {
      waiting_.push_back(fmt::format("{}: still {}; `tt-submit cancel` ends it", name, to_string(last.state)));
    } else if (last.state == RunState::finished) {
      waiting_.push_back(name + ": finished; `tt-submit run --again` starts it afresh");
    } else if (force == Force::no && claimed_but_nobody_knows(folder, last)) {
      waiting_.push_back(name + ": its last attempt was started and nobody can say whether it still runs; --force retries it");
    } else if (auto record = folder.load_record()) {
      take(folder, *record, &last, RetryMode::resume);
    } else {
      waiting_.push_back(name + ": its folder is half made; `tt-sweep expand` repairs it");
    }
  }

  void add_event(SweepEvent event) { choice_.events.push_back(std::move(event)); }
  std::size_t chosen() const { return choice_.runs.size(); }
  Choice choice() { return std::move(choice_); }
  std::int64_t finished_already() const { return finished_already_; }
  std::int64_t open_already() const { return open_already_; }
  std::vector<std::string> waiting() { return std::move(waiting_); }

 private:
  // Ended, but not by its own doing: the next `run` goes on with it.
  static bool is_untried(const ledger::AttemptState& last) {
    return last.state == RunState::planned || last.state == RunState::preempted;
  }

  void take(const RunFolder& folder, const RunRecord& record, const ledger::AttemptState* last, RetryMode mode) {
    if (writing_ == Writing::yes && last != nullptr && !withdraw(folder, *last, around_)) {
      waiting_.push_back(record.name + ": a job of its last attempt has just surfaced; look again in a moment");
      return;
    }
    if (mode == RetryMode::fresh && last != nullptr) {
      choice_.events.push_back({record.sweep, ledger::Again{{record.id, last->key.attempt}}});
    }
    choice_.runs.push_back({folder, record, mode});
  }

  const Surroundings& around_;
  const ledger::Ledger& ledger_;
  Writing writing_;
  Choice choice_;
  std::int64_t finished_already_ = 0;
  std::int64_t open_already_ = 0;
  std::vector<std::string> waiting_;
};

std::set<RunId> runs_to_start_afresh(const LoadedSweep& sweep, const RunOptions& options) {
  std::set<RunId> fresh;
  if (!options.again) return fresh;
  for (const std::string& pattern : options.again_patterns) {
    if (std::none_of(sweep.plan.runs.begin(), sweep.plan.runs.end(),
                     [&](const sweep::PlannedRun& run) { return matches_pattern(pattern, run.name); })) {
      throw Error(fmt::format("--again {}: no run of the sweep matches; `tt-sweep plan {}` lists them", pattern, sweep.shown),
                  ExitCode::bad_input);
    }
  }
  for (const sweep::PlannedRun& run : sweep.plan.runs) {
    const bool meant = options.again_patterns.empty() ||
                       std::any_of(options.again_patterns.begin(), options.again_patterns.end(),
                                   [&](const std::string& pattern) { return matches_pattern(pattern, run.name); });
    if (meant) fresh.insert(run.id);
  }
  return fresh;
}

// A run that is open, or whose last attempt may still live, is not started afresh.
void refuse_unsafe_again(const LoadedSweep& sweep, const Surroundings& around, const ledger::Ledger& ledger,
                         const std::set<RunId>& fresh, Force force) {
  for (const sweep::PlannedRun& run : sweep.plan.runs) {
    if (!fresh.contains(run.id)) continue;
    // The folder may hold a run of earlier settings: its record says whose attempts lie there.
    const RunFolder folder = around.workspace.run_folder(run.model, run.name);
    const auto standing = folder.load_record();
    const ledger::AttemptState* last = ledger::last_attempt(ledger, standing ? standing->id : run.id);
    if (last == nullptr) continue;
    if (!last->closed) {
      throw Error(fmt::format("--again: run {} is still {}; `tt-submit cancel {}` ends it first", run.name,
                              to_string(last->state), run.name));
    }
    if (force == Force::no && claimed_but_nobody_knows(folder, *last)) {
      throw Error(fmt::format("--again: the last attempt of {} was started and nobody can say whether it still runs; "
                              "--force starts afresh all the same",
                              run.name));
    }
  }
}

// A folder that held a run of other settings: its last attempt must not surface under the new ones.
void withdraw_earlier_settings(const LoadedSweep& sweep, const Surroundings& around, const ledger::Ledger& ledger,
                               const std::set<RunId>& fresh) {
  for (const sweep::PlannedRun& run : sweep.plan.runs) {
    if (!fresh.contains(run.id)) continue;
    const RunFolder folder = around.workspace.run_folder(run.model, run.name);
    const auto standing = folder.load_record();
    if (!standing || standing->id == run.id) continue;
    const ledger::AttemptState* last = ledger::last_attempt(ledger, standing->id);
    if (last != nullptr && !withdraw(folder, *last, around)) {
      throw Error(fmt::format("--again: a job of the last attempt of {} has just surfaced; look again in a moment", run.name));
    }
  }
}

}  // namespace

RunReport run_sweep(const LoadedSweep& sweep, const Surroundings& around, Schedulers& schedulers, const RunOptions& options) {
  make_folders(around.workspace.own());
  const std::vector<std::string> sweeps{sweep.plan.sweep};
  const std::set<RunId> fresh = runs_to_start_afresh(sweep, options);
  RunReport report;
  report.submissions = submit(around, schedulers.of_this_site(), sweeps, [&](const ledger::Ledger& ledger) {
    refuse_unsafe_again(sweep, around, ledger, fresh, options.force);
    withdraw_earlier_settings(sweep, around, ledger, fresh);
    report.expanded = expand(sweep, around, ledger, Writing::yes, fresh);
    stop_point("after-expand");
    Chooser chooser(around, ledger, Writing::yes);
    for (const ExpandedRun& run : report.expanded.runs) chooser.offer_for_run(run, fresh.contains(run.record.id));
    report.handed_over = static_cast<std::int64_t>(chooser.chosen());
    report.finished_already = chooser.finished_already();
    report.open_already = chooser.open_already();
    report.waiting = chooser.waiting();
    return chooser.choice();
  });
  return report;
}

DryRun dry_run(const LoadedSweep& sweep, const Surroundings& around, Schedulers& schedulers, const RunOptions& options) {
  const ledger::Ledger ledger = load_history(around.workspace, {sweep.plan.sweep});
  const std::set<RunId> fresh = runs_to_start_afresh(sweep, options);
  DryRun dry;
  dry.expanded = expand(sweep, around, ledger, Writing::no, fresh);
  Chooser chooser(around, ledger, Writing::no);
  for (const ExpandedRun& run : dry.expanded.runs) chooser.offer_for_run(run, fresh.contains(run.record.id));
  scheduler::Scheduler& scheduler = schedulers.of_this_site();
  dry.scheduler = scheduler.name();
  dry.limits_as_of = scheduler.limits().as_of;
  dry.submissions = prepare(chooser.choice().runs, ledger, around, scheduler.limits(), Tokens::placeholder);
  return dry;
}

RetryReport retry(const Surroundings& around, Schedulers& schedulers, const std::vector<RunId>& runs,
                  const std::vector<std::string>& sweeps, Force force) {
  RetryReport report;
  report.submissions = submit(around, schedulers.of_this_site(), sweeps, [&](const ledger::Ledger& ledger) {
    Chooser chooser(around, ledger, Writing::yes);
    for (const RunId& run : runs) {
      const ledger::AttemptState* last = ledger::last_attempt(ledger, run);
      if (last == nullptr) continue;  // never handed over: `run` is for that
      const ledger::RunHistory& history = ledger.runs.at(run);
      chooser.offer_for_retry(RunFolder(history.folder), *last, force, history.name);
    }
    report.handed_over = static_cast<std::int64_t>(chooser.chosen());
    report.not_tried = chooser.waiting();
    return chooser.choice();
  });
  return report;
}

RetryReport retry_by_policy(const Surroundings& around, Schedulers& schedulers, const std::vector<std::string>& sweeps) {
  const auto due = [&](const ledger::Ledger& ledger, const ledger::AttemptState& last) {
    const RetryDecision decision = decide_retry(ledger, last);
    return decision.retry && decision.not_before <= around.clock->now();
  };
  RetryReport report;
  const ledger::Ledger now = load_history(around.workspace, sweeps);
  const bool any = std::any_of(now.runs.begin(), now.runs.end(), [&](const auto& run) {
    return !run.second.attempts.empty() && due(now, run.second.attempts.rbegin()->second);
  });
  if (!any) return report;  // the common case needs no lock
  report.submissions = submit(around, schedulers.of_this_site(), sweeps, [&](const ledger::Ledger& ledger) {
    Chooser chooser(around, ledger, Writing::yes);
    for (const auto& [id, history] : ledger.runs) {
      if (history.attempts.empty() || !due(ledger, history.attempts.rbegin()->second)) continue;
      const ledger::AttemptState& last = history.attempts.rbegin()->second;
      const std::size_t before = chooser.chosen();
      chooser.offer_for_retry(RunFolder(history.folder), last, Force::no, history.name);
      if (chooser.chosen() > before) chooser.add_event({last.sweep, ledger::RetryUsed{last.key, last.cause}});
    }
    report.handed_over = static_cast<std::int64_t>(chooser.chosen());
    return chooser.choice();
  });
  return report;
}

}  // namespace tt::flow
