// What was chosen and is not handed over yet: behind a canary, and what a person may do about it.
#include <gmock/gmock.h>
#include <signal.h>

#include "support/eventually.hpp"
#include "support/scheduler_under_test.hpp"
#include "support/tools.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using tt::test::eventually;
using tt::test::Sweep;
using tt::test::Workspace;

Sweep three(const std::string& more = "") {
  return {"story", "  training.local_batch_size: [1, 2, 3]\n", more, "00:05:00"};
}
const char* const kFails = "env: {STAND_IN_EXIT: \"3\"}\n";

// What makes trainings fail goes away, outside of the runs.
void mend(const Workspace& workspace) {
  const std::string trainer = tt::test::read(workspace / "run_train.sh");
  tt::write_new_file(workspace / "run_train.sh",
                     "#!/usr/bin/env bash\nSTAND_IN_EXIT=0\n" + trainer.substr(trainer.find('\n') + 1));
}

std::string reason_of(const Workspace& workspace, const std::string& name) {
  const tt::Value status = workspace.status();
  for (const tt::Value& run : status.at("runs").as_list()) {
    if (run.text_or("name") == name) return run.text_or("reason");
  }
  return "";
}

const char* const kKept =
    "tt-submit: warning: 2 runs wait: the canary _bs1 failed; next: tt-submit retry _bs1   (they go once "
    "_bs1 is finished; `tt-submit release` lets them go without it, `tt-submit cancel` gives them up)\n";

TEST(Waiting, BehindACanaryThatFailedEveryCommandSaysSoAndNothingIsSubmitted) {
  const Workspace workspace(three(kFails));
  const tt::ProcessResult first = workspace.submit({"run", "sweep.yaml", "--canary"});
  EXPECT_EQ(first.status, 3) << first.out;
  EXPECT_THAT(first.err, HasSubstr(kKept));
  const tt::ProcessResult again = workspace.submit({"run", "sweep.yaml"});
  EXPECT_EQ(again.status, 3) << again.out;
  EXPECT_THAT(again.err, HasSubstr(kKept));
  EXPECT_THAT(workspace.submit({"wait"}).err, HasSubstr(kKept));
  EXPECT_THAT(workspace.submit({"status"}).err, HasSubstr(kKept));
  EXPECT_EQ(reason_of(workspace, "_bs2"), "waits: the canary _bs1 failed");
  const std::string explained = workspace.submit({"explain", "_bs2"}).out;
  EXPECT_THAT(explained, HasSubstr("_bs2: planned\n  why         waits: the canary _bs1 failed\n"));
  EXPECT_THAT(explained, HasSubstr("  next        tt-submit retry _bs1   (they go once _bs1 is finished; "));
  EXPECT_THAT(workspace.trainings(), ElementsAre(Pair("_bs1", 1)));
}

TEST(Waiting, ARetryOfTheCanaryThatSucceedsLetsTheRestGo) {
  const Workspace workspace(three(kFails));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--canary"}).status, 3);
  mend(workspace);
  ASSERT_EQ(workspace.submit({"retry", "_bs1"}).status, 0);
  const tt::ProcessResult wait = workspace.submit({"wait"});
  EXPECT_EQ(wait.status, 0) << wait.out << wait.err;
  EXPECT_THAT(workspace.trainings(), ElementsAre(Pair("_bs1", 2), Pair("_bs2", 1), Pair("_bs3", 1)));
}

TEST(Waiting, ReleaseLetsTheRestGoWithoutTheCanary) {
  const Workspace workspace(three(kFails));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--canary"}).status, 3);
  mend(workspace);
  const tt::ProcessResult release = workspace.submit({"release"});
  EXPECT_EQ(release.status, 0) << release.err;
  EXPECT_THAT(release.err, HasSubstr("released 2 runs\n"));
  EXPECT_THAT(release.err, HasSubstr("submitted 2 runs as job "));
  EXPECT_EQ(workspace.submit({"wait"}).status, 3);
  EXPECT_EQ(workspace.states(),
            (std::map<std::string, std::string>{{"_bs1", "failed"}, {"_bs2", "finished"}, {"_bs3", "finished"}}));
}

TEST(Waiting, WhatIsCancelledStaysCancelledUntilSomebodyAsksForIt) {
  const Workspace workspace(three(kFails));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--canary"}).status, 3);
  mend(workspace);
  EXPECT_THAT(workspace.submit({"cancel", "_bs2"}).err, HasSubstr("cancelled 1 run\n"));
  EXPECT_EQ(workspace.states().at("_bs2"), "cancelled");
  EXPECT_EQ(reason_of(workspace, "_bs2"), "cancelled before it was handed over");
  ASSERT_EQ(workspace.submit({"retry", "_bs1"}).status, 0);
  const tt::ProcessResult run = workspace.submit({"run", "sweep.yaml"});
  EXPECT_EQ(run.status, 3) << run.out;
  EXPECT_THAT(run.err, HasSubstr("_bs2: cancelled, waits for `tt-submit retry`\n"));
  EXPECT_EQ(workspace.states(),
            (std::map<std::string, std::string>{{"_bs1", "finished"}, {"_bs2", "cancelled"}, {"_bs3", "finished"}}));
  EXPECT_THAT(workspace.trainings(), SizeIs(2));
  const tt::ProcessResult retry = workspace.submit({"retry", "_bs2"});
  EXPECT_EQ(retry.status, 0) << retry.err;
  EXPECT_EQ(workspace.states().at("_bs2"), "finished");
}

TEST(Waiting, BehindACanaryThatWasInterruptedTheNextRunGoesOnWithIt) {
  TT_LOCAL_ONLY("Ctrl-C ends trainings on this machine only");
  const Workspace workspace(three("env: {STAND_IN_SECONDS: \"3\"}\n"));
  const tt::ProcessIdentity run = workspace.start("tt-submit", {"run", "sweep.yaml", "--canary"});
  ASSERT_TRUE(eventually([&] { return workspace.trainings().size() == 1; }));
  tt::send_signal(run.pid, SIGINT);
  ASSERT_TRUE(eventually([&] { return !tt::is_alive(run); }));
  EXPECT_EQ(workspace.states(),
            (std::map<std::string, std::string>{{"_bs1", "preempted"}, {"_bs2", "planned"}, {"_bs3", "planned"}}));
  const tt::ProcessResult next = workspace.submit({"run", "sweep.yaml"});
  EXPECT_EQ(next.status, 0) << next.out << next.err;
  EXPECT_THAT(workspace.trainings(), ElementsAre(Pair("_bs1", 2), Pair("_bs2", 1), Pair("_bs3", 1)));
  EXPECT_THAT(tt::list_folder(workspace / "submissions"), SizeIs(3)) << "the canary, the canary again, the rest";
}

TEST(Waiting, AgainTakesWhatWasCancelledWhileItWaited) {
  const Workspace workspace(three(kFails));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--canary"}).status, 3);
  mend(workspace);
  ASSERT_EQ(workspace.submit({"cancel", "_bs2", "_bs3"}).status, 0);
  EXPECT_EQ(workspace.submit({"run", "sweep.yaml", "--again=_bs2"}).status, 3);
  EXPECT_EQ(workspace.states(),
            (std::map<std::string, std::string>{{"_bs1", "failed"}, {"_bs2", "finished"}, {"_bs3", "cancelled"}}));
}

TEST(Held, ARunThatRunsSaysThatItCannotBe) {
  const Workspace workspace(
      {"story", "  training.local_batch_size: [1]\n", "env: {STAND_IN_SECONDS: \"60\"}\n", "00:05:00"});
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  ASSERT_TRUE(eventually([&] { return workspace.states().at("_bs1") == "running"; }));
  const tt::ProcessResult hold = workspace.submit({"hold", "_bs1"});
  EXPECT_EQ(hold.status, 1) << hold.out;
  EXPECT_THAT(hold.err, HasSubstr("_bs1: it runs already and cannot be held; `tt-submit cancel` ends it\n"));
  EXPECT_THAT(hold.err, Not(HasSubstr("held 1 run")));
  EXPECT_EQ(workspace.submit({"cancel"}).status, 0);
}

TEST(Since, OfARunThatEndedIsWhenItEndedNotWhenItWasLookedAt) {
  const Workspace workspace({"story", "  training.local_batch_size: [1]\n", "", "00:05:00"});
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  const auto exit = workspace.run("_bs1") / "exit.json";
  ASSERT_TRUE(eventually([&] { return tt::is_there(exit); }));
  const std::string ended = tt::parse_json(tt::test::read(exit), "exit.json").text_or("ended");
  const tt::Instant over = tt::parse_iso_time(ended).value();
  ASSERT_TRUE(eventually([&] { return tt::SystemClock().now() > over + std::chrono::seconds(3); }));
  const tt::Value run = workspace.status().at("runs").as_list().front();
  EXPECT_EQ(run.text_or("state"), "finished");
  EXPECT_EQ(run.text_or("since"), ended);
}

// What cannot be written down about the scheduler's last answer is left out: somebody else's workspace, a full disk.
TEST(Looking, IsPossibleWhereNothingCanBeWrittenAboutTheAnswer) {
  const Workspace workspace(
      {"story", "  training.local_batch_size: [1]\n", "env: {STAND_IN_SECONDS: \"60\"}\n", "00:05:00"});
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  ASSERT_TRUE(eventually([&] { return workspace.trainings().size() == 1; }));
  std::filesystem::remove_all(workspace / ".tt/heard");
  tt::write_new_file(workspace / ".tt/heard", "no folder");
  const tt::ProcessResult status = workspace.submit({"status"});
  EXPECT_EQ(status.status, 0) << status.err;
  EXPECT_THAT(status.out, HasSubstr("_bs1"));
  std::filesystem::remove(workspace / ".tt/heard");
  EXPECT_EQ(workspace.submit({"cancel"}).status, 0);
}

}  // namespace
