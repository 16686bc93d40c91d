// What only a batch system does: it says no for want of room, waits in vain, requeues, falls silent, has many nodes.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>

#include <set>

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
using tt::test::eventually;
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

// The profile of the cluster with lines changed or added, as a file of the workspace.
std::map<std::string, std::string> site_with(const Workspace& workspace, const std::string& from, const std::string& to,
                                             const std::string& end = "") {
  const std::string profile = tt::test::read(tt::test::scheduler_under_test().site);
  EXPECT_THAT(profile, HasSubstr(from));
  tt::write_new_file(workspace / "site.toml", tt::replace_all(profile, from, to) + end);
  return {{"TT_SITE", (workspace / "site.toml").string()}};
}

// What the batch system under test says, in its own words.
std::string in_words_of(const std::string& slurm, const std::string& pbs) {
  return tt::test::scheduler_under_test().is_pbs() ? pbs : slurm;
}

// A queue that takes so many jobs of one user, and jobs go there.
std::string queue_of(int max_queued) {
  const std::string name = in_words_of("main", "workq");
  return fmt::format("[[queue]]\nname = \"{0}\"\nmax_queued = {1}\n[launch]\npartition = \"{0}\"", name, max_queued);
}

// A program of the batch system, with the environment of the cluster.
tt::ProcessResult ask(std::vector<std::string> argv) {
  tt::Command command;
  command.argv = std::move(argv);
  command.environment = tt::Environment::of_this_process();
  for (const auto& [name, value] : tt::test::scheduler_under_test().environment) command.environment.set(name, value);
  return tt::SystemRunner().run(command, tt::Seconds{60});
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

// --- room ------------------------------------------------------------------------------------------------------------

TEST_F(Cluster, AWindowOfTheSiteIsFedAndNeverOverrun) {
  const Workspace workspace(runs(5));
  const auto site = site_with(workspace, "[launch]", queue_of(2));
  const tt::ProcessResult first = workspace.tool("tt-submit", {"run", "sweep.yaml", "--no-wait"}, site);
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_THAT(first.err, HasSubstr("3 runs wait: lab takes 2 jobs of one user at a time"));
  const tt::ProcessResult wait = workspace.tool("tt-submit", {"wait"}, site);
  EXPECT_EQ(wait.status, 0) << wait.out << wait.err;
  expect_each_trained_once(workspace, 5);
  for (const std::string& token : tt::list_folder(workspace / "submissions")) {
    const tt::Value record =
        tt::parse_json(tt::test::read(workspace / ("submissions/" + token + "/submission.json")), token);
    EXPECT_LE(record.at("runs").as_list().size(), 2U);
  }
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

// --- many nodes ------------------------------------------------------------------------------------------------------

const char* const kManyNodes = R"sh(#!/usr/bin/env bash
set -e
torchrun --nproc_per_node="$NGPU" --rdzv_backend c10d --rdzv_endpoint=localhost:0 --local-ranks-filter "$LOG_RANK" \
  --role rank --tee 3 -m torchtitan.train --job.config_file "$CONFIG_FILE" "$@"
)sh";
// Says what it was called with and where, then behaves like a training.
const char* const kTorchrun = R"sh(#!/usr/bin/env bash
echo "${SLURMD_NODENAME:-n$((TT_NODE + 1))} $*" >>"$STAND_IN_NOTES"
echo "[rank0]:[titan] 2026-01-01 00:00:00,000 - root - INFO - step:  1  loss:  4.0  grad_norm:  1.0000  memory:  1.00GiB(1.00%)  tps: 1,000  tflops: 1.00  mfu: 1.00%"
if [ "${STAND_IN_BAD_NODE-}" = "$TT_NODE" ]; then
  while [ "$(wc -l <"$STAND_IN_NOTES")" -lt "$TT_NODES" ]; do sleep 0.1; done # all of them train
  exit 3
fi
[ -z "${STAND_IN_SECONDS-}" ] || sleep "$STAND_IN_SECONDS"
echo "[rank0]:[titan] 2026-01-01 00:00:00,000 - root - INFO - Training completed"
)sh";

class ManyNodes : public Cluster {
 protected:
  void SetUp() override {
    Cluster::SetUp();
    if (IsSkipped()) return;
    namespace fs = std::filesystem;
    tt::make_folders(workspace / "bin");
    tt::write_new_file(workspace / "bin/torchrun", kTorchrun);
    tt::write_new_file(workspace / "run_train.sh", kManyNodes);
    for (const char* name : {"bin/torchrun", "run_train.sh"}) fs::permissions(workspace / name, fs::perms::owner_all);
    site = site_with(workspace, "cpus = 128", "cpus = 16",
                     "[setup]\njob = [\"export PATH=" + (workspace / "bin").string() + ":$PATH\"]\n");
  }
  void write_sweep(const std::string& variables) {
    tt::write_new_file(workspace / "sweep.yaml",
                       "sweep: story\nbase: base.toml\nmodel: story\ntorchtitan: {root: ., version: 0.2.2}\n"
                       "matrix:\n  training.local_batch_size: [1]\nfixed: {training.steps: 1}\n"
                       "env: {STAND_IN_NOTES: \"" +
                           (workspace / "notes").string() + "\"" + variables +
                           "}\nresources: {gpus: 24, walltime: \"00:05:00\"}\n");
  }
  tt::ProcessResult submit(std::vector<std::string> words) {
    return workspace.tool("tt-submit", std::move(words), site);
  }
  tt::Value exit_record() { return tt::parse_json(tt::test::read(workspace.run("_bs1") / "exit.json"), "exit.json"); }
  Workspace workspace;
  std::map<std::string, std::string> site;
};

TEST_F(ManyNodes, OneProcessOnEveryNodeFormsOneWorld) {
  write_sweep("");
  const tt::ProcessResult run = submit({"run", "sweep.yaml"});
  ASSERT_EQ(run.status, 0) << run.out << run.err << tt::test::read(workspace / "notes");
  std::vector<std::string> notes = tt::split_lines(tt::test::read(workspace / "notes"));
  ASSERT_THAT(notes, SizeIs(3));
  std::sort(notes.begin(), notes.end());
  std::set<std::string> meetings;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_THAT(notes[i], testing::StartsWith(fmt::format("n{} --nproc_per_node=8 ", i + 1)));
    EXPECT_THAT(notes[i], HasSubstr(fmt::format(" --nnodes=3 --node_rank={} --rdzv_backend=static ", i)));
    const std::size_t from = notes[i].rfind("--rdzv_endpoint=");
    meetings.insert(notes[i].substr(from, notes[i].find(" --max_restarts") - from));
  }
  EXPECT_THAT(meetings, SizeIs(1)) << "one address, port and name for all";
  EXPECT_THAT(exit_record().at("nodes").as_list(), SizeIs(3));
  EXPECT_TRUE(tt::is_there(workspace.run("_bs1") / "attempt-1/node-2.txt"));
}

TEST_F(ManyNodes, ANodeThatEndsBadlyEndsTheOthersAndAllSaySo) {
  write_sweep(", STAND_IN_BAD_NODE: \"1\", STAND_IN_SECONDS: \"100\"");
  const tt::ProcessResult run = submit({"run", "sweep.yaml"});
  EXPECT_EQ(run.status, 3) << run.out << run.err;
  const tt::Value record = exit_record();
  const auto& nodes = record.at("nodes").as_list();
  ASSERT_THAT(nodes, SizeIs(3));
  EXPECT_EQ(nodes[1].integer_or("status"), 3);
  EXPECT_EQ(nodes[0].text_or("signal"), "SIGTERM");
  EXPECT_EQ(nodes[2].text_or("signal"), "SIGTERM");
  EXPECT_EQ(workspace.states().at("_bs1"), "failed");
}

TEST_F(ManyNodes, ACancelEndsEveryNodeAndIsRecorded) {
  write_sweep(", STAND_IN_SECONDS: \"100\"");
  ASSERT_EQ(submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  ASSERT_TRUE(eventually([&] {
    return tt::is_there(workspace / "notes") && tt::split_lines(tt::test::read(workspace / "notes")).size() == 3;
  }));
  ASSERT_EQ(submit({"cancel"}).status, 0);
  ASSERT_TRUE(eventually([&] { return workspace.states().at("_bs1") == "cancelled"; }));
  ASSERT_TRUE(eventually([&] { return tt::is_there(workspace.run("_bs1") / "exit.json"); }));
  const tt::Value record = exit_record();
  EXPECT_EQ(record.text_or("ended_by"), "SIGTERM");
  for (const tt::Value& node : record.at("nodes").as_list()) EXPECT_EQ(node.text_or("signal"), "SIGTERM");
}

// --- from inside, and hostile values ---------------------------------------------------------------------------------

TEST_F(Cluster, ASweepStartedInsideAJobIsItsOwn) {
  const Workspace workspace(runs(2));
  const auto& scheduler = tt::test::scheduler_under_test();
  std::string exports;
  for (const auto& [name, value] : scheduler.environment) exports += "export " + name + "='" + value + "'\n";
  tt::write_new_file(workspace / "outer.sh", "#!/bin/bash\n" + exports + "export TT_SITE=" + scheduler.site + "\ncd " +
                                                 workspace.path().string() + "\n" + TT_TOOLS_DIR +
                                                 "/tt-submit run sweep.yaml >outer.out 2>&1\necho $? >outer.status\n");
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
  const auto site = site_with(workspace, "[launch]",
                              "[launch]\naccount = \"a b$(touch canary)\\\"; touch canary #\"\n"
                              "always = [\"" +
                                  in_words_of("--comment=", "-P ") + "`touch canary` $(touch canary)\"]");
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
