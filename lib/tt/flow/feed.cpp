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
#include "tt/flow/taught.hpp"

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

// What waits since the same instant for the same is judged once.
class Outlooks {
 public:
  Outlooks(const ledger::Ledger& ledger, Instant now, const std::string& site)
      : ledger_(ledger), now_(now), site_(site) {}
  Readiness of(const ledger::WaitingRun& waiting) {
    const bool alike = before_ != nullptr && before_->since == waiting.since && before_->sweep == waiting.sweep &&
                       before_->site == waiting.site && before_->after == waiting.after && !before_->later &&
                       !waiting.later;
    if (!alike) judged_ = outlook_of(ledger_, waiting, now_, site_).readiness;
    before_ = &waiting;
    return judged_;
  }

 private:
  const ledger::Ledger& ledger_;
  Instant now_;
  const std::string& site_;
  const ledger::WaitingRun* before_ = nullptr;
  Readiness judged_ = Readiness::never;
};

Fitting ready_runs(const ledger::Ledger& ledger, Instant now, const std::string& site, const Growth& growth) {
  Outlooks outlooks(ledger, now, site);
  std::vector<const ledger::WaitingRun*> ready, hoping;
  for (const ledger::WaitingRun* waiting : ledger::waiting_runs(ledger)) {
    const Readiness readiness = outlooks.of(*waiting);
    if (readiness == Readiness::ready) ready.push_back(waiting);
    if (readiness != Readiness::never) hoping.push_back(waiting);
  }
  return fit(ledger, ready, hoping, growth, now);
}

// Whether the site takes at least one more job of this user that goes where one of these goes.
bool has_room(const Surroundings& around, scheduler::Scheduler& scheduler, const std::set<Asked>& ways) {
  const Room room = ask_room(around.site.profile, scheduler);
  return std::any_of(ways.begin(), ways.end(), [&](const Asked& asked) {
    const auto window = window_of(around.site.profile, room.limits, asked.partition);
    return !window || room.there < *window;
  });
}

}  // namespace

Outlook outlook_of(const ledger::Ledger& ledger, const ledger::WaitingRun& waiting, Instant now,
                   std::string_view site) {
  if (is_stopped(ledger, waiting.sweep)) {
    return {Readiness::never, describe_stop(ledger, waiting.sweep),
            "tt-submit release   (goes on with the sweep; `tt-submit cancel` gives the rest up)"};
  }
  if (!site.empty() && !waiting.site.empty() && waiting.site != site) {
    return {Readiness::never, fmt::format("chosen for site '{}', and this command is for '{}'", waiting.site, site),
            "tt-submit wait --site NAME|FILE   (of that site; `tt-submit run SWEEP` hands them over to its own)"};
  }
  if (waiting.after) return behind_canary(ledger, waiting);
  const bool goes = !waiting.later || goes_again(ledger, waiting, now);
  return {goes ? Readiness::ready : Readiness::not_yet, waiting.why, ""};
}

bool is_waiting_to_go(const ledger::Ledger& ledger, const RunId& run, Instant now, std::string_view site) {
  const ledger::WaitingRun* waiting = ledger::find_waiting(ledger, run);
  return waiting != nullptr && outlook_of(ledger, *waiting, now, site).readiness != Readiness::never;
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
  std::move(part.not_tried.begin(), part.not_tried.end(), std::back_inserter(report.not_tried));
  report.unsayable.merge(part.unsayable);
}

// One submission of each shape, or none.
struct Part {
  RetryReport report;
  bool is_bounded = false;  // more of it may go at once
};

// Leaves out what its scheduler has no words for: it would be asked for in vain, and must not keep the others.
std::vector<const ledger::WaitingRun*> only_sayable(const std::vector<const ledger::WaitingRun*>& runs,
                                                    const Surroundings& around, const ledger::Ledger& ledger,
                                                    Sayable& sayable, RetryReport& report) {
  std::vector<const ledger::WaitingRun*> go;
  std::map<std::string, std::int64_t> kept;
  for (const ledger::WaitingRun* waiting : runs) {
    const std::string& why = sayable.why_not(what_was_asked(around, ledger, waiting->task.run));
    if (why.empty()) {
      go.push_back(waiting);
    } else if (report.unsayable.insert(waiting->task.run).second) {
      ++kept[why];
    }
  }
  for (const auto& [why, count] : kept) {
    report.not_tried.push_back(
        fmt::format("{} that {} cannot be handed over: {}", plural(count, "run"), count == 1 ? "waits" : "wait", why));
  }
  return go;
}

std::set<Asked> ways_to_ask(const Surroundings& around, const ledger::Ledger& ledger,
                            const std::vector<const ledger::WaitingRun*>& runs) {
  std::set<Asked> ways;
  for (const ledger::WaitingRun* waiting : runs) ways.insert(what_was_asked(around, ledger, waiting->task.run));
  return ways;
}

Part feed_once(const Surroundings& around, Schedulers& schedulers, const std::vector<std::string>& sweeps,
               const ledger::Ledger& seen, const Growth& growth) {
  Part part;
  RetryReport& report = part.report;
  const std::string& site = around.site.profile.name;
  const Fitting ready = ready_runs(seen, around.clock->now(), site, growth);
  if (ready.runs.empty()) return part;
  scheduler::Scheduler& scheduler = schedulers.of_this_site();
  Sayable sayable(around, scheduler);
  const std::set<Asked> ways = ways_to_ask(around, seen, only_sayable(ready.runs, around, seen, sayable, report));
  if (ways.empty()) return part;
  if (const auto silence = why_nobody_takes_it(scheduler)) {
    report.not_tried.emplace_back(silence->what());
    return part;
  }
  if (!has_room(around, scheduler, ways)) return part;
  HeldBack held_back;
  const auto choose = [&](const ledger::Ledger& ledger, const FileLock&) {
    Chooser chooser(around, ledger, Writing::yes);
    const Fitting now = ready_runs(ledger, around.clock->now(), site, growth);
    for (const ledger::WaitingRun* waiting : only_sayable(now.runs, around, ledger, sayable, report))
      chooser.offer_waiting(*waiting);
    for (std::string& why : chooser.not_tried()) report.not_tried.push_back(std::move(why));
    Choice choice = chooser.choice();
    choice.bounds = now.bounds;
    return choice;
  };
  report.submissions = submit(around, scheduler, sweeps, choose, &held_back);
  part.is_bounded = held_back.bounded > 0;
  return part;
}

// Not where the scheduler gave no answer, and not where it said no to everything for another reason than room.
bool more_may_go(const Part& part) {
  const auto& submissions = part.report.submissions;
  const auto is = [&](const auto& what) { return std::any_of(submissions.begin(), submissions.end(), what); };
  if (is([](const HandedOver& one) { return !one.no_answer.empty(); })) return false;
  return is([](const HandedOver& one) { return one.for_now; }) ||
         (part.is_bounded && is([](const HandedOver& one) { return one.refused.empty(); }));
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
    const bool still_goes = !waiting->after && outlooks.of(*waiting) != Readiness::never;
    report.held_back += still_goes && is_meant(waiting->task.run) ? 1 : 0;
  }
}

void go_on(const Surroundings& around, Schedulers& schedulers, const std::vector<std::string>& sweeps, Part part,
           RetryReport& report) {
  Growth growth;
  std::string why;  // of the last refusal
  for (;;) {
    const bool goes_on = more_may_go(part);
    const auto& submissions = part.report.submissions;
    const bool refused =
        std::any_of(submissions.begin(), submissions.end(), [](const HandedOver& one) { return one.for_now; });
    if (!goes_on && !refused && why.empty()) return append(report, std::move(part.report));
    const ledger::Ledger ledger = load_history(around.workspace, sweeps);
    growth.learn(ledger, part.report.submissions);
    if (const std::string again = drop_refused_for_now(part.report.submissions); !again.empty()) why = again;
    append(report, std::move(part.report));
    if (!goes_on) {
      report.why_held_back = why;
      return count_meant(report, ledger, around.clock->now(), around.site.profile.name);
    }
    part = feed_once(around, schedulers, sweeps, ledger, growth);
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
  Part first = feed_once(around, schedulers, sweeps, seen, Growth());
  RetryReport report;
  if (first.report.submissions.empty()) return std::move(first.report);
  go_on(around, schedulers, sweeps, std::move(first), report);
  report.handed_over = runs_taken(report.submissions);
  return report;
}

}  // namespace tt::flow
