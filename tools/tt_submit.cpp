// tt-submit: run folders → jobs → states, logs, summaries. The one tool that talks to a scheduler.
#include <fmt/format.h>

#include <algorithm>

#include "submit_log.hpp"
#include "submit_printing.hpp"
#include "submit_site.hpp"
#include "submit_telling.hpp"
#include "tool_main.hpp"
#include "tt/base/files.hpp"
#include "tt/base/log.hpp"
#include "tt/base/process.hpp"
#include "tt/base/text.hpp"
#include "tt/flow/collect.hpp"
#include "tt/flow/control.hpp"
#include "tt/flow/explain.hpp"
#include "tt/flow/follow.hpp"
#include "tt/flow/history.hpp"
#include "tt/flow/inspect.hpp"
#include "tt/flow/run.hpp"
#include "tt/flow/sweep_file.hpp"
#include "tt/scheduler/local_supervisor.hpp"

namespace tt::tool {
namespace {

bool all_finished(const std::vector<flow::RunView>& runs) {
  return std::all_of(runs.begin(), runs.end(), [](const auto& run) { return run.state == RunState::finished; });
}

class SubmitTool {
 public:
  SubmitTool()
      : tool_("tt-submit", "Runs sweeps: submits what is not done, follows it, collects logs, ranks.",
              "  Run a sweep to its ranking:    tt-submit run sweeps/tiny/tiny.yaml\n"
              "  See where it stands:           tt-submit status\n"
              "  Why a run failed:              tt-submit explain _bs2_lr0.003_tp1\n") {
    add_run();
    add_looking_commands();
    add_acting_commands();
    add_reading_commands();
    add_site();
    add_hidden_commands();
    tool_.complete_with([this](const auto& words) {  // `run` takes files: the shell's own
      return words[0] == "run" ? std::vector<std::string>{} : flow::names_of_runs(tool_.look_around());
    });
  }
  int main(int argc, char** argv) { return tool_.main(argc, argv); }

 private:
  // --- flags ---------------------------------------------------------------------------------------------------------

  void add_run() {
    CLI::App& command = tool_.command(
        "run",
        "Brings the run folders up to date, submits what is not done, follows, collects and ranks. Safe to repeat.",
        "  Run to the end:                tt-submit run sweeps/tiny/tiny.yaml\n"
        "  What would be submitted:       tt-submit run sweeps/tiny/tiny.yaml --dry-run\n"
        "  Submit and come back later:    tt-submit run sweeps/tiny/tiny.yaml --no-wait\n"
        "  One finished run afresh:       tt-submit run sweeps/tiny/tiny.yaml --again=_bs2_lr0.003_tp1\n",
        [this] { return run(); });
    command.add_option("SWEEP", sweep_file_, "Sweep file")->required();
    command.add_flag("--dry-run", dry_run_,
                     "Print what would be submitted, script included; write nothing, ask nobody");
    command.add_flag("--no-wait", no_wait_, "Submit and return; `tt-submit wait` follows later");
    again_ =
        command
            .add_option("--again", run_options_.again_patterns,
                        "Start ended runs afresh (all, or those named by --again=PATTERN); what they left is put aside")
            ->type_name("[PATTERN]")
            ->expected(0, 1)
            ->take_all();
    command.add_flag("--force", force_, "With --again: also runs of which nobody can say whether they still run");
    command.add_flag("--allow-new-keys", plan_options_.allow_new_keys,
                     "Let keys through that TorchTitan's schema does not know");
    max_gpu_hours_given_ =
        command
            .add_option("--max-gpu-hours", max_gpu_hours_,
                        "Refuse when what would be submitted now may use more (runs x GPUs x walltime)")
            ->type_name("H");
  }

  void add_looking_commands() {
    add_targets(tool_.command("status", "Shows where every run stands.",
                              "  Everything here:               tt-submit status\n"
                              "  Some runs:                     tt-submit status '_bs2_*'\n",
                              [this] { return status(); }));
    add_targets(tool_.command("wait", "Follows runs until all of them ended; settles what was interrupted.",
                              "  Until all is done:             tt-submit wait\n", [this] { return wait(); }));
    CLI::App& explain = tool_.command("explain", "Says why a run is where it is, with evidence, and what to do next.",
                                      "  Why it failed:                 tt-submit explain _bs2_lr0.003_tp1\n",
                                      [this] { return explain_run(); });
    explain.add_option("RUN", words_, "Run folder, name or pattern")->required()->expected(1);
    CLI::App& logs = tool_.command("logs", "Prints the log of a run's last attempt.",
                                   "  The whole log:                 tt-submit logs _bs2_lr0.003_tp1\n"
                                   "  Follow a running one:          tt-submit logs -f _bs2_lr0.003_tp1\n",
                                   [this] { return show_log(); });
    logs.add_option("RUN", words_, "Run folder, name or pattern")->required()->expected(1);
    logs.add_flag("-f,--follow", follow_, "Go on until the run ended (not with --json)");
  }

  void add_acting_commands() {
    add_targets(tool_.command("cancel", "Ends runs: waiting ones at once, running ones by signal. They stay cancelled.",
                              "  Some runs:                     tt-submit cancel '_bs4_*'\n"
                              "  Everything of this workspace:  tt-submit cancel\n",
                              [this] { return cancel(); }));
    add_targets(tool_.command("hold", "Keeps waiting runs from starting.",
                              "  Hold what still waits:         tt-submit hold\n", [this] { return hold(); }));
    add_targets(tool_.command("release", "Lets held runs start.",
                              "  Let them go:                   tt-submit release\n", [this] { return release(); }));
    CLI::App& retry =
        tool_.command("retry", "Tries runs again that ended without being finished, with the same config and out/.",
                      "  All that failed:               tt-submit retry\n", [this] { return retry_runs(); });
    add_targets(retry);
    retry.add_flag("--no-wait", no_wait_, "Submit and return");
    retry.add_flag("--force", force_, "Also runs of which nobody can say whether they still run");
  }

  void add_reading_commands() {
    add_targets(tool_.command("collect", "Reads the logs and writes summary.json and summary.md of every run.",
                              "  Bring all summaries up to date:  tt-submit collect\n", [this] { return collect(); }));
    add_targets(tool_.command("summary", "Ranks the runs, or shows the summary of one.",
                              "  The ranking:                   tt-submit summary\n"
                              "  One run:                       tt-submit summary _bs2_lr0.003_tp1\n",
                              [this] { return summary(); }));
  }

  void add_site() {
    CLI::App& command =
        tool_.command("site", "Cluster profiles: list those there are, show one, check a file of your own.",
                      "  What there is:                 tt-submit site list\n"
                      "  A profile to copy and edit:    tt-submit site show laptop\n"
                      "  Check your copy:               tt-submit site check site/laptop.toml\n",
                      [this] { return site(); });
    command.add_option("ACTION", action_, "list, show or check")
        ->required()
        ->check(CLI::IsMember({"list", "show", "check"}));
    command.add_option("NAME|FILE", site_name_, "Profile");
  }

  void add_hidden_commands() {
    tool_.hidden_command("supervise", [this] { return supervise(); });
    CLI::App& start = tool_.hidden_command("start-task", [this] { return start_task(); });
    start.add_option("SPOOL", spool_)->required();
    start.add_option("TOKEN", token_)->required();
    start.add_option("INDEX", index_)->required();
  }

  void add_targets(CLI::App& command) {
    command.add_option("WHAT", words_,
                       "Sweep file, run folder, run name or pattern (default: everything in the workspace)");
  }

  // --- commands ------------------------------------------------------------------------------------------------------

  ExitCode run() {
    const flow::Surroundings around = tool_.look_around();
    log::detail(fmt::format("site {} ({}), workspace {}", around.site.profile.name, around.site.why,
                            around.workspace.root().string()));
    const flow::LoadedSweep sweep = flow::load_sweep(sweep_file_, around, plan_options_);
    for (const Problem& warning : sweep.plan.warnings) std::fputs(describe(warning, "tt-submit").c_str(), stderr);
    run_options_.again = again_->count() > 0;
    std::erase(run_options_.again_patterns, "");
    run_options_.force = force_ ? flow::Force::yes : flow::Force::no;
    flow::Schedulers schedulers(around);
    if (dry_run_) return show_dry_run(sweep, around, schedulers);
    refuse_what_costs_too_much(sweep, around, schedulers);
    make_folders(around.workspace.own());
    tool_.keep_conversation(around.workspace);
    flow::rebuild_lost_journals(around);
    const flow::RefreshReport refreshed = flow::refresh(around, schedulers, {sweep.plan.sweep});
    refuse_what_costs_too_much(sweep, around, schedulers);  // what was just found ended may go again
    flow::hand_over_again(around, schedulers, refreshed);
    if (!no_wait_) watch_for_interrupt();
    const flow::RunReport report = flow::run_sweep(sweep, around, schedulers, run_options_);
    tell_run(sweep, report);
    const flow::Selection selection{{sweep.plan.sweep}, {}, {}};
    if (sweep.plan.totals.runs == 0) return tell_no_point_can_run(sweep);
    if (no_wait_) return look_once(around, schedulers, selection, report.submissions);
    const ExitCode end = stay(around, schedulers, selection, report.submissions);
    return end == ExitCode::done && !report.waiting.empty() ? ExitCode::partly : end;
  }

  ExitCode show_dry_run(const flow::LoadedSweep& sweep, const flow::Surroundings& around,
                        flow::Schedulers& schedulers) {
    const flow::DryRun dry = flow::dry_run(sweep, around, schedulers, run_options_);
    if (*max_gpu_hours_given_) check_cost(dry, max_gpu_hours_);
    const std::string& site = around.site.profile.name;
    tool_.flags().json ? print_record(dry_run_record(dry, site)) : print(dry_run_text(dry, site));
    if (sweep.plan.totals.runs > 0) return ExitCode::done;
    log::warning(no_point_can_run(sweep));
    return ExitCode::partly;
  }

  void refuse_what_costs_too_much(const flow::LoadedSweep& sweep, const flow::Surroundings& around,
                                  flow::Schedulers& schedulers) const {
    if (*max_gpu_hours_given_) check_cost(flow::dry_run(sweep, around, schedulers, run_options_), max_gpu_hours_);
  }

  static std::string no_point_can_run(const flow::LoadedSweep& sweep) {
    return fmt::format("no point of this sweep can run; `tt-sweep plan {}` says why", sweep.shown);
  }
  ExitCode tell_no_point_can_run(const flow::LoadedSweep& sweep) const {
    if (tool_.flags().json) print_record(status_record({}, {}));
    log::warning(no_point_can_run(sweep));
    return ExitCode::partly;
  }

  ExitCode look_once(const flow::Surroundings& around, flow::Schedulers& schedulers, const flow::Selection& selection,
                     const std::vector<flow::HandedOver>& submissions) {
    const flow::RefreshReport refreshed = flow::refresh(around, schedulers, selection.sweeps);
    const std::vector<flow::RunView> runs = views(around, selection);
    show_status(runs, refreshed.sites);
    if (std::any_of(runs.begin(), runs.end(), [](const flow::RunView& run) { return is_open(run.state); })) {
      log::note("next: tt-submit wait");
    }
    return exit_of(submissions);
  }

  struct Followed {
    flow::FollowEnd end = flow::FollowEnd::all_ended;
    std::vector<flow::SiteAnswer> sites;
  };
  // Follows with a progress line, then shows the ranking.
  Followed follow(const flow::Surroundings& around, flow::Schedulers& schedulers, const flow::Selection& selection) {
    watch_for_interrupt();
    Progress progress(tool_.err(), tool_.flags().quiet || tool_.flags().json);
    Followed followed;
    flow::FollowOptions options;
    options.interrupted = was_interrupted;
    options.on_look = [&](const std::vector<flow::RunView>& runs, const flow::RefreshReport& refreshed) {
      followed.sites = refreshed.sites;
      progress.show(counts_line(runs));
    };
    followed.end = flow::follow(around, schedulers, selection, options);
    progress.done();
    return followed;
  }

  // Follows what was handed over. A submission without an answer is settled on the way, a refused one stays refused.
  ExitCode stay(const flow::Surroundings& around, flow::Schedulers& schedulers, const flow::Selection& selection,
                const std::vector<flow::HandedOver>& submissions) {
    const Followed followed = follow(around, schedulers, selection);
    if (followed.end == flow::FollowEnd::interrupted) return leave(around, schedulers, selection, followed.sites);
    const ExitCode end = show_end(views(around, selection), followed.sites);
    return end == ExitCode::partly && all_refused(submissions) ? ExitCode::could_not : end;
  }

  ExitCode show_end(const std::vector<flow::RunView>& runs, const std::vector<flow::SiteAnswer>& sites) {
    if (tool_.flags().json)
      print_record(status_record(runs, sites));
    else
      print(ranking_text(runs, tool_.out()));
    tell_next_step(runs);
    return all_finished(runs) ? ExitCode::done : ExitCode::partly;
  }

  ExitCode leave(const flow::Surroundings& around, flow::Schedulers& schedulers, const flow::Selection& selection,
                 const std::vector<flow::SiteAnswer>& sites) {
    if (schedulers.of_this_site().is_this_machine()) {
      log::note("interrupted: ending the trainings of this machine (they are resumed by the next `run`)");
      flow::stop_as_preempted(around, schedulers, selection);
    } else {
      log::note("interrupted: the jobs go on; `tt-submit wait` follows them again");
    }
    if (tool_.flags().json) print_record(status_record(views(around, selection), sites));
    return ExitCode::interrupted;
  }

  static void tell_next_step(const std::vector<flow::RunView>& runs) {
    const auto bad = std::find_if(runs.begin(), runs.end(), [](const flow::RunView& run) {
      return is_ended(run.state) && run.state != RunState::finished;
    });
    if (bad != runs.end())
      log::note(fmt::format("next: tt-submit explain {}", bad->name));
    else if (!runs.empty() && all_finished(runs))
      log::note(fmt::format("summaries: {}/*/summary.md", runs.front().folder.path().parent_path().string()));
  }

  static constexpr const char* kNothingBegun = "no sweep was expanded here yet; `tt-submit run SWEEP` begins";

  static bool has_begun(const flow::Workspace& workspace) {
    return workspace.is_used() && (is_folder(workspace.submissions()) || !flow::known_sweeps(workspace).empty());
  }
  // For commands that are about runs: without any they say how to get some, and write nothing.
  flow::Surroundings look_at_runs_here() {
    flow::Surroundings around = tool_.look_around();
    if (!has_begun(around.workspace)) throw Error(kNothingBegun);
    return around;
  }

  ExitCode status() {
    const flow::Surroundings around = tool_.look_around();
    if (!has_begun(around.workspace)) {
      tool_.flags().json ? print_record(status_record({}, {})) : print(fmt::format("{}\n", kNothingBegun));
      return ExitCode::done;
    }
    const flow::Selection selection = flow::select(around, words_);
    flow::Schedulers schedulers(around);
    flow::rebuild_lost_journals(around);
    const flow::RefreshReport refreshed = flow::refresh(around, schedulers, selection.sweeps);
    show_status(views(around, selection), refreshed.sites);
    return ExitCode::done;
  }

  void show_status(const std::vector<flow::RunView>& runs, const std::vector<flow::SiteAnswer>& sites) {
    if (tool_.flags().json)
      print_record(status_record(runs, sites));
    else
      print(status_text(runs, sites, tool_.clock().now(), tool_.out()));
  }

  ExitCode wait() {
    const flow::Surroundings around = look_at_runs_here();
    const flow::Selection selection = flow::select(around, words_);
    tool_.keep_conversation(around.workspace);
    flow::Schedulers schedulers(around);
    flow::rebuild_lost_journals(around);
    const Followed followed = follow(around, schedulers, selection);
    if (followed.end == flow::FollowEnd::all_ended) return show_end(views(around, selection), followed.sites);
    log::note("stopped watching; the runs go on");
    show_status(views(around, selection), followed.sites);
    return ExitCode::interrupted;
  }

  using Act = flow::ControlReport (*)(const flow::Surroundings&, flow::Schedulers&, const std::vector<flow::RunView>&);
  using Concerns = bool (*)(RunState);
  // Runs that were named are all told, so that each one says why not; without names only those it concerns.
  ExitCode act(Act what, Concerns concerns, const char* done_word) {
    const flow::Surroundings around = look_at_runs_here();
    const flow::Selection selection = flow::select(around, words_);
    tool_.keep_conversation(around.workspace);
    flow::Schedulers schedulers(around);
    flow::refresh(around, schedulers, selection.sweeps);
    std::vector<flow::RunView> runs = views(around, selection);
    if (selection.patterns.empty()) {
      std::erase_if(runs, [&](const flow::RunView& run) { return !concerns(run.state); });
    }
    const flow::ControlReport report = what(around, schedulers, runs);
    for (const std::string& line : report.could_not) log::warning(line);
    const bool nothing = report.told == 0 && report.could_not.empty();
    log::note(nothing ? fmt::format("nothing to do: no run can be {}", done_word)
                      : fmt::format("{} {}", done_word, plural(report.told, "run")));
    const flow::RefreshReport refreshed = flow::refresh(around, schedulers, selection.sweeps);
    show_status(views(around, selection), refreshed.sites);
    if (report.could_not.empty()) return ExitCode::done;
    return report.told > 0 ? ExitCode::partly : ExitCode::could_not;
  }
  ExitCode cancel() {
    const Act as_cancelled = [](const flow::Surroundings& around, flow::Schedulers& schedulers,
                                const std::vector<flow::RunView>& runs) {
      return flow::cancel(around, schedulers, runs, CancelAs::cancelled);
    };
    return act(as_cancelled, is_open, "cancelled");
  }
  ExitCode hold() {
    return act(
        flow::hold, [](RunState state) { return state == RunState::submitted || state == RunState::queued; }, "held");
  }
  ExitCode release() {
    return act(
        flow::release, [](RunState state) { return state == RunState::held || state == RunState::unknown; },
        "released");
  }

  ExitCode retry_runs() {
    const flow::Surroundings around = look_at_runs_here();
    const flow::Selection selection = flow::select(around, words_);
    tool_.keep_conversation(around.workspace);
    flow::Schedulers schedulers(around);
    flow::hand_over_again(around, schedulers, flow::refresh(around, schedulers, selection.sweeps));
    std::vector<RunId> ended;
    for (const flow::RunView& run : views(around, selection)) {
      const bool named = !selection.patterns.empty();
      if (is_ended(run.state) && (named || run.state != RunState::finished)) ended.push_back(run.id);
    }
    if (!no_wait_) watch_for_interrupt();
    const flow::RetryReport report =
        flow::retry(around, schedulers, ended, selection.sweeps, force_ ? flow::Force::yes : flow::Force::no);
    for (const std::string& line : report.not_tried) log::note(line);
    log::note(report.handed_over == 0 ? "nothing to retry"
                                      : fmt::format("retrying {}", plural(report.handed_over, "run")));
    tell_submissions(report.submissions);
    if (!no_wait_ && report.handed_over > 0) return stay(around, schedulers, selection, report.submissions);
    const ExitCode handed_over = look_once(around, schedulers, selection, report.submissions);
    return handed_over == ExitCode::done && !report.not_tried.empty() ? ExitCode::partly : handed_over;
  }

  ExitCode collect() {
    const flow::Surroundings around = look_at_runs_here();
    const flow::Selection selection = flow::select(around, words_);
    tool_.keep_conversation(around.workspace);
    flow::Schedulers schedulers(around);
    const flow::RefreshReport refreshed = flow::refresh(around, schedulers, selection.sweeps);
    const ledger::Ledger ledger = flow::load_history(around.workspace, selection.sweeps);
    const std::vector<flow::RunView> runs = views(around, selection);
    std::int64_t written = 0;
    for (const flow::RunView& run : runs) written += flow::collect(around, ledger, run) ? 1 : 0;
    if (tool_.flags().json)
      print_record(status_record(runs, refreshed.sites));
    else
      print(fmt::format("{} up to date\n", written == 1 ? "1 summary" : fmt::format("{} summaries", written)));
    return ExitCode::done;
  }

  ExitCode summary() {
    const flow::Surroundings around = look_at_runs_here();
    const flow::Selection selection = flow::select(around, words_);
    const std::vector<flow::RunView> runs = views(around, selection);
    const bool one = runs.size() == 1 && !selection.patterns.empty();
    if (tool_.flags().json) {
      Value list = Value::array();
      for (const flow::RunView& run : runs) {
        if (auto record = flow::load_summary(run.folder)) list.push(std::move(*record));
      }
      print_record(Value::object().set("schema", "tt.summaries/1").set("summaries", std::move(list)));
      return ExitCode::done;
    }
    if (!one) {
      print(ranking_text(runs, tool_.out()));
    } else if (const auto text = read_file_if_there(runs.front().folder.summary_md())) {
      print(*text);
    } else {
      throw Error(fmt::format("{} has no summary yet (state {}); `tt-submit collect` writes one once it was started",
                              runs.front().name, to_string(runs.front().state)));
    }
    return ExitCode::done;
  }

  ExitCode explain_run() {
    const flow::Surroundings around = look_at_runs_here();
    flow::Schedulers schedulers(around);
    const std::vector<std::string> sweeps = flow::known_sweeps(around.workspace);
    flow::refresh(around, schedulers, sweeps);
    const ledger::Ledger ledger = flow::load_history(around.workspace, sweeps);
    const flow::Explanation explanation = flow::explain(around, ledger, flow::pick_one(around, ledger, words_.front()));
    tool_.flags().json ? print_record(explanation.record) : print(explanation.text);
    return ExitCode::done;
  }

  ExitCode show_log() {
    if (follow_ && tool_.flags().json) {
      throw Error("logs -f prints what comes as it comes, --json one record at the end: leave out one of them",
                  ExitCode::bad_input);
    }
    const flow::Surroundings around = look_at_runs_here();
    flow::Schedulers schedulers(around);
    if (follow_) watch_for_interrupt();
    const flow::RunView run = find_for_log(around, schedulers, words_.front());
    if (follow_) return follow_log(around, schedulers, run);
    tool_.flags().json ? print_record(log_record(run)) : print(log_text(run));
    return ExitCode::done;
  }

  ExitCode site() {
    if (action_ == "list") return list_sites(tool_);
    if (site_name_.empty()) {
      throw Error(fmt::format("site {}: which one? `tt-submit site list` shows the names", action_),
                  ExitCode::bad_input);
    }
    return action_ == "show" ? show_site(tool_, site_name_) : check_site(tool_, site_name_);
  }

  ExitCode supervise() {
    scheduler::SuperviseOptions options;
    options.workspace = tool_.flags().workspace;
    options.host = this_host();
    options.start_task = {this_program().string(), "start-task"};
    options.environment = tool_.environment();
    return static_cast<ExitCode>(scheduler::supervise(options, tool_.clock()));
  }

  ExitCode start_task() {
    return static_cast<ExitCode>(
        scheduler::start_task(spool_, Token{token_}, index_, tool_.environment(), tool_.clock()));
  }

  static std::vector<flow::RunView> views(const flow::Surroundings& around, const flow::Selection& selection) {
    const ledger::Ledger ledger = flow::load_history(around.workspace, selection.sweeps);
    return flow::pick(flow::look_at_runs(around, ledger, selection.sweeps), selection);
  }

  Tool tool_;
  std::string sweep_file_;
  std::vector<std::string> words_;
  flow::PlanOptions plan_options_;
  flow::RunOptions run_options_;
  CLI::Option* again_ = nullptr;
  CLI::Option* max_gpu_hours_given_ = nullptr;
  double max_gpu_hours_ = 0;
  bool dry_run_ = false, no_wait_ = false, force_ = false, follow_ = false;
  std::string action_, site_name_, spool_, token_;
  int index_ = 0;
};

}  // namespace
}  // namespace tt::tool

int main(int argc, char** argv) { return tt::tool::SubmitTool().main(argc, argv); }
