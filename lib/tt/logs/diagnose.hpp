// tt/logs/diagnose.hpp: the first failing rank and the true cause, from the logs of one attempt or from any log file.
//
// Every file is read once; what is found becomes events; echoes are set aside; the lowest tier wins, within a tier the
// earlier line. torchrun's own "root cause" decides only when nothing better was found.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tt/job/run_folder.hpp"
#include "tt/logs/finding.hpp"

namespace tt::logs {

enum class LogKind {
  node,  // what a node printed: console output, perhaps of several ranks or nodes
  rank,  // one worker's stderr, as torchrun keeps it
};

struct LogFile {
  std::string name;                 // as shown in the finding
  std::optional<std::string> text;  // the content, when the caller has it
  std::filesystem::path path;       // else read from here
  LogKind kind = LogKind::node;
  std::string node;               // the node's name, when known
  std::optional<int> local_rank;  // of a rank's file
};

// What the scheduler says about the job's end.
enum class SchedulerVerdict { timed_out, cancelled, preempted, never_started, node_failure, out_of_memory, lost };

struct DiagnosisInput {
  std::vector<LogFile> files;
  std::optional<ExitRecord> exit;
  std::optional<SchedulerVerdict> scheduler;
  std::string
      scheduler_words;  // the record behind the verdict ("State=TIMEOUT ExitCode=0:15"): evidence without a line
  bool hung = false;    // no new line for too long, or none between the last step and the kill
};

Diagnosis diagnose(const DiagnosisInput& input);

}  // namespace tt::logs
