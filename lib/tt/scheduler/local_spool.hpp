// tt/scheduler/local_spool.hpp: the queue of this machine as files: <workspace>/.tt/local/<host>/<token>/.
//
//   job.json      the job; its presence is the acceptance
//   <i>.started   placed once, whole, by the process that becomes the task (pid, start ticks, boot id, slots, GPUs,
//   time),
//                 or by a cancel that came first ("revoked"): whoever places it decides whether the task runs
//   <i>.ended     how it ended when it ran; written by the supervisor
//   <i>.cancel    a request: "cancelled" or "preempted"
//   <i>.limit     the wall-time limit was reached and the task told
//   <i>.hold      not to be started while it is there
//   done          every task ended
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tt/base/clock.hpp"
#include "tt/base/environment.hpp"
#include "tt/base/process.hpp"
#include "tt/scheduler/scheduler.hpp"

namespace tt::scheduler {

// What this machine lends: its GPUs, or counted slots where it has none.
struct LocalMachine {
  int slots = 1;          // all of them; with GPUs: their number
  std::vector<int> gpus;  // empty: slots are only counted
};

struct LocalJob {
  Token token;
  Instant submitted{};
  std::filesystem::path submission;
  std::filesystem::path script;
  std::filesystem::path workdir;
  std::vector<int> indices;
  std::optional<int> throttle;
  int slots = 1;  // of one task
  LocalMachine machine;
  Seconds walltime{0};
  Seconds warn_before{0};
  Seconds kill_after{0};
  Environment environment;
};
JobId local_job_id(const Token& token);  // "local-<token>"
EndReason reason_of(StopAs as);

struct TaskStart {
  ProcessIdentity process;
  int slots = 0;
  std::vector<int> gpus;
  Instant time{};
  std::string nonce;
  std::optional<EndReason> revoked;  // a cancel came first, or it could not be started: the task will never run
};

// One task as its files tell it.
struct LocalTask {
  int index = 0;
  std::optional<TaskStart> start;
  std::optional<TaskEnd> end;
  std::optional<StopAs> stop;
  bool limit_reached = false;
  bool held = false;
  bool is_pending() const { return !start && !end; }
  bool is_running() const { return start && !start->revoked && !end; }
  bool is_over() const { return end || (start && start->revoked); }
};

class Spool {
 public:
  Spool(const std::filesystem::path& workspace, const std::string& host);
  explicit Spool(std::filesystem::path root) : root_(std::move(root)) {}
  const std::filesystem::path& root() const { return root_; }
  std::string host() const { return root_.filename().string(); }
  std::filesystem::path folder(const Token& token) const { return root_ / token.text; }
  std::filesystem::path supervisor_lock() const { return root_ / "supervisor.lock"; }
  std::filesystem::path supervisor_log() const { return root_ / "supervisor.log"; }

  std::vector<Token> tokens() const;       // accepted jobs, done ones included
  std::vector<Token> open_tokens() const;  // accepted jobs that are not done
  bool has_job(const Token& token) const;
  bool is_done(const Token& token) const;  // every task ended
  std::optional<LocalJob> load_job(const Token& token) const;
  void write_job(const LocalJob& job) const;  // accepted when this returns

  // All tasks of a job, in the order of its indices. `known` is what was read before: records that never change are
  // not read again.
  std::vector<LocalTask> load_tasks(const LocalJob& job, const std::vector<LocalTask>& known = {}) const;
  LocalTask load_task(const Token& token, int index) const;

  // True when `start` is the one that stands afterwards.
  bool place_start(const Token& token, int index, const TaskStart& start) const;
  void write_end(const Token& token, int index, const TaskEnd& end) const;
  // Makes sure the task never starts and says why; false when it has started before.
  bool revoke(const Token& token, int index, EndReason why, Instant now) const;
  void request_stop(const Token& token, int index, StopAs as) const;
  void mark_limit(const Token& token, int index) const;
  void set_held(const Token& token, int index, bool held) const;
  void mark_done(const Token& token) const;

  // The host whose spool has this job, when it is not this one.
  std::optional<std::string> other_host_of(const Token& token) const;

 private:
  std::filesystem::path file(const Token& token, int index, const char* kind) const;
  std::optional<TaskStart> load_start(const Token& token, int index) const;
  std::optional<TaskEnd> load_end(const Token& token, int index) const;
  std::optional<StopAs> load_stop(const Token& token, int index) const;
  std::filesystem::path root_;
};

}  // namespace tt::scheduler
