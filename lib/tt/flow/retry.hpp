// tt/flow/retry.hpp: another attempt, with the same config and out/, of runs that ended without being finished: because
// somebody asked for it, or because the policy allows it.
#pragma once

#include <string>
#include <vector>

#include "tt/flow/choose_runs.hpp"
#include "tt/flow/feed.hpp"

namespace tt::flow {

RetryReport retry(const Surroundings& around, Schedulers& schedulers, const std::vector<RunId>& runs,
                  const std::vector<std::string>& sweeps, Force force);

// What the policy allows by now, among these runs. Called whenever a command that follows looks: `seen` as in feed().
RetryReport retry_by_policy(const Surroundings& around, Schedulers& schedulers, const std::vector<RunId>& runs,
                            const std::vector<std::string>& sweeps, const ledger::Ledger& seen);

}  // namespace tt::flow
