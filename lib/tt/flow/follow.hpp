// tt/flow/follow.hpp: staying with runs until all of them ended: looks, settles, hands over again, retries by policy.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tt/flow/refresh.hpp"
#include "tt/flow/surroundings.hpp"
#include "tt/flow/views.hpp"

namespace tt::flow {

// What one look saw, after everything that was due was handed over again or retried.
struct Look {
  const std::vector<RunView>& runs;
  const RefreshReport& refreshed;
  const std::map<RunId, Instant>& retries;  // failed runs that are tried again by themselves, and when
};

struct FollowOptions {
  std::function<bool()> interrupted;         // asked between looks
  std::function<void(const Look&)> on_look;  // after every look
  std::function<void(Seconds)> pause;        // between looks; unset: sleeps. May return early
};

enum class FollowEnd { all_ended, interrupted };

// Follows the runs the selection means. Pauses between looks grow while nothing changes, with jitter.
FollowEnd follow(const Surroundings& around, Schedulers& schedulers, const Selection& selection,
                 const FollowOptions& options);

// Ctrl-C on this machine: running jobs end as preempted, waiting ones are planned again; waits until they are down.
void stop_as_preempted(const Surroundings& around, Schedulers& schedulers, const Selection& selection);

}  // namespace tt::flow
