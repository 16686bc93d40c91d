// tt/flow/changes.hpp: what a plan would change in the workspace, and what of it is done already. Reads only.
#pragma once

#include <string>
#include <vector>

#include "tt/base/value.hpp"
#include "tt/flow/expand.hpp"
#include "tt/flow/views.hpp"

namespace tt::flow {

struct PlanChanges {
  std::vector<std::string> added, changed, renamed, open, done, waiting;  // names of runs
  std::vector<std::string> orphans;                                       // folders of earlier plans
};
PlanChanges changes_of(const LoadedSweep& sweep, const Surroundings& around);

// Of runs that were started: which of them the sweep file, as it stands now, says otherwise or no longer. A sentence
// each, with what to do. A file that cannot be read or planned says nothing.
std::vector<std::string> said_otherwise_by_now(const std::vector<RunView>& runs, const Surroundings& around);

// "12 new, 3 changed, 297 done, 2 orphans"; empty: the workspace knows nothing of this sweep.
std::string describe(const PlanChanges& changes);
Value to_value(const PlanChanges& changes);  // counts

}  // namespace tt::flow
