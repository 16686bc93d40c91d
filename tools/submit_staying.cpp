#include "submit_staying.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "submit_printing.hpp"
#include "submit_telling.hpp"
#include "tt/base/log.hpp"

namespace tt::tool {
namespace {

ExitCode leave(const Tool& tool, Targets& targets, const std::vector<flow::SiteAnswer>& sites) {
  if (targets.schedulers.of_this_site().is_this_machine()) {
    log::note("interrupted: ending the trainings of this machine (they are resumed by the next `run`)");
    flow::stop_as_preempted(targets.around, targets.schedulers, targets.selection);
  } else {
    log::note("interrupted: the jobs go on; `tt-submit wait` follows them again");
  }
  if (tool.flags().json) print_record(status_record(targets.runs(), sites));
  return ExitCode::interrupted;
}

}  // namespace

bool all_finished(const std::vector<flow::RunView>& runs) {
  return std::all_of(runs.begin(), runs.end(), [](const auto& run) { return run.state == RunState::finished; });
}

void tell_what_waits_for_a_person(const std::vector<flow::RunView>& runs) {
  std::map<std::pair<std::string, std::string>, std::int64_t> waiting;  // why, what to do → how many
  for (const flow::RunView& run : runs) {
    if (run.waits && !run.next.empty()) ++waiting[{*run.waits, run.next}];
  }
  for (const auto& [why, count] : waiting) log::warning(waiting_text(count, why.first) + "; next: " + why.second);
}

bool needs_an_explanation(RunState state) {
  return state == RunState::failed || state == RunState::timed_out || state == RunState::lost;
}

void tell_how_to_explain(const flow::Workspace& workspace, const flow::RunView& run) {
  log::note("next: tt-submit explain " + flow::word_for(workspace, run));
}

void tell_next_step(const flow::Workspace& workspace, const std::vector<flow::RunView>& runs) {
  tell_what_waits_for_a_person(runs);
  const auto first_that = [&](auto is_it) {
    return std::find_if(runs.begin(), runs.end(), [&](const flow::RunView& run) { return is_it(run.state); });
  };
  auto bad = first_that(needs_an_explanation);
  if (bad == runs.end())
    bad = first_that([](RunState state) { return is_ended(state) && state != RunState::finished; });
  if (bad != runs.end())
    tell_how_to_explain(workspace, *bad);
  else if (!runs.empty() && all_finished(runs))
    log::note(fmt::format("summaries: {}/*/summary.md", runs.front().folder.path().parent_path().string()));
}

void show_status(const Tool& tool, const std::vector<flow::RunView>& runs, const std::vector<flow::SiteAnswer>& sites) {
  if (tool.flags().json)
    print_record(status_record(runs, sites));
  else
    print(status_text(runs, sites, tool.clock().now(), tool.out()));
}

ExitCode show_end(const Tool& tool, const flow::Workspace& workspace, const std::vector<flow::RunView>& runs,
                  const std::vector<flow::SiteAnswer>& sites) {
  if (tool.flags().json)
    print_record(status_record(runs, sites));
  else
    print(ranking_text(runs, tool.out()));
  tell_next_step(workspace, runs);
  return all_finished(runs) ? ExitCode::done : ExitCode::partly;
}

Followed follow(const Tool& tool, Targets& targets) {
  watch_for_interrupt();
  Progress progress(tool.err(), tool.flags().quiet || tool.flags().json);
  Followed followed;
  flow::FollowOptions options;
  options.interrupted = was_interrupted;
  options.on_look = [&](const flow::Look& look) {
    followed.sites = look.refreshed.sites;
    progress.show(counts_line(look.runs));
  };
  followed.end = flow::follow(targets.around, targets.schedulers, targets.selection, options);
  progress.done();
  return followed;
}

ExitCode stay(const Tool& tool, Targets& targets, const std::vector<flow::HandedOver>& submissions) {
  const Followed followed = follow(tool, targets);
  if (followed.end == flow::FollowEnd::interrupted) return leave(tool, targets, followed.sites);
  const ExitCode end = show_end(tool, targets.around.workspace, targets.runs(), followed.sites);
  return end == ExitCode::partly && all_refused(submissions) ? ExitCode::could_not : end;
}

ExitCode look_once(const Tool& tool, Targets& targets, const std::vector<flow::HandedOver>& submissions) {
  const flow::RefreshReport refreshed = targets.refresh();
  const std::vector<flow::RunView> runs = targets.runs(refreshed.ledger);
  show_status(tool, runs, refreshed.sites);
  if (!tool.flags().json) tell_what_waits_for_a_person(runs);
  if (std::any_of(runs.begin(), runs.end(), [](const flow::RunView& run) { return is_open(run.state); })) {
    log::note("next: tt-submit wait");
  }
  return exit_of(submissions);
}

}  // namespace tt::tool
