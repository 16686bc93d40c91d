// submit_telling.hpp: what `run` and `retry` say about what they handed over, and the exit code it gives.
#pragma once

#include <vector>

#include "tt/base/error.hpp"
#include "tt/flow/run.hpp"
#include "tt/flow/sweep_file.hpp"

namespace tt::tool {

// A line on stderr for every submission: the job it became, or why it did not.
void tell_submissions(const std::vector<flow::HandedOver>& submissions);
void tell_run(const flow::LoadedSweep& sweep, const flow::RunReport& report);

// Done: all of them are jobs (or there was none); partly: some are; could not: none is.
ExitCode exit_of(const std::vector<flow::HandedOver>& submissions);
bool all_refused(const std::vector<flow::HandedOver>& submissions);

// Throws when what would be handed over now may use more GPU hours than that.
void check_cost(const flow::DryRun& dry, double max_gpu_hours);

}  // namespace tt::tool
