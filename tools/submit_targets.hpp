// submit_targets.hpp: what a command of tt-submit is about: the runs its words mean, and where they live.
#pragma once

#include <string>
#include <vector>

#include "tool_main.hpp"
#include "tt/flow/refresh.hpp"
#include "tt/flow/surroundings.hpp"
#include "tt/flow/views.hpp"

namespace tt::tool {

// Adds WHAT.
void add_targets(CLI::App& command, std::vector<std::string>& words);

extern const char* const kNothingBegun;
bool has_begun(const flow::Workspace& workspace);
// Where all of .tt/ is lost, submissions name the sweeps: their journals are written anew before anybody asks for
// sweeps.
void find_sweeps_again(const flow::Surroundings& around);
// Who names one that is not there, and only looks, has mistyped it.
void refuse_a_workspace_that_is_not_there(const flow::Workspace& workspace);
// For commands that are about runs: without any it throws Error that says how to get some, and nothing is written.
flow::Surroundings look_at_runs_here(Tool& tool);

struct Targets {
  Targets(flow::Surroundings where, flow::Selection what)
      : around(std::move(where)), selection(std::move(what)), schedulers(around) {}
  Targets(const Targets&) = delete;  // the schedulers know where `around` stands
  Targets& operator=(const Targets&) = delete;

  const flow::Surroundings around;
  const flow::Selection selection;
  flow::Schedulers schedulers;

  std::vector<flow::RunView> runs() const;  // as the journal knows them
  std::vector<flow::RunView> runs(const ledger::Ledger& ledger) const;
  // Asks the schedulers; writes lost journals anew before.
  flow::RefreshReport refresh();
};
// What the words mean here. Throws Error when no sweep was expanded here, or a word means nothing.
Targets find_targets(Tool& tool, const std::vector<std::string>& words);

}  // namespace tt::tool
