#include "tt/flow/feed.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/flow/choose_runs.hpp"
#include "tt/flow/history.hpp"
#include "tt/flow/retry_policy.hpp"
#include "tt/flow/room.hpp"
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

// How many attempts ended since.
int ended_since(const ledger::Ledger& ledger, Instant since) {
  int ended = 0;
  for (const auto& [id, run] : ledger.runs) {
    for (const auto& [number, attempt] : run.attempts) ended += attempt.ended && *attempt.ended > since ? 1 : 0;
  }
  return ended;
}

// Every refusal leaves an attempt that was none, so the pauses grow where they come one after the other.
Seconds pause_after_refusals(const ledger::Ledger& ledger, const RunId& run) {
  constexpr Seconds shortest{60}, longest{300};
  Seconds pause = shortest;
  const auto& attempts = ledger.runs.at(run).attempts;
  int in_a_row = 0;
  for (auto at = attempts.rbegin(); at != attempts.rend() && ledger::was_refused(at->second); ++at) ++in_a_row;
  for (int i = 1; i < in_a_row && pause < longest; ++i) pause *= 2;
  return std::min(pause, longest);
}

// Whether it goes after a refusal of everything, down to one: once something ended since, or after a while.
bool goes_again(const ledger::Ledger& ledger, const ledger::WaitingRun& waiting, Instant now) {
  const Seconds pause = pause_after_refusals(ledger, waiting.task.run);
  return now - waiting.since >= std::chrono::duration_cast<Instant::duration>(pause) ||
         ended_since(ledger, waiting.since) > 0;
}

// What refusals taught about how many go: the scheduler does not say it, and what one of them was told holds for all.
struct Taught {
  int at_most = 0;                               // 0: nothing
  const ledger::WaitingRun* last_one = nullptr;  // not even this one was taken
  std::string why;
};
Taught taught_by_refusals(const std::vector<const ledger::WaitingRun*>& all) {
  Taught taught;
  for (const ledger::WaitingRun* waiting : all) {
    if (waiting->at_most == 0) continue;
    if (taught.at_most == 0 || waiting->at_most <= taught.at_most) {
      taught.at_most = waiting->at_most;
      taught.why = waiting->why;
    }
    if (waiting->later && (taught.last_one == nullptr || taught.last_one->since < waiting->since))
      taught.last_one = waiting;
  }
  return taught;
}

// What goes now. What waits since the same instant for the same is judged once.
struct Ready {
  std::vector<const ledger::WaitingRun*> runs;
  int at_most = 0;  // of them; 0: no bound
  std::string why_at_most;
};
Ready ready_runs(const ledger::Ledger& ledger, Instant now, const std::string& site) {
  Ready ready;
  const std::vector<const ledger::WaitingRun*> all = ledger::waiting_runs(ledger);
  const Taught taught = taught_by_refusals(all);
  const bool full = taught.last_one != nullptr && !goes_again(ledger, *taught.last_one, now);
  const ledger::WaitingRun* before = nullptr;
  Readiness judged = Readiness::never;
  for (const ledger::WaitingRun* waiting : all) {
    const bool alike = before != nullptr && before->since == waiting->since && before->sweep == waiting->sweep &&
                       before->site == waiting->site && before->after == waiting->after &&
                       (before->at_most == 0) == (waiting->at_most == 0);
    if (!alike) judged = outlook_of(ledger, *waiting, now, site).readiness;
    before = waiting;
    const bool has_to_wait = full && waiting->at_most > 0;
    if (judged == Readiness::ready && !has_to_wait) ready.runs.push_back(waiting);
  }
  const bool bounded =
      std::any_of(ready.runs.begin(), ready.runs.end(), [](const auto* run) { return run->at_most > 0; });
  if (!bounded) return ready;
  ready.why_at_most = taught.why;
  ready.at_most = taught.at_most;
  // As many as room was made for since.
  if (taught.last_one != nullptr) ready.at_most = std::max(ready.at_most, ended_since(ledger, taught.last_one->since));
  return ready;
}

std::set<Asked> ways_to_ask(const Surroundings& around, const ledger::Ledger& ledger,
                            const std::vector<const ledger::WaitingRun*>& runs) {
  std::set<Asked> ways;
  for (const ledger::WaitingRun* waiting : runs) ways.insert(what_was_asked(around, ledger, waiting->task.run));
  return ways;
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

std::optional<Error> why_none_can_go(const Surroundings& around, scheduler::Scheduler& scheduler,
                                     const std::set<Asked>& ways) {
  for (const Asked& asked : ways) {
    if (auto wrong = why_it_cannot_be_asked_for(around, scheduler, asked)) return wrong;
  }
  return why_nobody_takes_it(scheduler);
}

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

RetryReport feed_once(const Surroundings& around, Schedulers& schedulers, const std::vector<std::string>& sweeps,
                      const ledger::Ledger& seen) {
  RetryReport report;
  const std::string& site = around.site.profile.name;
  const std::set<Asked> ready = ways_to_ask(around, seen, ready_runs(seen, around.clock->now(), site).runs);
  if (ready.empty()) return report;
  scheduler::Scheduler& scheduler = schedulers.of_this_site();
  if (const auto obstacle = why_none_can_go(around, scheduler, ready)) {
    report.not_tried.emplace_back(obstacle->what());
    return report;
  }
  if (!has_room(around, scheduler, ready)) return report;
  HeldBack held_back;
  const auto choose = [&](const ledger::Ledger& ledger, const FileLock&) {
    Chooser chooser(around, ledger, Writing::yes);
    const Ready now = ready_runs(ledger, around.clock->now(), site);
    for (const ledger::WaitingRun* waiting : now.runs) chooser.offer_waiting(*waiting);
    report.not_tried = chooser.not_tried();
    Choice choice = chooser.choice();
    choice.at_most = now.at_most;
    choice.why_at_most = now.why_at_most;
    return choice;
  };
  report.submissions = submit(around, scheduler, sweeps, choose, &held_back);
  report.handed_over = runs_taken(report.submissions);
  return report;
}

}  // namespace

void hand_over_in_parts(const Surroundings& around, Schedulers& schedulers, const std::vector<std::string>& sweeps,
                        RetryReport& report) {
  std::string why = drop_refused_for_now(report.submissions);
  if (why.empty()) return;
  for (bool goes_on = true; goes_on;) {
    RetryReport part = feed_once(around, schedulers, sweeps, load_history(around.workspace, sweeps));
    goes_on = !part.submissions.empty();
    if (const std::string again = drop_refused_for_now(part.submissions); !again.empty()) why = again;
    report.submissions.insert(report.submissions.end(), part.submissions.begin(), part.submissions.end());
    report.not_tried.insert(report.not_tried.end(), part.not_tried.begin(), part.not_tried.end());
  }
  const ledger::Ledger ledger = load_history(around.workspace, sweeps);
  const auto waiting = ledger::waiting_runs(ledger);
  report.held_back = std::count_if(waiting.begin(), waiting.end(), [](const auto* run) { return !run->after; });
  report.why_held_back = why;
  report.handed_over = runs_taken(report.submissions);
}

RetryReport feed(const Surroundings& around, Schedulers& schedulers, const std::vector<std::string>& sweeps,
                 const ledger::Ledger& seen) {
  RetryReport report = feed_once(around, schedulers, sweeps, seen);
  hand_over_in_parts(around, schedulers, sweeps, report);
  return report;
}

}  // namespace tt::flow
