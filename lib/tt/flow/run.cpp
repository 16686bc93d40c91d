#include "tt/flow/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/hash.hpp"
#include "tt/base/stop_point.hpp"
#include "tt/base/text.hpp"
#include "tt/flow/bad_nodes.hpp"
#include "tt/flow/retry_policy.hpp"
#include "tt/flow/stop_policy.hpp"

namespace tt::flow {
namespace {

// The last attempt that counts: those before the last --again do not.
const ledger::AttemptState* attempt_since_again(const ledger::Ledger& ledger, const RunId& run) {
  const ledger::AttemptState* last = ledger::last_attempt(ledger, run);
  if (last == nullptr || last->key.attempt <= ledger.runs.at(run).fresh_after) return nullptr;
  return last;
}

// --again was asked for, and no attempt was handed over since.
bool is_begun_afresh(const ledger::Ledger& ledger, const RunId& run) {
  const auto history = ledger.runs.find(run);
  return history != ledger.runs.end() && history->second.fresh_after > 0 && attempt_since_again(ledger, run) == nullptr;
}

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

  void offer_for_run(const ExpandedRun& run) {
    if (run.outcome == Outcome::kept) {
      const ledger::AttemptState* open = ledger::last_attempt(ledger_, run.record.id);
      if (open != nullptr && !open->closed) ++open_already_;
      waiting_.push_back(run.record.name +
                         ": the sweep changed since it was started; --again starts it afresh once it ended");
      return;
    }
    const ledger::AttemptState* last = attempt_since_again(ledger_, run.record.id);
    if (last == nullptr) {
      offer_unbegun(run);
    } else if (!last->closed) {
      ++open_already_;
    } else if (last->state == RunState::finished) {
      offer_finished(run, *last);
    } else if (last->state == RunState::planned || last->state == RunState::preempted) {
      take(run.folder, run.record, last, RetryMode::resume);
    } else {
      offer_by_policy(run, *last);
    }
  }

  void offer_for_retry(const RunFolder& folder, const ledger::AttemptState& last, Force force,
                       const std::string& name) {
    const auto record = folder.load_record();
    if (!last.closed) {
      waiting_.push_back(fmt::format("{}: still {}; `tt-submit cancel` ends it", name, to_string(last.state)));
    } else if (last.state == RunState::finished) {
      waiting_.push_back(name + ": finished; `tt-submit run --again` starts it afresh");
    } else if (force == Force::no && claimed_but_nobody_knows(folder, last)) {
      waiting_.push_back(name +
                         ": its last attempt was started and nobody can say whether it still runs; --force retries it");
    } else if (!record) {
      waiting_.push_back(name + ": its folder is half made; `tt-sweep expand` repairs it");
    } else if (record->id != last.key.run) {
      waiting_.push_back(name + ": its folder holds a run of other settings by now");
    } else {
      take(folder, *record, &last, is_begun_afresh(ledger_, last.key.run) ? RetryMode::fresh : RetryMode::resume);
    }
  }

  // Somebody chose it before; what became of it meanwhile decides.
  void offer_waiting(const ledger::WaitingRun& waiting) {
    const RunFolder folder(waiting.task.folder);
    const ledger::AttemptState* last = ledger::last_attempt(ledger_, waiting.task.run);
    const auto record = folder.load_record();
    if (last != nullptr && !last->closed) return;
    if (!record || record->id != waiting.task.run) {
      waiting_.push_back(waiting.task.name + ": its folder holds another run by now, or none");
      add_event({waiting.sweep, ledger::WaitsNoMore{{waiting.task.run}}});
    } else {
      take(folder, *record, last, waiting.task.mode);
    }
  }

  void add_event(SweepEvent event) { choice_.events.push_back(std::move(event)); }
  std::size_t chosen() const { return choice_.runs.size(); }
  Choice choice() { return std::move(choice_); }
  std::int64_t finished_already() const { return finished_already_; }
  std::int64_t open_already() const { return open_already_; }
  std::vector<std::string> waiting() { return std::move(waiting_); }

 private:
  void offer_unbegun(const ExpandedRun& run) {
    const bool afresh = is_begun_afresh(ledger_, run.record.id);
    if (run.folder.last_attempt() > 0 && !afresh) {
      waiting_.push_back(run.record.name +
                         ": it was started by a submission nobody here remembers; --again starts it afresh");
    } else {
      take(run.folder, run.record, ledger::last_attempt(ledger_, run.record.id),
           afresh ? RetryMode::fresh : RetryMode::resume);
    }
  }

  // The folder is the truth: a finish that left nothing in it is none any more.
  void offer_finished(const ExpandedRun& run, const ledger::AttemptState& last) {
    if (run.folder.last_attempt() >= last.key.attempt) {
      ++finished_already_;
    } else {
      waiting_.push_back(run.record.name + ": it finished, but its results are gone; --again trains it anew");
    }
  }

  void offer_by_policy(const ExpandedRun& run, const ledger::AttemptState& last) {
    const RetryDecision decision = decide_retry(ledger_, last);
    if (decision.retry && decision.not_before <= around_.clock->now()) {
      const std::size_t before = chosen();
      take(run.folder, run.record, &last, RetryMode::resume);
      if (chosen() > before) add_event({run.record.sweep, ledger::RetryUsed{last.key, last.cause}});
      return;
    }
    const std::string cause = last.cause.empty() ? "" : fmt::format(" ({})", last.cause);
    waiting_.push_back(
        fmt::format("{}: {}{}, {}", run.record.name, to_string(last.state), cause,
                    decision.retry ? "`tt-submit run` or `wait` tries it again after " + iso_time(decision.not_before)
                                   : "waits for `tt-submit retry`"));
  }

  void take(const RunFolder& folder, const RunRecord& record, const ledger::AttemptState* last, RetryMode mode) {
    if (writing_ == Writing::yes && last != nullptr && !withdraw(folder, *last, around_)) {
      waiting_.push_back(record.name + ": a job of its last attempt has just surfaced; look again in a moment");
      return;
    }
    choice_.runs.push_back({folder, record, mode, nodes_to_avoid(ledger_, record.id)});
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
      throw Error(
          fmt::format("--again {}: no run of the sweep matches; `tt-sweep plan {}` lists them", pattern, sweep.shown),
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
      throw Error(
          fmt::format("--again: the last attempt of {} was started and nobody can say whether it still runs; "
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
      throw Error(
          fmt::format("--again: a job of the last attempt of {} has just surfaced; look again in a moment", run.name));
    }
  }
}

}  // namespace

namespace {

// Written down before a folder is touched: after a crash the next `run` goes on with the same fresh start.
void write_down_again(const LoadedSweep& sweep, const Surroundings& around, ledger::Ledger& ledger,
                      const FileLock& lock, const std::set<RunId>& fresh) {
  std::vector<SweepEvent> events;
  for (const sweep::PlannedRun& run : sweep.plan.runs) {
    if (!fresh.contains(run.id)) continue;
    const int last = std::max(around.workspace.run_folder(run.model, run.name).last_attempt(),
                              ledger::next_attempt(ledger, run.id) - 1);
    if (last > 0) events.push_back({sweep.plan.sweep, ledger::Again{{run.id, last}}});
  }
  if (events.empty()) return;
  record(lock, around, events);
  for (const SweepEvent& event : events) ledger::apply(ledger, {around.clock->now(), event.body});
  stop_point("after-again");
}

void add_begun_afresh(const LoadedSweep& sweep, const ledger::Ledger& ledger, std::set<RunId>& fresh) {
  for (const sweep::PlannedRun& run : sweep.plan.runs) {
    if (is_begun_afresh(ledger, run.id)) fresh.insert(run.id);
  }
}

}  // namespace

RunReport run_sweep(const LoadedSweep& sweep, const Surroundings& around, Schedulers& schedulers,
                    const RunOptions& options) {
  make_folders(around.workspace.own());
  const std::vector<std::string> sweeps{sweep.plan.sweep};
  RunReport report;
  HeldBack held_back;
  const auto choose = [&](ledger::Ledger& ledger, const FileLock& lock) {
    std::set<RunId> fresh = runs_to_start_afresh(sweep, options);
    refuse_unsafe_again(sweep, around, ledger, fresh, options.force);
    withdraw_earlier_settings(sweep, around, ledger, fresh);
    write_down_again(sweep, around, ledger, lock, fresh);
    add_begun_afresh(sweep, ledger, fresh);
    report.expanded = expand(sweep, around, ledger, Writing::yes, fresh);
    if (!report.expanded.events.empty()) record(lock, around, report.expanded.events);
    stop_point("after-expand");
    Chooser chooser(around, ledger, Writing::yes);
    for (const ExpandedRun& run : report.expanded.runs) chooser.offer_for_run(run);
    report.handed_over = static_cast<std::int64_t>(chooser.chosen());
    report.finished_already = chooser.finished_already();
    report.open_already = chooser.open_already();
    report.waiting = chooser.waiting();
    if (options.stop_after)
      chooser.add_event({sweep.plan.sweep, ledger::Policy{sweep.plan.sweep, *options.stop_after}});
    if (is_stopped(ledger, sweep.plan.sweep)) chooser.add_event({sweep.plan.sweep, ledger::GoesOn{sweep.plan.sweep}});
    Choice choice = chooser.choice();
    choice.canary = options.canary;
    choice.throttle = options.throttle;
    return choice;
  };
  scheduler::Scheduler& scheduler = schedulers.of_this_site();
  // A sweep that is finished needs no scheduler.
  const auto obstacle = why_nothing_can_go(around, scheduler);
  if (obstacle && !dry_run(sweep, around, schedulers, options).submissions.empty()) throw Error(*obstacle);
  report.submissions = submit(around, scheduler, sweeps, choose, &held_back);
  report.held_back = static_cast<std::int64_t>(held_back.runs);
  report.handed_over -= report.held_back;
  report.why_held_back = held_back.why;
  return report;
}

DryRun dry_run(const LoadedSweep& sweep, const Surroundings& around, Schedulers& schedulers,
               const RunOptions& options) {
  ledger::Ledger ledger = load_history(around.workspace, {sweep.plan.sweep});
  std::set<RunId> fresh = runs_to_start_afresh(sweep, options);
  refuse_unsafe_again(sweep, around, ledger, fresh, options.force);
  for (const RunId& run : fresh) {
    const int last = ledger::next_attempt(ledger, run) - 1;
    if (last > 0) ledger::apply(ledger, {around.clock->now(), ledger::Again{{run, last}}});
  }
  add_begun_afresh(sweep, ledger, fresh);
  DryRun dry;
  dry.expanded = expand(sweep, around, ledger, Writing::no, fresh);
  Chooser chooser(around, ledger, Writing::no);
  for (const ExpandedRun& run : dry.expanded.runs) chooser.offer_for_run(run);
  scheduler::Scheduler& scheduler = schedulers.of_this_site();
  dry.scheduler = scheduler.name();
  dry.limits_as_of = scheduler.limits().as_of;
  std::vector<Candidate> runs = chooser.choice().runs;
  if (options.canary && runs.size() > 1) runs.erase(runs.begin() + 1, runs.end());  // the others wait for it
  dry.submissions = prepare(runs, ledger, around, scheduler, Tokens::placeholder, options.throttle);
  return dry;
}

namespace {

// The journal names the folder of the hand-over; a workspace that was moved since has it below its own logs/.
RunFolder where_it_lies(const Surroundings& around, const ledger::RunHistory& history) {
  if (is_there(history.folder)) return RunFolder(history.folder);
  return around.workspace.run_folder(history.folder.parent_path().filename().string(),
                                     history.folder.filename().string());
}

}  // namespace

RetryReport retry(const Surroundings& around, Schedulers& schedulers, const std::vector<RunId>& runs,
                  const std::vector<std::string>& sweeps, Force force) {
  RetryReport report;
  if (runs.empty()) return report;
  if (const auto obstacle = why_nothing_can_go(around, schedulers.of_this_site())) throw Error(*obstacle);
  report.submissions =
      submit(around, schedulers.of_this_site(), sweeps, [&](const ledger::Ledger& ledger, const FileLock&) {
        Chooser chooser(around, ledger, Writing::yes);
        for (const RunId& run : runs) {
          const ledger::AttemptState* last = ledger::last_attempt(ledger, run);
          if (last == nullptr) continue;  // never handed over: `run` is for that
          const ledger::RunHistory& history = ledger.runs.at(run);
          chooser.offer_for_retry(where_it_lies(around, history), *last, force, history.name);
        }
        report.handed_over = static_cast<std::int64_t>(chooser.chosen());
        report.not_tried = chooser.waiting();
        return chooser.choice();
      });
  return report;
}

namespace {

enum class Readiness { ready, not_yet, never };

// Whether a waiting run may be tried now. `never`: its canary did not train.
Readiness readiness_of(const ledger::Ledger& ledger, const ledger::WaitingRun& waiting, Instant now) {
  if (is_stopped(ledger, waiting.sweep)) return Readiness::never;
  if (waiting.after) {
    const ledger::AttemptState* canary = ledger::last_attempt(ledger, *waiting.after);
    if (canary == nullptr) return Readiness::never;
    if (canary->closed && canary->state != RunState::finished) return Readiness::never;
    return canary->closed ? Readiness::ready : Readiness::not_yet;
  }
  // After a refusal: once something ended since, or after a while.
  if (waiting.at_most == 0) return Readiness::ready;
  constexpr Seconds pause{60};
  if (now - waiting.since >= std::chrono::duration_cast<Instant::duration>(pause)) return Readiness::ready;
  for (const auto& [id, run] : ledger.runs) {
    for (const auto& [number, attempt] : run.attempts) {
      if (attempt.ended && *attempt.ended > waiting.since) return Readiness::ready;
    }
  }
  return Readiness::not_yet;
}

}  // namespace

bool is_waiting_to_go(const ledger::Ledger& ledger, const RunId& run, Instant now) {
  const auto history = ledger.runs.find(run);
  return history != ledger.runs.end() && history->second.waiting &&
         readiness_of(ledger, *history->second.waiting, now) != Readiness::never;
}

RetryReport feed(const Surroundings& around, Schedulers& schedulers, const std::vector<std::string>& sweeps) {
  const auto ready = [&](const ledger::Ledger& ledger) {
    std::vector<const ledger::WaitingRun*> runs = ledger::waiting_runs(ledger);
    std::erase_if(runs, [&](const ledger::WaitingRun* waiting) {
      return readiness_of(ledger, *waiting, around.clock->now()) != Readiness::ready;
    });
    return runs;
  };
  RetryReport report;
  if (ready(load_history(around.workspace, sweeps)).empty()) return report;  // the common case needs no lock
  scheduler::Scheduler& scheduler = schedulers.of_this_site();
  if (const auto obstacle = why_nothing_can_go(around, scheduler)) {
    report.not_tried.emplace_back(obstacle->what());
    return report;
  }
  if (!has_room(around, scheduler)) return report;
  HeldBack held_back;
  const auto choose = [&](const ledger::Ledger& ledger, const FileLock&) {
    Chooser chooser(around, ledger, Writing::yes);
    int at_most = 0;
    for (const ledger::WaitingRun* waiting : ready(ledger)) {
      at_most = std::max(at_most, waiting->at_most);
      chooser.offer_waiting(*waiting);
    }
    report.handed_over = static_cast<std::int64_t>(chooser.chosen());
    report.not_tried = chooser.waiting();
    Choice choice = chooser.choice();
    choice.at_most = at_most;
    return choice;
  };
  report.submissions = submit(around, scheduler, sweeps, choose, &held_back);
  report.handed_over -= static_cast<std::int64_t>(held_back.runs);
  return report;
}

RetryReport retry_by_policy(const Surroundings& around, Schedulers& schedulers, const std::vector<RunId>& runs,
                            const std::vector<std::string>& sweeps) {
  const auto due = [&](const ledger::Ledger& ledger, const RunId& run) {
    const ledger::AttemptState* last = ledger::last_attempt(ledger, run);
    if (last == nullptr) return false;
    const RetryDecision decision = decide_retry(ledger, *last);
    return decision.retry && decision.not_before <= around.clock->now();
  };
  RetryReport report;
  const ledger::Ledger now = load_history(around.workspace, sweeps);
  const bool any = std::any_of(runs.begin(), runs.end(), [&](const RunId& run) { return due(now, run); });
  if (!any) return report;  // the common case needs no lock
  if (const auto obstacle = why_nothing_can_go(around, schedulers.of_this_site())) {
    report.not_tried.push_back(fmt::format("what failed: {}", obstacle->what()));
    return report;
  }
  report.submissions =
      submit(around, schedulers.of_this_site(), sweeps, [&](const ledger::Ledger& ledger, const FileLock&) {
        Chooser chooser(around, ledger, Writing::yes);
        for (const RunId& run : runs) {
          if (!due(ledger, run)) continue;
          const ledger::AttemptState& last = *ledger::last_attempt(ledger, run);
          const ledger::RunHistory& history = ledger.runs.at(run);
          const std::size_t before = chooser.chosen();
          chooser.offer_for_retry(RunFolder(history.folder), last, Force::no, history.name);
          if (chooser.chosen() > before) chooser.add_event({last.sweep, ledger::RetryUsed{last.key, last.cause}});
        }
        report.handed_over = static_cast<std::int64_t>(chooser.chosen());
        report.not_tried = chooser.waiting();
        return chooser.choice();
      });
  return report;
}

}  // namespace tt::flow
