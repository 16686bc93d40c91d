// tt/flow/control.hpp: cancel, hold and release of open attempts.
#pragma once

#include <string>
#include <vector>

#include "tt/flow/refresh.hpp"
#include "tt/flow/surroundings.hpp"
#include "tt/flow/views.hpp"

namespace tt::flow {

struct ControlReport {
  std::int64_t told = 0;               // attempts the scheduler was told about
  std::int64_t already = 0;            // of others: they stood as asked before
  std::vector<std::string> could_not;  // "NAME: why"
};

// Runs that belong to the workspace of which this one is a copy are left to that.
//
// Written down first, then attempts nobody claimed are withdrawn, then the scheduler is told.
// As preempted: waiting runs are planned again, running ones are resumed by the next `run`.
ControlReport cancel(const Surroundings& around, Schedulers& schedulers, std::vector<RunView> runs, CancelAs as);
ControlReport hold(const Surroundings& around, Schedulers& schedulers, std::vector<RunView> runs);
ControlReport release(const Surroundings& around, Schedulers& schedulers, std::vector<RunView> runs);

}  // namespace tt::flow
