#include "tt/flow/retry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/flow/retry_policy.hpp"
#include "tt/flow/sayable.hpp"

namespace tt::flow {
namespace {

// Offers each run that `wanted` wants, under the lock, and hands over what was chosen.
template <class Wanted, class Offer>
RetryReport hand_over_chosen(const Surroundings& around, Schedulers& schedulers, const std::vector<RunId>& runs,
                             const std::vector<std::string>& sweeps, Wanted wanted, Offer offer) {
  RetryReport report;
  Sayable sayable(around, schedulers.of_this_site());
  HeldBack held_back;
  const auto choose = [&](const ledger::Ledger& ledger, const FileLock&) {
    Chooser chooser(around, ledger, Writing::yes, sayable);
    for (const RunId& run : runs) {
      if (ledger.runs.contains(run) && wanted(ledger, run)) offer(chooser, ledger, run);
    }
    report.handed_over = static_cast<std::int64_t>(chooser.chosen());
    report.not_tried = chooser.not_tried();
    Choice choice = chooser.choice();
    for (const Candidate& run : choice.runs) report.meant.insert(run.record.id);
    return choice;
  };
  report.submissions = submit(around, schedulers.of_this_site(), sweeps, choose, &held_back);
  report.held_back = static_cast<std::int64_t>(held_back.runs);
  report.why_held_back = held_back.why;
  report.handed_over -= report.held_back;
  hand_over_in_parts(around, schedulers, sweeps, report);
  return report;
}

}  // namespace

RetryReport retry(const Surroundings& around, Schedulers& schedulers, const std::vector<RunId>& runs,
                  const std::vector<std::string>& sweeps, Force force) {
  if (runs.empty()) return {};
  const ledger::Ledger now = load_history(around.workspace, sweeps);
  Sayable sayable(around, schedulers.of_this_site());
  for (const RunId& run : runs) sayable.check(what_was_asked(around, now, run));
  if (const auto silence = why_nobody_takes_it(schedulers.of_this_site())) throw Error(*silence);
  const auto all = [](const ledger::Ledger&, const RunId&) { return true; };
  const auto offer = [&](Chooser& chooser, const ledger::Ledger& ledger, const RunId& run) {
    const ledger::RunHistory& history = ledger.runs.at(run);
    chooser.offer_for_retry(RunFolder(history.folder), history, run, force);
  };
  return hand_over_chosen(around, schedulers, runs, sweeps, all, offer);
}

RetryReport retry_by_policy(const Surroundings& around, Schedulers& schedulers, const std::vector<RunId>& runs,
                            const std::vector<std::string>& sweeps, const ledger::Ledger& seen) {
  Sayable sayable(around, schedulers.of_this_site());
  std::set<std::string> unsayable;
  const auto due = [&](const ledger::Ledger& ledger, const RunId& run) {
    const ledger::AttemptState* last = ledger::last_attempt(ledger, run);
    if (last == nullptr) return false;
    const RetryDecision decision = decide_retry(ledger, *last);
    if (!decision.retry || decision.not_before > around.clock->now()) return false;
    const std::string& wrong = sayable.why_not(what_was_asked(around, ledger, run));
    if (!wrong.empty()) unsayable.insert(fmt::format("{}: {}", ledger.runs.at(run).name, wrong));
    return wrong.empty();
  };
  const auto offer = [](Chooser& chooser, const ledger::Ledger& ledger, const RunId& run) {
    const ledger::AttemptState& last = *ledger::last_attempt(ledger, run);
    const ledger::RunHistory& history = ledger.runs.at(run);
    const std::size_t before = chooser.chosen();
    chooser.offer_for_retry(RunFolder(history.folder), history, run, Force::no);
    if (chooser.chosen() > before) chooser.add_event({last.sweep, ledger::RetryUsed{last.key, last.cause}});
  };
  std::vector<RunId> due_now;
  std::copy_if(runs.begin(), runs.end(), std::back_inserter(due_now), [&](const RunId& run) { return due(seen, run); });
  const auto tell = [&](RetryReport report) {
    report.not_tried.insert(report.not_tried.end(), unsayable.begin(), unsayable.end());
    return report;
  };
  if (due_now.empty()) return tell({});  // the common case needs no lock
  if (const auto silence = why_nobody_takes_it(schedulers.of_this_site())) {
    RetryReport report;
    report.not_tried.push_back(fmt::format("what failed: {}", silence->what()));
    return tell(std::move(report));
  }
  return tell(hand_over_chosen(around, schedulers, runs, sweeps, due, offer));
}

}  // namespace tt::flow
