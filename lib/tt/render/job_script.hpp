// tt/render/job_script.hpp: what a submission carries: one job script for all its tasks, and the task file that says
// which run each index is.
//
// The script is bash 4.4 with coreutils and needs nothing of ours on a compute node. It finds its task by index, takes
// the claim of the attempt, writes the header of the log, trains, and leaves the exit record. Pure: nothing is written.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tt/job/ids.hpp"
#include "tt/job/run.hpp"
#include "tt/job/run_folder.hpp"
#include "tt/job/state.hpp"
#include "tt/site/profile.hpp"

namespace tt::render {

// Beside the script, in the submission folder.
inline constexpr std::string_view task_file_name = "tasks.tsv";

// Exit statuses of the script when it starts no training. Any other status is the training's (128 + n for a signal).
enum class ScriptExit {
  no_task = 65,           // no such index, task file missing or cut short
  claimed = 66,           // the attempt belongs to another job, or was withdrawn
  folder_gone = 67,       // the run folder was removed, or holds another run
  no_head = 68,           // the nodes cannot find the first one
  old_bash = 69,          // bash before 4.4
  cannot_write = 73,      // full disk, no permission
  told_before_start = 75  // sent a signal before the claim
};

struct JobTask {
  int index = 0;
  int attempt = 0;
  RetryMode mode = RetryMode::resume;
  RunFolder folder;
  RunRecord record;
};

struct JobRequest {
  Token token;
  std::vector<JobTask> tasks;
  site::Profile site;
  Resources shape;                      // of one task; the same for all of them
  std::vector<std::string> directives;  // lines for its head, as the scheduler wants them
  Variables submitter;                  // environment for schedulers whose jobs inherit none
  std::filesystem::path submission_folder;
  std::optional<std::filesystem::path> templates;  // looked into before the embedded ones
};

// The script for the site's scheduler ("local/job"), or from the site's job_template. Throws Error for a scheduler
// without a template.
std::string job_script(const JobRequest& request);

// A `#` line, then a line per task, fields separated by a TAB: index, attempt, mode, run id, run folder, config file,
// working folder, run_train.sh (empty: the one beside the script), NGPU, LOG_RANK, the node that shows the loss, MODULE
// and CONFIG (empty before the registry era), NAME=VALUE..., "--", argument... . Throws Error that names the run and
// the field for what cannot be such a field: control characters, names that are no variable names or that bash or the
// script keeps for itself.
std::string task_file(const JobRequest& request);

// How long the script lets the training end after a signal, so that the exit record is written before `limit`.
Seconds grace_within(Seconds limit);

}  // namespace tt::render
