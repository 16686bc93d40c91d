#include "submit_acting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "submit_staying.hpp"
#include "submit_targets.hpp"
#include "submit_telling.hpp"
#include "tt/base/log.hpp"
#include "tt/base/text.hpp"
#include "tt/flow/changes.hpp"
#include "tt/flow/control.hpp"
#include "tt/flow/feed.hpp"
#include "tt/flow/history.hpp"
#include "tt/flow/retry.hpp"

namespace tt::tool {
namespace {

using Words = std::vector<std::string>;

struct Act {
  flow::ControlReport (*tell)(const flow::Surroundings&, flow::Schedulers&, std::vector<flow::RunView>);
  bool (*concerns)(const flow::RunView&);
  const char* done_word;
  const char* already_word;  // of what stood so before
};

flow::ControlReport cancel(const flow::Surroundings& around, flow::Schedulers& schedulers,
                           std::vector<flow::RunView> runs) {
  return flow::cancel(around, schedulers, std::move(runs), CancelAs::cancelled);
}
// What waits to be handed over is open in the eyes of whoever wants it ended, or to go on after its sweep was stopped.
bool may_be_cancelled(const flow::RunView& run) { return is_open(run.state) || run.waits; }
bool may_be_held(const flow::RunView& run) { return run.state == RunState::submitted || run.state == RunState::queued; }
bool may_be_released(const flow::RunView& run) {
  return run.state == RunState::held || run.state == RunState::unknown || run.waits;
}

constexpr Act kCancel{cancel, may_be_cancelled, "cancelled", ""};
constexpr Act kHold{flow::hold, may_be_held, "held", "held already"};
constexpr Act kRelease{flow::release, may_be_released, "released", "not held"};

// What waited for a canary, or while its sweep was stopped, goes at once.
void hand_over_released(Targets& targets) {
  const flow::RetryReport fed =
      flow::feed(targets.around, targets.schedulers, targets.selection.sweeps, targets.refresh().ledger);
  tell_alike(fed.not_tried, log::warning);
  tell_submissions(fed.submissions);
  tell_held_back(fed.held_back, fed.why_held_back);
}

// Runs that were named are all told, so that each one says why not; without names only those it concerns.
ExitCode act(Tool& tool, const Words& words, const Act& what) {
  Targets targets = find_targets(tool, words);
  tool.keep_conversation(targets.around.workspace);
  std::vector<flow::RunView> runs = targets.runs(targets.refresh().ledger);
  const auto waiting = std::count_if(runs.begin(), runs.end(), [](const flow::RunView& run) { return run.waits; });
  if (targets.selection.patterns.empty()) {
    std::erase_if(runs, [&](const flow::RunView& run) { return !what.concerns(run); });
  }
  const flow::ControlReport report = what.tell(targets.around, targets.schedulers, runs);
  tell_alike(report.could_not, log::warning);
  if (report.already > 0)
    log::note(fmt::format("{} {}", report.already == 1 ? "1 run is" : fmt::format("{} runs are", report.already),
                          what.already_word));
  const bool nothing = report.told == 0 && report.could_not.empty();
  if (!nothing || report.already == 0)
    log::note(nothing ? fmt::format("nothing to do: no run can be {}", what.done_word)
                      : fmt::format("{} {}", what.done_word, plural(report.told, "run")));
  const bool waits_on = what.done_word == kHold.done_word && waiting > 0 && targets.selection.patterns.empty();
  if (waits_on)
    log::note(
        fmt::format("{0} no job yet that could be held: `wait` and `run` still hand {1} over; `tt-submit cancel` "
                    "takes {1} off",
                    waiting == 1 ? "1 run has" : fmt::format("{} runs have", waiting), waiting == 1 ? "it" : "them"));
  if (what.done_word == kRelease.done_word) hand_over_released(targets);
  const flow::RefreshReport refreshed = targets.refresh();
  const std::vector<flow::RunView> now = targets.runs(refreshed.ledger);
  const auto open = std::count_if(now.begin(), now.end(), [](const auto& run) { return is_open(run.state); });
  if (what.done_word == kCancel.done_word && open > 0 && report.told > 0 && report.could_not.empty())
    log::note(fmt::format("{} told to end, and not seen to have ended yet; `tt-submit wait` follows",
                          open == 1 ? "1 run was" : fmt::format("{} runs were", open)));
  show_status(tool, now, refreshed.sites);
  if (report.could_not.empty()) return waits_on && report.told > 0 ? ExitCode::partly : ExitCode::done;
  return report.told > 0 ? ExitCode::partly : ExitCode::could_not;
}

void add_act(Tool& tool, const char* name, const char* purpose, const char* examples, const Act& what) {
  const auto words = std::make_shared<Words>();
  add_targets(tool.command(name, purpose, examples, [&tool, words, &what] { return act(tool, *words, what); }), *words);
}

struct RetryFlags {
  Words words;
  bool no_wait = false;
  bool force = false;
};

// A retry follows what it was asked for: the rest of a sweep may wait for just that.
void tell_what_goes_on(const Targets& targets) {
  const ledger::Ledger ledger = flow::load_history(targets.around.workspace, targets.selection.sweeps);
  const std::vector<flow::RunView> runs = flow::look_at_runs(targets.around, ledger, targets.selection.sweeps);
  const auto going = std::count_if(runs.begin(), runs.end(), [](const flow::RunView& run) {
    return is_open(run.state) || (run.waits && run.next.empty());
  });
  if (going > 0)
    log::note(fmt::format("{} on; next: tt-submit wait   (follows, and hands over what waits)",
                          going == 1 ? "1 other run goes" : fmt::format("{} other runs go", going)));
}

ExitCode retry_runs(Tool& tool, const RetryFlags& flags) {
  Targets targets = find_targets(tool, flags.words);
  tell_of_partition(targets.around.site.profile);
  tool.keep_conversation(targets.around.workspace);
  flow::hand_over_again(targets.around, targets.schedulers, targets.refresh());
  std::vector<RunId> ended;
  std::vector<flow::RunView> again;
  for (const flow::RunView& run : targets.runs()) {
    const bool named = !targets.selection.patterns.empty();
    if (named && run.waits) log::note(fmt::format("{} {}", run.name, run.reason));
    if (is_ended(run.state) && (named || run.state != RunState::finished)) ended.push_back(run.id);
    if (is_ended(run.state) && run.state != RunState::finished) again.push_back(run);
  }
  for (const std::string& line : flow::said_otherwise_by_now(again, targets.around)) log::note(line);
  if (!flags.no_wait) watch_for_interrupt();
  const flow::RetryReport report = flow::retry(targets.around, targets.schedulers, ended, targets.selection.sweeps,
                                               flags.force ? flow::Force::yes : flow::Force::no);
  tell_alike(report.not_tried, log::note);
  log::note(report.handed_over == 0 ? "nothing to retry"
                                    : fmt::format("retrying {}", plural(report.handed_over, "run")));
  tell_submissions(report.submissions);
  tell_held_back(report.held_back, report.why_held_back);
  if (!flags.no_wait && report.handed_over > 0) {
    const ExitCode end = stay(tool, targets, report.submissions);
    tell_what_goes_on(targets);
    return end;
  }
  const ExitCode handed_over = look_once(tool, targets, report.submissions);
  return handed_over == ExitCode::done && !report.not_tried.empty() ? ExitCode::partly : handed_over;
}

void add_retry(Tool& tool) {
  const auto flags = std::make_shared<RetryFlags>();
  CLI::App& command =
      tool.command("retry", "Tries runs again that ended without being finished, with the same config and out/.",
                   "  Some runs, followed later:     tt-submit retry '_bs2_*' --no-wait\n"
                   "  All that failed:               tt-submit retry\n"
                   "  Also what may still run:       tt-submit retry --force\n",
                   [&tool, flags] { return retry_runs(tool, *flags); });
  add_targets(command, flags->words);
  tool.add_job_flags(command);
  command.add_flag("--no-wait", flags->no_wait, "Submit and return");
  command.add_flag("--force", flags->force, "Also runs of which nobody can say whether they still run");
}

}  // namespace

void add_acting_commands(Tool& tool) {
  add_act(tool, "cancel", "Ends runs: waiting ones at once, running ones by signal. They stay cancelled.",
          "  Some runs:                     tt-submit cancel '_bs4_*'\n"
          "  Everything of this workspace:  tt-submit cancel\n",
          kCancel);
  add_act(tool, "hold", "Keeps waiting runs from starting.", "  Hold what still waits:         tt-submit hold\n",
          kHold);
  add_act(tool, "release", "Lets held runs start.", "  Let them go:                   tt-submit release\n", kRelease);
  add_retry(tool);
}

}  // namespace tt::tool
