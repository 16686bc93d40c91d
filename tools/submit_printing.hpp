// submit_printing.hpp: what tt-submit shows: tables for people, tt.status/1 and tt.submissions/1 for scripts.
#pragma once

#include <string>
#include <vector>

#include "tt/base/terminal.hpp"
#include "tt/base/value.hpp"
#include "tt/flow/last_look.hpp"
#include "tt/flow/refresh.hpp"
#include "tt/flow/run.hpp"
#include "tt/flow/views.hpp"

namespace tt::tool {

// tt.status/1
Value status_record(const std::vector<flow::RunView>& runs, const std::vector<flow::SiteAnswer>& sites);
std::string status_text(const std::vector<flow::RunView>& runs, const std::vector<flow::SiteAnswer>& sites, Instant now,
                        const Terminal& terminal);
std::string status_text(const std::vector<flow::KeptRuns::Group>& groups, Instant now, const Terminal& terminal);
// "12 runs: 3 running, 8 finished, 1 failed".
std::string counts_text(const std::vector<flow::RunView>& runs);
// "3 running, 2 queued, 1 failed": the line that progress shows.
std::string counts_line(const std::vector<flow::RunView>& runs);

// tt.submissions/1 of a dry run, and the same for people.
Value dry_run_record(const flow::DryRun& dry, const std::string& site);
std::string dry_run_text(const flow::DryRun& dry, const std::string& site);

// The ranking of a sweep, from the summaries on disk; runs without one stand at the end.
std::string ranking_text(const std::vector<flow::RunView>& runs, const Terminal& terminal);

}  // namespace tt::tool
