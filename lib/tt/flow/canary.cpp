#include "tt/flow/canary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tt/flow/choose_runs.hpp"
#include "tt/flow/feed.hpp"

namespace tt::flow {

CanaryGate gate_of(const ledger::Ledger& ledger, const std::string& sweep, const std::set<RunId>& planned,
                   Instant now) {
  CanaryGate gate;
  Outlooks outlooks(ledger, now);
  for (const ledger::WaitingRun* waiting : ledger::waiting_runs(ledger)) {
    if (waiting->sweep != sweep || !waiting->after) continue;
    const bool stays = planned.contains(*waiting->after);
    if (!planned.contains(waiting->task.run)) gate.superseded.push_back(waiting->task.run);
    if (outlooks.readiness(*waiting) == Readiness::ready) continue;
    if (!stays) gate.lost.insert(*waiting->after);
    if (!gate.canary.empty() && (gate.in_plan || !stays)) continue;
    const auto history = ledger.runs.find(*waiting->after);
    gate.canary = *waiting->after;
    gate.name = history == ledger.runs.end() ? gate.canary.text : history->second.name;
    gate.in_plan = stays;
  }
  return gate;
}

namespace {

// What goes by itself all the same: an attempt after one that went, what --again named, and what waits for room and not
// for a canary: somebody released it, or it was chosen without one.
bool needs_a_canary(const Candidate& run, const ledger::Ledger& ledger, const std::set<RunId>& afresh) {
  const RunId& id = run.record.id;
  const ledger::AttemptState* last = attempt_since_again(ledger, id);
  const bool never_went = last == nullptr || ledger::was_refused(*last);
  const ledger::WaitingRun* waiting = ledger::find_waiting(ledger, id);
  const bool waits_for_room = waiting != nullptr && !waiting->after;
  return never_went && !waits_for_room && !afresh.contains(id);
}

}  // namespace

std::string keep_behind(const CanaryGate& gate, const std::string& sweep, const ledger::Ledger& ledger,
                        const std::set<RunId>& afresh, Choice& choice) {
  if (!gate.superseded.empty()) choice.events.push_back({sweep, ledger::WaitsNoMore{gate.superseded, false}});
  if (gate.canary.empty() || choice.runs.empty()) return "";
  choice.behind = {gate.canary, gate.name, {}};
  for (const Candidate& run : choice.runs) {
    if (run.record.id != gate.canary && needs_a_canary(run, ledger, afresh)) choice.behind.runs.insert(run.record.id);
  }
  if (gate.in_plan) {
    // Not a second one beside it: they would wait for each other.
    return std::exchange(choice.canary, false)
               ? fmt::format("the canary {} of an earlier run goes first as it is", gate.name)
               : "";
  }
  if (choice.behind.runs.empty()) return "";
  // With --canary the first of all goes alone, else the first of those that need one.
  const auto first = std::find_if(choice.runs.begin(), choice.runs.end(), [&](const Candidate& run) {
    return choice.canary || choice.behind.runs.contains(run.record.id);
  });
  choice.behind.canary = first->record.id;
  choice.behind.name = first->record.name;
  choice.behind.runs.erase(first->record.id);
  return fmt::format("the sweep changed since the canary {} was chosen: {} goes first in its place", gate.name,
                     first->record.name);
}

}  // namespace tt::flow
