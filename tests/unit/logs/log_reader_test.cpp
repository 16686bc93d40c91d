#include "tt/logs/log_reader.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/log_support.hpp"

namespace tt::logs {
namespace {

using test::folded;
using test::recorded;

std::string json(const LogState& state) { return to_json(to_value(state)); }

TEST(LogReader, KnowsTheEndOfARecordedRun) {
  const auto state = folded(recorded("torchrun/ok-fsdp2.txt"));
  EXPECT_TRUE(state.end_mark);
  EXPECT_EQ(state.last_step, 5);
  EXPECT_EQ(state.total_steps, 5);
  EXPECT_EQ(state.start_step, 1);
  EXPECT_EQ(state.loss_first, 8.11935);
  EXPECT_EQ(state.loss_last, 4.99649);
  EXPECT_EQ(state.grad_norm_last, 2.8995);
  EXPECT_EQ(state.device, "CPU");
  EXPECT_TRUE(state.reached_last_step());
  EXPECT_TRUE(state.loss_is_finite());
}

TEST(LogReader, KnowsTheVersionThatVersion03Prints) {
  EXPECT_EQ(folded(recorded("torchrun/v0.3.0-ok-1proc.txt")).titan_version, "0.3.0");
}

TEST(LogReader, TakesTheSoftwareFromTheHeaderAndNotFromTheTraining) {
  const auto state = folded(
      "# python:   /v/bin/python\n# runtime:  Python 3.11.7\n# torchtitan: commit 0a1b, modified\n# torch:    2.15.0\n"
      "# output of the training:\n[rank0]:# torch:    9.9.9\n# driver:   550.54\n");
  const std::vector<std::pair<std::string, std::string>> wanted{
      {"runtime", "Python 3.11.7"}, {"torchtitan", "commit 0a1b, modified"}, {"torch", "2.15.0"}};
  EXPECT_EQ(state.software, wanted);
  EXPECT_EQ(read_log_state(to_value(state)).software, wanted);
}

TEST(LogReader, GivesTheSameStateHoweverTheBytesArrive) {
  const auto log = recorded("torchrun/ok-pp2.txt");
  LogState whole;
  read_more(whole, log);
  for (const std::size_t piece : {1u, 7u, 100u, 4096u}) {
    LogState state;
    for (std::size_t at = 0; at < log.size(); at += piece) read_more(state, std::string_view(log).substr(at, piece));
    EXPECT_EQ(json(state), json(whole)) << piece;
  }
  EXPECT_EQ(whole.offset, log.size());
}

TEST(LogReader, GoesOnFromAWrittenState) {
  const auto log = recorded("torchrun/nan-loss.txt");
  LogState whole;
  read_more(whole, log);
  const std::size_t half = log.size() / 2;
  LogState first;
  read_more(first, std::string_view(log).substr(0, half));
  LogState second = read_log_state(parse_json(json(first), "state"));
  EXPECT_EQ(second.offset, half);
  read_more(second, std::string_view(log).substr(half));
  EXPECT_EQ(json(second), json(whole));
  ASSERT_TRUE(second.non_finite);
  EXPECT_EQ(second.non_finite->step, 2);
  ASSERT_TRUE(second.loss_last);
  EXPECT_TRUE(std::isnan(*second.loss_last));
}

TEST(LogReader, StartsAgainWhenTheWrittenStateIsOfAnotherKind) {
  const auto state = read_log_state(parse_json("{\"schema\":\"tt.log-state/0\",\"offset\":12}", "state"));
  EXPECT_EQ(state.offset, 0u);
}

TEST(LogReader, KeepsAnUnfinishedLineForLater) {
  LogState state;
  read_more(state, "step:  1  loss: 2.0\nstep:  2  loss:");
  EXPECT_EQ(state.last_step, 1);
  read_more(state, " 1.5\n");
  EXPECT_EQ(state.last_step, 2);
  EXPECT_EQ(state.loss_last, 1.5);
  EXPECT_EQ(state.lines, 2u);
}

TEST(LogReader, ReadsALastLineWithoutEnd) { EXPECT_EQ(folded("step:  1  loss: 2.0").last_step, 1); }

TEST(LogReader, DoesNotGrowWithALineThatNeverEnds) {
  LogState state;
  const std::string piece(100000, 'x');
  for (int i = 0; i < 5; ++i) read_more(state, piece);
  EXPECT_EQ(state.unfinished.size(), longest_line);
  EXPECT_EQ(state.offset, 500000u);
  read_more(state, "\nstep:  1  loss: 2.0\n");
  EXPECT_EQ(state.last_step, 1);
}

TEST(LogReader, DoesNotTakeThePipelinesMinusOneForALoss) {
  const auto state = folded("[rank0]:step:  1  loss: -1.00000\n[rank0]:step:  2  loss: -4.0000\n");
  EXPECT_EQ(state.loss_first, std::nullopt);
  EXPECT_EQ(state.last_step, 2);
}

TEST(LogReader, SeesTheLossOfWhicheverRankHasIt) {
  const auto state = folded(recorded("torchrun/ok-pp2.txt"));
  EXPECT_EQ(state.loss_first, 8.24512);
  EXPECT_EQ(state.loss_last, 6.86051);
}

TEST(LogReader, NamesTheFirstLineThatIsNotFinite) {
  const auto state = folded(recorded("failures/loss-nan--1.txt"));
  ASSERT_TRUE(state.non_finite);
  EXPECT_EQ(state.non_finite->step, 2);
  EXPECT_EQ(state.non_finite->line, 19u);
  EXPECT_FALSE(state.loss_is_finite());
}

TEST(LogReader, ForgivesAGradientThatRecovered) {
  const auto state = folded("step:  1  loss: 2.0  grad_norm: inf\nstep:  2  loss: 1.9  grad_norm: 1.0\n");
  EXPECT_TRUE(state.loss_is_finite());
}

TEST(LogReader, GivesNoMeaningToLossesOfAFakeBackend) {
  const auto state = folded(recorded("torchrun/ok-fake-backend.txt"));
  EXPECT_TRUE(state.non_finite);
  EXPECT_TRUE(state.loss_is_finite());
}

TEST(LogReader, TakesTheStartOfAFinishedRunForStepsDone) {
  const auto state = folded(
      "[titan] 2026-11-22 20:26:47,910 - root - INFO - Trainer is initialized with local batch size 1, total steps 6 "
      "(warmup 2)\n"
      "[titan] 2026-11-22 20:26:48,575 - root - INFO - Training starts at step 7\n"
      "[titan] 2026-11-22 20:26:49,575 - root - INFO - Training completed\n");
  EXPECT_EQ(state.last_step, std::nullopt);
  EXPECT_EQ(state.steps_done(), 6);
  EXPECT_TRUE(state.reached_last_step());
}

TEST(LogReader, ForgetsTheEndMarkWhenTheTrainingStartsAgain) {
  const auto state = folded(
      "Training starts at step 1\nstep:  1  loss: 2.0\nstep:  2  loss: 1.8\nTraining completed\n"
      "Training starts at step 3\nstep:  3  loss: 1.7\n");
  EXPECT_FALSE(state.end_mark);
  EXPECT_EQ(state.last_step, 3);
}

TEST(LogReader, DoesNotTakeASecondRanksAnnouncementForARestart) {
  const auto state = folded(
      "[rank0]:Training starts at step 1\n[rank0]:step:  1  loss: 2.0\n[rank1]:Training starts at step 1\n"
      "[rank1]:step:  1  loss: 2.0\n[rank0]:step:  2  loss: 1.9\n[rank1]:step:  2  loss: 1.9\n");
  ASSERT_EQ(state.steps.samples().size(), 2u);
  EXPECT_EQ(state.steps.samples()[1].segment, 0);
}

TEST(StepSeries, KeepsTheHighestMemoryOfAllRanks) {
  const auto state = folded(
      "[rank0]:step:  1  loss: -1.0  memory: 9.50GiB(9%)  tps: 5\n"
      "[rank1]:step:  1  loss: 2.0  memory: 7.25GiB(9%)  tps: 6\n");
  ASSERT_EQ(state.steps.samples().size(), 1u);
  EXPECT_EQ(state.steps.samples()[0].memory_gib, 9.5);
  EXPECT_EQ(state.steps.samples()[0].tps, 6);
}

TEST(StepSeries, ReplacesStepsThatWereTrainedAgain) {
  const auto first =
      folded("Training starts at step 1\nstep:  1  loss: 5.0\nstep:  2  loss: 4.0\nstep:  3  loss: 3.0\n");
  const auto second = folded("Training starts at step 3\nstep:  3  loss: 3.5\nstep:  4  loss: 2.5\n");
  const std::vector<StepSeries> attempts{first.steps, second.steps};
  const auto merged = StepSeries::merge(attempts);
  ASSERT_EQ(merged.samples().size(), 4u);
  EXPECT_EQ(merged.samples()[2].loss, 3.5);
  EXPECT_EQ(merged.samples()[1].segment, 0);
  EXPECT_EQ(merged.samples()[2].segment, 1);
}

}  // namespace
}  // namespace tt::logs
