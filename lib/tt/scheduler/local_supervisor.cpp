#include "tt/scheduler/local_supervisor.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/lock.hpp"
#include "tt/base/process.hpp"
#include "tt/base/stop_point.hpp"
#include "tt/scheduler/local_plan.hpp"

namespace tt::scheduler {
namespace {

using TaskKey = std::pair<Token, int>;

constexpr int kStartTries = 3;
// Folder times come from the kernel's tick: a change right after a look can carry the same time.
constexpr std::chrono::milliseconds kTimeGrain{100};
// A file server's clock may be behind ours.
constexpr Seconds kReadAnyway{5};

void wake_up(int) {}

void take_over_this_process(const fs::path& workspace) {
  struct sigaction action {};
  sigemptyset(&action.sa_mask);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGHUP, &action, nullptr);
  ::sigaction(SIGPIPE, &action, nullptr);
  action.sa_handler = wake_up;  // a child's end cuts the sleep short
  ::sigaction(SIGCHLD, &action, nullptr);
  ::closefrom(3);
  if (::chdir(workspace.c_str()) != 0) throw Error(fmt::format("cannot enter {}", workspace.string()));
}

class Supervisor {
 public:
  Supervisor(const SuperviseOptions& options, Clock& clock)
      : options_(options), clock_(clock), spool_(options.workspace, options.host) {}

  const Spool& spool() const { return spool_; }

  // Until there has been nothing to do for a while.
  void work() {
    Instant last_work = clock_.now();
    while (is_folder(spool_.root())) {
      step();
      if (has_work(queue_))
        last_work = clock_.now();
      else if (clock_.now() - last_work >= options_.idle)
        return;
      clock_.sleep(options_.poll);
    }
  }

  bool sees_work() {
    look();
    return has_work(queue_);
  }

 private:
  struct Seen {
    fs::file_time_type folder_time;
    bool settled = false;  // the folder was last changed well before it was read
    Instant read{};
  };

  // One look at everything. Trouble (a full disk, say) is told once and tried again at the next look.
  void step() {
    try {
      settle_children();
      look();
      for (QueuedJob& queued : queue_) tend(queued);
      start_tasks();
      finish_jobs();
      trouble_.clear();
    } catch (const Error& error) {
      if (trouble_ != error.what()) fmt::print(stderr, "{} {}\n", iso_time(clock_.now()), error.what());
      trouble_ = error.what();
      seen_.clear();  // what was read before the trouble is read again
    }
  }

  void look() {
    std::vector<QueuedJob> queue;
    for (const Token& token : spool_.open_tokens()) {
      if (auto job = refreshed(token)) queue.push_back(std::move(*job));
    }
    sort_queue(queue);
    queue_ = std::move(queue);
  }

  std::optional<QueuedJob> refreshed(const Token& token) {
    QueuedJob fresh;
    const auto before = std::find_if(queue_.begin(), queue_.end(), [&](const auto& q) { return q.job.token == token; });
    if (before != queue_.end()) {
      fresh = *before;
    } else {
      auto job = spool_.load_job(token);
      if (!job) return std::nullopt;
      fresh.job = std::move(*job);
    }
    if (has_changed(token)) fresh.tasks = spool_.load_tasks(fresh.job, fresh.tasks);
    std::erase_if(fresh.starting, [&](const Start& start) { return !is_on_its_way(fresh, start); });
    return fresh;
  }

  bool has_changed(const Token& token) {
    std::error_code error;
    const auto time = fs::last_write_time(spool_.folder(token), error);
    Seen& seen = seen_[token];
    const Instant now = clock_.now();
    if (!error && seen.settled && seen.folder_time == time && now - seen.read < kReadAnyway) return false;
    seen.folder_time = time;
    seen.read = now;
    seen.settled = fs::file_time_type::clock::now() - time > kTimeGrain;
    return true;
  }

  // Our child has not yet put itself on record.
  bool is_on_its_way(const QueuedJob& queued, const Start& start) const {
    const auto is_task = [&](const LocalTask& task) { return task.index == start.index && !task.is_pending(); };
    if (std::any_of(queued.tasks.begin(), queued.tasks.end(), is_task)) return false;
    return std::any_of(children_.begin(), children_.end(), [&](const auto& child) {
      return child.second == TaskKey{start.token, start.index};
    });
  }

  // Children that ended: tasks, or starters that found their task taken.
  void settle_children() {
    for (const Reaped& child : reap_children()) {
      const auto found = children_.find(child.pid);
      if (found == children_.end()) continue;
      const TaskKey key = found->second;
      reaped_.emplace_back(key, child);
      children_.erase(found);
    }
    // Kept until it is on disk: a full disk must not lose a status that is told only once.
    while (!reaped_.empty()) {
      settle_child(reaped_.back().first, reaped_.back().second);
      reaped_.pop_back();
    }
  }

  void settle_child(const TaskKey& key, const Reaped& child) {
    const auto& [token, index] = key;
    const LocalTask task = spool_.load_task(token, index);
    seen_.erase(token);
    if (task.is_running() && task.start->process.pid == child.pid) {
      kill_leftovers(*task.start);
      TaskEnd end{end_reason(task), true, child.exit_status, {}, clock_.now()};
      if (child.signal) end.signal = signal_name(*child.signal);
      stop_point("supervisor-before-ended");
      spool_.write_end(token, index, end);
    } else if (task.is_pending() && ++failed_starts_[key] >= kStartTries) {
      end_unstarted(token, index, EndReason::never_started);
    }
  }

  void end_unstarted(const Token& token, int index, EndReason why) {
    spool_.revoke(token, index, why, clock_.now());  // what stands there is read at the next look
    seen_.erase(token);
  }

  // Looks after the tasks of one job: adopts, signals, ends.
  void tend(QueuedJob& queued) {
    for (LocalTask& task : queued.tasks) {
      if (task.is_over()) continue;
      if (task.is_running()) {
        tend_running(queued, task);
      } else if (task.stop) {  // asked to stop and not on record: it is not to start
        end_unstarted(queued.job.token, task.index, reason_of(*task.stop));
      } else if (queued.job.slots > machine_of(queue_).slots) {
        end_unstarted(queued.job.token, task.index, EndReason::never_started);
      }
    }
  }

  void tend_running(QueuedJob& queued, LocalTask& task) {
    const ProcessIdentity& process = task.start->process;
    if (!children_.contains(process.pid) && !is_alive(process)) {
      settle_vanished(queued, task);
      return;
    }
    if (task.stop) stop(queued, task);
    switch (limit_deed(queued.job, *task.start, clock_.now())) {
      case LimitDeed::none:
        break;
      case LimitDeed::tell:
        tell_limit(queued, task);
        break;
      case LimitDeed::kill:
        mark_limit(queued, task);
        signal_session(process.pid, SIGKILL);
        break;
    }
  }

  // A task of an earlier supervisor is over; how it went is written in its run folder, if anywhere.
  void settle_vanished(QueuedJob& queued, LocalTask& task) {
    const auto self = identify(::getpid());
    const bool restarted = self && self->boot_id != task.start->process.boot_id;
    if (!restarted) kill_leftovers(*task.start);
    const EndReason reason = restarted && !task.stop && !task.limit_reached ? EndReason::lost : end_reason(task);
    finish(queued, task, {reason, true, {}, {}, clock_.now()});
  }

  void finish(QueuedJob& queued, LocalTask& task, const TaskEnd& end) {
    spool_.write_end(queued.job.token, task.index, end);
    task.end = end;
  }

  void stop(QueuedJob& queued, LocalTask& task) {
    const auto [told, is_first] = told_to_stop_.try_emplace({queued.job.token, task.index}, clock_.now());
    if (is_first)
      send_signal(task.start->process.pid, SIGTERM);
    else if (clock_.now() - told->second >= queued.job.kill_after)
      signal_session(task.start->process.pid, SIGKILL);
  }

  void mark_limit(QueuedJob& queued, LocalTask& task) {
    if (task.limit_reached) return;
    spool_.mark_limit(queued.job.token, task.index);
    task.limit_reached = true;
  }

  // Marked before it is told, so that a new supervisor knows why the task ended. Another signal than a cancel's: the
  // job script then takes the longer time a limit leaves it.
  void tell_limit(QueuedJob& queued, LocalTask& task) {
    mark_limit(queued, task);
    if (told_limit_.insert({queued.job.token, task.index}).second) send_signal(task.start->process.pid, SIGUSR1);
  }

  // What the job script left running in its session. When the leader's pid is in use again the session is a stranger's.
  static void kill_leftovers(const TaskStart& start) {
    if (!identify(start.process.pid)) signal_session(start.process.pid, SIGKILL);
  }

  void start_tasks() {
    for (const Start& start : next_starts(queue_, machine_of(queue_))) {
      const auto queued =
          std::find_if(queue_.begin(), queue_.end(), [&](const QueuedJob& q) { return q.job.token == start.token; });
      const ProcessIdentity child = start_detached(start_command(start), output_of(queued->job, start.index));
      children_[child.pid] = {start.token, start.index};
      queued->starting.push_back(start);
      stop_point("supervisor-after-start");
    }
  }

  Command start_command(const Start& start) const {
    Command command{options_.start_task, options_.environment, options_.workspace};
    for (const std::string& word : {spool_.root().string(), start.token.text, std::to_string(start.index)}) {
      command.argv.push_back(word);
    }
    command.environment.set("TT_START_SLOTS", std::to_string(start.slots));
    command.environment.set("TT_START_GPUS", fmt::format("{}", fmt::join(start.gpus, ",")));
    return command;
  }

  static fs::path output_of(const LocalJob& job, int index) { return job.submission / fmt::format("{}.out", index); }

  void finish_jobs() {
    for (const QueuedJob& queued : queue_) {
      if (is_over(queued)) spool_.mark_done(queued.job.token);
    }
  }

  const SuperviseOptions& options_;
  Clock& clock_;
  Spool spool_;
  std::vector<QueuedJob> queue_;
  std::map<Token, Seen> seen_;
  std::map<pid_t, TaskKey> children_;
  std::vector<std::pair<TaskKey, Reaped>> reaped_;
  std::map<TaskKey, int> failed_starts_;
  std::map<TaskKey, Instant> told_to_stop_;
  std::set<TaskKey> told_limit_;
  std::string trouble_;
};

}  // namespace

int supervise(const SuperviseOptions& options, Clock& clock) {
  Supervisor supervisor(options, clock);
  make_folders(supervisor.spool().root());
  take_over_this_process(options.workspace);
  for (;;) {
    {
      const auto lock = FileLock::try_acquire(supervisor.spool().supervisor_lock(), clock);
      if (!lock) return 0;
      supervisor.work();
    }
    // A job may have come in after the last look and before the lock was given up: its client saw a living supervisor.
    if (!is_folder(supervisor.spool().root()) || !supervisor.sees_work()) return 0;
  }
}

}  // namespace tt::scheduler
