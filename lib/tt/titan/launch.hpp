// tt/titan/launch.hpp: how a run is started: the words after run_train.sh and the rank whose log shows the loss.
#pragma once

#include <string>
#include <vector>

#include "tt/job/run.hpp"
#include "tt/titan/settings.hpp"

namespace tt::titan {

// One override as one command-line word of the era: "--training.seq_len=2048", "--compile.enable",
// "--compile.no_enable" (typed eras), lists comma separated. Throws Error where the era's command line cannot say it
// (a TOML true cannot be switched off before 2025-04; an empty list; a control character; a space where run_train.sh
// splits its arguments again, to 0.1.0) and where it takes several words (arguments_of has those).
std::string flag_of(Era era, const Assignment& assignment);

// All overrides of a run as the words after run_train.sh, in their order. Era 0.3.0 wants the word for activation
// checkpointing ("activation-checkpoint:full") and its options after everything else, so they come last.
std::vector<std::string> arguments_of(Era era, const Overrides& overrides);

// LOG_RANK: the local rank that prints the loss. With pipeline parallelism that is the first rank of the last stage
// (rank 0 for the V-shaped schedules, which end where they begin), modulo the ranks of a node.
std::string log_rank(const TrainingShape& shape, int gpus_per_node);
// The node of the job that it is on.
int loss_node(const TrainingShape& shape, int gpus_per_node);

}  // namespace tt::titan
