// submit_telling.hpp: what `run` and `retry` say about what they handed over, and the exit code it gives.
#pragma once

#include <string>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/flow/run.hpp"
#include "tt/flow/sweep_file.hpp"

namespace tt::tool {

// A line on stderr for every submission: the job it became, or why it did not.
void tell_submissions(const std::vector<flow::HandedOver>& submissions);
// "2 runs wait: goes once the canary _bs1 is finished".
std::string waiting_text(std::int64_t runs, const std::string& why);
// What was chosen and is handed over later; nothing when that is none.
void tell_held_back(std::int64_t runs, const std::string& why);
// Lines "NAME: why", each why once.
void tell_alike(const std::vector<std::string>& lines, void (*say)(const std::string& sentence));
void tell_skipped(const flow::LoadedSweep& sweep);
void tell_run(const flow::LoadedSweep& sweep, const flow::RunReport& report);

// Done: all of them are jobs (or there was none); partly: some are; could not: none is.
ExitCode exit_of(const std::vector<flow::HandedOver>& submissions);
bool all_refused(const std::vector<flow::HandedOver>& submissions);

// What is not known of where jobs go: a partition that the profile does not list, or none named where it bounds some.
void tell_of_partition(const site::Profile& site);
// Throws when what would be handed over now may use more GPU hours than that.
void check_cost(const flow::DryRun& dry, double max_gpu_hours);

}  // namespace tt::tool
