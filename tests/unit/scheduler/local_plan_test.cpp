#include "tt/scheduler/local_plan.hpp"

#include <gtest/gtest.h>

namespace tt::scheduler {
namespace {

Instant second(int n) { return Instant{std::chrono::seconds(n)}; }

QueuedJob job_of(const std::string& token, int submitted, int tasks, int slots = 1) {
  QueuedJob queued;
  queued.job.token = Token{token};
  queued.job.submitted = second(submitted);
  queued.job.slots = slots;
  for (int i = 0; i < tasks; ++i) {
    queued.job.indices.push_back(i);
    LocalTask task;
    task.index = i;
    queued.tasks.push_back(task);
  }
  return queued;
}

void run(LocalTask& task, int slots = 1, std::vector<int> gpus = {}) {
  task.start = TaskStart{};
  task.start->slots = slots;
  task.start->gpus = std::move(gpus);
}

std::vector<std::string> planned(const std::vector<QueuedJob>& queue, const LocalMachine& machine) {
  std::vector<std::string> words;
  for (const Start& start : next_starts(queue, machine)) {
    std::string word = start.token.text + "/" + std::to_string(start.index);
    for (const int gpu : start.gpus) word += " gpu" + std::to_string(gpu);
    words.push_back(word);
  }
  return words;
}
using Words = std::vector<std::string>;

TEST(LocalPlan, StartsFirstComeFirstServed) {
  std::vector<QueuedJob> queue{job_of("b", 2, 2), job_of("z", 1, 2), job_of("a", 2, 1)};
  sort_queue(queue);
  EXPECT_EQ(planned(queue, {4, {}}), (Words{"z/0", "z/1", "a/0", "b/0"}));
}

TEST(LocalPlan, CountsWhatRunsAndWhatIsOnItsWay) {
  std::vector<QueuedJob> queue{job_of("a", 1, 5)};
  run(queue[0].tasks[0]);
  queue[0].starting.push_back({Token{"a"}, 1, 1, {}});
  EXPECT_EQ(planned(queue, {3, {}}), (Words{"a/2"}));
}

TEST(LocalPlan, GivesTheSlotsOfAnEndedTaskToTheNext) {
  std::vector<QueuedJob> queue{job_of("a", 1, 2)};
  run(queue[0].tasks[0]);
  EXPECT_EQ(planned(queue, {1, {}}), Words{});
  queue[0].tasks[0].end = TaskEnd{};
  EXPECT_EQ(planned(queue, {1, {}}), (Words{"a/1"}));
}

TEST(LocalPlan, LetsNobodyOvertakeAWideTask) {
  std::vector<QueuedJob> queue{job_of("narrow", 1, 1), job_of("wide", 2, 1, 4), job_of("late", 3, 3)};
  run(queue[0].tasks[0]);
  EXPECT_EQ(planned(queue, {4, {}}), Words{});
  queue[0].tasks[0].end = TaskEnd{};
  EXPECT_EQ(planned(queue, {4, {}}), (Words{"wide/0"}));
}

TEST(LocalPlan, PassesOverHeldStoppedAndThrottledTasks) {
  std::vector<QueuedJob> queue{job_of("a", 1, 4), job_of("b", 2, 2)};
  queue[0].job.throttle = 1;
  queue[0].tasks[0].held = true;
  queue[0].tasks[1].stop = StopAs::cancelled;
  EXPECT_EQ(planned(queue, {8, {}}), (Words{"a/2", "b/0", "b/1"}));
}

TEST(LocalPlan, NeverStartsARevokedTask) {
  std::vector<QueuedJob> queue{job_of("a", 1, 1)};
  queue[0].tasks[0].start = TaskStart{};
  queue[0].tasks[0].start->revoked = EndReason::cancelled;
  EXPECT_EQ(planned(queue, {8, {}}), Words{});
  EXPECT_FALSE(queue[0].tasks[0].is_running());
}

TEST(LocalPlan, LendsTheLowestFreeGpus) {
  std::vector<QueuedJob> queue{job_of("a", 1, 3, 2)};
  run(queue[0].tasks[0], 2, {0, 2});
  EXPECT_EQ(planned(queue, {6, {0, 1, 2, 3, 5, 7}}), (Words{"a/1 gpu1 gpu3", "a/2 gpu5 gpu7"}));
}

TEST(LocalPlan, NeedsASupervisorWhileSomethingRunsOrCouldStart) {
  std::vector<QueuedJob> queue{job_of("a", 1, 1)};
  EXPECT_TRUE(has_work(queue));
  queue[0].tasks[0].held = true;
  EXPECT_FALSE(has_work(queue)) << "a release starts one again";
  queue[0].tasks[0].held = false;
  run(queue[0].tasks[0]);
  EXPECT_TRUE(has_work(queue));
  queue[0].tasks[0].end = TaskEnd{};
  EXPECT_FALSE(has_work(queue));
}

TEST(LocalPlan, TellsATaskBeforeItsLimitAndKillsItThere) {
  LocalJob job;
  job.walltime = Seconds{100};
  job.warn_before = Seconds{30};
  TaskStart start;
  start.time = second(1000);
  EXPECT_EQ(limit_deed(job, start, second(1069)), LimitDeed::none);
  EXPECT_EQ(limit_deed(job, start, second(1070)), LimitDeed::tell);
  EXPECT_EQ(limit_deed(job, start, second(1099)), LimitDeed::tell);
  EXPECT_EQ(limit_deed(job, start, second(1100)), LimitDeed::kill);
  job.warn_before = Seconds{600};
  EXPECT_EQ(limit_deed(job, start, second(1049)), LimitDeed::none) << "a task gets half of its time in peace";
  EXPECT_EQ(limit_deed(job, start, second(1050)), LimitDeed::tell);
  job.warn_before = Seconds{0};
  EXPECT_EQ(limit_deed(job, start, second(1099)), LimitDeed::none);
  job.walltime = Seconds{0};
  EXPECT_EQ(limit_deed(job, start, second(99999)), LimitDeed::none) << "no limit";
}

TEST(LocalPlan, NamesARequestBeforeALimitBeforeItsOwnEnd) {
  LocalTask task;
  EXPECT_EQ(end_reason(task), EndReason::exited);
  task.limit_reached = true;
  EXPECT_EQ(end_reason(task), EndReason::time_limit);
  task.stop = StopAs::preempted;
  EXPECT_EQ(end_reason(task), EndReason::preempted);
}

}  // namespace
}  // namespace tt::scheduler
