// tt/sweep/plan_cost.hpp: what a plan costs, in people's words: arrays, GPU hours, waves.
//
// Every hour here is the wall time that was asked for: an upper bound, since a run that ends earlier costs less.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tt/site/profile.hpp"
#include "tt/sweep/plan.hpp"

namespace tt::sweep {

// "0.0333", "2.5", "1,204".
std::string hours_text(double hours);
double gpu_hours_of(const PlannedRun& run);

struct PlanCost {
  std::int64_t arrays = 0;  // groups of runs of one shape (nodes, GPUs of a node, wall time): one job array each
  // With so many GPUs at once, when they are known: how often they are filled, and how long that takes.
  std::optional<std::int64_t> gpus_at_once;
  std::int64_t waves = 0;
  Seconds longest{0};
  std::int64_t too_large = 0;  // runs that need more than that
};
// `gpus_at_once`: what the user says; else all that the site has, when its profile says how much that is.
PlanCost cost_of(const Plan& plan, const site::Profile& site, int gpus_per_node,
                 std::optional<std::int64_t> gpus_at_once);

// "312 runs, 4 arrays, 1,204 GPU hours at most; at 64 GPUs about 3 waves of 30 min".
std::string cost_text(const Plan& plan, const PlanCost& cost);

}  // namespace tt::sweep
