// tt/flow/views.hpp: where every run of a workspace stands, as one list; and choosing from it by name or pattern.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tt/flow/surroundings.hpp"
#include "tt/flow/sweep_index.hpp"
#include "tt/job/run_folder.hpp"
#include "tt/ledger/fold.hpp"

namespace tt::flow {

struct RunView {
  RunId id;
  std::string name;
  std::string model;
  std::string sweep;
  RunFolder folder{""};
  RunState state = RunState::planned;
  std::string raw_state;
  std::string reason;
  JobId job;
  Token token;
  std::string site;
  int attempt = 0;  // 0: never handed over
  int index = 0;    // in its submission
  int tries = 0;    // attempts that the scheduler took, since the last --again
  std::optional<Instant> since;
  std::string cause;                 // of an ended attempt
  std::optional<std::string> waits;  // chosen, and not handed over yet: for what
  std::string next;                  // what a person has to do before it can go on; empty: nothing, or `explain` knows
  bool in_sweep = true;              // false: of an earlier plan
};

// Runs of these sweeps in plan order, then those of earlier plans that were handed over, and whatever else is open.
// Reads run folders only where the ledger is silent.
std::vector<RunView> look_at_runs(const Surroundings& around, const ledger::Ledger& ledger,
                                  const std::vector<std::string>& sweeps);

// The same in two steps. What the last expands of these sweeps made, all planned: asks neither ledger nor folders, and
// so may be read while somebody else still speaks to the scheduler.
std::vector<RunView> look_at_plans(const Workspace& workspace, const std::vector<std::string>& sweeps);
std::vector<RunView> look_at_runs(const Surroundings& around, const ledger::Ledger& ledger,
                                  const std::vector<std::string>& sweeps, std::vector<RunView> planned);

// What the words of a command name: sweep files, run folders, run names or patterns. None: every sweep here.
struct Selection {
  std::vector<std::string> sweeps;    // to look at
  std::vector<std::string> whole;     // of them: all runs are meant (nothing named: all of all sweeps)
  std::vector<std::string> patterns;  // on "<name>", "<model>/<name>" or a run's id
  bool names_everything() const { return patterns.empty() && whole.empty(); }
};
// An argument is a path if it exists, else a pattern. Throws Error naming what is known when nothing is meant.
Selection select(const Surroundings& around, const std::vector<std::string>& words);
// The runs a selection means. Runs of earlier plans only when they are open or named by a pattern.
// Throws Error when a pattern matches none.
std::vector<RunView> pick(std::vector<RunView> runs, const Selection& selection);
// What means this run and no other, as a person types it: its name, or "<model>/<name>" where several sweeps are known.
std::string word_for(const Workspace& workspace, const RunView& run);
// Exactly one run. Throws Error that lists the candidates when it is not exactly one.
RunView pick_one(const Surroundings& around, const ledger::Ledger& ledger, const std::string& word);

}  // namespace tt::flow
