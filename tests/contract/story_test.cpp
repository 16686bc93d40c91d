// What a user does on one machine, told as stories against the built tools.
#include <gmock/gmock.h>
#include <signal.h>

#include "support/eventually.hpp"
#include "support/scheduler_under_test.hpp"
#include "support/tools.hpp"
#include "tt/base/files.hpp"

namespace {

using testing::HasSubstr;
using testing::Not;
using tt::Value;
using tt::test::eventually;
using tt::test::Sweep;
using tt::test::Workspace;

Sweep one_run(const std::string& more, const std::string& walltime = "00:05:00") {
  return {"story", "  training.local_batch_size: [1]\n", more, walltime};
}

Value summary_of(const Workspace& workspace, const std::string& run) {
  return tt::parse_json(tt::test::read(workspace.run(run) / "summary.json"), "summary.json");
}

TEST(Story, AFinishedRunHasASummaryWithMetricsAndTheEstimate) {
  const Workspace workspace;
  const tt::ProcessResult run = workspace.submit({"run", "sweep.yaml"});
  ASSERT_EQ(run.status, 0) << run.out << run.err;
  const Value summary = summary_of(workspace, "_bs1");
  EXPECT_EQ(summary.text_or("schema"), "tt.summary/1");
  EXPECT_EQ(summary.text_or("state"), "finished");
  EXPECT_EQ(summary.at("metrics").integer_or("steps"), 4);
  EXPECT_EQ(summary.at("metrics").at("loss_first").as_number(), 4.0);
  EXPECT_EQ(summary.at("metrics").at("loss_last").as_number(), 3.0);
  EXPECT_EQ(summary.at("metrics").at("tokens_per_second_per_gpu_median").as_number(), 1000.0);
  EXPECT_EQ(summary.at("estimate").text_or("schema"), "tt.comm.estimate/1");
  EXPECT_EQ(summary.at("estimate").text_or("model"), "titan");
  const std::string text = tt::test::read(workspace.run("_bs1") / "summary.md");
  EXPECT_THAT(text, HasSubstr("## Communication estimate"));
  EXPECT_THAT(run.out, HasSubstr("_bs1"));
  EXPECT_THAT(run.out, HasSubstr("_bs2"));
}

TEST(Story, ARunThatExitsWithAnErrorIsFailedWithTheLineThatSaysWhy) {
  const Workspace workspace(one_run("env: {STAND_IN_EXIT: \"3\"}\n"));
  const tt::ProcessResult run = workspace.submit({"run", "sweep.yaml"});
  EXPECT_EQ(run.status, 3) << run.out << run.err;
  EXPECT_EQ(workspace.states().at("_bs1"), "failed");
  EXPECT_THAT(run.err, HasSubstr("next: tt-submit explain _bs1"));
  const tt::ProcessResult explain = workspace.submit({"explain", "_bs1"});
  EXPECT_EQ(explain.status, 0) << explain.err;
  EXPECT_THAT(explain.out, HasSubstr("the stand-in was told to fail"));
}

TEST(Story, ANanLossThatExitsWithZeroIsNoSuccess) {
  const Workspace workspace(one_run("env: {STAND_IN_LOSS: nan}\n"));
  EXPECT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 3);
  EXPECT_EQ(workspace.states().at("_bs1"), "failed");
  EXPECT_EQ(summary_of(workspace, "_bs1").at("diagnosis").text_or("cause"), "loss-nan");
}

TEST(Story, ARunThatReachesItsWalltimeIsTimedOutAndSaysSo) {
  // The early signal comes 30 s before the limit of the laptop site: with a limit of one second it comes at once.
  const Workspace workspace(one_run("env: {STAND_IN_SECONDS: \"60\"}\n", "00:00:01"));
  EXPECT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 3);
  EXPECT_EQ(workspace.states().at("_bs1"), "timed-out");
}

TEST(Story, CancelEndsWhatRunsAndWhatWaits) {
  const Workspace workspace(Sweep{"story", "  training.local_batch_size: [1, 2, 3, 4, 5, 6]\n",
                                  "env: {STAND_IN_SECONDS: \"60\"}\n", "00:05:00"});
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  ASSERT_TRUE(eventually([&] { return workspace.trainings().size() == 4; }));  // the slots of the laptop site
  const tt::ProcessResult cancel = workspace.submit({"cancel"});
  EXPECT_EQ(cancel.status, 0) << cancel.err;
  ASSERT_TRUE(eventually([&] {
    const auto states = workspace.states();
    return std::all_of(states.begin(), states.end(), [](const auto& run) { return run.second == "cancelled"; });
  }));
  EXPECT_EQ(workspace.trainings().size(), 4U);
  // Cancelled stays cancelled: the next run starts nothing.
  const tt::ProcessResult run = workspace.submit({"run", "sweep.yaml"});
  EXPECT_EQ(run.status, 3);
  EXPECT_EQ(workspace.trainings().size(), 4U);
}

TEST(Story, InterruptedOnTheLaptopIsPreemptedAndTheNextRunGoesOn) {
  TT_LOCAL_ONLY("on a cluster Ctrl-C only stops watching");
  const Workspace workspace(
      Sweep{"story", "  training.local_batch_size: [1, 2, 3, 4, 5]\n", "env: {STAND_IN_SECONDS: \"3\"}\n", "00:05:00"});
  const tt::ProcessIdentity run = workspace.start("tt-submit", {"run", "sweep.yaml"});
  ASSERT_TRUE(eventually([&] { return workspace.trainings().size() == 4; }));
  tt::send_signal(run.pid, SIGINT);
  ASSERT_TRUE(eventually([&] { return !tt::is_alive(run); }));
  const auto states = workspace.states();
  EXPECT_EQ(std::count_if(states.begin(), states.end(), [](const auto& one) { return one.second == "preempted"; }), 4);
  EXPECT_EQ(std::count_if(states.begin(), states.end(), [](const auto& one) { return one.second == "planned"; }), 1);
  const tt::ProcessResult next = workspace.submit({"run", "sweep.yaml"});
  EXPECT_EQ(next.status, 0) << next.out << next.err;
  for (const auto& [name, state] : workspace.states()) EXPECT_EQ(state, "finished") << name;
}

TEST(Story, RetryTriesAFailedRunAgainAndFinishesIt) {
  const Workspace workspace(one_run("env: {STAND_IN_EXIT: \"3\"}\n"));
  EXPECT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 3);
  // The reason goes away outside of the run (a full disk, a bad node): the same config succeeds.
  const std::string trainer = tt::test::read(workspace / "run_train.sh");
  tt::write_new_file(workspace / "run_train.sh",
                     "#!/usr/bin/env bash\nSTAND_IN_EXIT=0\n" + trainer.substr(trainer.find('\n') + 1));
  const tt::ProcessResult retry = workspace.submit({"retry"});
  EXPECT_EQ(retry.status, 0) << retry.out << retry.err;
  EXPECT_EQ(workspace.states().at("_bs1"), "finished");
  EXPECT_TRUE(tt::is_there(workspace.run("_bs1") / "attempt-2/log.txt"));
  EXPECT_EQ(summary_of(workspace, "_bs1").integer_or("attempts"), 2);
}

TEST(Story, AgainStartsAFinishedRunAfreshAndPutsAsideWhatItLeft) {
  const Workspace workspace(one_run(""));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  tt::make_folders(workspace.run("_bs1") / "out");
  tt::write_new_file(workspace.run("_bs1") / "out/checkpoint", "of attempt 1");
  const tt::ProcessResult again = workspace.submit({"run", "sweep.yaml", "--again"});
  EXPECT_EQ(again.status, 0) << again.out << again.err;
  EXPECT_EQ(workspace.trainings().at("_bs1"), 2);
  EXPECT_EQ(tt::test::read(workspace.run("_bs1") / "attempt-1/out/checkpoint"), "of attempt 1");
  EXPECT_TRUE(tt::is_there(workspace.run("_bs1") / "attempt-1/run.json"));
  EXPECT_FALSE(tt::is_there(workspace.run("_bs1") / "out/checkpoint"));
  EXPECT_TRUE(tt::is_there(workspace.run("_bs1") / "claim-2"));
}

TEST(Story, AgainIsRefusedWhileTheRunIsOpen) {
  const Workspace workspace(one_run("env: {STAND_IN_SECONDS: \"60\"}\n"));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  ASSERT_TRUE(eventually([&] { return workspace.trainings().size() == 1; }));
  const tt::ProcessResult again = workspace.submit({"run", "sweep.yaml", "--again"});
  EXPECT_EQ(again.status, 1) << again.out;
  EXPECT_THAT(again.err, HasSubstr("--again: run _bs1 is still running; `tt-submit cancel _bs1` ends it first"));
  EXPECT_EQ(workspace.trainings().at("_bs1"), 1);
  EXPECT_EQ(workspace.submit({"cancel"}).status, 0);
}

TEST(Story, ADryRunWritesNothingAndAsksNobody) {
  const Workspace workspace;
  tt::remove_tree(workspace / ".tt");
  const std::string before = tt::test::snapshot(workspace.path());
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"run", "sweep.yaml", "--dry-run"}, {"run", "sweep.yaml", "--dry-run", "--json"}}) {
    const tt::ProcessResult dry = workspace.tool("tt-submit", words);
    EXPECT_EQ(dry.status, 0) << dry.err;
    EXPECT_THAT(dry.out, HasSubstr("<token>"));
  }
  const tt::ProcessResult canary = workspace.submit({"run", "sweep.yaml", "--dry-run", "--canary", "--json"});
  const tt::Value planned = tt::parse_json(canary.out, "stdout");
  ASSERT_EQ(planned.at("submissions").as_list().size(), 1U);
  EXPECT_EQ(planned.at("submissions").as_list().front().at("runs").as_list().size(), 1U) << "the canary alone";
  EXPECT_EQ(workspace.sweep({"expand", "sweep.yaml", "--dry-run"}).status, 0);
  EXPECT_EQ(workspace.sweep({"plan", "sweep.yaml"}).status, 0);
  EXPECT_EQ(workspace.sweep({"check", "sweep.yaml"}).status, 0);
  EXPECT_EQ(tt::test::snapshot(workspace.path()), before);
}

TEST(Story, LogsFollowsARunToItsEnd) {
  const Workspace workspace(one_run("env: {STAND_IN_SECONDS: \"1\"}\n"));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  const tt::ProcessResult logs = workspace.submit({"logs", "-f", "_bs1"});
  EXPECT_EQ(logs.status, 0) << logs.err;
  EXPECT_THAT(logs.out, HasSubstr("step:  1"));
  EXPECT_THAT(logs.out, HasSubstr("Process group destroyed"));
}

TEST(Story, AppendingTheEstimateTwiceChangesNothing) {
  const Workspace workspace(one_run(""));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  ASSERT_EQ(workspace.tool("tt-comm", {"append", "_bs1"}).status, 0);
  const std::string before = tt::test::snapshot(workspace.run("_bs1"));
  ASSERT_EQ(workspace.tool("tt-comm", {"append", "_bs1"}).status, 0);
  EXPECT_EQ(tt::test::snapshot(workspace.run("_bs1")), before);
}

}  // namespace
