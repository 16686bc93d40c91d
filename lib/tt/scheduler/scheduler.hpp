// tt/scheduler/scheduler.hpp: what tt asks of a scheduler, whichever it is: this machine, Slurm, PBS.
//
// Every question has an answer for "could not ask"; "gone" is not "completed", and "ended" is not "finished": whether a
// training that ended by itself did its work is decided by its run folder.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tt/base/clock.hpp"
#include "tt/base/environment.hpp"
#include "tt/job/ids.hpp"
#include "tt/job/run.hpp"
#include "tt/job/state.hpp"
#include "tt/site/profile.hpp"

namespace tt::scheduler {

// One task of a submission. `job` may be empty where only the token is known.
struct TaskRef {
  JobId job;
  Token token;
  int index = 0;
  bool is_over = false;  // known to be over: nothing is wanted but whether it waits or runs again
};

struct SubmitRequest {
  Token token;
  std::filesystem::path submission;  // submissions/<token>/, complete and synced
  std::filesystem::path script;      // job.sh in it
  std::vector<int> indices;          // tasks of the array; one task: {0}
  std::optional<int> throttle;       // how many of them at once
  Resources shape;                   // of one task; shape.gpus is also how many slots it takes on this machine
  Seconds walltime{0};               // 0: no limit
  Seconds warn_before{60};           // early signal to the job script before the limit
  Seconds kill_after{10};            // from the signal of a cancel to the kill
  std::filesystem::path workdir;     // empty: the submission folder
  Environment environment;           // the whole environment of the job, built, not inherited
  std::vector<std::string> exclude;  // nodes it must not run on
};

struct Accepted {
  JobId job;
};
struct Refused {  // said no: nothing runs
  std::string reason;
  bool for_now = false;       // too many jobs at the moment: the same may be taken later
  bool fewer_may_go = false;  // for a limit on how many: a part of them may be taken now
};
struct NoAnswer {  // it may have gone in
  std::string why;
};
using SubmitAnswer = std::variant<Accepted, Refused, NoAnswer>;

struct Found {
  JobId job;
};
struct Absent {};
struct CouldNotAsk {
  std::string why;
};
using FindAnswer = std::variant<Found, Absent, CouldNotAsk>;

// How a task ended, as far as the scheduler saw it. `lost`: the machine restarted under it, nobody saw the end.
enum class EndReason { exited, time_limit, cancelled, preempted, lost, never_started, node_failed, out_of_memory };
std::string to_string(EndReason reason);  // "time-limit"
std::optional<EndReason> parse_end_reason(std::string_view word);

struct TaskEnd {
  EndReason reason = EndReason::lost;
  bool started = true;                // false: the job script never ran
  std::optional<int> status;          // neither status nor signal: nobody saw it, never success
  std::optional<std::string> signal;  // "SIGKILL"
  std::optional<Instant> time;
};

struct Known {
  // Empty when the task ended by itself (ended->reason is `exited`): finished or failed is the run folder's to say.
  std::optional<RunState> state;
  std::string raw;     // the scheduler's own word: QUEUED, HELD, RUNNING, EXITED, TIME-LIMIT, ...
  std::string reason;  // why it waits or ended, for people
  std::optional<Instant> since;
  std::optional<TaskEnd> ended;
  std::optional<int> position;  // 1 = next in the queue
  bool hopeless = false;        // it waits for what will never be; `reason` says for what
};
struct Gone {
  // What the number of the job means now, where that may be another job. It is ours when a claim names it.
  std::optional<Known> under_another_name{};
};
using TaskStatus = std::variant<Known, Gone, CouldNotAsk>;

// The one question that status() asked, and a fingerprint of all that its answers follow from: as long as the same
// comes back, so would they.
struct Echo {
  std::vector<std::string> jobs;  // asked about
  std::string answer;
};

enum class StopAs { cancelled, preempted };

struct Done {};    // told, or nothing left to do
struct CouldNot {  // this task cannot be held, say
  std::string why;
};
using ActAnswer = std::variant<Done, CouldNot, CouldNotAsk>;

struct Limits {
  std::optional<int> max_array_tasks;      // of one submission; empty: none known
  std::optional<int> max_submitted_tasks;  // of one user, waiting and running together
  std::optional<Instant> as_of;            // when this was asked; empty: not asked but built in
};

class Scheduler {
 public:
  virtual ~Scheduler() = default;
  virtual std::string name() const = 0;  // "local"
  virtual SubmitAnswer submit(const SubmitRequest& request) = 0;
  // The program that submit() calls, word by word, for a dry run and submission.json. On this machine nobody is called:
  // it is what is executed for each task, with the word INDEX where the task's index will stand.
  virtual std::vector<std::string> submit_argv(const SubmitRequest& request) const = 0;
  virtual FindAnswer find(const Token& token) = 0;
  // Answers in the order asked, one for each.
  virtual std::vector<TaskStatus> status(std::span<const TaskRef> tasks) = 0;
  // Of the last status(). nullopt: it had to ask more than once, or answers here never come back alike.
  virtual std::optional<Echo> echo() const { return std::nullopt; }
  // Asks the question again. Where something else came, it is used by the next status(), which is to follow at once, if
  // that asks about just these jobs: so nobody is asked twice.
  virtual bool says_the_same(const Echo&) { return false; }
  virtual std::vector<ActAnswer> cancel(std::span<const TaskRef> tasks, StopAs as) = 0;
  virtual std::vector<ActAnswer> hold(std::span<const TaskRef> tasks) = 0;
  virtual std::vector<ActAnswer> release(std::span<const TaskRef> tasks) = 0;
  virtual Limits limits() const = 0;  // as remembered: asks nobody
  // Asks for them and remembers the answer; what could not be asked stays as it was remembered.
  virtual Limits ask_limits() { return limits(); }
  // How many tasks this user has there now, waiting and running, whoever submitted them; nullopt: could not ask.
  virtual std::optional<int> count_submitted() { return std::nullopt; }
  // Before anything is written down: throws Error where nothing can be handed over from here now, since there is no
  // such scheduler, one of another kind, or it does not answer.
  virtual void check_it_answers() {}
  // What the site's profile and its user ask for and this scheduler has no words for: it would be dropped in silence.
  // A sentence each, with what to do. Of the profile as it was asked to be for some jobs. Asks nobody.
  virtual std::vector<std::string> unsayable(const site::Profile&) const { return {}; }
  // Why no job can be told to keep off these nodes, and what a person can do: a sentence. Empty: `exclude` does it.
  virtual std::string cannot_keep_off(std::span<const std::string>) const { return ""; }
  // Lines for the head of the job script, each complete: what the site and the shape of the job ask for.
  virtual std::vector<std::string> directives(const SubmitRequest&, const site::Profile&) const { return {}; }
  // Jobs run where the user sits: asking is cheap, and Ctrl-C in `run` ends them as preempted.
  virtual bool is_this_machine() const { return false; }
  // It may forget, when it starts anew, what it said last: a task that was cancelled before it began waits again.
  virtual bool may_forget_ends() const { return false; }
  // How long a submission whose answer was lost may still surface.
  virtual Seconds settle_time() const = 0;
};

}  // namespace tt::scheduler
