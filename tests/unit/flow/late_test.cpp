// A submission whose answer was lost: it may surface after everybody gave it up. A scheduler that a test drives, real
// submission folders, real job scripts.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/driven_story.hpp"
#include "support/error_text.hpp"
#include "tt/base/files.hpp"
#include "tt/flow/control.hpp"

namespace tt::flow {
namespace {

using testing::SizeIs;

class LateSurfacing : public test::DrivenStory {
 protected:
  // Handed over, forgotten by the scheduler, told as lost: ten seconds ago.
  Token told_as_lost() {
    run();
    const Token token = fake_.tokens().at(0);
    fake_.forgets(token);
    look();
    EXPECT_EQ(state(), RunState::lost);
    clock_.sleep(Seconds{10});
    return token;
  }
  // The same, cancelled by somebody else before it began.
  Token told_as_cancelled() {
    run();
    const Token token = fake_.tokens().at(0);
    fake_.has_ended(token, 0, {scheduler::EndReason::cancelled, false, {}, {}, {}});
    look();
    EXPECT_EQ(state(), RunState::cancelled);
    clock_.sleep(Seconds{10});
    return token;
  }
};

TEST_F(LateSurfacing, ItIsNotHandedOverAgainBeforeTheSettleTime) {
  fake_.swallows("timed out");
  const RunReport report = run();
  ASSERT_THAT(report.submissions, SizeIs(1));
  EXPECT_EQ(report.submissions[0].no_answer, "timed out");
  look();
  clock_.sleep(Seconds{59});
  look();
  EXPECT_THAT(fake_.submitted(), SizeIs(1));
}

TEST_F(LateSurfacing, TheJobThatSurfacesFirstTrainsAndTheOtherStops) {
  fake_.swallows("timed out");
  run();
  look();
  clock_.sleep(Seconds{61});
  fake_.accepts();
  look();
  ASSERT_THAT(fake_.submitted(), SizeIs(2)) << "absent past the settle time: the same attempt again";
  const Token old_token = fake_.tokens().at(0), new_token = fake_.tokens().at(1);
  EXPECT_NE(old_token, new_token);

  // Both start after all: the old one first.
  fake_.run(old_token, 0);
  fake_.run(new_token, 0);
  EXPECT_EQ(workspace_.trainings().at("_bs1"), 1);
  fake_.has_ended(new_token, 0, exited(66));
  fake_.has_ended(old_token, 0, exited(0));
  look();  // the claim names the other submission: adopted
  look();
  EXPECT_EQ(state(), RunState::finished);
  look();
  EXPECT_THAT(fake_.submitted(), SizeIs(2));
}

TEST_F(LateSurfacing, ASchedulerThatCannotBeAskedChangesNothing) {
  fake_.swallows("timed out");
  run();
  fake_.goes_deaf("connection refused");
  clock_.sleep(Seconds{3600});
  const RefreshReport report = look();
  ASSERT_THAT(report.sites, SizeIs(1));
  EXPECT_FALSE(report.sites[0].asked);
  EXPECT_EQ(report.sites[0].why, "connection refused");
  EXPECT_THAT(fake_.submitted(), SizeIs(1));
}

// --- before anything is written --------------------------------------------------------------------------------------

TEST_F(LateSurfacing, WhatCannotBeReachedIsSaidBeforeAnythingIsWritten) {
  const std::string before = test::snapshot(workspace_.path());
  fake_.is_missing("there is no qsub in PATH");
  EXPECT_EQ(test::error_text([&] { run(); }), "there is no qsub in PATH; nothing was handed over");
  fake_.is_found();
  fake_.cannot_say("qos 'high' means nothing to it");
  EXPECT_EQ(test::error_text([&] { run(); }), "qos 'high' means nothing to it");
  EXPECT_EQ(test::snapshot(workspace_.path()), before);
  EXPECT_THAT(fake_.submitted(), SizeIs(0));
}

TEST_F(LateSurfacing, AFinishedSweepNeedsNoScheduler) {
  run();
  fake_.run(fake_.tokens().at(0), 0);
  look();
  ASSERT_EQ(state(), RunState::finished);
  fake_.is_missing("there is no qsub in PATH");
  EXPECT_EQ(run().finished_already, 1);
}

TEST_F(LateSurfacing, ARetryUsesNoAttemptUpWhereNothingCanGo) {
  run();
  fake_.has_ended(fake_.tokens().at(0), 0, {scheduler::EndReason::node_failed, false, {}, {}, {}});
  look();
  ASSERT_EQ(state(), RunState::failed);
  clock_.sleep(Seconds{3600});
  fake_.is_missing("PBS cannot be reached");
  const ledger::Ledger seen = load_history(around_.workspace, {"story"});
  const RunId id = seen.runs.begin()->first;
  EXPECT_THAT(retry_by_policy(around_, schedulers_, {id}, {"story"}, seen).not_tried,
              testing::ElementsAre("what failed: PBS cannot be reached; nothing was handed over"));
  EXPECT_EQ(test::error_text([&] { retry(around_, schedulers_, {id}, {"story"}, Force::no); }),
            "PBS cannot be reached; nothing was handed over");
  EXPECT_THAT(load_history(around_.workspace, {"story"}).runs.at(id).attempts, SizeIs(1));
}

// --- what the scheduler forgot ---------------------------------------------------------------------------------------

// qdel of a whole array of PBS makes its ended elements read "taken back before it started".
TEST_F(LateSurfacing, CancelledBeforeItStartedIsNotBelievedOfARunThatLeftAnExitRecord) {
  workspace_.write_sweep({"story", "  training.local_batch_size: [1]\n", "env: {STAND_IN_EXIT: \"3\"}\n", "00:05:00"});
  run();
  const Token token = fake_.tokens().at(0);
  fake_.run(token, 0);
  fake_.has_ended(token, 0, {scheduler::EndReason::cancelled, false, {}, {}, {}});
  look();
  EXPECT_EQ(state(), RunState::failed);
}

TEST_F(LateSurfacing, CancelledBeforeItStartedIsBelievedOfARunThatLeftNothing) {
  run();
  fake_.has_ended(fake_.tokens().at(0), 0, {scheduler::EndReason::cancelled, false, {}, {}, {}});
  look();
  EXPECT_EQ(state(), RunState::cancelled);
}

// The first submission surfaces after the second was refused: the attempt is its own, and nothing goes beside it.
TEST_F(LateSurfacing, AJobThatSurfacesAfterItsSecondSubmissionWasRefusedKeepsTheAttempt) {
  fake_.swallows("timed out");
  run();
  look();
  clock_.sleep(Seconds{61});
  fake_.refuses("no");
  look();
  ASSERT_THAT(fake_.tokens(), SizeIs(2));
  ASSERT_EQ(state(), RunState::planned);
  const Token first = fake_.tokens().at(0);
  fake_.run(first, 0);
  EXPECT_EQ(run().handed_over, 0);
  EXPECT_THAT(fake_.tokens(), SizeIs(2));
  fake_.has_ended(first, 0, exited(0));
  look();
  EXPECT_EQ(state(), RunState::finished);
  EXPECT_EQ(run().handed_over, 0);
  EXPECT_THAT(workspace_.trainings(), testing::ElementsAre(testing::Pair("_bs1", 1)));
}

// --- told as over before it began ------------------------------------------------------------------------------------

// A controller that dies just after a cancel forgets it: the task is gone from every list, and starts all the same.
TEST_F(LateSurfacing, AJobThatStartsAfterItWasToldAsLostIsWhatCounts) {
  const Token token = told_as_lost();
  fake_.run(token);
  fake_.is_running(token);
  look();
  EXPECT_EQ(state(), RunState::running);
  fake_.has_ended(token, 0, exited(0));
  look();
  EXPECT_EQ(state(), RunState::finished);
  EXPECT_EQ(summary().text_or("state"), "finished");
  EXPECT_EQ(history().runs.begin()->second.attempts.at(1).job, test::FakeScheduler::job_id(token));
  EXPECT_EQ(run().finished_already, 1);
  EXPECT_THAT(workspace_.trainings(), testing::ElementsAre(testing::Pair("_bs1", 1)));
}

// What waits again can be ended again, before it trains.
TEST_F(LateSurfacing, AJobThatTheSchedulerBringsBackIsOpenAgain) {
  const Token token = told_as_cancelled();
  EXPECT_FALSE(look().wrote);
  fake_.is_queued(token);
  look();
  EXPECT_EQ(state(), RunState::queued);
  EXPECT_FALSE(look().wrote);
  cancel(around_, schedulers_, look_at_runs(around_, history(), {"story"}), CancelAs::cancelled);
  EXPECT_THAT(fake_.cancelled(), SizeIs(1));
  fake_.run(token);
  look();
  EXPECT_EQ(state(), RunState::cancelled);
  EXPECT_THAT(workspace_.trainings(), SizeIs(0));
  clock_.sleep(Seconds{10});
  fake_.is_queued(token);
  EXPECT_FALSE(look().wrote) << "its claim was withdrawn: should it start, it stops";
}

TEST_F(LateSurfacing, AJobThatIsRequeuedByHandAfterItsCancelIsWhatCounts) {
  const Token token = told_as_cancelled();
  fake_.run(token);
  look();
  EXPECT_EQ(state(), RunState::finished);
}

TEST_F(LateSurfacing, AJobThatStartsAfterARetryTookItsClaimStops) {
  run();
  const Token first = fake_.tokens().at(0);
  fake_.forgets(first);
  look();
  ASSERT_EQ(retry(around_, schedulers_, {history().runs.begin()->first}, {"story"}, Force::no).handed_over, 1);
  clock_.sleep(Seconds{10});
  EXPECT_EQ(fake_.run(first).status, 66);
  fake_.run(fake_.tokens().at(1));
  look();
  EXPECT_EQ(state(), RunState::finished);
  EXPECT_THAT(workspace_.trainings(), testing::ElementsAre(testing::Pair("_bs1", 1)));
}

// It surfaced after the look that a retry begins with.
TEST_F(LateSurfacing, AJobThatSurfacesWhileARetryIsChosenKeepsTheAttempt) {
  for (const bool by_again : {false, true}) {
    SCOPED_TRACE(by_again);
    workspace_.write_sweep(
        {"story", fmt::format("  training.local_batch_size: [{}]\n", by_again ? 2 : 1), "", "00:05:00"});
    run();
    const Token token = fake_.tokens().back();
    const RunId id = around_.workspace.run_folder("story", by_again ? "_bs2" : "_bs1").load_record()->id;
    fake_.has_ended(token, 0, {scheduler::EndReason::cancelled, false, {}, {}, {}});
    look();
    ASSERT_EQ(history().runs.at(id).attempts.at(1).state, RunState::cancelled);
    fake_.run(token);
    const std::size_t handed_over = fake_.tokens().size();
    if (by_again) {
      RunOptions options;
      options.again = true;
      options.force = Force::yes;
      EXPECT_EQ(test::error_text([&] { run(options); }),
                "--again: a job of the last attempt of _bs2 has just surfaced; look again in a moment");
    } else {
      const RetryReport report = retry(around_, schedulers_, {id}, {"story"}, Force::no);
      EXPECT_EQ(report.handed_over, 0);
      EXPECT_THAT(report.not_tried,
                  testing::ElementsAre("_bs1: a job of its last attempt has just surfaced; look again in a moment"));
    }
    EXPECT_THAT(fake_.tokens(), SizeIs(handed_over));
    look();
    EXPECT_EQ(history().runs.at(id).attempts.at(1).state, RunState::finished);
    EXPECT_THAT(history().runs.at(id).attempts, SizeIs(1));
  }
}

// The scheduler said no to the second submission; the first one, whose records are lost, trains.
TEST_F(LateSurfacing, ARefusedRunIsNotHandedOverBesideAForgottenJobThatTrains) {
  fake_.refuses("no");
  run();
  fake_.accepts();
  const RunId id = history().runs.begin()->first;
  write_new_file(folder().claim(1), claim_text({id.text, 1, "unknown", 0, "77", "node", "nonce", false}));
  EXPECT_EQ(run().handed_over, 0);
  make_folders(folder().attempt(1));
  write_file(folder().attempt_exit(1), R"({"schema":"tt.exit/1","run":"x","token":"unknown","attempt":1,"nodes":[]})");
  EXPECT_EQ(run().handed_over, 1);
}

// A rename that was interrupted, a folder that changed hands.
TEST_F(LateSurfacing, AClaimOfAnotherRunIsNobodysProof) {
  const Token token = told_as_lost();
  const ClaimRecord others{"r0123456789abcdef", 1, token.text, 0, "77", "node", "nonce", false};
  write_new_file(folder().claim(1), claim_text(others));
  EXPECT_FALSE(look().wrote);
  EXPECT_EQ(state(), RunState::lost);
  EXPECT_EQ(retry(around_, schedulers_, {history().runs.begin()->first}, {"story"}, Force::no).handed_over, 1);
}

// It came first, and its submission is forgotten: what it does cannot be known, and --force goes on all the same.
TEST_F(LateSurfacing, AClaimOfAForgottenSubmissionAsksForForce) {
  run();
  const Token token = fake_.tokens().at(0);
  fake_.has_ended(token, 0, {scheduler::EndReason::cancelled, false, {}, {}, {}});
  look();
  const RunId id = history().runs.begin()->first;
  write_new_file(folder().claim(1), claim_text({id.text, 1, "unknown", 0, "77", "node", "nonce", false}));
  EXPECT_EQ(retry(around_, schedulers_, {id}, {"story"}, Force::no).handed_over, 0);
  EXPECT_EQ(run().handed_over, 0);
  EXPECT_FALSE(look().wrote);
  EXPECT_EQ(retry(around_, schedulers_, {id}, {"story"}, Force::yes).handed_over, 1);
}

// What it left is judged once: nobody adopts it anew at every look.
TEST_F(LateSurfacing, ARunThatWasLostWithItsClaimStaysLost) {
  run();
  const Token token = fake_.tokens().at(0);
  fake_.run(token);
  remove_tree(folder().attempt(1));
  fake_.forgets(token);
  look();
  ASSERT_EQ(state(), RunState::lost);
  const std::string told = test::read(workspace_ / ".tt/journal/story.jsonl");
  clock_.sleep(Seconds{10});
  EXPECT_FALSE(look().wrote);
  EXPECT_EQ(test::read(workspace_ / ".tt/journal/story.jsonl"), told);
}

// The first submission, of which nobody knew, trains after the second was refused.
TEST_F(LateSurfacing, AJobThatSurfacesAfterTheRefusalOfItsSecondSubmissionIsSeenByALook) {
  fake_.swallows("timed out");
  run();
  look();
  clock_.sleep(Seconds{61});
  fake_.refuses("no");
  look();
  ASSERT_EQ(state(), RunState::planned);
  fake_.run(fake_.tokens().at(0));
  look();
  EXPECT_EQ(state(), RunState::finished);
}

// A summary tells of the attempt that counts, or of none.
TEST_F(LateSurfacing, ARetryThatIsCancelledBeforeItStartsIsWhatTheSummaryTells) {
  workspace_.write_sweep({"story", "  training.local_batch_size: [1]\n", "env: {STAND_IN_EXIT: \"3\"}\n", "00:05:00"});
  run();
  fake_.run(fake_.tokens().at(0), 0);
  fake_.has_ended(fake_.tokens().at(0), 0, exited(3));
  look();
  ASSERT_EQ(summary().text_or("state"), "failed");
  ASSERT_NE(summary().at("diagnosis"), Value());
  retry(around_, schedulers_, {folder().load_record()->id}, {"story"}, Force::yes);
  fake_.has_ended(fake_.tokens().at(1), 0, {scheduler::EndReason::cancelled, false, {}, {}, {}});
  look();
  EXPECT_EQ(state(), RunState::cancelled);
  EXPECT_EQ(summary().text_or("state"), "cancelled");
  EXPECT_EQ(summary().text_or("why"), "cancelled before it started");
  EXPECT_EQ(summary().at("diagnosis"), Value());
}

TEST_F(LateSurfacing, WhatIsStartedAfreshHasNoSummaryOfBefore) {
  run();
  fake_.run(fake_.tokens().at(0), 0);
  fake_.has_ended(fake_.tokens().at(0), 0, exited(0));
  look();
  ASSERT_EQ(summary().text_or("state"), "finished");
  RunOptions options;
  options.again = true;
  run(options);
  EXPECT_EQ(summary(), Value());
  EXPECT_TRUE(is_there(folder().attempt(1) / "summary.json"));
  fake_.has_ended(fake_.tokens().at(1), 0, {scheduler::EndReason::cancelled, false, {}, {}, {}});
  look();
  EXPECT_EQ(state(), RunState::cancelled);
  EXPECT_EQ(summary(), Value());
}

TEST_F(LateSurfacing, CancelledWhileItRanIsBelievedThoughItLeftAnExitRecord) {
  workspace_.write_sweep({"story", "  training.local_batch_size: [1]\n", "env: {STAND_IN_EXIT: \"3\"}\n", "00:05:00"});
  run();
  const Token token = fake_.tokens().at(0);
  fake_.run(token, 0);
  fake_.has_ended(token, 0, {scheduler::EndReason::cancelled, true, {}, {}, {}});
  look();
  EXPECT_EQ(state(), RunState::cancelled);
}

}  // namespace
}  // namespace tt::flow
