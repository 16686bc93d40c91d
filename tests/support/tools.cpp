#include "support/tools.hpp"

#include <signal.h>

#include <fstream>
#include <sstream>

#include "support/eventually.hpp"
#include "support/scheduler_under_test.hpp"
#include "tt/base/files.hpp"

namespace tt::test {
namespace {

const char* const kBase = R"([job]
dump_folder = "./outputs"

[model]
name = "llama3"
flavor = "debugmodel"

[training]
local_batch_size = 8  # rows
seq_len = 256
steps = 4

[parallelism]
data_parallel_shard_degree = -1
tensor_parallel_degree = 1
)";

// One line in one write: two trainings at once cannot hide each other.
const char* const kTrainer = R"sh(#!/usr/bin/env bash
set -u
here=$(cd "$(dirname "$0")" && pwd)
printf '%s %s\n' "$(basename "$(dirname "$CONFIG_FILE")")" "$$" >>"$here/trained"
step() { # step loss
  printf '[rank0]:[titan] %s,000 - root - INFO - step: %2d  loss: %8.5f  grad_norm:  1.0000  memory:  1.00GiB(1.00%%)  tps: 1,000  tflops: 1.00  mfu: 1.00%%\n' "$(date -u '+%F %T')" "$1" "$2"
}
echo "[rank0]:[titan] 2026-01-01 00:00:00,000 - root - INFO - Trainer is initialized with local batch size 1, global batch size 1, gradient accumulation steps 1, sequence length 256, total steps 4 (warmup 0)"
echo "[rank0]:[titan] 2026-01-01 00:00:00,000 - root - INFO - Training starts at step 1"
step 1 4.0
if [ -n "${STAND_IN_SECONDS-}" ]; then sleep "$STAND_IN_SECONDS"; fi
step 2 3.5
step 3 3.2
if [ "${STAND_IN_EXIT-0}" != 0 ]; then
  echo "[rank0]:RuntimeError: the stand-in was told to fail" >&2
  exit "$STAND_IN_EXIT"
fi
step 4 "${STAND_IN_LOSS-3.0}"
echo "[rank0]:[titan] 2026-01-01 00:00:00,000 - root - INFO - Training completed"
echo "[rank0]:[titan] 2026-01-01 00:00:00,000 - root - INFO - Process group destroyed"
)sh";

}  // namespace

Workspace::Workspace(const Sweep& sweep) {
  folder_.write("base.toml", kBase);
  std::filesystem::permissions(folder_.write("run_train.sh", kTrainer), std::filesystem::perms::owner_all);
  make_folders(folder_.path() / ".tt");
  write_sweep(sweep);
}

Workspace::~Workspace() {
  // Nothing of a story outlives it: tasks first, then who would start others.
  if (const auto alive = supervisor()) send_signal(alive->pid, SIGKILL);
  for (const std::string& name : list_folder("/proc")) {
    std::error_code error;
    const auto where = std::filesystem::read_symlink("/proc/" + name + "/cwd", error);
    // Who started a task for a batch system stands in its folder too, and has to report its end.
    std::string program;
    std::getline(std::ifstream("/proc/" + name + "/comm"), program);
    const bool reports = program == "slurmstepd";
    if (!error && !reports && where.string().starts_with(folder_.path().string()))
      send_signal(std::atoi(name.c_str()), SIGKILL);
  }
}

void Workspace::write_sweep(const Sweep& sweep) {
  folder_.write("sweep.yaml", "sweep: " + sweep.name +
                                  "\nbase: base.toml\nmodel: story\ntorchtitan: {root: ., version: 0.2.2}\nmatrix:\n" +
                                  sweep.matrix + "resources: {gpus: 1, walltime: \"" + sweep.walltime + "\"}\n" +
                                  sweep.more);
}

Command Workspace::command(const std::string& name, std::vector<std::string> words,
                           const std::map<std::string, std::string>& extra) const {
  Command command;
  command.argv = {std::string(TT_TOOLS_DIR) + "/" + name};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  command.environment = Environment::of_this_process();
  for (const char* leftover : {"TT_SITE", "TT_STOP_AT", "CUDA_VISIBLE_DEVICES"}) command.environment.unset(leftover);
  const SchedulerUnderTest& scheduler = scheduler_under_test();
  command.environment.set("TT_SITE", scheduler.site);
  for (const auto& [variable, value] : scheduler.environment) command.environment.set(variable, value);
  for (const auto& [variable, value] : extra) command.environment.set(variable, value);
  command.folder = folder_.path();
  return command;
}

ProcessResult Workspace::tool(const std::string& name, std::vector<std::string> words,
                              const std::map<std::string, std::string>& extra, Seconds limit) const {
  SystemRunner runner;
  return runner.run(command(name, std::move(words), extra), limit);
}

ProcessIdentity Workspace::start(const std::string& name, std::vector<std::string> words,
                                 const std::map<std::string, std::string>& extra) const {
  return start_detached(command(name, std::move(words), extra), folder_ / (name + ".out"));
}

std::map<std::string, int> Workspace::trainings() const {
  std::map<std::string, int> counts;
  std::istringstream lines(read_file_if_there(folder_ / "trained").value_or(""));
  for (std::string run, pid; lines >> run >> pid;) ++counts[run];
  return counts;
}

Value Workspace::status() const {
  const ProcessResult result = submit({"status", "--json"});
  return parse_json(result.out, "status");
}

std::map<std::string, std::string> Workspace::states() const {
  std::map<std::string, std::string> states;
  const Value record = status();
  for (const Value& run : record.at("runs").as_list()) states[run.text_or("name")] = run.text_or("state");
  return states;
}

std::optional<ProcessIdentity> Workspace::supervisor() const {
  for (const std::string& name : list_folder("/proc")) {
    const auto words = [&]() -> std::string {
      try {
        return read_file_if_there("/proc/" + name + "/cmdline").value_or("");
      } catch (const std::exception&) {
        return "";
      }
    }();
    if (words.find("supervise") != std::string::npos && words.find(folder_.path().string()) != std::string::npos) {
      return identify(std::atoi(name.c_str()));
    }
  }
  return std::nullopt;
}

}  // namespace tt::test
