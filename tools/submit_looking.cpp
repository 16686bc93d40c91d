#include "submit_looking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "submit_printing.hpp"
#include "submit_staying.hpp"
#include "submit_targets.hpp"
#include "tt/base/log.hpp"
#include "tt/flow/explain.hpp"
#include "tt/flow/history.hpp"
#include "tt/flow/overview.hpp"

namespace tt::tool {
namespace {

using Words = std::vector<std::string>;

// Without a sweep there is nothing to show, which is an answer as well.
ExitCode status(Tool& tool, const Words& words) {
  flow::Surroundings around = tool.look_around();
  refuse_a_workspace_that_is_not_there(around.workspace);
  if (!has_begun(around.workspace)) {
    tool.flags().json ? print_record(status_record({}, {})) : print(fmt::format("{}\n", kNothingBegun));
    return ExitCode::done;
  }
  find_sweeps_again(around);
  flow::Selection selection = flow::select(around, words);
  Targets targets(std::move(around), std::move(selection));
  flow::Overview& look = kept(flow::look_over(targets.around, targets.schedulers, targets.selection.sweeps));
  if (look.unchanged && targets.selection.names_everything() && !tool.flags().json) {
    const auto& groups = look.unchanged->groups();
    print(status_text(groups, tool.clock().now(), tool.out()));
    const auto bad = std::find_if(groups.begin(), groups.end(),
                                  [](const auto& group) { return needs_an_explanation(group.alike.state); });
    if (bad != groups.end()) tell_how_to_explain(targets.around.workspace, bad->first());
    return ExitCode::done;
  }
  if (look.unchanged) look.runs = look.unchanged->runs(targets.around.workspace);
  const std::vector<flow::RunView>& runs = kept(flow::pick(std::move(look.runs), targets.selection));
  show_status(tool, runs, look.sites);
  if (!tool.flags().json) {
    tell_what_waits_for_a_person(runs);
    const auto bad =
        std::find_if(runs.begin(), runs.end(), [](const auto& run) { return needs_an_explanation(run.state); });
    if (bad != runs.end()) tell_how_to_explain(targets.around.workspace, *bad);
  }
  if (!look.ledger) return ExitCode::done;
  if (const std::string why = flow::not_kept_off(targets.schedulers, *look.ledger, runs); !why.empty()) log::note(why);
  return ExitCode::done;
}

ExitCode wait(Tool& tool, const Words& words) {
  Targets targets = find_targets(tool, words);
  tool.keep_conversation(targets.around.workspace);
  const Followed followed = follow(tool, targets);
  if (followed.end == flow::FollowEnd::all_ended)
    return show_end(tool, targets.around.workspace, targets.runs(), followed.sites);
  log::note("stopped watching; the runs go on");
  show_status(tool, targets.runs(), followed.sites);
  return ExitCode::interrupted;
}

ExitCode explain_run(Tool& tool, const std::string& word) {
  const flow::Surroundings around = look_at_runs_here(tool);
  flow::Schedulers schedulers(around);
  const std::vector<std::string> sweeps = flow::known_sweeps(around.workspace);
  const flow::RefreshReport refreshed =
      flow::refresh_with_lost_journals(around, schedulers, sweeps, flow::Unwritable::is_told);
  const flow::RunView run = flow::pick_one(around, refreshed.ledger, word);
  const flow::Explanation explanation = flow::explain(around, schedulers, refreshed.ledger, run, refreshed.sites);
  tool.flags().json ? print_record(explanation.record) : print(explanation.text);
  return ExitCode::done;
}

}  // namespace

void add_status_command(Tool& tool) {
  const auto words = std::make_shared<Words>();
  add_targets(tool.command("status", "Shows where every run stands.",
                           "  Everything here:               tt-submit status\n"
                           "  Some runs:                     tt-submit status '_bs2_*'\n",
                           [&tool, words] { return status(tool, *words); }),
              *words);
}

void add_wait_command(Tool& tool) {
  const auto words = std::make_shared<Words>();
  CLI::App& command =
      tool.command("wait", "Follows runs until all of them ended; settles what was interrupted, hands over what waits.",
                   "  Until all is done:             tt-submit wait\n", [&tool, words] { return wait(tool, *words); });
  add_targets(command, *words);
  tool.add_job_flags(command);
}

void add_explain_command(Tool& tool) {
  const auto word = std::make_shared<std::string>();
  tool.command("explain", "Says why a run is where it is, with evidence, and what to do next.",
               "  Why it failed:                 tt-submit explain _bs2_lr0.003_tp1\n",
               [&tool, word] { return explain_run(tool, *word); })
      .add_option("RUN", *word, "Run folder, name or pattern")
      ->required();
}

}  // namespace tt::tool
