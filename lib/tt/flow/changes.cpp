#include "tt/flow/changes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tt/base/text.hpp"
#include "tt/flow/history.hpp"
#include "tt/flow/views.hpp"

namespace tt::flow {

PlanChanges changes_of(const LoadedSweep& sweep, const Surroundings& around) {
  PlanChanges changes;
  if (!sweep.plan.runs.empty() && sweep.bases.front().document == std::nullopt) return changes;
  const ledger::Ledger ledger = load_history(around.workspace, {sweep.plan.sweep});
  const ExpandReport report = expand(sweep, around, ledger, Writing::no);
  std::map<RunId, RunState> states;
  for (const RunView& run : look_at_runs(around, ledger, {sweep.plan.sweep})) states.emplace(run.id, run.state);
  for (const ExpandedRun& run : report.runs) {
    const std::string& name = run.record.name;
    const auto state = states.find(run.record.id);
    if (run.outcome == Outcome::created)
      changes.added.push_back(name);
    else if (run.outcome == Outcome::rewritten || run.outcome == Outcome::kept)
      changes.changed.push_back(name);
    else if (run.outcome == Outcome::renamed)
      changes.renamed.push_back(name);
    else if (state != states.end() && state->second == RunState::finished)
      changes.done.push_back(name);
    else if (state != states.end() && is_open(state->second))
      changes.open.push_back(name);
    else
      changes.waiting.push_back(name);
  }
  for (const IndexedRun& orphan : report.orphans) changes.orphans.push_back(orphan.model + "/" + orphan.name);
  return changes;
}

std::string describe(const PlanChanges& changes) {
  const bool known = !changes.changed.empty() || !changes.renamed.empty() || !changes.done.empty() ||
                     !changes.open.empty() || !changes.waiting.empty() || !changes.orphans.empty();
  if (!known) return "";
  std::vector<std::string> parts;
  const auto say = [&](const std::vector<std::string>& names, const char* words) {
    if (!names.empty())
      parts.push_back(fmt::format("{} {}", with_thousands(static_cast<std::int64_t>(names.size())), words));
  };
  say(changes.added, "new");
  say(changes.changed, "changed");
  say(changes.renamed, "renamed");
  say(changes.open, "open");
  say(changes.waiting, "not done");
  say(changes.done, "done");
  if (!changes.orphans.empty()) parts.push_back(plural(static_cast<std::int64_t>(changes.orphans.size()), "orphan"));
  return join(parts, ", ");
}

Value to_value(const PlanChanges& changes) {
  return Value::object()
      .set("new", changes.added.size())
      .set("changed", changes.changed.size())
      .set("renamed", changes.renamed.size())
      .set("open", changes.open.size())
      .set("not_done", changes.waiting.size())
      .set("done", changes.done.size())
      .set("orphans", changes.orphans.size());
}

}  // namespace tt::flow
