// What tt-submit answers at the edges: refusals, limits of cost, sweeps without a run, folders without a sweep.
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "support/eventually.hpp"
#include "support/tools.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace {

using testing::HasSubstr;
using testing::Not;
using tt::Value;
using tt::test::Sweep;
using tt::test::Workspace;

Sweep sweep_of(const std::string& matrix, const std::string& more = "") { return {"story", matrix, more, "00:30:00"}; }

// The number of GPUs varies, so that runs of different shapes are handed over apart.
void vary_gpus(const Workspace& workspace, const std::string& numbers) {
  std::string text = tt::test::read(workspace / "sweep.yaml");
  text = tt::replace_all(text, "gpus: 1, ", "");
  text = tt::replace_all(text, "  training.local_batch_size: [1]\n", "  resources.gpus: " + numbers + "\n");
  tt::write_file(workspace / "sweep.yaml", text);
}

// A profile that plans two nodes where there is one machine: tasks of eight GPUs are refused when they are submitted.
std::string profile_that_promises_too_much(const Workspace& workspace) {
  std::string text = tt::test::read(std::filesystem::path(TT_SOURCE_DIR) / "site/laptop.toml");
  text = tt::replace_all(text, "max_nodes = 1 ", "max_nodes = 2 ");
  tt::write_new_file(workspace / "two.toml", text);
  return "two.toml";
}

constexpr const char* kRefusal =
    ": a task wants 2 nodes and this machine is one; nothing of it started: mend that, and repeat\n";

TEST(Refused, ByAllIsExitCodeOneWithAndWithoutWaitingAndForRetry) {
  const Workspace workspace(sweep_of("  training.local_batch_size: [1]\n"));
  vary_gpus(workspace, "[8]");
  const std::string site = profile_that_promises_too_much(workspace);
  const tt::ProcessResult no_wait = workspace.submit({"run", "sweep.yaml", "--site", site, "--no-wait"});
  EXPECT_EQ(no_wait.status, 1) << no_wait.out;
  EXPECT_THAT(no_wait.err, HasSubstr(" of 1 run was refused" + std::string(kRefusal)));
  EXPECT_EQ(workspace.submit({"run", "sweep.yaml", "--site", site}).status, 1);
  const tt::ProcessResult retry = workspace.submit({"retry", "--site", site, "--no-wait"});
  EXPECT_EQ(workspace.status().at("counts").integer_or("planned"), 1);
  EXPECT_THAT(retry.err, HasSubstr("nothing to retry")) << "a refused attempt never ended: `run` hands it over";
}

// Two GPUs are one node here and two there: another run, in the same folder.
TEST(Expand, NamesTheSiteWhoseRunLiesInTheFolder) {
  const Workspace workspace(sweep_of("  training.local_batch_size: [1]\n"));
  vary_gpus(workspace, "[2]");
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  std::string desk = tt::test::read(std::filesystem::path(TT_SOURCE_DIR) / "site/laptop.toml");
  desk = tt::replace_all(desk, "name = \"laptop\" ", "name = \"desk\" ");
  desk = tt::replace_all(desk, "slots = 4 ", "slots = 1 ");
  desk = tt::replace_all(desk, "max_nodes = 1 ", "max_nodes = 2 ");
  tt::write_new_file(workspace / "desk.toml", desk);
  const tt::ProcessResult expand = workspace.sweep({"expand", "sweep.yaml", "--site", "desk.toml"});
  EXPECT_THAT(expand.out, HasSubstr("1 started at another site (--site goes on there, --again starts here)\n"));
  EXPECT_THAT(expand.err, HasSubstr("_gpus2: started at site laptop, needs --again to start at desk\n"));
}

TEST(Cancel, SaysWhatIsStillEnding) {
  const Workspace workspace(sweep_of("  training.local_batch_size: [1]\n"));
  std::ofstream(workspace / "run_train.sh") << "#!/bin/bash\ntrap '' TERM\ntouch started\nsleep 60\n";
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  ASSERT_TRUE(tt::test::eventually([&] { return tt::is_there(workspace / "started"); }));
  const tt::ProcessResult cancel = workspace.submit({"cancel"});
  EXPECT_EQ(cancel.err,
            "tt-submit: note: cancelled 1 run\n"
            "tt-submit: note: 1 run was told to end, and not seen to have ended yet; `tt-submit wait` follows\n");
  workspace.submit({"wait"});
  EXPECT_EQ(workspace.states(), (std::map<std::string, std::string>{{"_bs1", "cancelled"}}));
}

TEST(Refused, BySomeIsExitCodeThree) {
  const Workspace workspace(sweep_of("  training.local_batch_size: [1]\n"));
  vary_gpus(workspace, "[1, 8]");
  const std::string site = profile_that_promises_too_much(workspace);
  const tt::ProcessResult run = workspace.submit({"run", "sweep.yaml", "--site", site, "--no-wait"});
  EXPECT_EQ(run.status, 3) << run.out;
  EXPECT_THAT(run.err, HasSubstr("submitted 1 run as job "));
  EXPECT_THAT(run.err, HasSubstr(kRefusal));
  EXPECT_EQ(workspace.submit({"wait", "--site", site}).status, 3);
  EXPECT_EQ(workspace.trainings().size(), 1U);
}

TEST(Refused, OfARetryIsToldAsThatOfARun) {
  const Workspace workspace(sweep_of("  training.local_batch_size: [1]\n", "env: {STAND_IN_EXIT: \"3\"}\n"));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 3);
  tt::remove_tree(workspace / ".tt/local");  // where jobs of this machine are handed over: a file there refuses all
  tt::write_new_file(workspace / ".tt/local", "");
  const tt::ProcessResult retry = workspace.submit({"retry", "--no-wait"});
  EXPECT_EQ(retry.status, 1) << retry.out << retry.err;
  EXPECT_THAT(retry.err, HasSubstr(" of 1 run was refused: "));
}

TEST(MaxGpuHours, RefusesBeforeAnythingIsWritten) {
  const Workspace workspace(sweep_of("  training.local_batch_size: [1, 2, 3]\n"));  // 3 runs x 1 GPU x 30 minutes
  tt::remove_tree(workspace / ".tt");
  const std::string before = tt::test::snapshot(workspace.path());
  const std::vector<std::vector<std::string>> ways{{"run", "sweep.yaml", "--max-gpu-hours", "1.4"},
                                                   {"run", "sweep.yaml", "--max-gpu-hours", "1.4", "--dry-run"}};
  for (const std::vector<std::string>& words : ways) {
    const tt::ProcessResult run = workspace.submit(words);
    EXPECT_EQ(run.status, 1) << run.out;
    EXPECT_EQ(run.out, "");
    EXPECT_EQ(run.err,
              "tt-submit: error: 3 runs to submit may use 1.50 GPU hours (up to the walltime), more than "
              "--max-gpu-hours 1.4; nothing was submitted\n");
  }
  EXPECT_EQ(tt::test::snapshot(workspace.path()), before);
}

TEST(MaxGpuHours, CountsOnlyWhatWouldBeSubmittedNow) {
  Workspace workspace(sweep_of("  training.local_batch_size: [1, 2]\n"));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--max-gpu-hours", "1"}).status, 0);
  EXPECT_EQ(workspace.submit({"run", "sweep.yaml", "--max-gpu-hours", "0.01"}).status, 0) << "all are finished";
  workspace.write_sweep(sweep_of("  training.local_batch_size: [1, 2, 3]\n"));
  EXPECT_EQ(workspace.submit({"run", "sweep.yaml", "--max-gpu-hours", "0.4"}).status, 1);
  EXPECT_EQ(workspace.submit({"run", "sweep.yaml", "--max-gpu-hours", "0.5"}).status, 0);
}

TEST(MaxGpuHours, BelowZeroIsBadInput) {
  const Workspace workspace;
  const tt::ProcessResult run = workspace.submit({"run", "sweep.yaml", "--max-gpu-hours", "-1"});
  EXPECT_EQ(run.status, 2);
  EXPECT_EQ(run.err, "tt-submit: error: --max-gpu-hours -1: a number of hours from 0 on is wanted\n");
}

// The flags and the file are good: what is too dear could not be done, here as in `tt-submit run`.
TEST(MaxGpuHours, RefusesAPlanWithTheSameExitCode) {
  const Workspace workspace(sweep_of("  training.local_batch_size: [1, 2]\n"));
  const std::string before = tt::test::snapshot(workspace.path());
  for (const char* command : {"check", "plan", "expand"}) {
    const tt::ProcessResult result = workspace.sweep({command, "sweep.yaml", "--max-gpu-hours", "0.9"});
    EXPECT_EQ(result.status, 1) << command;
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err,
              "tt-sweep: error: this plan may cost 1 GPU hours, and --max-gpu-hours allows 0.9; cut points with "
              "`where:`, keep some with `sample:`, or shorten `resources: {walltime}`\n");
    const tt::ProcessResult negative = workspace.sweep({command, "sweep.yaml", "--max-gpu-hours", "-1"});
    EXPECT_EQ(negative.status, 2) << command;
    EXPECT_EQ(negative.err, "tt-sweep: error: --max-gpu-hours -1: a number of hours from 0 on is wanted\n");
  }
  EXPECT_EQ(tt::test::snapshot(workspace.path()), before);
}

TEST(NoRun, ASweepWithoutARunnablePointSaysSoAndShowsNoTable) {
  const Workspace workspace(sweep_of("  parallelism.tensor_parallel_degree: [3]\n"));
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"run", "sweep.yaml"}, {"run", "sweep.yaml", "--no-wait"}}) {
    const tt::ProcessResult run = workspace.submit(words);
    EXPECT_EQ(run.status, 3);
    EXPECT_EQ(run.out, "");
    EXPECT_THAT(run.err, HasSubstr("no point of this sweep can run; `tt-sweep plan sweep.yaml` says why"));
    EXPECT_THAT(run.err, Not(HasSubstr("finished")));
  }
}

TEST(NoSweepHere, EveryCommandSaysHowToBeginAndWritesNothing) {
  const Workspace workspace;
  tt::remove_tree(workspace / ".tt");
  const std::string before = tt::test::snapshot(workspace.path());
  const std::string sentence = "no sweep was expanded here yet; `tt-submit run SWEEP` begins\n";
  for (const char* command :
       {"retry", "wait", "watch", "collect", "summary", "cancel", "hold", "release", "explain", "logs"}) {
    std::vector<std::string> words{command};
    if (words.front() == "explain" || words.front() == "logs") words.push_back("_bs1");
    const tt::ProcessResult result = workspace.submit(words);
    EXPECT_EQ(result.status, 1) << command;
    EXPECT_EQ(result.out, "") << command;
    EXPECT_EQ(result.err, "tt-submit: error: " + sentence) << command;
  }
  const tt::ProcessResult status = workspace.submit({"status"});
  EXPECT_EQ(status.status, 0);
  EXPECT_EQ(status.out, sentence);
  EXPECT_EQ(workspace.status().text_or("schema"), "tt.status/1");
  EXPECT_EQ(tt::test::snapshot(workspace.path()), before);
  EXPECT_FALSE(tt::is_there(workspace / ".tt"));
}

TEST(NoSweepHere, AWorkspaceThatIsNotThereIsBadInput) {
  const Workspace workspace(sweep_of("  training.local_batch_size: [1]\n"));
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"status"}, {"status", "--json"}, {"wait"}, {"cancel"}, {"summary"}}) {
    std::vector<std::string> all = words;
    all.insert(all.end(), {"--workspace", (workspace / "nowhere").string()});
    const tt::ProcessResult result = workspace.submit(all);
    EXPECT_EQ(result.status, 2) << words.front();
    EXPECT_EQ(result.err,
              "tt-submit: error: there is no folder " + (workspace / "nowhere").string() + ", so no workspace\n");
    EXPECT_EQ(result.out, "");
  }
  EXPECT_FALSE(tt::is_there(workspace / "nowhere"));
}

// A link to it, say: a sweep is where its file is, whatever it is called.
TEST(SweepFile, MayBeNamedAnotherWay) {
  const Workspace workspace(sweep_of("  training.local_batch_size: [1]\n"));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  const auto link = workspace.path().string() + ".link";
  std::filesystem::create_directory_symlink(workspace.path(), link);
  const tt::ProcessResult run =
      workspace.submit({"run", link + "/sweep.yaml", "--workspace", workspace.path().string()});
  std::filesystem::remove(link);
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("nothing to do: the run is finished already"));
}

// Run names are those of what varies: two sweeps share them easily.
TEST(TwoSweeps, NextStepsMeanOneRun) {
  const Workspace workspace(sweep_of("  training.local_batch_size: [1, 2]\n", "env: {STAND_IN_EXIT: \"3\"}\n"));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 3);
  EXPECT_THAT(workspace.submit({"status"}).err, HasSubstr("next: tt-submit explain _bs1\n"));
  std::string other = tt::test::read(workspace / "sweep.yaml");
  other = tt::replace_all(tt::replace_all(other, "sweep: story", "sweep: other"), "model: story", "model: other");
  tt::write_new_file(workspace / "other.yaml", other);
  const tt::ProcessResult run = workspace.submit({"run", "other.yaml"});
  EXPECT_THAT(run.err, HasSubstr("next: tt-submit explain other/_bs1\n"));
  const tt::ProcessResult explain = workspace.submit({"explain", "other/_bs1"});
  EXPECT_EQ(explain.status, 0) << explain.err;
  EXPECT_THAT(explain.out, HasSubstr("next        tt-submit retry other/_bs1 "));
  const tt::ProcessResult status = workspace.submit({"status"});
  EXPECT_THAT(status.out, HasSubstr("_bs2  other  failed"));
  EXPECT_THAT(status.out, HasSubstr("_bs2  story  failed"));
  EXPECT_THAT(workspace.submit({"summary"}).out, HasSubstr("other/_bs2"));
  EXPECT_EQ(workspace.submit({"run", "other.yaml", "--again=other/_bs2"}).status, 3);
  EXPECT_THAT(workspace.trainings(), testing::Contains(testing::Pair("_bs2", 3)));
}

TEST(Explain, SaysWhoCancelledARunThatNeverStarted) {
  const Workspace workspace(sweep_of("  training.local_batch_size: [1, 2]\n", "env: {STAND_IN_SECONDS: \"60\"}\n"));
  tt::write_new_file(workspace / "narrow.toml",
                     "name = \"narrow\"\nscheduler = \"local\"\n[node]\ngpus = 1\ncpus = 1\n");
  const std::map<std::string, std::string> narrow{{"TT_SITE", (workspace / "narrow.toml").string()}};
  ASSERT_EQ(workspace.tool("tt-submit", {"run", "sweep.yaml", "--no-wait"}, narrow).status, 0);
  ASSERT_EQ(workspace.tool("tt-submit", {"cancel"}, narrow).status, 0);
  ASSERT_TRUE(tt::test::eventually([&] {
    const tt::ProcessResult explain = workspace.tool("tt-submit", {"explain", "_bs2"}, narrow);
    return explain.out.find("why         cancelled by tt-submit before it started\n") != std::string::npos;
  }));
}

TEST(SweepChanged, WhatManyRunsShareIsSaidOnce) {
  const Workspace workspace(sweep_of("  training.local_batch_size: [1, 2, 3, 4, 5]\n"));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  const std::string trainer = tt::test::read(workspace / "run_train.sh");
  tt::write_new_file(workspace / "run_train.sh", trainer + "# changed\n");
  const tt::ProcessResult run = workspace.submit({"run", "sweep.yaml"});
  EXPECT_THAT(run.err, HasSubstr("note: _bs1, _bs2, _bs3 and 2 more: the sweep changed since it was started; "));
}

TEST(SweepIndex, ADamagedOneIsNamedWithItsRemedy) {
  const Workspace workspace(sweep_of("  training.local_batch_size: [1]\n"));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  const auto index = workspace / ".tt/sweeps/story.json";
  tt::write_new_file(index, "{\"schema\"");
  const tt::ProcessResult status = workspace.submit({"status"});
  EXPECT_EQ(status.status, 1);
  EXPECT_THAT(status.err,
              HasSubstr(index.string() + " is damaged (no JSON object): remove it and run `tt-sweep expand` "
                                         "of sweep 'story'"));
  tt::remove_tree(index);
  ASSERT_EQ(workspace.sweep({"expand", "sweep.yaml"}).status, 0);
  EXPECT_THAT(workspace.submit({"status"}).out, HasSubstr("1 run: 1 finished"));
  EXPECT_THAT(workspace.trainings(), testing::ElementsAre(testing::Pair("_bs1", 1)));
}

TEST(Logs, FollowingIsNoRecord) {
  const Workspace workspace;
  const tt::ProcessResult logs = workspace.submit({"logs", "-f", "--json", "_bs1"});
  EXPECT_EQ(logs.status, 2);
  EXPECT_EQ(logs.out, "");
  EXPECT_EQ(
      logs.err,
      "tt-submit: error: logs -f prints what comes as it comes, --json one record at the end: leave out one of them\n");
}

TEST(Logs, TheRecordHoldsTheLogAsItLies) {
  const Workspace workspace;
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  const tt::ProcessResult logs = workspace.submit({"logs", "--json", "_bs1"});
  const Value record = tt::parse_json(logs.out, "stdout");
  EXPECT_EQ(record.text_or("schema"), "tt.log/1");
  EXPECT_EQ(record.text_or("run"), "_bs1");
  EXPECT_EQ(record.integer_or("attempt"), 1);
  EXPECT_EQ(record.text_or("file"), (workspace.run("_bs1") / "attempt-1/log.txt").string());
  EXPECT_EQ(record.text_or("text"), tt::test::read(workspace.run("_bs1") / "attempt-1/log.txt"));
}

TEST(Flags, AnOptionWithoutItsValueDoesNotSwallowTheNextWord) {
  const Workspace workspace;
  const tt::ProcessResult run = workspace.submit({"run", "sweep.yaml", "--account=", "--dry-run"});
  EXPECT_EQ(run.status, 2) << run.out;
  EXPECT_EQ(run.err, "tt-submit: error: --account= has no value: write one, or leave the option out\n");
  EXPECT_FALSE(tt::is_there(workspace / "submissions"));
}

// config.toml and run.json name the folder they were made in.
TEST(Flags, AnAccountIsRefusedWhereThereIsNoBatchSystemAndThatOfTheShellIsNot) {
  const Workspace workspace(sweep_of("  training.local_batch_size: [1]\n"));
  const tt::ProcessResult said = workspace.submit({"run", "sweep.yaml", "--dry-run", "--account", "m1"});
  EXPECT_EQ(said.status, 2);
  EXPECT_THAT(said.err, HasSubstr("account 'm1'"));
  EXPECT_THAT(said.err, HasSubstr("means nothing to this machine, which has no batch system"));
  const tt::ProcessResult inherited =
      workspace.tool("tt-submit", {"run", "sweep.yaml", "--dry-run"}, {{"TT_ACCOUNT", "m1"}});
  EXPECT_EQ(inherited.status, 0) << inherited.err;
}

TEST(Moved, ARetryInAMovedWorkspaceIsRefusedWithBothPlaces) {
  const Workspace workspace(sweep_of("  training.local_batch_size: [1]\n", "env: {STAND_IN_EXIT: \"3\"}\n"));
  const std::string first = (workspace / "first").string(), second = (workspace / "second").string();
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--workspace", first}).status, 3);
  std::filesystem::rename(first, second);
  const tt::ProcessResult retry = workspace.submit({"retry", "--workspace", second});
  EXPECT_EQ(retry.status, 3) << retry.out;
  EXPECT_THAT(retry.err, HasSubstr("tt-submit: note: _bs1: made while the workspace was at " + first +
                                   ", and its config.toml still names that place, where the training would write: move "
                                   "the workspace back, or start it afresh with `tt-submit run SWEEP --again`\n"));
  EXPECT_THAT(retry.err, HasSubstr("nothing to retry"));
  const tt::ProcessResult afresh = workspace.submit({"run", "sweep.yaml", "--again=_bs1", "--workspace", second});
  EXPECT_EQ(afresh.status, 3) << afresh.err;  // it trains, and fails again
  EXPECT_THAT(tt::test::read(second + "/logs/story/_bs1/config.toml"), HasSubstr(second + "/logs/story/_bs1/out"));
}

TEST(SiteOfAWorkspace, OnAHostWithASchedulerIsThatOfItsEarlierRuns) {
  const Workspace workspace(sweep_of("  training.local_batch_size: [1]\n"));
  tt::make_folders(workspace / "bin");
  tt::write_new_file(workspace / "bin/sbatch", "");
  const std::map<std::string, std::string> cluster{{"TT_SITE", ""},
                                                   {"PATH", (workspace / "bin").string() + ":" + std::getenv("PATH")}};
  EXPECT_EQ(workspace.tool("tt-submit", {"run", "sweep.yaml"}, cluster).status, 2);
  ASSERT_EQ(workspace.tool("tt-submit", {"run", "sweep.yaml", "--site", "laptop"}, cluster).status, 0);
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"status"}, {"summary"}, {"explain", "_bs1"}, {"logs", "_bs1"}}) {
    const tt::ProcessResult result = workspace.tool("tt-submit", words, cluster);
    EXPECT_EQ(result.status, 0) << words.front() << "\n" << result.err;
  }
  EXPECT_EQ(workspace.tool("tt-sweep", {"list", "sweep.yaml"}, cluster).status, 0);
}

}  // namespace
