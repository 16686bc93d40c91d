// What only a batch system does: it says no for want of room, waits in vain, requeues, falls silent.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>

#include "support/cluster_story.hpp"
#include "support/eventually.hpp"
#include "support/scheduler_under_test.hpp"
#include "support/tools.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace {

using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using tt::test::ask;
using tt::test::eventually;
using tt::test::in_words_of;
using tt::test::site_with;
using tt::test::Sweep;
using tt::test::Workspace;

class Cluster : public testing::Test {
 protected:
  void SetUp() override { TT_CLUSTER_ONLY("there is no batch system behind this machine's own scheduler"); }
};

Sweep runs(int count, const std::string& more = "") {
  std::vector<std::string> sizes;
  for (int i = 1; i <= count; ++i) sizes.push_back(std::to_string(i));
  return {"story", "  training.local_batch_size: [" + tt::join(sizes, ", ") + "]\n", more, "00:05:00"};
}

// A queue that takes so many jobs of one user, and jobs go there.
std::string queue_of(int max_queued) {
  const std::string name = in_words_of("main", "workq");
  return fmt::format("[[queue]]\nname = \"{0}\"\nmax_queued = {1}\n[launch]\npartition = \"{0}\"", name, max_queued);
}

std::string job_of(const Workspace& workspace, const std::string& run) {
  const tt::Value status = workspace.status();
  for (const tt::Value& one : status.at("runs").as_list()) {
    if (one.text_or("name") == run) return one.text_or("job");
  }
  return "";
}

void expect_each_trained_once(const Workspace& workspace, std::size_t count) {
  EXPECT_THAT(workspace.trainings(), SizeIs(count));
  EXPECT_THAT(workspace.trainings(), Each(Pair(testing::_, 1)));
}

// What the story before left behind counts against a window.
bool nothing_is_queued() {
  const std::string slurm = in_words_of("squeue", "");
  return slurm.empty() || eventually([&] { return ask({slurm, "-h"}).out.empty(); });
}

// --- room ------------------------------------------------------------------------------------------------------------

TEST_F(Cluster, AWindowOfTheSiteIsFedAndNeverOverrun) {
  ASSERT_TRUE(nothing_is_queued());
  const Workspace workspace(runs(5));
  const auto site = site_with(workspace, "[launch]", queue_of(2));
  const tt::ProcessResult first = workspace.tool("tt-submit", {"run", "sweep.yaml", "--no-wait"}, site);
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_THAT(first.err,
              HasSubstr("3 runs wait: lab takes 2 jobs of one user at a time in " + in_words_of("main", "workq")));
  const tt::ProcessResult wait = workspace.tool("tt-submit", {"wait"}, site);
  EXPECT_EQ(wait.status, 0) << wait.out << wait.err;
  expect_each_trained_once(workspace, 5);
  for (const std::string& token : tt::list_folder(workspace / "submissions")) {
    const tt::Value record =
        tt::parse_json(tt::test::read(workspace / ("submissions/" + token + "/submission.json")), token);
    EXPECT_LE(record.at("runs").as_list().size(), 2U);
  }
}

TEST_F(Cluster, TwoCommandsAtOnceKeepToTheWindowTogether) {
  ASSERT_TRUE(nothing_is_queued());
  const Workspace workspace(runs(5, "env: {STAND_IN_SECONDS: \"60\"}\n"));
  const auto site = site_with(workspace, "[launch]", queue_of(2));
  const tt::ProcessIdentity other = workspace.start("tt-submit", {"run", "sweep.yaml", "--no-wait"}, site);
  const tt::ProcessResult ours = workspace.tool("tt-submit", {"run", "sweep.yaml", "--no-wait"}, site);
  EXPECT_EQ(ours.status, 0) << ours.err;
  ASSERT_TRUE(tt::test::eventually([&] { return !is_alive(other); }));
  std::size_t handed_over = 0;
  for (const std::string& token : tt::list_folder(workspace / "submissions")) {
    const tt::Value record =
        tt::parse_json(tt::test::read(workspace / ("submissions/" + token + "/submission.json")), token);
    handed_over += record.at("runs").as_list().size();
  }
  EXPECT_EQ(handed_over, 2U);
  EXPECT_EQ(workspace.tool("tt-submit", {"cancel"}, site).status, 0);
}

TEST_F(Cluster, WhatWaitsForRoomCanBeCancelled) {
  const Workspace workspace(runs(4, "env: {STAND_IN_SECONDS: \"60\"}\n"));
  const auto site = site_with(workspace, "[launch]", queue_of(1));
  ASSERT_EQ(workspace.tool("tt-submit", {"run", "sweep.yaml", "--no-wait"}, site).status, 0);
  ASSERT_EQ(workspace.tool("tt-submit", {"cancel"}, site).status, 0);
  const tt::ProcessResult wait = workspace.tool("tt-submit", {"wait"}, site);
  EXPECT_EQ(wait.status, 3) << wait.out << wait.err;
  EXPECT_THAT(workspace.trainings().size(), testing::Le(1U));
}

// --- one first, and too many failures --------------------------------------------------------------------------------

TEST_F(Cluster, ACanaryGoesFirstAndTheRestFollowsOnceItTrained) {
  const Workspace workspace(runs(3));
  const tt::ProcessResult run = workspace.submit({"run", "sweep.yaml", "--canary"});
  EXPECT_EQ(run.status, 0) << run.out << run.err;
  EXPECT_THAT(run.err, HasSubstr("2 runs wait: goes once the canary _bs1 is finished"));
  expect_each_trained_once(workspace, 3);
  EXPECT_THAT(tt::list_folder(workspace / "submissions"), SizeIs(2));
}

TEST_F(Cluster, ACanaryThatFailsKeepsTheRestBack) {
  const Workspace workspace(runs(3, "env: {STAND_IN_EXIT: \"3\"}\n"));
  const tt::ProcessResult run = workspace.submit({"run", "sweep.yaml", "--canary"});
  EXPECT_EQ(run.status, 3) << run.out << run.err;
  expect_each_trained_once(workspace, 1);
  EXPECT_EQ(workspace.states().at("_bs2"), "planned");
}

TEST_F(Cluster, TheSameFailureInARowStopsTheSweepUntilSomebodyReleasesIt) {
  const Workspace workspace(runs(12, "env: {STAND_IN_EXIT: \"3\", STAND_IN_SECONDS: \"2\"}\n"));
  const tt::ProcessResult run =
      workspace.submit({"run", "sweep.yaml", "--throttle", "1", "--stop-after", "2", "--no-wait"});
  ASSERT_EQ(run.status, 0) << run.err;
  const tt::ProcessIdentity wait = workspace.start("tt-submit", {"wait"});
  ASSERT_TRUE(eventually([&] {
    const auto states = workspace.states();
    return std::any_of(states.begin(), states.end(), [](const auto& one) { return one.second == "held"; });
  }));
  EXPECT_THAT(workspace.submit({"status"}).out, HasSubstr("held: the last 2 runs failed alike (no cause found)"));
  EXPECT_THAT(workspace.submit({"explain", "_bs12"}).out,
              HasSubstr("  why         held: the last 2 runs failed alike (no cause found)\n"));
  tt::send_signal(wait.pid, SIGKILL);
  EXPECT_THAT(tt::test::read(workspace / "tt-submit.out"), HasSubstr("runs failed alike"));
  EXPECT_LT(workspace.trainings().size(), 12U);
  const std::size_t before = workspace.trainings().size();
  EXPECT_EQ(workspace.submit({"release"}).status, 0);
  EXPECT_TRUE(eventually([&] { return workspace.trainings().size() > before; }));
  EXPECT_THAT(workspace.trainings(), Each(Pair(testing::_, 1)));
  workspace.submit({"cancel"});
}

// --- waiting in vain, requeues ---------------------------------------------------------------------------------------

TEST_F(Cluster, AJobThatCanNeverStartEndsTheWaitingAndIsNamed) {
  Workspace workspace;
  std::string sweep = tt::test::read(workspace / "sweep.yaml");
  sweep =
      tt::replace_all(tt::replace_all(sweep, "gpus: 1,", "gpus: 72,"), "[1, 2]", "[1]");  // nine nodes of eight GPUs
  tt::write_new_file(workspace / "sweep.yaml", sweep);
  const auto site = site_with(workspace, "cpus = 128", "cpus = 16");
  const tt::ProcessResult run = workspace.tool("tt-submit", {"run", "sweep.yaml"}, site);
  EXPECT_EQ(run.status, 3) << run.out << run.err;
  EXPECT_THAT(run.err, HasSubstr("_bs1 will never start: the scheduler says " +
                                 in_words_of("PartitionConfig", "Can Never Run: Not enough total nodes available") +
                                 "; `tt-submit cancel _bs1` takes it back"));
  const tt::ProcessResult explain = workspace.tool("tt-submit", {"explain", "_bs1"}, site);
  EXPECT_THAT(explain.out,
              HasSubstr("_bs1: queued\n  why         will never start: " +
                        in_words_of("PartitionConfig", "Can Never Run: Not enough total nodes available") + "\n"));
  EXPECT_THAT(explain.out, HasSubstr("  next        tt-submit cancel _bs1   (takes it back; "));
  EXPECT_THAT(workspace.tool("tt-submit", {"status"}, site).out, HasSubstr("will never start: "));
  EXPECT_EQ(workspace.tool("tt-submit", {"cancel"}, site).status, 0);
}

TEST_F(Cluster, ARequeuedTaskNeverTrainsASecondTime) {
  TT_SLURM_ONLY("users of PBS cannot requeue");
  const Workspace workspace(runs(1, "env: {STAND_IN_SECONDS: \"60\"}\n"));
  const auto site = site_with(workspace, "[launch]", "[launch]\nalways = [\"--requeue\"]");
  ASSERT_EQ(workspace.tool("tt-submit", {"run", "sweep.yaml", "--no-wait"}, site).status, 0);
  ASSERT_TRUE(eventually([&] { return workspace.trainings().size() == 1; }));
  const std::string task = job_of(workspace, "_bs1") + "_0";
  ASSERT_TRUE(ask({"scontrol", "requeue", task}).ok());
  // The wait of two minutes before it starts again can be cut once it stands in the queue.
  ASSERT_TRUE(eventually([&] { return ask({"squeue", "-h", "-j", task, "-o", "%T"}).out == "PENDING\n"; }));
  ASSERT_TRUE(eventually([&] {
    ask({"scontrol", "update", "jobid=" + task, "StartTime=now"});
    const std::string state = ask({"squeue", "-h", "-t", "all", "-j", task, "-o", "%T"}).out;
    return state == "FAILED\n";  // our claim stood in its way: exit status 66
  }));
  const tt::ProcessResult wait = workspace.tool("tt-submit", {"wait"}, site);
  EXPECT_EQ(wait.status, 3) << wait.out;
  expect_each_trained_once(workspace, 1);
  EXPECT_EQ(workspace.states().at("_bs1"), "failed");
}

TEST_F(Cluster, ATaskWhoseNodeWasLostStartsAgainAndNeverTrainsASecondTime) {
  if (tt::test::scheduler_under_test().name != "pbs") GTEST_SKIP() << "only the fake PBS loses nodes";
  const Workspace workspace(runs(1, "env: {STAND_IN_SECONDS: \"60\"}\n"));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  ASSERT_TRUE(eventually([&] { return workspace.trainings().size() == 1; }));
  tt::test::tell_cluster({"node", "lose", job_of(workspace, "_bs1")});
  ASSERT_TRUE(eventually([&] { return workspace.states().at("_bs1") == "failed"; }));
  expect_each_trained_once(workspace, 1);
  const tt::ProcessResult explained = workspace.submit({"explain", "_bs1"});
  EXPECT_THAT(explained.out, HasSubstr("cause       node-failure (sure)")) << explained.err;
}

// --- where they stand -----------------------------------------------------------------------------------------------

// Each look asks once, and what others did to the jobs meanwhile is never hidden by the look before.
TEST_F(Cluster, StatusAsksOnceAndShowsWhatOthersDid) {
  TT_SLURM_ONLY("the answers of others never come back alike");
  const Workspace workspace(runs(3, "env: {STAND_IN_SECONDS: \"60\"}\n"));
  tt::write_new_file(workspace / "squeue",
                     "#!/bin/sh\necho \"$*\" >>\"${0%/*}/asked\"\nPATH=${PATH#*:} exec squeue \"$@\"\n");
  std::filesystem::permissions(workspace / "squeue", std::filesystem::perms::owner_all);
  const std::string path = workspace.path().string() + ":" + std::getenv("PATH");
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  const std::string job = job_of(workspace, "_bs1");
  const auto counts_become = [&](const std::string& counts) {
    return eventually([&] { return workspace.submit({"status"}).out.ends_with("\n3 runs: " + counts + "\n"); });
  };
  ASSERT_TRUE(counts_become("3 running"));
  const auto kept = workspace / ".tt/last-look";
  ASSERT_TRUE(eventually([&] { return workspace.submit({"status"}).ok() && tt::is_there(kept); }));
  for (int look = 1; look <= 3; ++look) {
    const tt::ProcessResult status = workspace.tool("tt-submit", {"status"}, {{"PATH", path}});
    EXPECT_THAT(status.out, HasSubstr("3 runs: 3 running"));
    EXPECT_THAT(tt::split_lines(tt::test::read(workspace / "asked")), SizeIs(look));
  }
  ASSERT_TRUE(ask({"scontrol", "suspend", job + "_1"}).ok());
  const tt::ProcessResult suspended = workspace.tool("tt-submit", {"status"}, {{"PATH", path}});
  EXPECT_THAT(suspended.out, HasSubstr("running (SUSPENDED)"));
  EXPECT_THAT(tt::split_lines(tt::test::read(workspace / "asked")), SizeIs(4)) << "also where something changed";
  ASSERT_TRUE(ask({"scontrol", "resume", job + "_1"}).ok());
  ASSERT_TRUE(ask({"scancel", job + "_2"}).ok());
  EXPECT_TRUE(counts_become("2 running, 1 cancelled")) << workspace.submit({"status"}).out;
  std::filesystem::remove(kept);
  EXPECT_TRUE(counts_become("2 running, 1 cancelled"));
  EXPECT_EQ(workspace.submit({"cancel"}).status, 0);
  EXPECT_TRUE(counts_become("3 cancelled")) << workspace.submit({"status"}).out;
}

TEST_F(Cluster, WhatIsShownAgainIsWhatIsFoundAnew) {
  TT_SLURM_ONLY("the answers of others never come back alike");
  const Workspace workspace(runs(3));
  const auto site = site_with(workspace, "[launch]", "[launch]\nalways = [\"--begin=now+1hour\"]");
  ASSERT_EQ(workspace.tool("tt-submit", {"run", "sweep.yaml", "--no-wait"}, site).status, 0);
  const auto kept = workspace / ".tt/last-look";
  const auto said = [&](const std::vector<std::string>& words) {
    std::vector<std::string> all = {"status"};
    all.insert(all.end(), words.begin(), words.end());
    const tt::ProcessResult result = workspace.tool("tt-submit", all, site);
    EXPECT_EQ(result.err, "");
    if (words.empty() || words[0] != "--json") return result.out;
    tt::Value record = tt::parse_json(result.out, "status");
    for (tt::Value& one : record.as_table()[3].second.as_list()) one.set("heard", nullptr);
    return tt::to_json(record);
  };
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{}, {"--json"}, {"_bs2"}, {"--json", "_bs[13]"}, {"sweep.yaml"}}) {
    ASSERT_TRUE(eventually([&] { return !said(words).empty() && tt::is_there(kept); }));
    const std::string again = said(words);
    std::filesystem::remove(kept);
    EXPECT_EQ(again, said(words));
  }
  EXPECT_THAT(said({}), HasSubstr("_bs3  queued (PENDING)"));
  EXPECT_EQ(workspace.tool("tt-submit", {"cancel"}, site).status, 0);
}

// Slurm keeps no record of it.
TEST_F(Cluster, ATaskThatSomebodyElseCancelledWhileItWaitedIsExplained) {
  TT_SLURM_ONLY("PBS keeps a record of it");
  const Workspace workspace(runs(2));
  const auto site = site_with(workspace, "[launch]", "[launch]\nalways = [\"--begin=now+1hour\"]");
  ASSERT_EQ(workspace.tool("tt-submit", {"run", "sweep.yaml", "--no-wait"}, site).status, 0);
  ASSERT_TRUE(ask({"scancel", job_of(workspace, "_bs1") + "_1"}).ok());
  ASSERT_TRUE(eventually([&] { return workspace.states().at("_bs2") == "lost"; }));
  EXPECT_EQ(workspace.states().at("_bs1"), "queued");
  const tt::ProcessResult explained = workspace.tool("tt-submit", {"explain", "_bs2"}, site);
  EXPECT_THAT(explained.out,
              HasSubstr("  why         it never started: the scheduler no longer knows its job, and it left no "
                        "claim (as when somebody else cancels what waits)\n"));
  EXPECT_THAT(explained.out, Not(HasSubstr("last lines")));
  EXPECT_THAT(explained.out, HasSubstr("  attempt     1, job " + job_of(workspace, "_bs1") + ", task 1\n"));
  EXPECT_THAT(explained.out,
              HasSubstr("  next        tt-submit retry _bs2   (nothing of it runs: should its job surface "
                        "after that, it stops)\n"));
  const tt::ProcessResult retry = workspace.tool("tt-submit", {"retry", "_bs2", "--no-wait"}, site);
  EXPECT_EQ(retry.status, 0) << retry.err;
  EXPECT_THAT(workspace.states(), testing::Each(Pair(testing::_, "queued")));
  EXPECT_EQ(workspace.tool("tt-submit", {"cancel"}, site).status, 0);
  EXPECT_EQ(workspace.trainings().size(), 0U);
}

// --- what cannot be asked for ----------------------------------------------------------------------------------------

TEST_F(Cluster, WhatWasRefusedIsExplainedByWhatToChange) {
  const Workspace workspace(runs(1));
  const tt::ProcessResult run = workspace.submit({"run", "sweep.yaml", "--partition", "nosuch"});
  EXPECT_EQ(run.status, 1) << run.out << run.err;
  const tt::ProcessResult explained = workspace.submit({"explain", "_bs1"});
  EXPECT_THAT(explained.out,
              HasSubstr("  next        tt-submit run sweep.yaml   (after mending what it says: in the command, the "
                        "sweep file or the site profile)\n"));
  EXPECT_THAT(explained.out,
              HasSubstr(in_words_of("invalid partition", "Unknown queue (--partition NAME names another")));
  EXPECT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  expect_each_trained_once(workspace, 1);
}

TEST_F(Cluster, WithoutItsProgramsNothingIsWritten) {
  const Workspace workspace(runs(1));
  const std::string before = tt::test::snapshot(workspace.path());
  tt::make_folders(workspace / "none");
  const tt::ProcessResult run = workspace.tool(
      "tt-submit", {"run", "sweep.yaml"},
      {{"PATH", (workspace / "none").string()}, {"PBS_CONF_FILE", (workspace / "none/pbs.conf").string()}});
  EXPECT_EQ(run.status, 1) << run.out << run.err;
  if (!tt::test::scheduler_under_test().is_pbs())
    GTEST_SKIP() << "sbatch is called, and says that it cannot be started";
  EXPECT_THAT(run.err,
              HasSubstr("there is no qsub in PATH and none where pbs.conf says; load the module of PBS, or set "
                        "PBS_CONF_FILE to its pbs.conf; nothing was handed over"));
  EXPECT_FALSE(tt::is_there(workspace / "submissions"));
  EXPECT_FALSE(tt::is_there(workspace / "logs"));
}

TEST_F(Cluster, AnOptionThatTheSchedulerDoesNotKnowIsRefused) {
  if (!tt::test::scheduler_under_test().is_pbs()) GTEST_SKIP() << "Slurm knows all of them";
  const Workspace workspace(runs(1));
  for (const std::vector<std::string>& words : {std::vector<std::string>{"run", "sweep.yaml", "--qos", "high"},
                                                {"run", "sweep.yaml", "--qos", "high", "--dry-run"}}) {
    const tt::ProcessResult run = workspace.submit(words);
    EXPECT_EQ(run.status, 2) << run.out << run.err;
    EXPECT_THAT(run.err, HasSubstr("qos 'high' (--qos, TT_QOS, or launch.qos of site 'lab') means nothing to PBS: "));
  }
  EXPECT_FALSE(tt::is_there(workspace / "submissions"));
  EXPECT_FALSE(tt::is_there(workspace / "logs"));
}

TEST_F(Cluster, ABadNodeIsKeptOffOrNamedWhereThatCannotBe) {
  const Workspace workspace(runs(1));
  tt::write_new_file(
      workspace / "run_train.sh",
      "#!/usr/bin/env bash\necho '[rank0]: Traceback (most recent call last):'\n"
      "echo '[rank0]:   File \"/opt/train.py\", line 584, in train_step'\necho '[rank0]:     loss = step()'\n"
      "echo '[rank0]: RuntimeError: CUDA error: uncorrectable ECC error encountered'\nexit 1\n");
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  ASSERT_TRUE(eventually([&] { return workspace.states().at("_bs1") == "failed"; }));
  const std::string said = in_words_of(
      "failed often enough: attempts from now on keep off",
      "cannot be kept off: PBS can ask for a node, and not for any but one. Tell the site's staff, who can take "
      "a node out of service (`pbsnodes -o ");
  EXPECT_THAT(workspace.submit({"explain", "_bs1"}).out, HasSubstr(said));
  if (!tt::test::scheduler_under_test().is_pbs()) return;
  EXPECT_THAT(workspace.submit({"status"}).err, HasSubstr(said));
  EXPECT_THAT(workspace.submit({"retry", "--no-wait"}).err, HasSubstr(said));
}

// --- silence ---------------------------------------------------------------------------------------------------------

TEST_F(Cluster, AFrozenControllerIsNamedAndTheSubmissionIsSettledOnceItThaws) {
  TT_SLURM_ONLY("a qsub that hangs is waited for longer than a story may take: see the tests of the scheduler itself");
  const Workspace workspace(runs(2));
  tt::test::tell_cluster({"controller", "freeze"});
  const tt::ProcessResult run = workspace.submit({"run", "sweep.yaml", "--no-wait"});
  tt::test::tell_cluster({"controller", "thaw"});
  EXPECT_THAT(run.err, HasSubstr("Socket timed out on send/recv operation; `tt-submit wait` settles it"));
  const tt::ProcessResult wait = workspace.submit({"wait"});
  EXPECT_EQ(wait.status, 0) << wait.out << wait.err;
  expect_each_trained_once(workspace, 2);
}

TEST_F(Cluster, AFrozenServerIsWaitedForAMinuteAndNothingChanges) {
  if (tt::test::scheduler_under_test().name != "pbs") GTEST_SKIP() << "of the fake PBS; Slurm's own story is above";
  const Workspace workspace(runs(2, "env: {STAND_IN_SECONDS: \"5\"}\n"));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  ASSERT_TRUE(eventually([&] { return workspace.trainings().size() == 2; }));
  tt::test::tell_cluster({"controller", "freeze"});
  const tt::Value record = workspace.status();
  tt::test::tell_cluster({"controller", "thaw"});
  const tt::Value& site = record.at("sites").as_list().front();
  EXPECT_EQ(site.text_or("asked"), "could-not-ask");
  EXPECT_EQ(site.text_or("why"), "PBS did not answer in time");
  for (const tt::Value& one : record.at("runs").as_list())
    EXPECT_THAT(one.text_or("state"), testing::AnyOf("submitted", "running"));
  const tt::ProcessResult wait = workspace.submit({"wait"});
  EXPECT_EQ(wait.status, 0) << wait.out << wait.err;
  expect_each_trained_once(workspace, 2);
}

TEST_F(Cluster, AControllerThatIsGoneForAWhileLosesNothing) {
  if (tt::test::scheduler_under_test().name == "pbs-real") GTEST_SKIP() << "others work with this PBS";
  const Workspace workspace(runs(3, "env: {STAND_IN_SECONDS: \"4\"}\n"));
  const tt::ProcessIdentity run = workspace.start("tt-submit", {"run", "sweep.yaml"});
  ASSERT_TRUE(eventually([&] { return workspace.trainings().size() == 3; }));
  tt::test::tell_cluster({"controller", "stop"});
  const tt::ProcessResult status = workspace.submit({"status", "--json"});
  const tt::Value record = tt::parse_json(status.out, "status");
  EXPECT_EQ(record.at("sites").as_list().front().text_or("asked"), "could-not-ask");
  EXPECT_THAT(record.at("sites").as_list().front().text_or("why"),
              HasSubstr(in_words_of("Unable to contact slurm controller", "PBS cannot be reached")));
  for (const tt::Value& one : record.at("runs").as_list()) EXPECT_NE(one.text_or("state"), "lost");
  EXPECT_NE(record.at("sites").as_list().front().text_or("heard"), "");
  EXPECT_THAT(workspace.submit({"explain", "_bs2"}).out, HasSubstr("  silence     could not ask lab: "));
  EXPECT_NE(workspace.submit({"cancel", "_bs1"}).status, 0) << "nobody could be told";
  tt::test::tell_cluster({"controller", "start"});
  ASSERT_TRUE(eventually([&] { return !tt::is_alive(run); }, std::chrono::seconds(120)));
  expect_each_trained_once(workspace, 3);
  const auto states = workspace.states();
  EXPECT_EQ(states.at("_bs2"), "finished");
  EXPECT_EQ(states.at("_bs3"), "finished");
}

// A controller that dies within seconds of a cancel has forgotten it when it is back.
TEST_F(Cluster, ARunWhoseCancelTheControllerForgotIsFollowedToItsEnd) {
  TT_SLURM_ONLY("how a PBS server saves its jobs is not ours to break");
  const auto partition = [](const std::string& state) {
    ASSERT_TRUE(ask({"scontrol", "update", "partitionname=main", "state=" + state}).ok());
  };
  const std::filesystem::path saved = tt::test::scheduler_under_test().folder / "state/job_state";
  bool forgot = false;
  for (int tries = 0; !forgot && tries < 5; ++tries) {  // it may save its state just between the cancel and its death
    partition("down");
    const Workspace workspace(runs(2));
    ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
    const std::string token = tt::list_folder(workspace / "submissions").front();
    ASSERT_TRUE(eventually(
        [&] { return tt::read_file_if_there(saved).value_or("").find("tt-" + token) != std::string::npos; }));
    ASSERT_TRUE(ask({"scancel", job_of(workspace, "_bs1")}).ok());
    EXPECT_EQ(workspace.states().at("_bs1"), "cancelled");
    tt::test::tell_cluster({"controller", "kill"});
    tt::test::tell_cluster({"controller", "start"});
    ASSERT_TRUE(eventually([&] { return ask({"squeue"}).ok(); }));
    forgot = ask({"squeue", "--name=tt-" + token, "--noheader"}).out.find("PD") != std::string::npos;
    EXPECT_EQ(workspace.states().at("_bs1"), forgot ? "queued" : "cancelled");
    partition("up");
    if (!forgot) continue;
    ASSERT_TRUE(eventually([&] { return workspace.trainings().size() == 2; }));
    ASSERT_TRUE(eventually([&] {
      const auto states = workspace.states();
      return states.at("_bs1") == "finished" && states.at("_bs2") == "finished";
    }));
    expect_each_trained_once(workspace, 2);
    EXPECT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
    expect_each_trained_once(workspace, 2);
  }
  EXPECT_TRUE(forgot) << "the controller never forgot a cancel";
}

// --- from inside, and hostile values ---------------------------------------------------------------------------------

TEST_F(Cluster, ASweepStartedInsideAJobIsItsOwn) {
  const Workspace workspace(runs(2));
  const auto& scheduler = tt::test::scheduler_under_test();
  std::string exports;
  for (const auto& [name, value] : scheduler.environment) exports += "export " + name + "='" + value + "'\n";
  tt::write_new_file(workspace / "outer.sh", "#!/bin/bash\n" + exports + "export TT_SITE=" + scheduler.site + "\ncd " +
                                                 workspace.path().string() + "\n" + TT_TOOLS_DIR +
                                                 "/tt-submit run sweep.yaml >outer.out 2>&1\necho $? >outer.new\n"
                                                 "mv outer.new outer.status\n");  // whole when it is there
  const std::string outer = (workspace / "outer.sh").string();
  const tt::ProcessResult submitted =
      ask(scheduler.is_pbs()
              ? std::vector<std::string>{"qsub", "-V", "-J", "7-8:2", "-o", "/dev/null", "-j", "oe", outer}
              : std::vector<std::string>{"sbatch", "--array=7", "--ntasks-per-node=2", "--output=/dev/null", outer});
  ASSERT_TRUE(submitted.ok()) << submitted.err;
  ASSERT_TRUE(eventually([&] { return tt::is_there(workspace / "outer.status"); }, std::chrono::seconds(90)));
  EXPECT_EQ(tt::test::read(workspace / "outer.status"), "0\n") << tt::test::read(workspace / "outer.out");
  expect_each_trained_once(workspace, 2);
}

TEST_F(Cluster, HostileValuesNeverBecomeCommands) {
  const Workspace workspace(
      runs(1,
           "env: {NOTE: \"$(touch canary) `touch canary`; touch canary #\", OTHER: \"' \\\" %j \\\\\"}\n"
           "name: \"x\"\n"));
  const auto no_name =
      site_with(workspace, "[launch]", "[launch]\naccount = \"a b$(touch canary)\\\"; touch canary #\"");
  const tt::ProcessResult no_account = workspace.tool("tt-submit", {"run", "sweep.yaml"}, no_name);
  EXPECT_EQ(no_account.status, 2) << no_account.err;
  EXPECT_THAT(workspace.trainings(), testing::IsEmpty());
  const auto site = site_with(workspace, "[launch]",
                              "[launch]\nalways = [\"" + in_words_of("--comment=", "-P ") +
                                  "a b\\\"`touch canary` $(touch canary)\\\"; touch canary #\"]");
  const tt::ProcessResult run = workspace.tool("tt-submit", {"run", "sweep.yaml"}, site);
  EXPECT_EQ(run.status, 0) << run.out << run.err;
  expect_each_trained_once(workspace, 1);
  for (const auto& place : {workspace.path(), workspace.run("x"), workspace / "submissions"})
    EXPECT_FALSE(tt::is_there(place / "canary")) << place;
  const auto smuggled = site_with(workspace, "[launch]", "[launch]\naccount = \"\"\"a\n#SBATCH --wrap=reboot\"\"\"");
  const tt::ProcessResult refused = workspace.tool("tt-submit", {"run", "sweep.yaml", "--again"}, smuggled);
  EXPECT_EQ(refused.status, 2) << refused.err;
}

}  // namespace
