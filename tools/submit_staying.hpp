// submit_staying.hpp: following runs with a progress line until all of them ended, and what is shown then. `run`,
// `retry` and `wait` stay this way.
#pragma once

#include <vector>

#include "submit_targets.hpp"
#include "tt/base/error.hpp"
#include "tt/flow/follow.hpp"
#include "tt/flow/submit.hpp"

namespace tt::tool {

// The status of these runs: the table, or tt.status/1.
void show_status(const Tool& tool, const std::vector<flow::RunView>& runs, const std::vector<flow::SiteAnswer>& sites);
// The ranking, or tt.status/1; says what to do next. Done when all are finished, else partly.
ExitCode show_end(const Tool& tool, const flow::Workspace& workspace, const std::vector<flow::RunView>& runs,
                  const std::vector<flow::SiteAnswer>& sites);

bool all_finished(const std::vector<flow::RunView>& runs);
// What neither time nor the scheduler sets going: behind a canary that failed, say. A line for each reason.
void tell_what_waits_for_a_person(const std::vector<flow::RunView>& runs);
// That, and a note: how to learn why one of them did not finish, or where the summaries are.
void tell_next_step(const flow::Workspace& workspace, const std::vector<flow::RunView>& runs);
// Failed, timed out or lost.
bool needs_an_explanation(RunState state);
void tell_how_to_explain(const flow::Workspace& workspace, const flow::RunView& run);

struct Followed {
  flow::FollowEnd end = flow::FollowEnd::all_ended;
  std::vector<flow::SiteAnswer> sites;
};
Followed follow(const Tool& tool, Targets& targets);

// For who handed these over. Stays until all ended: a submission without an answer is settled on the way, a refused one
// stays refused; Ctrl-C ends the trainings of this machine.
ExitCode stay(const Tool& tool, Targets& targets, const std::vector<flow::HandedOver>& submissions);
// Does not stay: shows where they stand.
ExitCode look_once(const Tool& tool, Targets& targets, const std::vector<flow::HandedOver>& submissions);

}  // namespace tt::tool
