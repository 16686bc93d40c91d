// tt/flow/changes.hpp: what a plan would change in the workspace, and what of it is done already. Reads only.
#pragma once

#include <string>
#include <vector>

#include "tt/base/value.hpp"
#include "tt/flow/expand.hpp"

namespace tt::flow {

struct PlanChanges {
  std::vector<std::string> added, changed, renamed, open, done, waiting;  // names of runs
  std::vector<std::string> orphans;                                       // folders of earlier plans
};
PlanChanges changes_of(const LoadedSweep& sweep, const Surroundings& around);

// "12 new, 3 changed, 297 done, 2 orphans"; empty: the workspace knows nothing of this sweep.
std::string describe(const PlanChanges& changes);
Value to_value(const PlanChanges& changes);  // counts

}  // namespace tt::flow
