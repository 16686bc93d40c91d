// tt/scheduler/local_plan.hpp: what the supervisor decides, without doing it. Pure.
#pragma once

#include <span>
#include <vector>

#include "tt/scheduler/local_spool.hpp"

namespace tt::scheduler {

// A task about to be started, and what it is lent.
struct Start {
  Token token;
  int index = 0;
  int slots = 1;
  std::vector<int> gpus;
};

struct QueuedJob {
  LocalJob job;
  std::vector<LocalTask> tasks;
  std::vector<Start> starting;  // started by this supervisor, not yet on record
};

// First come, first served: by time of submission, then token.
bool comes_before(const QueuedJob& a, const QueuedJob& b);
void sort_queue(std::vector<QueuedJob>& jobs);

// What the machine has: as the latest submission found it.
LocalMachine machine_of(std::span<const QueuedJob> queue);

// The next tasks to start, in order. Held tasks and jobs at their throttle are passed over; a task that does not fit
// makes everybody behind it wait, so that a wide task is not starved by narrow ones.
std::vector<Start> next_starts(std::span<const QueuedJob> queue, const LocalMachine& machine);

// Something runs, or could be started when there is room: a supervisor is needed.
bool has_work(std::span<const QueuedJob> queue);
bool is_over(const QueuedJob& queued);  // every task is

enum class LimitDeed { none, tell, kill };
// The task is told `warn_before` ahead of its wall-time limit (at half of it when that is longer) and killed at it.
LimitDeed limit_deed(const LocalJob& job, const TaskStart& start, Instant now);

// Why a task that ran is over: it was told to stop, reached its limit, or ended by itself.
EndReason end_reason(const LocalTask& task);

}  // namespace tt::scheduler
