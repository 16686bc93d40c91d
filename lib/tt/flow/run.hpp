// tt/flow/run.hpp: `run`: bring the folders up to date, hand over what is not done, without doing anything twice.
#pragma once

#include <string>
#include <vector>

#include "tt/flow/expand.hpp"
#include "tt/flow/refresh.hpp"
#include "tt/flow/submit.hpp"
#include "tt/flow/sweep_file.hpp"

namespace tt::flow {

// --force: also runs whose last attempt is claimed, left no exit record and is not proved dead.
enum class Force { no, yes };

struct RunOptions {
  bool again = false;                       // start afresh what has ended
  std::vector<std::string> again_patterns;  // of --again; empty: all runs
  Force force = Force::no;
  bool canary = false;            // one run first, the rest once it is finished
  std::optional<int> throttle;    // of each array: how many of its tasks at once
  std::optional<int> stop_after;  // of the same failure in a row: nothing more is handed over; 0: never
};

struct RunReport {
  ExpandReport expanded;
  std::vector<HandedOver> submissions;
  std::int64_t handed_over = 0;
  std::int64_t finished_already = 0;
  std::int64_t open_already = 0;
  std::vector<std::string> waiting;  // "NAME: why it is not tried again by itself"
  std::int64_t held_back = 0;        // chosen, and handed over later: `why_held_back`
  std::string why_held_back;
};

// Under one lock: fold, expand, choose, intents. Then the scheduler is called.
RunReport run_sweep(const LoadedSweep& sweep, const Surroundings& around, Schedulers& schedulers,
                    const RunOptions& options);

// What run_sweep would hand over now, and the folders it would make first. Writes nothing, asks nobody.
struct DryRun {
  ExpandReport expanded;
  std::vector<PreparedSubmission> submissions;
  std::string scheduler;
  std::optional<Instant> limits_as_of;
};
DryRun dry_run(const LoadedSweep& sweep, const Surroundings& around, Schedulers& schedulers, const RunOptions& options);

// `retry`: another attempt, with the same config and out/, of runs that ended without being finished.
struct RetryReport {
  std::vector<HandedOver> submissions;
  std::int64_t handed_over = 0;
  std::vector<std::string> not_tried;  // "NAME: why"
};
RetryReport retry(const Surroundings& around, Schedulers& schedulers, const std::vector<RunId>& runs,
                  const std::vector<std::string>& sweeps, Force force);

// Hands over what waits for room or for a canary, as far as it may go now. Called whenever a command that follows
// looks.
RetryReport feed(const Surroundings& around, Schedulers& schedulers, const std::vector<std::string>& sweeps);
// It waits to be handed over, and can be: neither its canary failed nor its sweep was stopped.
bool is_waiting_to_go(const ledger::Ledger& ledger, const RunId& run, Instant now);

// What the policy allows by now, among these runs. Called whenever a command that follows looks.
RetryReport retry_by_policy(const Surroundings& around, Schedulers& schedulers, const std::vector<RunId>& runs,
                            const std::vector<std::string>& sweeps);

}  // namespace tt::flow
