#include "submit_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "submit_targets.hpp"
#include "tt/base/files.hpp"
#include "tt/flow/history.hpp"
#include "tt/flow/refresh.hpp"
#include "tt/flow/views.hpp"

namespace tt::tool {
namespace {

constexpr Seconds kBetweenPrints{0.3};
constexpr Seconds kBetweenLooks{1.0};  // a look asks the scheduler, and may write the journal

int shown_attempt(const flow::RunView& run) { return std::max(1, run.attempt); }

// Only the run's own sweep is asked about: others may have thousands of jobs.
flow::RunView look_again(const flow::Surroundings& around, flow::Schedulers& schedulers, const flow::RunView& run) {
  const ledger::Ledger ledger = flow::refresh(around, schedulers, {run.sweep}, flow::Unwritable::is_told).ledger;
  for (const flow::RunView& seen : flow::look_at_runs(around, ledger, {run.sweep})) {
    if (seen.id == run.id) return seen;
  }
  throw Error(fmt::format("run {} is no longer in sweep {}", run.name, run.sweep));
}

// Prints one log after the other, each from its beginning and nothing twice.
class LogPrinter {
 public:
  void print_more(const RunFolder& folder, int attempt) {
    if (attempt != attempt_) {
      if (attempt_ > 0) print_rest(folder);
      attempt_ = attempt;
      offset_ = 0;
    }
    print_rest(folder);
  }

 private:
  void print_rest(const RunFolder& folder) {
    const fs::path log = folder.attempt_log(attempt_);
    if (!is_there(log)) return;
    const std::string more = read_file_from(log, offset_);
    offset_ += more.size();
    print(more);
    std::fflush(stdout);
  }

  int attempt_ = 0;  // none yet
  std::uintmax_t offset_ = 0;
};

Error no_log(const flow::RunView& run) {
  return Error(fmt::format("{} has no log yet (state {})", run.name, to_string(run.state)));
}

// The run a word means, after every sweep here was looked at.
flow::RunView find_for_log(const flow::Surroundings& around, flow::Schedulers& schedulers, const std::string& word) {
  const std::vector<std::string> sweeps = flow::known_sweeps(around.workspace);
  return flow::pick_one(
      around, flow::refresh_with_lost_journals(around, schedulers, sweeps, flow::Unwritable::is_told).ledger, word);
}

// Throws Error when the run has no log yet, as the next does.
std::string log_text(const flow::RunView& run) {
  auto text = read_file_if_there(run.folder.attempt_log(shown_attempt(run)));
  if (!text) throw no_log(run);
  return std::move(*text);
}

// tt.log/1
Value log_record(const flow::RunView& run) {
  return Value::object()
      .set("schema", "tt.log/1")
      .set("run", run.name)
      .set("attempt", shown_attempt(run))
      .set("file", run.folder.attempt_log(shown_attempt(run)).string())
      .set("text", log_text(run));
}

// Prints what is there and what is added, each further attempt from its beginning, until the run ended or Ctrl-C.
ExitCode follow_log(const flow::Surroundings& around, flow::Schedulers& schedulers, flow::RunView run) {
  LogPrinter printer;
  Instant looked = around.clock->now();
  for (;;) {
    printer.print_more(run.folder, shown_attempt(run));
    if (!is_open(run.state)) {  // known before the last print: nothing was missed
      if (!is_there(run.folder.attempt_log(shown_attempt(run)))) throw no_log(run);
      return ExitCode::done;
    }
    if (was_interrupted()) return ExitCode::interrupted;
    around.clock->sleep(kBetweenPrints);
    if (Seconds(around.clock->now() - looked) < kBetweenLooks) continue;
    run = look_again(around, schedulers, run);
    looked = around.clock->now();
  }
}

struct LogFlags {
  std::string word;
  bool follow = false;
};

ExitCode show_log(Tool& tool, const LogFlags& flags) {
  if (flags.follow && tool.flags().json) {
    throw Error("logs -f prints what comes as it comes, --json one record at the end: leave out one of them",
                ExitCode::bad_input);
  }
  const flow::Surroundings around = look_at_runs_here(tool);
  flow::Schedulers schedulers(around);
  if (flags.follow) watch_for_interrupt();
  const flow::RunView run = find_for_log(around, schedulers, flags.word);
  if (flags.follow) return follow_log(around, schedulers, run);
  tool.flags().json ? print_record(log_record(run)) : print(log_text(run));
  return ExitCode::done;
}

}  // namespace

void add_logs_command(Tool& tool) {
  const auto flags = std::make_shared<LogFlags>();
  CLI::App& command = tool.command("logs", "Prints the log of a run's last attempt.",
                                   "  The whole log:                 tt-submit logs _bs2_lr0.003_tp1\n"
                                   "  Follow a running one:          tt-submit logs -f _bs2_lr0.003_tp1\n",
                                   [&tool, flags] { return show_log(tool, *flags); });
  command.add_option("RUN", flags->word, "Run folder, name or pattern")->required();
  command.add_flag("-f,--follow", flags->follow, "Go on until the run ended (not with --json)");
}

}  // namespace tt::tool
