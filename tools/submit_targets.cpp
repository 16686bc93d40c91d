#include "submit_targets.hpp"

#include <fmt/format.h>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/log.hpp"
#include "tt/flow/history.hpp"

namespace tt::tool {

const char* const kNothingBegun = "no sweep was expanded here yet; `tt-submit run SWEEP` begins";

void add_targets(CLI::App& command, std::vector<std::string>& words) {
  command.add_option("WHAT", words,
                     "Sweep file, run folder, run name or pattern (default: everything in the workspace)");
}

bool has_begun(const flow::Workspace& workspace) {
  return workspace.is_used() && (is_folder(workspace.submissions()) || !flow::known_sweeps(workspace).empty());
}

void refuse_a_workspace_that_is_not_there(const flow::Workspace& workspace) {
  if (is_folder(workspace.root())) return;
  throw Error(fmt::format("there is no folder {}, so no workspace", workspace.root().string()), ExitCode::bad_input);
}

void find_sweeps_again(const flow::Surroundings& around) {
  if (!flow::known_sweeps(around.workspace).empty()) return;
  try {
    flow::rebuild_lost_journals(around, {}, {});
  } catch (const Error& error) {  // nothing can be written
    log::warning(error.what());
  }
}

flow::Surroundings look_at_runs_here(Tool& tool) {
  flow::Surroundings around = tool.look_around();
  refuse_a_workspace_that_is_not_there(around.workspace);
  if (!has_begun(around.workspace)) throw Error(kNothingBegun);
  find_sweeps_again(around);
  return around;
}

std::vector<flow::RunView> Targets::runs() const {
  return runs(flow::load_history(around.workspace, selection.sweeps));
}

std::vector<flow::RunView> Targets::runs(const ledger::Ledger& ledger) const {
  return flow::pick(flow::look_at_runs(around, ledger, selection.sweeps), selection);
}

flow::RefreshReport Targets::refresh() {
  return flow::refresh_with_lost_journals(around, schedulers, selection.sweeps);
}

Targets find_targets(Tool& tool, const std::vector<std::string>& words) {
  flow::Surroundings around = look_at_runs_here(tool);
  flow::Selection selection = flow::select(around, words);
  return {std::move(around), std::move(selection)};
}

}  // namespace tt::tool
