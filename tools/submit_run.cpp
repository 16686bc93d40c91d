#include "submit_run.hpp"

#include <fmt/format.h>

#include <memory>

#include "submit_printing.hpp"
#include "submit_staying.hpp"
#include "submit_targets.hpp"
#include "submit_telling.hpp"
#include "tt/base/files.hpp"
#include "tt/base/log.hpp"
#include "tt/flow/history.hpp"
#include "tt/flow/run.hpp"
#include "tt/flow/sweep_file.hpp"

namespace tt::tool {
namespace {

struct RunFlags {
  std::string sweep_file;
  flow::PlanOptions plan;
  CLI::Option* again = nullptr;
  std::vector<std::string> again_patterns;
  bool dry_run = false;
  bool no_wait = false;
  bool force = false;
  std::optional<double> max_gpu_hours;
  bool canary = false;
  std::optional<int> throttle;
  std::optional<int> stop_after;
};

flow::RunOptions run_options(const RunFlags& flags) {
  flow::RunOptions options;
  options.again = flags.again->count() > 0;
  options.again_patterns = flags.again_patterns;
  std::erase(options.again_patterns, "");
  options.force = flags.force ? flow::Force::yes : flow::Force::no;
  options.canary = flags.canary;
  options.throttle = flags.throttle;
  options.stop_after = flags.stop_after;
  return options;
}

std::string no_point_can_run(const flow::LoadedSweep& sweep) {
  return fmt::format("no point of this sweep can run; `tt-sweep plan {}` says why", sweep.shown);
}

ExitCode tell_no_point_can_run(const Tool& tool, const flow::LoadedSweep& sweep) {
  if (tool.flags().json) print_record(status_record({}, {}));
  log::warning(no_point_can_run(sweep));
  return ExitCode::partly;
}

ExitCode show_dry_run(const Tool& tool, const flow::LoadedSweep& sweep, Targets& targets, const RunFlags& flags) {
  const flow::DryRun dry = flow::dry_run(sweep, targets.around, targets.schedulers, run_options(flags));
  if (flags.max_gpu_hours) check_cost(dry, *flags.max_gpu_hours);
  const std::string& site = targets.around.site.profile.name;
  tool.flags().json ? print_record(dry_run_record(dry, site)) : print(dry_run_text(dry, site));
  tell_skipped(sweep);
  if (!dry.about_canary.empty()) log::note(dry.about_canary);
  tell_alike(dry.not_tried, log::note);
  if (sweep.plan.totals.runs > 0) return ExitCode::done;
  log::warning(no_point_can_run(sweep));
  return ExitCode::partly;
}

void refuse_what_costs_too_much(const flow::LoadedSweep& sweep, Targets& targets, const RunFlags& flags) {
  if (!flags.max_gpu_hours) return;
  check_cost(flow::dry_run(sweep, targets.around, targets.schedulers, run_options(flags)), *flags.max_gpu_hours);
}

ExitCode run(Tool& tool, const RunFlags& flags) {
  flow::Surroundings here = tool.look_around();
  log::detail(
      fmt::format("site {} ({}), workspace {}", here.site.profile.name, here.site.why, here.workspace.root().string()));
  const flow::LoadedSweep sweep = flow::load_sweep(flags.sweep_file, here, flags.plan);
  for (const Problem& warning : sweep.plan.warnings) std::fputs(describe(warning, "tt-submit").c_str(), stderr);
  tell_of_partition(here.site.profile);
  Targets targets(std::move(here), {{sweep.plan.sweep}, {}, {}});
  if (flags.dry_run) return show_dry_run(tool, sweep, targets, flags);
  refuse_what_costs_too_much(sweep, targets, flags);
  const flow::Surroundings& around = targets.around;
  make_folders(around.workspace.own());
  tool.keep_conversation(around.workspace);
  const flow::RefreshReport refreshed = targets.refresh();
  refuse_what_costs_too_much(sweep, targets, flags);  // what was just found ended may go again
  flow::hand_over_again(around, targets.schedulers, refreshed);
  if (!flags.no_wait) watch_for_interrupt();
  const flow::RunReport report = flow::run_sweep(sweep, around, targets.schedulers, run_options(flags));
  tell_run(sweep, report);
  if (sweep.plan.totals.runs == 0) return tell_no_point_can_run(tool, sweep);
  if (flags.no_wait) return look_once(tool, targets, report.submissions);
  const ExitCode end = stay(tool, targets, report.submissions);
  return end == ExitCode::done && !report.not_tried.empty() ? ExitCode::partly : end;
}

}  // namespace

void add_run_command(Tool& tool) {
  const auto flags = std::make_shared<RunFlags>();
  CLI::App& command = tool.command(
      "run",
      "Brings the run folders up to date, submits what is not done, follows, collects and ranks. Safe to repeat.",
      "  Run to the end:                tt-submit run sweeps/tiny/tiny.yaml\n"
      "  What would be submitted:       tt-submit run sweeps/tiny/tiny.yaml --dry-run\n"
      "  Submit and come back later:    tt-submit run sweeps/tiny/tiny.yaml --no-wait\n"
      "  One run first, then the rest:  tt-submit run sweeps/tiny/tiny.yaml --canary\n"
      "  One finished run afresh:       tt-submit run sweeps/tiny/tiny.yaml --again=_bs2_lr0.003_tp1\n",
      [&tool, flags] { return run(tool, *flags); });
  command.add_option("SWEEP", flags->sweep_file, "Sweep file")->required();
  command.add_flag("--dry-run", flags->dry_run,
                   "Print what would be submitted, script included; write nothing, ask nobody");
  command.add_flag("--no-wait", flags->no_wait, "Submit and return; `tt-submit wait` follows later");
  flags->again =
      command
          .add_option("--again", flags->again_patterns,
                      "Start ended runs afresh (all, or those named by --again=PATTERN); what they left is put aside")
          ->type_name("[PATTERN]")
          ->expected(0, 1)
          ->take_all();
  command.add_flag("--force", flags->force, "With --again: also runs of which nobody can say whether they still run");
  command.add_flag("--allow-new-keys", flags->plan.allow_new_keys,
                   "Let keys through that TorchTitan's schema does not know");
  command.add_flag("--canary", flags->canary, "Submit one run first, and the rest once it is finished");
  command.add_option("--throttle", flags->throttle, "How many runs of one job array at once")
      ->type_name("N")
      ->check(CLI::Range(1, 1'000'000));
  command
      .add_option("--stop-after", flags->stop_after,
                  "Hold the rest after K runs in a row that failed alike (default 5; 0: never; out of GPU memory and "
                  "NaN losses do not count)")
      ->type_name("K")
      ->check(CLI::Range(0, 1'000'000));
  tool.add_job_flags(command);
  command
      .add_option("--max-gpu-hours", flags->max_gpu_hours,
                  "Refuse when what would be submitted now may use more (runs x GPUs x walltime)")
      ->type_name("H");
  tool.needs(command, "--force", "--again");
}

}  // namespace tt::tool
