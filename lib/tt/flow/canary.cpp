#include "tt/flow/canary.hpp"

#include <fmt/format.h>

#include "tt/flow/choose_runs.hpp"
#include "tt/flow/feed.hpp"

namespace tt::flow {

CanaryGate gate_of(const ledger::Ledger& ledger, const std::string& sweep, const std::set<RunId>& planned,
                   Instant now) {
  CanaryGate gate;
  for (const ledger::WaitingRun* waiting : ledger::waiting_runs(ledger)) {
    if (waiting->sweep != sweep || !waiting->after) continue;
    const bool stays = planned.contains(*waiting->after);
    if (!planned.contains(waiting->task.run)) gate.superseded.push_back(waiting->task.run);
    if (outlook_of(ledger, *waiting, now).readiness == Readiness::ready) continue;
    if (!stays) gate.lost.insert(*waiting->after);
    if (!gate.canary.empty() && (gate.in_plan || !stays)) continue;
    const auto history = ledger.runs.find(*waiting->after);
    gate.canary = *waiting->after;
    gate.name = history == ledger.runs.end() ? gate.canary.text : history->second.name;
    gate.in_plan = stays;
  }
  return gate;
}

std::string keep_behind(const CanaryGate& gate, const std::string& sweep, const ledger::Ledger& ledger,
                        const std::set<RunId>& afresh, Choice& choice) {
  if (!gate.superseded.empty()) choice.events.push_back({sweep, ledger::WaitsNoMore{gate.superseded, false}});
  if (gate.canary.empty() || choice.runs.empty()) return "";
  if (!gate.in_plan) {
    choice.canary = true;
    return fmt::format("the sweep changed since the canary {} was chosen: {} goes first in its place", gate.name,
                       choice.runs.front().record.name);
  }
  choice.behind = {gate.canary, gate.name, {}};
  for (const Candidate& run : choice.runs) {
    const RunId& id = run.record.id;
    const ledger::AttemptState* last = attempt_since_again(ledger, id);
    const bool never_went = last == nullptr || ledger::was_refused(*last);
    // It waits for room, not for the canary: somebody released it, or it was chosen without one.
    const ledger::WaitingRun* waiting = ledger::find_waiting(ledger, id);
    if (waiting != nullptr && !waiting->after) continue;
    if (id != gate.canary && never_went && !afresh.contains(id)) choice.behind.runs.insert(id);
  }
  return "";
}

}  // namespace tt::flow
