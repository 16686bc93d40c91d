// tt/flow/run.hpp: `run`: bring the folders up to date, hand over what is not done, without doing anything twice.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tt/flow/choose_runs.hpp"
#include "tt/flow/expand.hpp"
#include "tt/flow/refresh.hpp"
#include "tt/flow/submit.hpp"
#include "tt/flow/sweep_file.hpp"

namespace tt::flow {

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
  std::vector<std::string> not_tried;           // "NAME: why it is not tried again by itself"
  std::map<std::string, std::int64_t> waiting;  // for what → how many of those chosen by an earlier `run`
  std::int64_t held_back = 0;                   // chosen, and handed over later: `why_held_back`
  std::string why_held_back;
  std::string about_canary;  // the one of an earlier `run` is none any more; empty: nothing to say
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
  std::int64_t held_back = 0;  // of what is chosen: would wait, `why_held_back`
  std::string why_held_back;
  std::vector<std::string> not_tried;           // as of RunReport
  std::map<std::string, std::int64_t> waiting;  // as of RunReport
  std::string about_canary;                     // as of RunReport
};
DryRun dry_run(const LoadedSweep& sweep, const Surroundings& around, Schedulers& schedulers, const RunOptions& options);

}  // namespace tt::flow
