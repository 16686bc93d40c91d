#include "tt/flow/control.hpp"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <set>
#include <tuple>

#include "tt/base/files.hpp"
#include "tt/base/hash.hpp"
#include "tt/base/stop_point.hpp"
#include "tt/flow/moved.hpp"
#include "tt/flow/stop_policy.hpp"

namespace tt::flow {
namespace {

using Act =
    std::function<std::vector<scheduler::ActAnswer>(scheduler::Scheduler&, std::span<const scheduler::TaskRef>)>;

bool is_held(const RunView& run) { return run.state == RunState::held; }
bool is_not_held(const RunView& run) { return run.state != RunState::held && run.state != RunState::unknown; }
bool is_neither(const RunView&) { return false; }

// One call per site for all runs there. `stands_so`: what is told of it changes nothing.
ControlReport tell(Schedulers& schedulers, const std::vector<RunView>& runs, const Act& act,
                   bool (*stands_so)(const RunView&)) {
  std::map<std::string, std::vector<const RunView*>> by_site;
  for (const RunView& run : runs) {
    if (is_open(run.state) && !run.token.empty()) by_site[run.site].push_back(&run);
  }
  ControlReport report;
  for (const auto& [site, here] : by_site) {
    std::string why;
    const Schedulers::Site* found = schedulers.find(site, here.front()->token, why);
    scheduler::Scheduler* scheduler = found == nullptr ? nullptr : found->scheduler.get();
    std::vector<scheduler::TaskRef> tasks;
    for (const RunView* run : here) tasks.push_back({run->job, run->token, run->index});
    std::vector<scheduler::ActAnswer> answers;
    if (scheduler != nullptr) answers = act(*scheduler, tasks);
    for (std::size_t i = 0; i < here.size(); ++i) {
      if (scheduler == nullptr) {
        report.could_not.push_back(here[i]->name + ": " + why);
      } else if (const auto* could_not = std::get_if<scheduler::CouldNot>(&answers.at(i))) {
        report.could_not.push_back(here[i]->name + ": " + could_not->why);
      } else if (const auto* silent = std::get_if<scheduler::CouldNotAsk>(&answers.at(i))) {
        report.could_not.push_back(here[i]->name + ": " + silent->why);
      } else {
        ++(stands_so(*here[i]) ? report.already : report.told);
      }
    }
  }
  return report;
}

// The intent to cancel comes first: a pending task cancelled at a scheduler may leave no record there.
void write_down(const Surroundings& around, const std::vector<RunView>& runs, CancelAs as) {
  std::map<std::string, ledger::CancelWanted> by_sweep;
  for (const RunView& run : runs) {
    if (!is_open(run.state)) continue;
    ledger::CancelWanted& wanted = by_sweep[run.sweep];
    wanted.as = as;
    wanted.attempts.push_back({run.id, run.attempt});
  }
  std::vector<SweepEvent> events;
  for (auto& [sweep, wanted] : by_sweep) events.push_back({sweep, std::move(wanted)});
  record(around, events);
}

void withdraw_unclaimed(const Surroundings& around, const std::vector<RunView>& runs) {
  for (const RunView& run : runs) {
    if (!is_open(run.state) || !is_there(run.folder.path())) continue;
    if (load_claim(run.folder.claim(run.attempt))) continue;
    revoke_claim(run.folder,
                 {run.id.text, run.attempt, run.token.text, run.index, "tt-submit", around.host, random_hex(16), true});
  }
}

}  // namespace

namespace {

// Runs that were chosen and not handed over: they stay cancelled until somebody asks for them.
std::int64_t take_off_the_list(const Surroundings& around, const std::vector<RunView>& runs) {
  std::int64_t taken = 0;
  std::map<std::string, ledger::WaitsNoMore> by_sweep;
  for (const RunView& run : runs) {
    if (!run.waits) continue;
    ledger::WaitsNoMore& event = by_sweep[run.sweep];
    event.cancelled = true;
    event.runs.push_back(run.id);
    ++taken;
  }
  std::vector<SweepEvent> events;
  for (auto& [sweep, event] : by_sweep) events.push_back({sweep, std::move(event)});
  if (!events.empty()) record(around, events);
  return taken;
}

// A sweep that was stopped for its failures goes on: they count anew. What waits for a canary waits for it no longer.
std::int64_t let_go_on(const Surroundings& around, const std::vector<RunView>& runs) {
  std::set<std::string> sweeps;
  for (const RunView& run : runs) sweeps.insert(run.sweep);
  std::vector<SweepEvent> events;
  const ledger::Ledger ledger = load_history(around.workspace, {sweeps.begin(), sweeps.end()});
  for (const std::string& sweep : sweeps) {
    if (is_stopped(ledger, sweep)) events.push_back({sweep, ledger::GoesOn{sweep}});
  }
  std::int64_t let_go = 0;
  std::map<std::tuple<std::string, std::string, Asked>, ledger::Waits> without_canary;  // sweep, site, asked
  for (const RunView& run : runs) {
    const ledger::WaitingRun* waiting = ledger::find_waiting(ledger, run.id);
    if (waiting == nullptr) continue;
    if (waiting->after || is_stopped(ledger, run.sweep)) ++let_go;
    if (!waiting->after) continue;
    const ledger::RunHistory& history = ledger.runs.at(run.id);
    ledger::Waits& waits = without_canary[{run.sweep, waiting->site, history.asked.or_none()}];
    waits.sweep = run.sweep;
    waits.site = waiting->site;
    waits.asked = history.asked.or_none();
    waits.why = "released";
    waits.runs.push_back(waiting->task);
  }
  for (auto& [alike, waits] : without_canary) events.push_back({waits.sweep, waits});
  if (!events.empty()) record(around, events);
  return let_go;
}

}  // namespace

namespace {

// Takes out of them what belongs to the workspace that this one is a copy of. "NAME: why" for each.
std::vector<std::string> leave_to_the_original(const Surroundings& around, std::vector<RunView>& runs) {
  Originals originals(around.workspace);
  std::vector<std::string> left;
  std::erase_if(runs, [&](const RunView& run) {
    const std::string root = originals.root_of(run.folder.path().string());
    if (!root.empty() && (is_open(run.state) || run.waits)) left.push_back(run.name + ": " + of_the_original(root));
    return !root.empty();
  });
  return left;
}

void add_to(ControlReport& report, const std::vector<std::string>& could_not) {
  report.could_not.insert(report.could_not.begin(), could_not.begin(), could_not.end());
}

}  // namespace

ControlReport cancel(const Surroundings& around, Schedulers& schedulers, std::vector<RunView> runs, CancelAs as) {
  const std::vector<std::string> left = leave_to_the_original(around, runs);
  write_down(around, runs, as);
  // An interrupted `run` takes nothing off: the next one goes on with what waits.
  const std::int64_t taken = as == CancelAs::cancelled ? take_off_the_list(around, runs) : 0;
  stop_point("after-cancel-wanted");
  withdraw_unclaimed(around, runs);
  const auto stop_as = as == CancelAs::preempted ? scheduler::StopAs::preempted : scheduler::StopAs::cancelled;
  ControlReport report = tell(
      schedulers, runs,
      [&](scheduler::Scheduler& scheduler, std::span<const scheduler::TaskRef> tasks) {
        return scheduler.cancel(tasks, stop_as);
      },
      is_neither);
  report.told += taken;
  add_to(report, left);
  return report;
}

// A scheduler takes the hold of a running job without a word, and nothing comes of it.
ControlReport hold(const Surroundings& around, Schedulers& schedulers, std::vector<RunView> runs) {
  const std::vector<std::string> left = leave_to_the_original(around, runs);
  std::vector<RunView> waiting;
  std::vector<std::string> cannot;
  for (const RunView& run : runs) {
    if (run.state == RunState::running) {
      cannot.push_back(fmt::format("{}: it runs already and cannot be held; `tt-submit cancel` ends it", run.name));
    } else if (run.waits) {
      cannot.push_back(
          fmt::format("{}: no job yet that could be held, it waits: {}; `tt-submit cancel` takes it off, `tt-submit "
                      "retry` brings it back",
                      run.name, *run.waits));
    } else {
      waiting.push_back(run);
    }
  }
  ControlReport report = tell(
      schedulers, waiting,
      [](scheduler::Scheduler& scheduler, std::span<const scheduler::TaskRef> tasks) { return scheduler.hold(tasks); },
      is_held);
  add_to(report, cannot);
  add_to(report, left);
  return report;
}

ControlReport release(const Surroundings& around, Schedulers& schedulers, std::vector<RunView> runs) {
  const std::vector<std::string> left = leave_to_the_original(around, runs);
  const std::int64_t gone_on = let_go_on(around, runs);
  ControlReport report = tell(
      schedulers, runs,
      [](scheduler::Scheduler& scheduler, std::span<const scheduler::TaskRef> tasks) {
        return scheduler.release(tasks);
      },
      is_not_held);
  report.told += gone_on;
  add_to(report, left);
  return report;
}

}  // namespace tt::flow
