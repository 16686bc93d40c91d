// The promise: every run is trained exactly once, whatever is killed in between.
#include <gmock/gmock.h>
#include <signal.h>

#include <chrono>
#include <random>
#include <thread>

#include "support/eventually.hpp"
#include "support/forked.hpp"
#include "support/scheduler_under_test.hpp"
#include "support/tools.hpp"
#include "tt/base/files.hpp"

namespace {

using testing::Each;
using testing::Pair;
using testing::SizeIs;
using tt::test::eventually;
using tt::test::Sweep;
using tt::test::Workspace;

void expect_all_trained_once_and_finished(const Workspace& workspace, std::size_t runs) {
  EXPECT_THAT(workspace.trainings(), SizeIs(runs));
  EXPECT_THAT(workspace.trainings(), Each(Pair(testing::_, 1)));
  EXPECT_THAT(workspace.states(), SizeIs(runs));
  EXPECT_THAT(workspace.states(), Each(Pair(testing::_, "finished")));
}

TEST(Once, ARunThatIsRepeatedTrainsNothingTwice) {
  const Workspace workspace;
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  const tt::ProcessResult again = workspace.submit({"run", "sweep.yaml"});
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_THAT(again.err, testing::HasSubstr("nothing to do: all 2 runs are finished"));
  expect_all_trained_once_and_finished(workspace, 2);
}

class KilledAt : public testing::TestWithParam<const char*> {};

TEST_P(KilledAt, TheNextRunFinishesEveryRunOnce) {
  const Workspace workspace;
  const tt::ProcessResult killed = workspace.tool("tt-submit", {"run", "sweep.yaml"}, {{"TT_STOP_AT", GetParam()}});
  ASSERT_EQ(killed.ending, tt::Ending::signalled) << "the stop was never reached\n" << killed.out << killed.err;
  ASSERT_EQ(killed.status, SIGKILL);
  const tt::ProcessResult next = workspace.submit({"run", "sweep.yaml"});
  EXPECT_EQ(next.status, 0) << next.out << next.err;
  expect_all_trained_once_and_finished(workspace, 2);
}

INSTANTIATE_TEST_SUITE_P(EveryStep, KilledAt,
                         testing::Values("after-expand", "before-intent", "after-intent", "after-submission-folder",
                                         "after-scheduler-call", "after-answer", "after-settle"),
                         [](const auto& one) {
                           std::string name = one.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Once, KilledAtAHundredRandomInstantsNoRunIsLostAndNoneTrainsTwice) {
  TT_LOCAL_ONLY("a cluster's pace is another one: see kill_test.cpp");
  const unsigned seed = std::random_device{}();
  std::mt19937 random(seed);
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (int round = 0; round < 100; ++round) {
    const Workspace workspace;
    const tt::ProcessIdentity run = workspace.start("tt-submit", {"run", "sweep.yaml"});
    // The whole of it, start to summaries, takes a few hundred milliseconds.
    std::this_thread::sleep_for(std::chrono::microseconds(std::uniform_int_distribution<int>(0, 400'000)(random)));
    tt::send_signal(run.pid, SIGKILL);
    ASSERT_TRUE(eventually([&] { return !tt::is_alive(run); }));
    const tt::ProcessResult next = workspace.submit({"run", "sweep.yaml"});
    ASSERT_EQ(next.status, 0) << "round " << round << "\n" << next.out << next.err;
    expect_all_trained_once_and_finished(workspace, 2);
    if (HasFailure()) FAIL() << "round " << round;
  }
}

TEST(Once, EightRunsAtOnceTrainEveryRunOnce) {
  const Workspace workspace(Sweep{"story", "  training.local_batch_size: [1, 2, 3, 4]\n", "", "00:05:00"});
  const std::vector<int> codes = tt::test::in_forked_processes(8, [&](int) {
    return workspace.submit({"run", "sweep.yaml"}).status;
  });
  EXPECT_THAT(codes, Each(0));
  expect_all_trained_once_and_finished(workspace, 4);
}

TEST(Once, AKilledSupervisorIsReplacedAndItsTasksAreAdopted) {
  TT_LOCAL_ONLY("only this machine has a supervisor");
  const Workspace workspace(
      Sweep{"story", "  training.local_batch_size: [1, 2]\n", "env: {STAND_IN_SECONDS: \"2\"}\n", "00:05:00"});
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  ASSERT_TRUE(eventually([&] { return workspace.trainings().size() == 2; }));
  const auto supervisor = workspace.supervisor();
  ASSERT_TRUE(supervisor);
  tt::send_signal(supervisor->pid, SIGKILL);
  ASSERT_TRUE(eventually([&] { return !tt::is_alive(*supervisor); }));
  const tt::ProcessResult wait = workspace.submit({"wait"});
  EXPECT_EQ(wait.status, 0) << wait.out << wait.err;
  expect_all_trained_once_and_finished(workspace, 2);
}

TEST(Once, ALostJournalIsWrittenAnewFromTheFolders) {
  const Workspace workspace;
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  tt::remove_tree(workspace / ".tt/journal");
  const tt::ProcessResult again = workspace.submit({"run", "sweep.yaml"});
  EXPECT_EQ(again.status, 0) << again.out << again.err;
  EXPECT_THAT(again.err, testing::HasSubstr("the journal of sweep 'story' was missing"));
  expect_all_trained_once_and_finished(workspace, 2);
}

// What is waiting is known to submissions/ alone: handed over again it would wait twice.
TEST(Once, AnEmptiedJournalIsWrittenAnewWhileJobsWait) {
  const Workspace workspace(Sweep{"story", "  training.local_batch_size: [1, 2, 3, 4, 5, 6]\n",
                                  "env: {STAND_IN_SECONDS: \"1\"}\n", "00:05:00"});
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  std::filesystem::resize_file(workspace / ".tt/journal/story.jsonl", 0);
  const tt::ProcessResult again = workspace.submit({"run", "sweep.yaml"});
  EXPECT_EQ(again.status, 0) << again.out << again.err;
  EXPECT_THAT(again.err, testing::HasSubstr("the journal of sweep 'story' no longer told of all that was handed over"));
  EXPECT_THAT(tt::list_folder(workspace / "submissions"), SizeIs(1));
  expect_all_trained_once_and_finished(workspace, 6);
}

// The end of the journal is gone (a file system that was full, a backup of yesterday): the later submission with it.
TEST(Once, AJournalThatWasCutOffIsWrittenAnewFromThereOn) {
  const Workspace workspace(Sweep{"story", "  training.local_batch_size: [1]\n", "", "00:05:00"});
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  const auto journal = workspace / ".tt/journal/story.jsonl";
  const auto size = std::filesystem::file_size(journal);
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--again"}).status, 0);
  std::filesystem::resize_file(journal, size);
  const tt::ProcessResult status = workspace.submit({"status", "--json"});
  EXPECT_THAT(status.err, testing::HasSubstr("no longer told of all that was handed over"));
  const tt::Value run = tt::parse_json(status.out, "status").at("runs").as_list().front();
  EXPECT_EQ(run.text_or("state"), "finished");
  EXPECT_EQ(run.integer_or("attempt"), 2);
  EXPECT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  EXPECT_THAT(workspace.trainings(), testing::ElementsAre(Pair("_bs1", 2)));
}

// Of an attempt before the last: what it says of itself is what its own exit.json says, and the summary tells of the
// last.
TEST(Once, ALostLineOfAnEarlierAttemptChangesNoEnd) {
  const Workspace workspace(Sweep{"story", "  training.local_batch_size: [1]\n", "", "00:05:00"});
  const std::string trainer = tt::test::read(workspace / "run_train.sh");
  const std::size_t first_line = trainer.find('\n') + 1;
  tt::write_new_file(
      workspace / "run_train.sh",
      trainer.substr(0, first_line) + "[ ! -e \"$(dirname \"$0\")/broken\" ] || exit 3\n" + trainer.substr(first_line));
  tt::write_new_file(workspace / "broken", "");
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 3);
  tt::remove_tree(workspace / "broken");
  ASSERT_EQ(workspace.submit({"retry"}).status, 0);
  const auto journal = workspace / ".tt/journal/story.jsonl";
  const std::string lines = tt::test::read(journal);
  ASSERT_THAT(lines.substr(0, lines.find('\n')), testing::HasSubstr("\"event\":\"intent\""));
  tt::write_new_file(journal, lines.substr(lines.find('\n') + 1));
  EXPECT_EQ(workspace.states().at("_bs1"), "finished");
  EXPECT_EQ(workspace.states().at("_bs1"), "finished");
  const tt::Value summary = tt::parse_json(tt::test::read(workspace.run("_bs1") / "summary.json"), "summary.json");
  EXPECT_EQ(summary.text_or("state"), "finished");
  EXPECT_EQ(summary.at("attempt_history").as_list().front().text_or("state"), "failed");
  EXPECT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  EXPECT_THAT(workspace.trainings(), testing::ElementsAre(Pair("_bs1", 1)));
}

// A copy is looked at; what it tells of was handed over by the original, whose folders the jobs write to.
TEST(Once, NothingOfTheOriginalIsActedOnInACopy) {
  const Workspace workspace;
  const std::filesystem::path first = workspace / "first", copy = workspace / "copy";
  std::string text = tt::test::read(workspace / "sweep.yaml") + "env: {STAND_IN_SECONDS: \"20\"}\n";
  tt::write_new_file(workspace / "sweep.yaml", text);
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait", "--workspace", first}).status, 0);
  ASSERT_TRUE(eventually([&] { return workspace.trainings().size() == 2; }));
  tt::Command cp;
  cp.argv = {"cp", "-a", first.string(), copy.string()};
  cp.environment = tt::Environment::of_this_process();
  tt::SystemRunner().run(cp, tt::Seconds{20});  // a file may come or go meanwhile
  const std::string sentence =
      "it belongs to the workspace at " + first.string() + ", of which this one is a copy: act there\n";
  const tt::ProcessResult cancel = workspace.submit({"cancel", "--workspace", copy});
  EXPECT_EQ(cancel.status, 1);
  EXPECT_THAT(cancel.err, testing::HasSubstr("warning: _bs1, _bs2: " + sentence));
  ASSERT_EQ(workspace.submit({"cancel", "--workspace", first}).status, 0);
  ASSERT_EQ(workspace.submit({"wait", "--workspace", first}).status, 3);
  const tt::ProcessResult seen = workspace.submit({"wait", "--workspace", copy});
  EXPECT_EQ(seen.status, 3) << seen.err;
  const tt::ProcessResult retry = workspace.submit({"retry", "--workspace", copy});
  EXPECT_THAT(retry.err, testing::HasSubstr("note: _bs1, _bs2: " + sentence));
  EXPECT_THAT(workspace.trainings(), Each(Pair(testing::_, 1)));
}

TEST(Once, AgainDoesNotGoBesideAJobThatNobodyRemembers) {
  const Workspace workspace(
      Sweep{"story", "  training.local_batch_size: [1]\n", "env: {STAND_IN_SECONDS: \"30\"}\n", "00:05:00"});
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  ASSERT_TRUE(eventually([&] { return workspace.trainings().size() == 1; }));
  tt::rename_path(workspace / "submissions", workspace / "kept");
  tt::rename_path(workspace / ".tt/journal", workspace / "kept-journal");
  const tt::ProcessResult again = workspace.submit({"run", "sweep.yaml", "--again", "--no-wait"});
  EXPECT_EQ(again.status, 1);
  EXPECT_THAT(again.err, testing::HasSubstr("--again: _bs1 was started by job "));
  EXPECT_THAT(again.err, testing::HasSubstr("look whether it still runs; --force starts afresh all the same"));
  EXPECT_THAT(workspace.trainings(), Each(Pair(testing::_, 1)));
  tt::remove_tree(workspace / "submissions");
  tt::remove_tree(workspace / ".tt/journal");
  tt::rename_path(workspace / "kept", workspace / "submissions");
  tt::rename_path(workspace / "kept-journal", workspace / ".tt/journal");
  ASSERT_EQ(workspace.submit({"cancel"}).status, 0);
}

TEST(Once, AllThatIsKeptMayBeLostWhileJobsRun) {
  const Workspace workspace(
      Sweep{"story", "  training.local_batch_size: [1, 2]\n", "env: {STAND_IN_SECONDS: \"3\"}\n", "00:05:00"});
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  ASSERT_TRUE(eventually([&] { return workspace.trainings().size() == 2; }));
  for (const char* lost : {".tt/journal", ".tt/sweeps", ".tt/last-look", ".tt/heard"})
    tt::remove_tree(workspace / lost);
  EXPECT_THAT(workspace.states(), SizeIs(2)) << "at the first look";
  EXPECT_EQ(workspace.submit({"wait"}).status, 0);
  EXPECT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  expect_all_trained_once_and_finished(workspace, 2);
}

// The journal names folders as they were handed over.
TEST(Once, AWorkspaceThatIsMovedBeforeALookSawItsRunsEndKnowsThatTheyFinished) {
  const Workspace workspace;
  const std::filesystem::path first = workspace / "first", second = workspace / "second";
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait", "--workspace", first}).status, 0);
  ASSERT_TRUE(eventually([&] {
    return tt::is_there(first / "logs/story/_bs1/exit.json") && tt::is_there(first / "logs/story/_bs2/exit.json");
  }));
  std::filesystem::rename(first, second);
  const auto shown = [&] { return workspace.submit({"status", "--json", "--workspace", second}).out; };
  EXPECT_TRUE(eventually([&] { return shown().find("\"finished\": 2") != std::string::npos; })) << shown();
  EXPECT_TRUE(tt::is_there(second / "logs/story/_bs1/summary.json"));
  EXPECT_FALSE(tt::is_there(first));
  EXPECT_EQ(workspace.submit({"run", "sweep.yaml", "--workspace", second}).status, 0);
  EXPECT_THAT(workspace.trainings(), Each(Pair(testing::_, 1)));
}

TEST(Once, AJobWhoseClaimWasTakenBackTouchesNothing) {
  TT_LOCAL_ONLY("a cluster requeues by itself: see cluster_test.cpp");
  const Workspace workspace(
      Sweep{"story", "  training.local_batch_size: [1]\n", "env: {STAND_IN_SECONDS: \"30\"}\n", "00:05:00"});
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  ASSERT_TRUE(eventually([&] { return workspace.trainings().size() == 1; }));
  // The same job once more, as a requeue would start it: same token, same index.
  const auto submissions = tt::list_folder(workspace / "submissions");
  ASSERT_THAT(submissions, SizeIs(1));
  tt::Command again;
  again.argv = {"bash", (workspace / ("submissions/" + submissions.front() + "/job.sh")).string(), "0"};
  again.environment = tt::Environment::of_this_process();
  const std::string before = tt::test::read(workspace.run("_bs1") / "claim-1");
  const tt::ProcessResult requeued = tt::SystemRunner().run(again, tt::Seconds{20});
  EXPECT_EQ(requeued.status, 66) << requeued.out << requeued.err;
  EXPECT_EQ(tt::test::read(workspace.run("_bs1") / "claim-1"), before);
  EXPECT_FALSE(tt::is_there(workspace.run("_bs1") / "exit.json"));
  EXPECT_THAT(workspace.trainings(), Each(Pair(testing::_, 1)));
  ASSERT_EQ(workspace.submit({"cancel"}).status, 0);
}

}  // namespace
