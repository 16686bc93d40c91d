#include "tt/flow/feed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "tt/base/text.hpp"
#include "tt/flow/choose_runs.hpp"
#include "tt/flow/history.hpp"
#include "tt/flow/retry_policy.hpp"
#include "tt/flow/room.hpp"
#include "tt/flow/sayable.hpp"
#include "tt/flow/stop_policy.hpp"

namespace tt::flow {
namespace {

Outlook behind_canary(const ledger::Ledger& ledger, const ledger::WaitingRun& waiting) {
  const auto found = ledger.runs.find(*waiting.after);
  const std::string name = found == ledger.runs.end() ? waiting.after->text : found->second.name;
  const std::string go_on = fmt::format(
      "they go once {} is finished; `tt-submit release` lets them go without it, `tt-submit cancel` gives them up",
      name);
  const auto kept = [&](const std::string& what, const std::string& step) {
    return Outlook{Readiness::never, fmt::format("the canary {} {}", name, what),
                   fmt::format("{}   ({})", step, go_on)};
  };
  const ledger::AttemptState* canary =
      found == ledger.runs.end() ? nullptr : attempt_since_again(ledger, *waiting.after);
  if (ledger::is_withdrawn(ledger, *waiting.after)) return kept("was cancelled", "tt-submit retry " + name);
  const bool comes = ledger::find_waiting(ledger, *waiting.after) != nullptr ||
                     (found != ledger.runs.end() && canary == nullptr && found->second.fresh_after > 0);
  Outlook not_yet{Readiness::not_yet, waiting.why, ""};
  if (comes || (canary != nullptr && !canary->closed)) return not_yet;
  if (canary == nullptr) return kept("is not known here", "tt-submit release");
  if (canary->state == RunState::finished) return {Readiness::ready, waiting.why, ""};
  if (canary->state == RunState::planned) return kept("was not handed over", "tt-submit run SWEEP");
  if (canary->state == RunState::preempted) return kept("was preempted", "tt-submit run SWEEP");
  if (decide_retry(ledger, *canary).retry) return not_yet;
  const std::string cause = canary->cause.empty() ? "" : fmt::format(" ({})", canary->cause);
  const std::string word = canary->state == RunState::failed ? "failed" : "ended as " + to_string(canary->state);
  return kept(word + cause, canary->state == RunState::lost ? "tt-submit explain " + name : "tt-submit retry " + name);
}

Fitting ready_runs(const ledger::Ledger& ledger, Instant now, const std::string& site, const Lessons& lessons) {
  Outlooks outlooks(ledger, now, site);
  std::vector<const ledger::WaitingRun*> ready;
  for (const ledger::WaitingRun* waiting : ledger::waiting_runs(ledger)) {
    const Readiness readiness = outlooks.readiness(*waiting);
    // A part of what was refused may go at once, as those before it taught.
    const bool is_next =
        readiness == Readiness::not_yet && !waiting->after && lessons.next(way_of(ledger, *waiting)).value_or(0) > 0;
    if (readiness == Readiness::ready || is_next) ready.push_back(waiting);
  }
  return fit(ledger, ready, outlooks.taught(), lessons, now);
}

// Whether the site takes at least one more job of this user that goes where one of these goes.
bool has_room(const Surroundings& around, scheduler::Scheduler& scheduler, const std::set<Asked>& ways) {
  const Room room = ask_room(around, scheduler);
  return std::any_of(ways.begin(), ways.end(), [&](const Asked& asked) {
    const auto window = window_of(around.site.profile, room.limits, asked.partition);
    return !window || room.there < window->jobs;
  });
}

}  // namespace

Outlook Outlooks::of(const ledger::WaitingRun& waiting) {
  if (is_stopped(ledger_, waiting.sweep)) {
    return {Readiness::never, describe_stop(ledger_, waiting.sweep),
            "tt-submit release   (goes on with the sweep; `tt-submit cancel` gives the rest up)"};
  }
  if (!site_.empty() && !waiting.site.empty() && waiting.site != site_) {
    return {Readiness::never, fmt::format("chosen for site '{}', and this command is for '{}'", waiting.site, site_),
            "tt-submit wait --site NAME|FILE   (of that site; `tt-submit run SWEEP` hands them over to its own)"};
  }
  if (waiting.after) return behind_canary(ledger_, waiting);
  if (waiting.at_most == 0) return {Readiness::ready, waiting.why, ""};
  const auto room = taught_.now(way_of(ledger_, waiting), now_);
  return {!room || room->at_most > 0 ? Readiness::ready : Readiness::not_yet, waiting.why, ""};
}

Readiness Outlooks::readiness(const ledger::WaitingRun& waiting) {
  const bool alike = before_ != nullptr && before_->since == waiting.since && before_->sweep == waiting.sweep &&
                     before_->site == waiting.site && before_->after == waiting.after && before_->at_most == 0 &&
                     waiting.at_most == 0;
  if (!alike) judged_ = of(waiting).readiness;
  before_ = &waiting;
  return judged_;
}

bool is_waiting_to_go(const ledger::Ledger& ledger, const RunId& run, Outlooks& outlooks) {
  const ledger::WaitingRun* waiting = ledger::find_waiting(ledger, run);
  return waiting != nullptr && outlooks.readiness(*waiting) != Readiness::never;
}

namespace {

// Takes refusals for want of room out of the list. The reason of the last; empty: there was none.
std::string drop_refused_for_now(std::vector<HandedOver>& submissions) {
  std::string why;
  for (const HandedOver& one : submissions) {
    if (one.for_now) why = one.refused;
  }
  std::erase_if(submissions, [](const HandedOver& one) { return one.for_now; });
  return why;
}

std::int64_t runs_taken(const std::vector<HandedOver>& submissions) {
  std::int64_t taken = 0;
  for (const HandedOver& one : submissions) taken += one.refused.empty() ? static_cast<std::int64_t>(one.runs) : 0;
  return taken;
}

void append(RetryReport& report, RetryReport part) {
  std::move(part.submissions.begin(), part.submissions.end(), std::back_inserter(report.submissions));
  for (std::string& why : part.not_tried) {
    const bool is_said = std::find(report.not_tried.begin(), report.not_tried.end(), why) != report.not_tried.end();
    if (!is_said) report.not_tried.push_back(std::move(why));
  }
  report.unsayable.merge(part.unsayable);
}

// One submission of each shape, or none.
struct Part {
  RetryReport report;
  std::set<Way> probing;
};

std::set<Asked> ways_to_ask(const Surroundings& around, const ledger::Ledger& ledger,
                            const std::vector<const ledger::WaitingRun*>& runs) {
  std::set<Asked> ways;
  for (const ledger::WaitingRun* waiting : runs) ways.insert(what_was_asked(around, ledger, waiting->task.run));
  return ways;
}

Part feed_once(const Surroundings& around, Schedulers& schedulers, const std::vector<std::string>& sweeps,
               const ledger::Ledger& seen, const Lessons& lessons) {
  Part part;
  RetryReport& report = part.report;
  const std::string& site = around.site.profile.name;
  const Fitting ready = ready_runs(seen, around.clock->now(), site, lessons);
  if (ready.runs.empty()) return part;
  scheduler::Scheduler& scheduler = schedulers.of_this_site();
  Sayable sayable(around, scheduler);
  std::set<Asked> ways = ways_to_ask(around, seen, ready.runs);
  std::erase_if(ways, [&](const Asked& asked) { return !sayable.why_not(asked).empty(); });
  if (!ways.empty()) {
    if (const auto silence = why_nobody_takes_it(scheduler)) {
      report.not_tried.emplace_back(silence->what());
      return part;
    }
    if (!has_room(around, scheduler, ways)) return part;
  }
  const auto choose = [&](const ledger::Ledger& ledger, const FileLock&) {
    Chooser chooser(around, ledger, Writing::yes, sayable);
    chooser.only_follows();
    const Fitting now = ready_runs(ledger, around.clock->now(), site, lessons);
    for (const ledger::WaitingRun* waiting : now.runs) chooser.offer_waiting(*waiting);
    report.not_tried = chooser.not_tried();
    report.unsayable = chooser.unsayable();
    part.probing = now.probing;
    Choice choice = chooser.choice();
    choice.bounds = now.bounds;
    return choice;
  };
  report.submissions = submit(around, scheduler, sweeps, choose);
  return part;
}

// What became of the runs that were meant: how many went, how many still wait.
void count_meant(RetryReport& report, const ledger::Ledger& ledger, Instant now, const std::string& site) {
  const auto is_meant = [&](const RunId& run) { return report.meant.empty() || report.meant.contains(run); };
  report.handed_over = 0;
  report.held_back = 0;
  for (const HandedOver& one : report.submissions) {
    const auto submission = ledger.submissions.find(one.token);
    if (!one.refused.empty() || submission == ledger.submissions.end()) continue;
    const auto& runs = submission->second.runs;
    report.handed_over +=
        std::count_if(runs.begin(), runs.end(), [&](const PlannedTask& task) { return is_meant(task.run); });
  }
  Outlooks outlooks(ledger, now, site);
  for (const ledger::WaitingRun* waiting : ledger::waiting_runs(ledger)) {
    const bool is_ours = report.meant.empty() ? !waiting->after : is_meant(waiting->task.run);
    report.held_back += is_ours && outlooks.readiness(*waiting) != Readiness::never ? 1 : 0;
  }
}

bool any_unanswered(const Part& part) {
  const auto& submissions = part.report.submissions;
  return std::any_of(submissions.begin(), submissions.end(),
                     [](const HandedOver& one) { return !one.no_answer.empty(); });
}

bool any_refused_for_now(const Part& part) {
  const auto& submissions = part.report.submissions;
  return std::any_of(submissions.begin(), submissions.end(), [](const HandedOver& one) { return one.for_now; });
}

// Part after part, as the answers to those before it teach, while the scheduler answers.
void go_on(const Surroundings& around, Schedulers& schedulers, const std::vector<std::string>& sweeps, Part part,
           RetryReport& report) {
  Lessons lessons;
  std::string why;  // of the last refusal
  for (;;) {
    if (part.probing.empty() && !any_refused_for_now(part) && why.empty())
      return append(report, std::move(part.report));
    const ledger::Ledger ledger = load_history(around.workspace, sweeps);
    lessons.learn(ledger, part.report.submissions, part.probing);
    const bool goes_on = !part.report.submissions.empty() && !any_unanswered(part) && lessons.any_goes_on();
    if (const std::string again = drop_refused_for_now(part.report.submissions); !again.empty()) why = again;
    append(report, std::move(part.report));
    if (!goes_on) {
      if (why.empty()) return;
      report.why_held_back = why;
      return count_meant(report, ledger, around.clock->now(), around.site.profile.name);
    }
    part = feed_once(around, schedulers, sweeps, ledger, lessons);
  }
}

}  // namespace

void hand_over_in_parts(const Surroundings& around, Schedulers& schedulers, const std::vector<std::string>& sweeps,
                        RetryReport& report) {
  Part whole;
  whole.report.submissions = std::move(report.submissions);
  report.submissions.clear();
  go_on(around, schedulers, sweeps, std::move(whole), report);
}

RetryReport feed(const Surroundings& around, Schedulers& schedulers, const std::vector<std::string>& sweeps,
                 const ledger::Ledger& seen) {
  Part first = feed_once(around, schedulers, sweeps, seen, Lessons());
  RetryReport report;
  if (first.report.submissions.empty()) return std::move(first.report);
  go_on(around, schedulers, sweeps, std::move(first), report);
  report.handed_over = runs_taken(report.submissions);
  return report;
}

}  // namespace tt::flow
