// tt/titan/rule_groups.hpp: the rules by subject; rules() joins them. A new rule goes into the group it belongs to.
#pragma once

#include <vector>

#include "tt/titan/rules.hpp"

namespace tt::titan {

std::vector<Rule> world_rules();     // degrees, batches, sequences
std::vector<Rule> pipeline_rules();  // schedules, microbatches, stages
std::vector<Rule> model_rules();     // heads, experts, context parallelism
std::vector<Rule> settings_rules();  // compile, checkpoints, logging, profiling

}  // namespace tt::titan
