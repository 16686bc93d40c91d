// tt/scheduler/slurm_words.hpp: Slurm's spellings: task ids, lines of directives, words for states.
//
// Read on Slurm 22.05.8 (Debian 12) with four slurmd on one host; the recordings are in tests/transcripts/slurm-22.05.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tt/job/ids.hpp"
#include "tt/job/index_list.hpp"
#include "tt/scheduler/scheduler.hpp"

namespace tt::slurm {

// The array's id of a job or task id: "77_3" → "77".
std::string array_of(const JobId& job);
// Every submission is an array, also of one task: "77", 3 → "77_3".
std::string task_id(const JobId& job, int index);

// One line `#SBATCH --name="value"`. sbatch reads double quotes there, with backslashes before quotes and backslashes
// (tried: blanks, quotes and # survive). Throws Error for a value that is no line, or a word that is no option.
std::string directive(std::string_view option);  // "--exclusive", "--gpus-per-node=8"
std::string directive(std::string_view name, std::string_view value);

// A path in --output: % begins a pattern there, %% is the character.
std::string output_path(std::string path);

// What a row of squeue or sacct says of a task. `word` is Slurm's state; a trailing "by 1000" of CANCELLED is dropped.
struct Row {
  std::string word;
  std::string reason;
  std::optional<int> status;  // exit status; a signal instead: `signal`
  std::optional<int> signal;
  std::optional<Instant> start, end;
  std::string nodes;
  std::string name{}, comment{};  // of the job; empty: not told
};
// Slurm's words for a job that has not begun, and for one that has and did not end.
bool is_waiting(std::string_view word);
bool is_running(std::string_view word);
scheduler::Known read_row(const Row& row);

}  // namespace tt::slurm
