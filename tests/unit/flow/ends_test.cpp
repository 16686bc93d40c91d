// What is told of a run whose end was not written down as it should be: from its log, its claim, the word of the
// scheduler.
#include <gmock/gmock.h>

#include "support/driven_story.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"
#include "tt/flow/control.hpp"

namespace tt::flow {
namespace {

using testing::SizeIs;

class EndedOtherwise : public test::DrivenStory {
 protected:
  // It trained to its end, with exit status 0, and could not write that down.
  Token trained_without_an_exit_record() {
    run();
    const Token token = fake_.tokens().at(0);
    fake_.run(token);
    remove_tree(folder().attempt_exit(1));
    return token;
  }
};

// --- what was not written --------------------------------------------------------------------------------------------

// A disk that was full when it ended: the job script ends with the status of the training.
TEST_F(EndedOtherwise, ARunWhoseExitRecordCouldNotBeWrittenFinishedWhenItsLogAndItsJobSaySo) {
  trained_without_an_exit_record();
  look();
  EXPECT_EQ(state(), RunState::finished);
  EXPECT_EQ(summary().text_or("why"), "4 steps done; exit.json is missing, the scheduler saw exit status 0");
}

TEST_F(EndedOtherwise, AMissingExitRecordIsNoSuccessWhereTheJobEndedOtherwiseOrNobodySawHow) {
  std::vector<scheduler::TaskEnd> ends(3, exited(0));
  ends[0].status = 3;
  ends[1].status.reset();
  ends[2] = {scheduler::EndReason::exited, true, {}, "SIGKILL", {}};
  const Token token = trained_without_an_exit_record();
  const std::string journal = test::read(workspace_ / ".tt/journal/story.jsonl");
  for (const scheduler::TaskEnd& end : ends) {
    write_file(workspace_ / ".tt/journal/story.jsonl", journal);
    fake_.has_ended(token, 0, end);
    look();
    EXPECT_THAT(state(), testing::AnyOf(RunState::failed, RunState::lost)) << end.status.value_or(-1);
  }
}

TEST_F(EndedOtherwise, ARunWhoseLogIsCutOffAsWellIsLostAndItsOutputIsNamed) {
  const Token token = trained_without_an_exit_record();
  const std::string log = read_file(folder().attempt_log(1));
  write_file(folder().attempt_log(1), log.substr(0, log.find("step:  3")));
  look();
  EXPECT_EQ(state(), RunState::lost);
  EXPECT_THAT(summary().text_or("why"), testing::EndsWith("see submissions/" + token.text + "/0.out"));
}

TEST_F(EndedOtherwise, AnExitRecordThatIsMissingIsNoSuccessWhenNobodySawTheEnd) {
  const Token token = trained_without_an_exit_record();
  fake_.forgets(token);
  look();
  EXPECT_EQ(state(), RunState::lost);
}

// Its submission and its journal were deleted while it waited, and it was handed over again: its claim came first.
TEST_F(EndedOtherwise, ARunThatAForgottenSubmissionTrainedIsToldByItsResult) {
  run();
  const Token forgotten = fake_.tokens().at(0);
  remove_tree(workspace_ / ".tt/journal");
  rename_path(workspace_ / ("submissions/" + forgotten.text + "/submission.json"), workspace_ / "kept");
  run();
  const Token token = fake_.tokens().at(1);
  rename_path(workspace_ / "kept", workspace_ / ("submissions/" + forgotten.text + "/submission.json"));
  fake_.run(forgotten);
  remove_tree(workspace_ / ("submissions/" + forgotten.text));
  fake_.run(token);  // stops: the claim is taken
  look();
  EXPECT_EQ(state(), RunState::finished);
  EXPECT_THAT(workspace_.trainings(), testing::ElementsAre(testing::Pair("_bs1", 1)));
}

// --- jobs under another name -----------------------------------------------------------------------------------------

// Somebody handed the script of a task over again by hand, or gave the job another name: the claim says that it is
// ours.
TEST_F(EndedOtherwise, AJobOfAnotherNameIsOursWhenItHoldsTheClaim) {
  run();
  const Token token = fake_.tokens().at(0);
  const scheduler::Known running{RunState::running, "RUNNING", "", {}, {}, {}};
  fake_.run(token);
  fake_.set(token, 0, scheduler::Gone{running});
  look();
  EXPECT_EQ(state(), RunState::running);
  fake_.set(token, 0, scheduler::Gone{scheduler::Known{{}, "COMPLETED", "", {}, exited(0), {}}});
  look();
  EXPECT_EQ(state(), RunState::finished);
}

TEST_F(EndedOtherwise, AJobOfAnotherNameIsNotOursWithoutTheClaim) {
  run();
  const Token token = fake_.tokens().at(0);
  fake_.set(token, 0, scheduler::Gone{scheduler::Known{RunState::running, "RUNNING", "", {}, {}, {}}});
  look();
  EXPECT_EQ(state(), RunState::lost);
  cancel(around_, schedulers_, look_at_runs(around_, history(), {"story"}), CancelAs::cancelled);
  EXPECT_THAT(fake_.cancelled(), SizeIs(0));
}

// --- made for another place ------------------------------------------------------------------------------------------

class MadeElsewhere : public test::DrivenStory {
 protected:
  // As after a move: run.json and config.toml name the old place.
  void move_away() {
    const fs::path file = folder().record();
    write_file(file, replace_all(read_file(file), folder().path().string() + "/config.toml",
                                 "/old/logs/story/_bs1/config.toml"));
  }
};

TEST_F(MadeElsewhere, ARunIsNotResumedThere) {
  run();
  fake_.run(fake_.tokens().at(0));
  remove_tree(folder().attempt_exit(1));
  fake_.has_ended(fake_.tokens().at(0), 0, {scheduler::EndReason::preempted, true, {}, {}, {}});
  look();
  ASSERT_EQ(state(), RunState::preempted);
  move_away();
  const RunReport report = run();
  EXPECT_EQ(report.handed_over, 0);
  EXPECT_THAT(report.not_tried,
              testing::ElementsAre(testing::StartsWith("_bs1: made while the workspace was at /old, ")));
}

// A `wait` would follow it for ever.
TEST_F(MadeElsewhere, ARetryThatWaitsIsToldAsOneThatWaitsInVain) {
  run();
  const RunId id = history().runs.begin()->first;
  fake_.has_ended(fake_.tokens().at(0), 0, {scheduler::EndReason::node_failed, false, {}, {}, {}});
  look();
  fake_.has_room_for(0, "no room");
  retry(around_, schedulers_, {id}, {"story"}, Force::no);
  ASSERT_TRUE(ledger::find_waiting(history(), id));
  move_away();
  clock_.sleep(Seconds{3600});
  const RetryReport fed = feed();
  EXPECT_THAT(fed.unsayable, testing::ElementsAre(id));
  EXPECT_THAT(fed.not_tried, testing::ElementsAre(testing::StartsWith("_bs1: made while the workspace was at /old, ")));
}

}  // namespace
}  // namespace tt::flow
