// What happens to runs when their sweep changes, is killed in the middle, or is taken back.
#include <gmock/gmock.h>
#include <signal.h>

#include "support/eventually.hpp"
#include "support/scheduler_under_test.hpp"
#include "support/tools.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace {

using testing::HasSubstr;
using testing::Not;
using tt::test::eventually;
using tt::test::Sweep;
using tt::test::Workspace;

Sweep slow(const std::string& matrix, const std::string& seconds = "60", const std::string& more = "") {
  return {"story", matrix, "env: {STAND_IN_SECONDS: \"" + seconds + "\"}\n" + more, "00:05:00"};
}
const char* const kOne = "  training.local_batch_size: [1]\n";
const char* const kTwo = "  training.local_batch_size: [1, 2]\n";

void change_base(const Workspace& workspace, const std::string& from, const std::string& to) {
  const std::string base = tt::test::read(workspace / "base.toml");
  ASSERT_THAT(base, HasSubstr(from));
  tt::write_new_file(workspace / "base.toml", tt::replace_all(base, from, to));
}

bool trains(const Workspace& workspace, std::size_t runs) {
  return eventually([&] { return workspace.trainings().size() == runs; });
}

TEST(Change, ARunThatIsOpenStaysInSightWhenItsSweepChanges) {
  const Workspace workspace(slow(kOne));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  ASSERT_TRUE(trains(workspace, 1));
  change_base(workspace, "seq_len = 256", "seq_len = 512");
  const tt::ProcessResult expand = workspace.sweep({"expand", "sweep.yaml"});
  EXPECT_EQ(expand.status, 0) << expand.err;
  EXPECT_THAT(expand.out, HasSubstr("1 changed but started already"));
  EXPECT_EQ(workspace.states().at("_bs1"), "running");
  EXPECT_EQ(workspace.submit({"cancel"}).status, 0);
  EXPECT_TRUE(eventually([&] { return workspace.states().at("_bs1") == "cancelled"; }));
}

TEST(Change, ARunThatLeftTheSweepWhileItRanCanBeCancelled) {
  Workspace workspace(slow(kTwo));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  ASSERT_TRUE(trains(workspace, 2));
  workspace.write_sweep(slow("  training.local_batch_size: [2]\n"));
  ASSERT_EQ(workspace.sweep({"expand", "sweep.yaml"}).status, 0);
  EXPECT_EQ(workspace.states().at("_bs1"), "running");
  EXPECT_EQ(workspace.submit({"cancel", "_bs1"}).status, 0);
  EXPECT_TRUE(eventually([&] { return !workspace.states().contains("_bs1"); })) << "ended and no longer in the sweep";
  EXPECT_EQ(workspace.states().at("_bs2"), "running");
  EXPECT_EQ(workspace.submit({"cancel"}).status, 0);
}

TEST(Change, AnOpenRunKeepsItsNameAndItsResultIsFound) {
  Workspace workspace(slow(kOne, "2"));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  ASSERT_TRUE(trains(workspace, 1));
  workspace.write_sweep(slow(kOne, "2", "name: \"x{training.local_batch_size}\"\n"));
  ASSERT_EQ(workspace.sweep({"expand", "sweep.yaml"}).status, 0);
  EXPECT_FALSE(tt::is_there(workspace.run("x1")));
  ASSERT_EQ(workspace.submit({"wait"}).status, 0);
  EXPECT_EQ(workspace.states().at("_bs1"), "finished");
  // Ended, it takes its new name, and nothing trains again.
  const tt::ProcessResult run = workspace.submit({"run", "sweep.yaml"});
  EXPECT_EQ(run.status, 0) << run.out << run.err;
  EXPECT_EQ(workspace.states().at("x1"), "finished");
  EXPECT_TRUE(tt::is_there(workspace.run("x1") / "summary.md"));
  EXPECT_EQ(workspace.trainings().size(), 1U);
}

TEST(Change, NamesCanBeSwappedAndEveryResultMovesWithItsRun) {
  Workspace workspace({"story", kTwo, "name: \"n{training.local_batch_size}\"\n", "00:05:00"});
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  const std::string exit_of_1 = tt::test::read(workspace.run("n1") / "exit.json");
  // seq_len takes the part of the batch size in the name: run 1 becomes n2 and the other way round.
  tt::write_new_file(workspace / "sweep.yaml",
                     "sweep: story\nbase: base.toml\nmodel: story\ntorchtitan: {root: ., version: 0.2.2}\n"
                     "zip:\n  - {training.local_batch_size: [1, 2], job.description: [n2, n1]}\n"
                     "name: \"{job.description}\"\nresources: {gpus: 1, walltime: \"00:05:00\"}\n");
  // The description is a setting: these are new trainings, and the old folders are in their way.
  const tt::ProcessResult expand = workspace.sweep({"expand", "sweep.yaml"});
  EXPECT_EQ(expand.status, 0) << expand.err;
  EXPECT_THAT(expand.out, HasSubstr("2 changed but started already (needs --again)"));
  EXPECT_EQ(tt::test::read(workspace.run("n1") / "exit.json"), exit_of_1);
}

TEST(Change, AfterAgainANameMeansTheRunOfTheSweepAlone) {
  const Workspace workspace({"story", kOne, "", "00:05:00"});
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  change_base(workspace, "seq_len = 256", "seq_len = 512");
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--again"}).status, 0);
  const tt::ProcessResult explain = workspace.submit({"explain", "_bs1"});
  EXPECT_EQ(explain.status, 0) << explain.err;
  EXPECT_THAT(explain.out, HasSubstr("_bs1: finished\n"));
  EXPECT_EQ(workspace.submit({"logs", "_bs1"}).status, 0);
  EXPECT_EQ(workspace.sweep({"show", "_bs1"}).status, 0);
  const tt::Value status = tt::parse_json(workspace.submit({"status", "_bs1", "--json"}).out, "status");
  EXPECT_EQ(status.at("runs").as_list().size(), 1u);
}

TEST(Change, ARenamedFailedRunCanBeRetried) {
  Workspace workspace({"story", kOne, "env: {STAND_IN_EXIT: \"3\"}\n", "00:05:00"});
  EXPECT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 3);
  workspace.write_sweep(
      {"story", kOne, "env: {STAND_IN_EXIT: \"3\"}\nname: \"x{training.local_batch_size}\"\n", "00:05:00"});
  const tt::ProcessResult expand = workspace.sweep({"expand", "sweep.yaml"});
  EXPECT_THAT(expand.out, HasSubstr("1 renamed"));
  EXPECT_EQ(workspace.submit({"retry"}).status, 3);
  EXPECT_TRUE(tt::is_there(workspace.run("x1") / "attempt-2"));
}

TEST(Change, ARenameOntoAnOccupiedFolderMovesNothing) {
  Workspace workspace({"story", kOne, "name: a\n", "00:05:00"});
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  tt::make_folders(workspace.run("b"));
  workspace.write_sweep({"story", kOne, "name: b\n", "00:05:00"});
  const tt::ProcessResult expand = workspace.sweep({"expand", "sweep.yaml"});
  EXPECT_EQ(expand.status, 0) << expand.err;
  EXPECT_TRUE(tt::is_there(workspace.run("a") / "summary.md"));
  EXPECT_EQ(workspace.states().at("a"), "finished");
}

TEST(Change, ASpellingThatChangesNoSettingIsNoChange) {
  Workspace workspace({"story", kOne, "name: a\n", "00:05:00"});
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  workspace.write_sweep({"story", kOne, "name: a\nfixed: {training.seq_len: 256}\n", "00:05:00"});
  const tt::ProcessResult run = workspace.submit({"run", "sweep.yaml"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("nothing to do"));
}

TEST(Change, AMovedSweepFileIsTheSameSweep) {
  const Workspace workspace;
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  tt::rename_path(workspace / "sweep.yaml", workspace / "moved.yaml");
  const tt::ProcessResult run = workspace.submit({"run", "moved.yaml"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.err, HasSubstr("nothing to do"));
}

TEST(Change, AFolderOfAnotherSweepIsRefusedBeforeAnythingIsWritten) {
  const Workspace workspace({"story", kOne, "", "00:05:00"});
  ASSERT_EQ(workspace.sweep({"expand", "sweep.yaml"}).status, 0);
  const std::string text = tt::test::read(workspace / "sweep.yaml");
  tt::write_new_file(workspace / "other.yaml",
                     tt::replace_all(tt::replace_all(text, "sweep: story", "sweep: other"), "[1]", "[3, 2, 1]"));
  const std::string before = tt::test::snapshot(workspace / "logs");
  const tt::ProcessResult expand = workspace.sweep({"expand", "other.yaml"});
  EXPECT_EQ(expand.status, 2);
  EXPECT_THAT(expand.err, HasSubstr("belongs to sweep 'story'"));
  EXPECT_EQ(tt::test::snapshot(workspace / "logs"), before);
}

TEST(Change, AFinishedRunWhoseFolderIsGoneIsNoSuccess) {
  const Workspace workspace({"story", kOne, "", "00:05:00"});
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  tt::remove_tree(workspace.run("_bs1"));
  const tt::ProcessResult run = workspace.submit({"run", "sweep.yaml"});
  EXPECT_EQ(run.status, 3) << run.out << run.err;
  EXPECT_THAT(run.err, HasSubstr("_bs1: it finished, but its results are gone; --again trains it anew"));
}

TEST(Change, ARetryNeverTouchesAFolderThatHoldsAnotherRunByNow) {
  // An input/output error is retried by policy; the sweep changes and starts the folder afresh meanwhile.
  const Workspace workspace({"story", kOne, "env: {STAND_IN_EXIT: \"3\"}\n", "00:05:00"});
  const std::string trainer = tt::test::read(workspace / "run_train.sh");
  tt::write_new_file(workspace / "run_train.sh", tt::replace_all(trainer, "RuntimeError: the stand-in was told to fail",
                                                                 "OSError: [Errno 5] Input/output error"));
  EXPECT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  ASSERT_TRUE(eventually([&] { return workspace.states().at("_bs1") == "failed"; }));
  change_base(workspace, "seq_len = 256", "seq_len = 512");
  EXPECT_EQ(workspace.submit({"run", "sweep.yaml", "--again", "--no-wait"}).status, 0);
  ASSERT_TRUE(eventually([&] { return workspace.states().at("_bs1") == "failed"; }));
  // Both the old and the new settings failed; what lies there is the new run, and only it may be retried.
  const tt::ProcessResult retry = workspace.submit({"retry", "--no-wait"});
  EXPECT_EQ(workspace.status().at("runs").as_list().front().integer_or("attempt"), 3) << retry.err;
}

class AgainKilledAt : public testing::TestWithParam<const char*> {};

TEST_P(AgainKilledAt, IsStillAfreshAndTrainsOnce) {
  const Workspace workspace({"story", kOne, "", "00:05:00"});
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  tt::make_folders(workspace.run("_bs1") / "out");
  tt::write_new_file(workspace.run("_bs1") / "out/checkpoint", "of attempt 1");
  const tt::ProcessResult killed =
      workspace.tool("tt-submit", {"run", "sweep.yaml", "--again"}, {{"TT_STOP_AT", GetParam()}});
  ASSERT_EQ(killed.ending, tt::Ending::signalled) << killed.out << killed.err;
  const tt::ProcessResult next = workspace.submit({"run", "sweep.yaml"});
  EXPECT_EQ(next.status, 0) << next.out << next.err;
  EXPECT_EQ(workspace.trainings().at("_bs1"), 2);
  EXPECT_FALSE(tt::is_there(workspace.run("_bs1") / "out/checkpoint"));
  EXPECT_EQ(tt::test::read(workspace.run("_bs1") / "attempt-1/out/checkpoint"), "of attempt 1");
  const tt::Value summary = tt::parse_json(tt::test::read(workspace.run("_bs1") / "summary.json"), "summary.json");
  EXPECT_EQ(summary.integer_or("attempts"), 1) << "attempts before the fresh start do not count";
}

INSTANTIATE_TEST_SUITE_P(EveryStep, AgainKilledAt,
                         testing::Values("after-again", "after-expand", "before-intent", "after-intent",
                                         "after-submission-folder", "after-scheduler-call", "after-answer"),
                         [](const auto& one) { return tt::replace_all(one.param, "-", "_"); });

class CancelAfterKill : public testing::TestWithParam<const char*> {};

TEST_P(CancelAfterKill, AnInterruptedHandOverStaysCancelledAndNeverTrains) {
  const Workspace workspace({"story", kOne, "", "00:05:00"});
  ASSERT_EQ(workspace.tool("tt-submit", {"run", "sweep.yaml"}, {{"TT_STOP_AT", GetParam()}}).ending,
            tt::Ending::signalled);
  EXPECT_EQ(workspace.submit({"cancel"}).status, 0);
  ASSERT_TRUE(eventually([&] { return workspace.states().at("_bs1") == "cancelled"; }));
  EXPECT_EQ(workspace.submit({"wait"}).status, 3);
  EXPECT_TRUE(workspace.trainings().empty());
}

INSTANTIATE_TEST_SUITE_P(EveryStep, CancelAfterKill, testing::Values("after-intent", "after-submission-folder"),
                         [](const auto& one) { return tt::replace_all(one.param, "-", "_"); });

TEST(Change, ACancelThatIsKilledIsFinishedByTheNext) {
  const Workspace workspace(slow(kTwo));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  ASSERT_TRUE(trains(workspace, 2));
  ASSERT_EQ(workspace.tool("tt-submit", {"cancel"}, {{"TT_STOP_AT", "after-cancel-wanted"}}).ending,
            tt::Ending::signalled);
  EXPECT_EQ(workspace.submit({"cancel"}).status, 0);
  EXPECT_TRUE(eventually([&] {
    const auto states = workspace.states();
    return states.at("_bs1") == "cancelled" && states.at("_bs2") == "cancelled";
  }));
}

TEST(Change, ARunStartedWithASiteFileIsSettledWithoutNamingItAgain) {
  TT_LOCAL_ONLY("the site of a cluster is a file in every story");
  const Workspace workspace(slow(kOne, "1"));
  const std::string laptop = tt::test::read(std::filesystem::path(TT_SOURCE_DIR) / "site/laptop.toml");
  tt::write_new_file(workspace / "mini.toml", tt::replace_all(laptop, "name = \"laptop\"", "name = \"mini\""));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait", "--site", "./mini.toml"}).status, 0);
  EXPECT_TRUE(eventually([&] { return workspace.states().at("_bs1") == "finished"; }));
}

}  // namespace
