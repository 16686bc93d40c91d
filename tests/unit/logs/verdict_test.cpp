#include "tt/logs/verdict.hpp"

#include <gtest/gtest.h>

#include "support/log_support.hpp"

namespace tt::logs {
namespace {

using test::folded;
using test::recorded;

ExitRecord exits(std::vector<NodeExit> nodes) {
  ExitRecord record;
  record.nodes = std::move(nodes);
  return record;
}

const ExitRecord all_well = exits({{"n1", 0, std::nullopt}, {"n2", 0, std::nullopt}});

TEST(Verdict, IsFinishedWithExitZeroEndMarkAndFiniteLoss) {
  const auto outcome = decide(folded(recorded("torchrun/ok-fsdp2.txt")), all_well);
  EXPECT_EQ(outcome.state, RunState::finished);
  EXPECT_EQ(outcome.why, "5 steps done");
}

TEST(Verdict, IsFinishedForEveryRecordedRunThatWentWell) {
  const auto folder = std::filesystem::path(TT_SOURCE_DIR) / "tests/transcripts/torchrun";
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with("ok-") && name.find("-ok-") == std::string::npos) continue;
    ++seen;
    EXPECT_EQ(decide(folded(test::read(entry.path())), all_well).state, RunState::finished) << name;
  }
  EXPECT_GE(seen, 22);
}

TEST(Verdict, IsFailedWhenOneNodeEndedBadly) {
  const auto log = folded(recorded("torchrun/ok-fsdp2.txt"));
  EXPECT_EQ(decide(log, exits({{"n1", 0, std::nullopt}, {"n2", 1, std::nullopt}})).why,
            "node n2 ended with exit status 1");
  EXPECT_EQ(decide(log, exits({{"n1", std::nullopt, "SIGKILL"}})).why, "node n1 was ended by SIGKILL");
  EXPECT_EQ(decide(log, exits({{"n1", std::nullopt, std::nullopt}})).why, "nobody saw how node n1 ended");
  EXPECT_EQ(decide(log, exits({{"n1", 1, std::nullopt}})).state, RunState::failed);
}

TEST(Verdict, IsFailedWhenNobodySawTheEnd) {
  const auto log = folded(recorded("torchrun/ok-fsdp2.txt"));
  EXPECT_EQ(decide(log, std::nullopt).state, RunState::failed);
  EXPECT_EQ(decide(log, std::nullopt).why, "the job left no exit record");
  EXPECT_EQ(decide(log, exits({})).why, "the exit record names no node");
}

TEST(Verdict, IsFailedForANanRunThatExitedZero) {
  const auto outcome = decide(folded(recorded("torchrun/nan-loss.txt")), all_well);
  EXPECT_EQ(outcome.state, RunState::failed);
  EXPECT_EQ(outcome.why, "loss or gradient norm is not finite from step 2 on");
}

TEST(Verdict, IsFailedWhenTheLogStopsEarlyDespiteExitZero) {
  const auto log = folded("Trainer is initialized with x, total steps 10 (warmup 2)\nstep:  4  loss: 2.0\n");
  EXPECT_EQ(decide(log, all_well).why, "every node ended with exit status 0, but the log stops at step 4 of 10");
  EXPECT_EQ(decide(folded("hello\n"), all_well).why,
            "every node ended with exit status 0, but the log shows neither an end mark nor the last step");
}

TEST(Verdict, IsFinishedWhenTheLastStepWasSeenButNoEndMark) {
  const auto log = folded("Trainer is initialized with x, total steps 4 (warmup 2)\nstep:  4  loss: 2.0\n");
  EXPECT_EQ(decide(log, all_well).state, RunState::finished);
}

TEST(Verdict, IsFinishedForAResumedAttemptWithNothingLeftToDo) {
  const auto log = folded(
      "Trainer is initialized with x, total steps 6 (warmup 2)\nTraining starts at step 7\nTraining completed\n");
  const auto outcome = decide(log, all_well);
  EXPECT_EQ(outcome.state, RunState::finished);
  EXPECT_EQ(outcome.why, "all 6 steps were done before");
}

TEST(Verdict, IsFinishedForASeedCheckpoint) {
  EXPECT_EQ(decide(folded("[titan] 2026-11-22 20:26:48,575 - root - INFO - Created seed checkpoint\n"), all_well).why,
            "the end mark was seen");
}

}  // namespace
}  // namespace tt::logs
