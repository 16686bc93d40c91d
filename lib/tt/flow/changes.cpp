#include "tt/flow/changes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"
#include "tt/flow/history.hpp"
#include "tt/flow/sweep_index.hpp"
#include "tt/flow/views.hpp"

namespace tt::flow {
namespace {

// Nothing of the sweep was ever written here: neither its index nor one of its folders.
bool is_untouched(const LoadedSweep& sweep, const Workspace& workspace) {
  if (load_sweep_index(workspace, sweep.plan.sweep)) return false;
  return std::none_of(sweep.plan.runs.begin(), sweep.plan.runs.end(), [&](const sweep::PlannedRun& run) {
    return is_there(workspace.run_folder(run.model, run.name).path());
  });
}

// All runs are new. One run of each ground is made in memory, so that a key which its base has no room for is told
// now; making all of them would cost more than the whole plan.
PlanChanges all_new(const LoadedSweep& sweep, const Surroundings& around) {
  PlanChanges changes;
  std::set<std::size_t> grounds;
  for (const sweep::PlannedRun& run : sweep.plan.runs) {
    if (grounds.insert(run.ground).second) static_cast<void>(files_of(sweep, run, around));
    changes.added.push_back(run.name);
  }
  return changes;
}

}  // namespace

std::vector<std::string> said_otherwise_by_now(const std::vector<RunView>& runs, const Surroundings& around) {
  std::map<std::string, std::vector<const RunView*>> by_sweep;
  for (const RunView& run : runs) by_sweep[run.sweep].push_back(&run);
  std::vector<std::string> sentences;
  for (const auto& [name, started] : by_sweep) {
    const auto index = load_sweep_index(around.workspace, name);
    if (!index || !is_there(index->file)) continue;
    std::set<RunId> ids;
    std::set<std::pair<std::string, std::string>> names;
    try {
      for (const sweep::PlannedRun& run : load_sweep(index->file.string(), around, {true, {}}).plan.runs) {
        ids.insert(run.id);
        names.insert({run.model, run.name});
      }
    } catch (const Error&) {  // while somebody edits it
      continue;
    }
    const std::string file = file_as_typed(index->file, around.here);
    for (const RunView* run : started) {
      if (ids.contains(run->id)) continue;
      const bool is_named = names.contains({run->model, run->name});
      sentences.push_back(fmt::format(
          "{}: {}, and this tries it again as it was started; `tt-submit run {}{}` trains what the sweep says",
          run->name, is_named ? "the sweep says otherwise by now" : "no run of the sweep any more", file,
          is_named ? " --again=" + run->name : ""));
    }
  }
  return sentences;
}

PlanChanges changes_of(const LoadedSweep& sweep, const Surroundings& around) {
  PlanChanges changes;
  if (!sweep.plan.runs.empty() && sweep.bases.front().document == std::nullopt) return changes;
  if (is_untouched(sweep, around.workspace)) return all_new(sweep, around);
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
