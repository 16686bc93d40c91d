#include "tt/flow/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/stop_point.hpp"
#include "tt/base/text.hpp"
#include "tt/flow/canary.hpp"
#include "tt/flow/choose_runs.hpp"
#include "tt/flow/sayable.hpp"
#include "tt/flow/stop_policy.hpp"

namespace tt::flow {
namespace {

bool matches(const std::string& pattern, const sweep::PlannedRun& run) {
  return matches_pattern(pattern, run.name) || matches_pattern(pattern, run.model + "/" + run.name);
}

std::set<RunId> runs_to_start_afresh(const LoadedSweep& sweep, const RunOptions& options) {
  std::set<RunId> fresh;
  if (!options.again) return fresh;
  for (const std::string& pattern : options.again_patterns) {
    if (std::none_of(sweep.plan.runs.begin(), sweep.plan.runs.end(),
                     [&](const sweep::PlannedRun& run) { return matches(pattern, run); })) {
      throw Error(
          fmt::format("--again {}: no run of the sweep matches; `tt-sweep plan {}` lists them", pattern, sweep.shown),
          ExitCode::bad_input);
    }
  }
  for (const sweep::PlannedRun& run : sweep.plan.runs) {
    const bool meant = options.again_patterns.empty() ||
                       std::any_of(options.again_patterns.begin(), options.again_patterns.end(),
                                   [&](const std::string& pattern) { return matches(pattern, run); });
    if (meant) fresh.insert(run.id);
  }
  return fresh;
}

Error just_surfaced(const std::string& run) {
  return Error(fmt::format("--again: a job of the last attempt of {} has just surfaced; look again in a moment", run));
}

// Of a run that no journal tells of: the job that holds its last attempt and left no exit record. Empty: there is none.
std::string who_may_train(const RunFolder& folder, const RunId& run) {
  const int attempt = folder.last_attempt();
  const auto claim = claim_of(folder, {run, attempt});
  if (!claim || claim->revoked || load_exit_record(folder.attempt_exit(attempt))) return "";
  return fmt::format(
      "job {} on {} (token {}), of which nothing is remembered here and which left no exit record: look whether it "
      "still runs; --force starts afresh all the same",
      claim->job, claim->host, claim->token);
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
    if (last == nullptr) {
      const std::string who = standing && force == Force::no ? who_may_train(folder, standing->id) : "";
      if (!who.empty()) throw Error(fmt::format("--again: {} was started by {}", run.name, who));
      continue;
    }
    if (!last->closed) {
      throw Error(fmt::format("--again: run {} is still {}; `tt-submit cancel {}` ends it first", run.name,
                              to_string(last->state), run.name));
    }
    if (has_just_surfaced(folder, *last, ledger)) throw just_surfaced(run.name);
    if (force == Force::no && claimed_but_nobody_knows(folder, *last, ledger)) {
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
    if (last != nullptr && !withdraw(folder, *last, ledger, around)) throw just_surfaced(run.name);
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

std::set<RunId> planned_runs(const LoadedSweep& sweep) {
  std::set<RunId> planned;
  for (const sweep::PlannedRun& run : sweep.plan.runs) planned.insert(run.id);
  return planned;
}

// What --again lets go beside a canary: what it names. Without a name it also starts a canary afresh where the old one
// is none any more.
std::set<RunId> named_afresh(const CanaryGate& gate, const std::set<RunId>& asked, const RunOptions& options) {
  return gate.in_plan || !options.again_patterns.empty() ? asked : std::set<RunId>{};
}

}  // namespace

RunReport run_sweep(const LoadedSweep& sweep, const Surroundings& around, Schedulers& schedulers,
                    const RunOptions& options) {
  make_folders(around.workspace.own());
  const std::vector<std::string> sweeps{sweep.plan.sweep};
  RunReport report;
  RetryReport handed_over;
  HeldBack held_back;
  scheduler::Scheduler& scheduler = schedulers.of_this_site();
  Sayable sayable(around, scheduler);
  const auto choose = [&](ledger::Ledger& ledger, const FileLock& lock) {
    const std::set<RunId> asked = runs_to_start_afresh(sweep, options);
    std::set<RunId> fresh = asked;
    refuse_unsafe_again(sweep, around, ledger, fresh, options.force);
    withdraw_earlier_settings(sweep, around, ledger, fresh);
    write_down_again(sweep, around, ledger, lock, fresh);
    add_begun_afresh(sweep, ledger, fresh);
    report.expanded = expand(sweep, around, ledger, Writing::yes, fresh);
    if (!report.expanded.events.empty()) record(lock, around, report.expanded.events);
    stop_point("after-expand");
    const bool was_stopped = is_stopped(ledger, sweep.plan.sweep);
    const ledger::GoesOn goes_on{sweep.plan.sweep};
    if (was_stopped) ledger::apply(ledger, {around.clock->now(), goes_on});
    Chooser chooser(around, ledger, Writing::yes, sayable, options.throttle);
    chooser.goes_on_by_force(options.force);
    const CanaryGate gate = gate_of(ledger, sweep.plan.sweep, planned_runs(sweep), around.clock->now());
    chooser.forget_canaries(gate.lost);
    for (const ExpandedRun& run : report.expanded.runs) chooser.offer_for_run(run, asked.contains(run.record.id));
    report.handed_over = static_cast<std::int64_t>(chooser.chosen());
    report.finished_already = chooser.finished_already();
    report.open_already = chooser.open_already();
    report.not_tried = chooser.not_tried();
    report.waiting = chooser.waiting();
    if (options.stop_after)
      chooser.add_event({sweep.plan.sweep, ledger::Policy{sweep.plan.sweep, *options.stop_after}});
    if (was_stopped) chooser.add_event({sweep.plan.sweep, goes_on});
    Choice choice = chooser.choice();
    choice.canary = options.canary;
    report.about_canary = keep_behind(gate, sweep.plan.sweep, ledger, named_afresh(gate, asked, options), choice);
    for (const Candidate& run : choice.runs) handed_over.meant.insert(run.record.id);
    return choice;
  };
  // A sweep that is finished needs no scheduler. What waits may say what this command leaves unsaid: the dry run knows.
  const auto silence = why_nobody_takes_it(scheduler);
  if (silence || !sayable.why_not(around.asked).empty()) {
    const bool anything_to_go = !dry_run(sweep, around, schedulers, options).submissions.empty();
    if (silence && anything_to_go) throw Error(*silence);
  }
  handed_over.submissions = submit(around, scheduler, sweeps, choose, &held_back);
  handed_over.held_back = static_cast<std::int64_t>(held_back.runs);
  handed_over.handed_over = report.handed_over - handed_over.held_back;
  handed_over.why_held_back = held_back.why;
  hand_over_in_parts(around, schedulers, sweeps, handed_over);
  report.submissions = std::move(handed_over.submissions);
  report.held_back = handed_over.held_back;
  report.handed_over = handed_over.handed_over;
  report.why_held_back = handed_over.why_held_back;
  for (std::string& why : handed_over.not_tried) report.not_tried.push_back(std::move(why));
  return report;
}

DryRun dry_run(const LoadedSweep& sweep, const Surroundings& around, Schedulers& schedulers,
               const RunOptions& options) {
  ledger::Ledger ledger = load_history(around.workspace, {sweep.plan.sweep});
  const std::set<RunId> asked = runs_to_start_afresh(sweep, options);
  std::set<RunId> fresh = asked;
  refuse_unsafe_again(sweep, around, ledger, fresh, options.force);
  for (const RunId& run : fresh) {
    const int last = ledger::next_attempt(ledger, run) - 1;
    if (last > 0) ledger::apply(ledger, {around.clock->now(), ledger::Again{{run, last}}});
  }
  add_begun_afresh(sweep, ledger, fresh);
  DryRun dry;
  dry.expanded = expand(sweep, around, ledger, Writing::no, fresh);
  if (is_stopped(ledger, sweep.plan.sweep))
    ledger::apply(ledger, {around.clock->now(), ledger::GoesOn{sweep.plan.sweep}});
  scheduler::Scheduler& scheduler = schedulers.of_this_site();
  Sayable sayable(around, scheduler);
  Chooser chooser(around, ledger, Writing::no, sayable, options.throttle);
  const CanaryGate gate = gate_of(ledger, sweep.plan.sweep, planned_runs(sweep), around.clock->now());
  chooser.forget_canaries(gate.lost);
  for (const ExpandedRun& run : dry.expanded.runs) chooser.offer_for_run(run, asked.contains(run.record.id));
  dry.not_tried = chooser.not_tried();
  dry.waiting = chooser.waiting();
  dry.scheduler = scheduler.name();
  dry.limits_as_of = scheduler.limits().as_of;
  Choice choice = chooser.choice();
  choice.canary = options.canary;
  dry.about_canary = keep_behind(gate, sweep.plan.sweep, ledger, named_afresh(gate, asked, options), choice);
  const HeldBack held = hold_back_as_remembered(choice, ledger, around, scheduler);
  dry.held_back = static_cast<std::int64_t>(held.runs);
  dry.why_held_back = held.why;
  dry.submissions = prepare(choice.runs, ledger, around, scheduler, Tokens::placeholder);
  return dry;
}

}  // namespace tt::flow
