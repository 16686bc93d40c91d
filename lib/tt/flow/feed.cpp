#include "tt/flow/feed.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/flow/choose_runs.hpp"
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

// After a refusal: once something ended since, or after a while.
Readiness after_refusal(const ledger::Ledger& ledger, const ledger::WaitingRun& waiting, Instant now) {
  constexpr Seconds pause{60};
  if (now - waiting.since >= std::chrono::duration_cast<Instant::duration>(pause)) return Readiness::ready;
  for (const auto& [id, run] : ledger.runs) {
    for (const auto& [number, attempt] : run.attempts) {
      if (attempt.ended && *attempt.ended > waiting.since) return Readiness::ready;
    }
  }
  return Readiness::not_yet;
}

// After one refusal all that it left waits since the same instant: they are judged once.
std::vector<const ledger::WaitingRun*> ready_runs(const ledger::Ledger& ledger, Instant now, const std::string& site) {
  std::vector<const ledger::WaitingRun*> ready;
  const ledger::WaitingRun* before = nullptr;
  Readiness judged = Readiness::never;
  for (const ledger::WaitingRun* waiting : ledger::waiting_runs(ledger)) {
    const bool alike = before != nullptr && before->since == waiting->since && before->sweep == waiting->sweep &&
                       before->site == waiting->site && before->after == waiting->after &&
                       (before->at_most == 0) == (waiting->at_most == 0);
    if (!alike) judged = outlook_of(ledger, *waiting, now, site).readiness;
    before = waiting;
    if (judged == Readiness::ready) ready.push_back(waiting);
  }
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
  const bool was_refused = waiting.at_most > 0;
  return {was_refused ? after_refusal(ledger, waiting, now) : Readiness::ready, waiting.why, ""};
}

bool is_waiting_to_go(const ledger::Ledger& ledger, const RunId& run, Instant now, std::string_view site) {
  const ledger::WaitingRun* waiting = ledger::find_waiting(ledger, run);
  return waiting != nullptr && outlook_of(ledger, *waiting, now, site).readiness != Readiness::never;
}

RetryReport feed(const Surroundings& around, Schedulers& schedulers, const std::vector<std::string>& sweeps,
                 const ledger::Ledger& seen) {
  RetryReport report;
  const std::string& site = around.site.profile.name;
  const std::set<Asked> ready = ways_to_ask(around, seen, ready_runs(seen, around.clock->now(), site));
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
    int at_most = 0;
    for (const ledger::WaitingRun* waiting : ready_runs(ledger, around.clock->now(), site)) {
      at_most = std::max(at_most, waiting->at_most);
      chooser.offer_waiting(*waiting);
    }
    report.handed_over = static_cast<std::int64_t>(chooser.chosen());
    report.not_tried = chooser.not_tried();
    Choice choice = chooser.choice();
    choice.at_most = at_most;
    return choice;
  };
  report.submissions = submit(around, scheduler, sweeps, choose, &held_back);
  report.handed_over -= static_cast<std::int64_t>(held_back.runs);
  return report;
}

}  // namespace tt::flow
