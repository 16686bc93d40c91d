// tt/scheduler/slurm_calls.hpp: what to ask Slurm and how to read its answers: pairs of a command's words and the
// reading of its reply. Nothing here runs anything.
//
// Read on Slurm 22.05.8 (Debian 12); the recordings are in tests/transcripts/slurm-22.05. Facts that shaped it:
//   - an sbatch that failed may have submitted: only a plain refusal or an id is an answer
//   - squeue says "Invalid job id specified" and exits 1 when it knows none of the ids, and leaves out those it forgot
//     when it knows some; the controller forgets a task MinJobAge after its end
//   - scancel exits 0 for jobs that ended or never were
//   - array tasks cancelled one by one while they waited leave no record at all
#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "tt/base/process.hpp"
#include "tt/scheduler/scheduler.hpp"
#include "tt/scheduler/slurm_rows.hpp"
#include "tt/scheduler/slurm_words.hpp"
#include "tt/site/profile.hpp"

namespace tt::slurm {

using Words = std::vector<std::string>;

// --- submitting ------------------------------------------------------------------------------------------------------

// What the job asks for, as #SBATCH lines of its script: shape, site options, early signal.
Words directives(const scheduler::SubmitRequest& request, const site::Profile& site);
// What of the profile and its user sbatch would not be told, or be told otherwise.
std::vector<std::string> unsayable(const site::Profile& site);
// Why the site's jobs cannot name nodes; empty: --exclude does it.
std::string cannot_keep_off(std::span<const std::string> nodes, const site::Profile& site);
// sbatch, with what belongs to this submission only: token, tasks, output.
Words submit_words(const scheduler::SubmitRequest& request);
scheduler::SubmitAnswer read_submit(const ProcessResult& reply);

// --- asking ----------------------------------------------------------------------------------------------------------

// "Could not ask" as a sentence, when the reply is one.
std::optional<std::string> trouble(const std::string& program, const ProcessResult& reply);

Words find_words(const Token& token);
scheduler::FindAnswer read_find(const ProcessResult& reply);
// Accounting knows submissions the controller forgot; it is late, and never has what is held.
Words find_ended_words(const Token& token);
scheduler::FindAnswer read_find_ended(const ProcessResult& reply);

// What is known of tasks. Those that are not in it: the controller does not know them (any more).
using RowsAnswer = std::variant<Rows, scheduler::CouldNotAsk>;

// One question for all arrays. What waits alike is told in one line, "77_[2-5,9%4]": ten thousand waiting tasks are one
// line, and squeue and we are done in a quarter of the time. That takes --array-unique: without it squeue joins all
// that waits of an array, held or not, and keeps only some of their reasons. It takes SLURM_BITSTR_LEN=0, too: a list
// is cut off otherwise, without a mark. Environment: SLURM_TIME_FORMAT=%s, SLURM_BITSTR_LEN=0.
Words queue_words(std::span<const std::string> arrays);
// A list that is cut off or not understood, or a squeue that has no --array-unique: to be asked by queue_words_each.
struct AskEach {};
using QueueAnswer = std::variant<Rows, AskEach, scheduler::CouldNotAsk>;
QueueAnswer read_queue(const ProcessResult& reply);
// A fingerprint of what read_queue() finds in it and read_row() makes something of: not when a job is expected
// to start or to end, which the backfill scheduler computes anew every half minute. nullopt where that is no rows.
std::optional<std::string> gist_of_queue(const ProcessResult& reply);
// The same with a line for each task, as long as it may be.
Words queue_words_each(std::span<const std::string> arrays);
RowsAnswer read_queue_each(const ProcessResult& reply);

Words accounting_words(std::span<const std::string> arrays);
// Also "77_[2-9%2]", a part of an array that was cancelled before it began. A whole array cancelled so is the id alone:
// "77"; other states of it are not believed (accounting shows them before the tasks' own rows come).
RowsAnswer read_accounting(const ProcessResult& reply);

// How many tasks of this user wait or run.
Words count_words();
std::optional<int> read_count(const ProcessResult& reply);

Words config_words();
// MaxArraySize bounds the index, so also the number of tasks numbered from 0. MaxJobCount is the whole cluster's.
std::optional<scheduler::Limits> read_config(const ProcessResult& reply);

// --- acting ----------------------------------------------------------------------------------------------------------

// "77_[0-3,9]" for each array.
Words task_groups(std::span<const scheduler::TaskRef> tasks);
Words cancel_words(std::span<const scheduler::TaskRef> tasks);
// Of a submission whose answer was lost: by its name, should it be there.
Words cancel_by_name_words(const Token& token);
Words hold_words(std::span<const scheduler::TaskRef> tasks);
Words release_words(std::span<const scheduler::TaskRef> tasks);
// One answer a task. scontrol names those it could not act on ("77_4,6: Job has already finished"); scancel never says
// which it did not find.
std::vector<scheduler::ActAnswer> read_act(std::span<const scheduler::TaskRef> tasks, const std::string& program,
                                           const ProcessResult& reply);

}  // namespace tt::slurm
