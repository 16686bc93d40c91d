#include "tt/scheduler/slurm_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tt/base/error.hpp"
#include "tt/base/process.hpp"
#include "tt/base/text.hpp"

namespace tt::slurm {
namespace {

using scheduler::EndReason;

// squeue(1), JOB STATE CODES, of 22.05 and later.
constexpr std::array<std::string_view, 6> kWaiting{"PENDING",      "REQUEUED",      "REQUEUE_FED",
                                                   "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT"};
constexpr std::array<std::string_view, 11> kRunning{"RUNNING",   "CONFIGURING", "COMPLETING",   "SUSPENDED",
                                                    "RESIZING",  "SIGNALING",   "STAGE_OUT",    "STOPPED",
                                                    "UPDATE_DB", "EXPEDITING",  "POWER_UP_NODE"};
struct EndWord {
  std::string_view word;
  EndReason reason;
};
constexpr std::array<EndWord, 12> kEnded{{
    {"COMPLETED", EndReason::exited},
    {"FAILED", EndReason::exited},
    {"CANCELLED", EndReason::cancelled},
    {"TIMEOUT", EndReason::time_limit},
    {"DEADLINE", EndReason::time_limit},
    {"PREEMPTED", EndReason::preempted},
    {"NODE_FAIL", EndReason::node_failed},
    {"BOOT_FAIL", EndReason::node_failed},
    {"LAUNCH_FAILED", EndReason::node_failed},
    {"RECONFIG_FAIL", EndReason::node_failed},
    {"OUT_OF_MEMORY", EndReason::out_of_memory},
    {"REVOKED", EndReason::lost},
}};
// Reasons of a waiting job that no waiting mends.
constexpr std::array<std::string_view, 11> kHopeless{"PartitionConfig",
                                                     "PartitionNodeLimit",
                                                     "PartitionTimeLimit",
                                                     "BadConstraints",
                                                     "DependencyNeverSatisfied",
                                                     "InvalidAccount",
                                                     "InvalidQOS",
                                                     "QOSMaxNodePerJobLimit",
                                                     "QOSMaxWallDurationPerJobLimit",
                                                     "AssocMaxNodePerJobLimit",
                                                     "AssocMaxWallDurationPerJobLimit"};

// `srun: error: ...` never ran: the output file could not be opened. slurmd says so with signal 53.
constexpr int kNoOutputFile = 53;

template <class List>
bool has(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_option(std::string_view word) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return word.size() > 2 && word.starts_with("--") && word[2] != '-' && std::all_of(word.begin(), word.end(), fits);
}

scheduler::TaskEnd end_of(const Row& row, EndReason reason) {
  scheduler::TaskEnd end;
  end.reason = reason;
  end.started = row.start.has_value();
  if (row.signal == kNoOutputFile) {
    end.reason = EndReason::never_started;
    end.started = false;
  } else if (row.signal) {
    end.signal = signal_name(*row.signal);
  } else {
    end.status = row.status;
  }
  end.time = row.end;
  return end;
}

}  // namespace

std::string array_of(const JobId& job) { return job.text.substr(0, job.text.find('_')); }

std::string task_id(const JobId& job, int index) { return fmt::format("{}_{}", array_of(job), index); }

std::string directive(std::string_view option) {
  const std::size_t equals = option.find('=');
  if (equals != std::string_view::npos) return directive(option.substr(0, equals), option.substr(equals + 1));
  if (!is_option(option)) {
    throw Error(fmt::format("'{}' is no option of sbatch: --name or --name=value was wanted", printable(option)),
                ExitCode::bad_input);
  }
  return fmt::format("#SBATCH {}", option);
}

std::string directive(std::string_view name, std::string_view value) {
  if (!is_option(name)) {
    throw Error(fmt::format("'{}' is no option of sbatch: --name or --name=value was wanted", printable(name)),
                ExitCode::bad_input);
  }
  if (has_control_character(value) || !is_utf8(value)) {
    throw Error(
        fmt::format("the value of {} is '{}', and it would not stay on one #SBATCH line", name, printable(value)),
        ExitCode::bad_input);
  }
  const auto is_bare = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_@%+=:,./-").find(c) != std::string_view::npos;
  };
  if (!value.empty() && std::all_of(value.begin(), value.end(), is_bare))
    return fmt::format("#SBATCH {}={}", name, value);
  return fmt::format("#SBATCH {}=\"{}\"", name,
                     replace_all(replace_all(std::string(value), "\\", "\\\\"), "\"", "\\\""));
}

std::string output_path(std::string path) { return replace_all(std::move(path), "%", "%%"); }

bool is_waiting(std::string_view word) { return has(kWaiting, word); }
bool is_running(std::string_view word) { return has(kRunning, word); }

scheduler::Known read_row(const Row& row) {
  scheduler::Known known;
  known.raw = row.word;
  known.reason = row.reason == "None" ? "" : row.reason;
  if (is_waiting(row.word)) {
    const bool is_held = row.reason.starts_with("JobHeld") || row.word.ends_with("_HOLD") || row.word == "SPECIAL_EXIT";
    known.state = is_held ? RunState::held : RunState::queued;
    known.hopeless = has(kHopeless, row.reason);
  } else if (is_running(row.word)) {
    known.state = RunState::running;
    known.since = row.start;
  } else if (const auto* end =
                 std::find_if(kEnded.begin(), kEnded.end(), [&](const auto& e) { return e.word == row.word; });
             end != kEnded.end()) {
    known.ended = end_of(row, end->reason);
    known.since = row.end;
  } else {
    known.state = RunState::unknown;
  }
  return known;
}

}  // namespace tt::slurm
