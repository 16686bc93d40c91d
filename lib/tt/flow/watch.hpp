// tt/flow/watch.hpp: what `watch` tells of the runs it looks at: the state of a screen, or what changed since the last
// look.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tt/flow/follow.hpp"
#include "tt/flow/running_progress.hpp"
#include "tt/flow/views.hpp"
#include "tt/report/watch_view.hpp"

namespace tt::flow {

// "tiny on laptop", "tiny, large on juwels, laptop", "12 sweeps on laptop".
std::string title_of(const std::vector<RunView>& runs, const std::string& this_site);

// The running ones, the oldest first: those that take long stay where they are.
std::vector<const RunView*> running_of(const std::vector<RunView>& runs);

// What the runs themselves say; title, schedulers and conversation are the caller's.
WatchState watch_state(const std::vector<RunView>& runs, const std::map<RunId, Instant>& retries,
                       const RunningProgress& progress, Instant now);

// Follows the states of runs from look to look.
class RunChanges {
 public:
  // One line for each run that changed. At the first look nothing has changed: there are lines for what is open.
  std::vector<std::string> lines(const std::vector<RunView>& runs, Instant now);

 private:
  bool first_ = true;
  std::map<RunId, std::pair<RunState, int>> before_;
};

}  // namespace tt::flow
