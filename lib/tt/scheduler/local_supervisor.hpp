// tt/scheduler/local_supervisor.hpp: the process that owns the tasks of this machine, and the one that becomes a task.
//
// Two hidden commands of tt-submit end here: `supervise --workspace W` and `start-task SPOOL TOKEN INDEX`. A task is a
// session of its own and outlives its supervisor; a new supervisor adopts it by pid, start time and boot id.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tt/base/clock.hpp"
#include "tt/base/environment.hpp"
#include "tt/job/ids.hpp"

namespace tt::scheduler {

struct SuperviseOptions {
  std::filesystem::path workspace;
  std::string host;
  // argv before SPOOL TOKEN INDEX: {"/usr/bin/tt-submit", "start-task"}
  std::vector<std::string> start_task;
  Environment environment;  // of this process; passed to start-task
  Seconds idle{2};          // leaves after so long without work
  Seconds poll{0.1};
};

// Runs until nothing is left to do, or leaves at once when another supervisor is alive. Takes the process over:
// signals, working folder, descriptors above stderr. The answer is an exit code.
int supervise(const SuperviseOptions& options, Clock& clock);

// Becomes the task: places <index>.started, then executes the job script in this process. Comes back only when it may
// not or cannot (the exit code): another one placed the record first, or a cancel did.
// `environment` is this process's: TT_START_GPUS ("0,1") and TT_START_SLOTS are what the supervisor lends.
int start_task(const std::filesystem::path& spool, const Token& token, int index, const Environment& environment,
               Clock& clock);

}  // namespace tt::scheduler
