#include "tt/scheduler/local_plan.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace tt::scheduler {
namespace {

// What is free now.
struct Free {
  int slots = 0;
  std::set<int> gpus;

  void take(int count, const std::vector<int>& ids) {
    slots -= count;
    for (const int id : ids) gpus.erase(id);
  }
};

Free free_now(std::span<const QueuedJob> queue, const LocalMachine& machine) {
  Free free{machine.slots, {machine.gpus.begin(), machine.gpus.end()}};
  for (const QueuedJob& queued : queue) {
    for (const LocalTask& task : queued.tasks) {
      if (task.is_running()) free.take(task.start->slots, task.start->gpus);
    }
    for (const Start& start : queued.starting) free.take(start.slots, start.gpus);
  }
  return free;
}

bool is_starting(const QueuedJob& queued, int index) {
  return std::any_of(queued.starting.begin(), queued.starting.end(), [&](const Start& s) { return s.index == index; });
}

bool may_start(const QueuedJob& queued, const LocalTask& task) {
  return task.is_pending() && !task.held && !task.stop && !is_starting(queued, task.index);
}

int at_work(const QueuedJob& queued) {
  const auto running =
      std::count_if(queued.tasks.begin(), queued.tasks.end(), [](const LocalTask& task) { return task.is_running(); });
  return static_cast<int>(running) + static_cast<int>(queued.starting.size());
}

bool fits(const LocalJob& job, const LocalMachine& machine, const Free& free) {
  return job.slots <= free.slots && (machine.gpus.empty() || job.slots <= static_cast<int>(free.gpus.size()));
}

Start lend(const LocalJob& job, int index, const LocalMachine& machine, Free& free) {
  Start start{job.token, index, job.slots, {}};
  if (!machine.gpus.empty()) {
    const auto end = std::next(free.gpus.begin(), job.slots);
    start.gpus.assign(free.gpus.begin(), end);
  }
  free.take(start.slots, start.gpus);
  return start;
}

}  // namespace

bool comes_before(const QueuedJob& a, const QueuedJob& b) {
  return std::tie(a.job.submitted, a.job.token) < std::tie(b.job.submitted, b.job.token);
}

void sort_queue(std::vector<QueuedJob>& jobs) { std::sort(jobs.begin(), jobs.end(), comes_before); }

LocalMachine machine_of(std::span<const QueuedJob> queue) {
  return queue.empty() ? LocalMachine{} : queue.back().job.machine;
}

std::vector<Start> next_starts(std::span<const QueuedJob> queue, const LocalMachine& machine) {
  std::vector<Start> starts;
  Free free = free_now(queue, machine);
  for (const QueuedJob& queued : queue) {
    int room = queued.job.throttle ? *queued.job.throttle - at_work(queued) : static_cast<int>(queued.tasks.size());
    for (const LocalTask& task : queued.tasks) {
      if (room <= 0) break;
      if (!may_start(queued, task)) continue;
      if (!fits(queued.job, machine, free)) return starts;
      starts.push_back(lend(queued.job, task.index, machine, free));
      --room;
    }
  }
  return starts;
}

bool has_work(std::span<const QueuedJob> queue) {
  return std::any_of(queue.begin(), queue.end(), [](const QueuedJob& queued) {
    return !queued.starting.empty() || std::any_of(queued.tasks.begin(), queued.tasks.end(), [](const LocalTask& task) {
      return task.is_running() || (task.is_pending() && !task.held);
    });
  });
}

bool is_over(const QueuedJob& queued) {
  return std::all_of(queued.tasks.begin(), queued.tasks.end(), [](const LocalTask& task) { return task.is_over(); });
}

LimitDeed limit_deed(const LocalJob& job, const TaskStart& start, Instant now) {
  if (job.walltime.count() <= 0) return LimitDeed::none;
  const Seconds ran = now - start.time;
  if (ran >= job.walltime) return LimitDeed::kill;
  const Seconds warning = std::min(job.warn_before, job.walltime / 2);
  return warning.count() > 0 && ran >= job.walltime - warning ? LimitDeed::tell : LimitDeed::none;
}

EndReason end_reason(const LocalTask& task) {
  if (task.stop) return reason_of(*task.stop);
  return task.limit_reached ? EndReason::time_limit : EndReason::exited;
}

}  // namespace tt::scheduler
