// How far trainings are, from logs as they lie in run folders.
#include "tt/flow/running_progress.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <deque>

#include "support/temp_folder.hpp"

namespace tt::flow {
namespace {

const char* const kStart =
    "[rank0]:[titan] 2026-01-01 00:00:00,000 - root - INFO - Trainer is initialized with local batch size 1, global "
    "batch size 1, gradient accumulation steps 1, sequence length 256, total steps 200 (warmup 0)\n"
    "[rank0]:[titan] 2026-01-01 00:00:00,000 - root - INFO - Training starts at step 1\n";

std::string step_line(int step, const std::string& time, const std::string& loss = "3.51234", int tokens = 1000) {
  return "[rank0]:[titan] 2026-01-01 " + time + ",000 - root - INFO - step: " + std::to_string(step) +
         "  loss: " + loss + "  grad_norm:  1.0000  memory:  1.00GiB(1.00%)  tps: " + std::to_string(tokens) +
         "  tflops: 1.00  mfu: 1.00%\n";
}

class Running : public testing::Test {
 protected:
  RunView& add(const std::string& name, const std::string& log) {
    RunView run;
    run.id = RunId{name};
    run.name = name;
    run.state = RunState::running;
    run.attempt = 1;
    run.folder = RunFolder(folder_ / name);
    folder_.write(name + "/attempt-1/log.txt", log);
    runs_.push_back(run);
    return runs_.back();
  }
  void rewrite(const std::string& name, const std::string& log) { folder_.write(name + "/attempt-1/log.txt", log); }
  std::vector<const RunView*> all() const {
    std::vector<const RunView*> all;
    for (const RunView& run : runs_) all.push_back(&run);
    return all;
  }

  test::TempFolder folder_;
  std::deque<RunView> runs_;
};

TEST_F(Running, IsReadFromTheLastStepLines) {
  const RunView& run = add("_a", kStart + step_line(10, "00:00:10") + step_line(20, "00:00:30", "3.25", 1234));
  RunningProgress progress;
  EXPECT_FALSE(progress.of(run).step) << "not looked at yet";
  progress.read(all(), 1);
  const TrainingProgress seen = progress.of(run);
  EXPECT_EQ(seen.step, 20);
  EXPECT_EQ(seen.steps, 200);
  EXPECT_EQ(seen.tokens_per_second_per_gpu, 1234);
  EXPECT_EQ(seen.loss, 3.25);
  EXPECT_EQ(seen.per_step->count(), 2) << "20 seconds for 10 steps";
  EXPECT_EQ(seen.between_lines->count(), 20);
  EXPECT_TRUE(seen.spoke);
}

TEST_F(Running, HasNoNumbersBeforeItSaysSome) {
  const RunView& run = add("_a", "loading\n");
  RunningProgress progress;
  progress.read(all(), 1);
  EXPECT_FALSE(progress.of(run).step);
  EXPECT_FALSE(progress.of(run).steps);
  EXPECT_FALSE(progress.of(run).loss);
  EXPECT_TRUE(progress.of(run).spoke);
}

TEST_F(Running, WithoutALogIsNoTrouble) {
  RunView& run = add("_a", "");
  run.attempt = 2;
  RunningProgress progress;
  progress.read(all(), 1);
  EXPECT_FALSE(progress.of(run).spoke);
}

TEST_F(Running, OfALongLogOnlyBothEndsAreRead) {
  std::string log = kStart;
  log += std::string(1000, 'x') + "\n" + step_line(100, "00:00:01", "nan");  // in the middle: never seen
  log += std::string(10000, 'x') + "\n";
  log += step_line(150, "00:10:00") + step_line(160, "00:10:40", "2.5");
  const RunView& run = add("_a", log);
  RunningProgress progress({64, 400});
  progress.read(all(), 1);
  EXPECT_EQ(progress.of(run).step, 160);
  EXPECT_EQ(progress.of(run).steps, 200);
  EXPECT_EQ(progress.of(run).loss, 2.5);
  EXPECT_EQ(progress.of(run).per_step->count(), 4);
}

TEST_F(Running, KeepsWhatItKnewWhenTheEndSaysNothingOfSteps) {
  const std::string said = kStart + step_line(10, "00:00:10");
  const RunView& run = add("_a", said);
  RunningProgress progress({64, 400});
  progress.read(all(), 1);
  EXPECT_EQ(progress.of(run).step, 10);
  rewrite("_a", said + std::string(10000, 'x') + "\nsaving\n");
  progress.read(all(), 1);
  EXPECT_EQ(progress.of(run).step, 10);
  EXPECT_EQ(progress.of(run).steps, 200);
}

TEST_F(Running, SaysWhenTheLossIsNoNumber) {
  const RunView& run = add("_a", kStart + step_line(10, "00:00:10") + step_line(20, "00:00:30", "nan"));
  RunningProgress progress;
  progress.read(all(), 1);
  EXPECT_TRUE(std::isnan(progress.of(run).loss.value()));
}

TEST_F(Running, StartsOverWithTheNextAttempt) {
  RunView& run = add("_a", kStart + step_line(10, "00:00:10"));
  RunningProgress progress;
  progress.read(all(), 1);
  run.attempt = 2;
  EXPECT_FALSE(progress.of(run).step);
  folder_.write("_a/attempt-2/log.txt", kStart + step_line(1, "01:00:00"));
  progress.read(all(), 1);
  EXPECT_EQ(progress.of(run).step, 1);
}

TEST_F(Running, LooksAtTheShownOnesAlwaysAndAtAllOthersInTurn) {
  for (int i = 0; i < 10; ++i) add("_" + std::to_string(i), kStart + step_line(1, "00:00:10"));
  const auto known = [&](const RunningProgress& progress) {
    std::string names;
    for (const RunView& run : runs_) names += progress.of(run).step ? run.name.substr(1) : "";
    return names;
  };
  RunningProgress progress({3, 1000});
  progress.read(all(), 2);
  EXPECT_EQ(known(progress), "01234");
  rewrite("_0", kStart + step_line(1, "00:00:10") + step_line(2, "00:00:20"));
  progress.read(all(), 2);
  EXPECT_EQ(known(progress), "01234567");
  EXPECT_EQ(progress.of(runs_[0]).step, 2);
  progress.read(all(), 2);
  EXPECT_EQ(known(progress), "0123456789");
}

}  // namespace
}  // namespace tt::flow
