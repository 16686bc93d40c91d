// What becomes of runs for which there is no room, at a scheduler that says no and not how many it would take.
#include "support/driven_story.hpp"
#include "support/error_text.hpp"
#include "tt/base/files.hpp"
#include "tt/flow/control.hpp"
#include "tt/flow/views.hpp"

namespace tt::flow {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class InParts : public test::DrivenStory {
 protected:
  InParts() : DrivenStory("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]") {}

  // Of the submissions since the last time, accepted or not: how many runs each.
  std::vector<std::size_t> sizes() {
    std::vector<std::size_t> sizes;
    for (; told_ < fake_.submitted().size(); ++told_) sizes.push_back(fake_.submitted()[told_].indices.size());
    return sizes;
  }
  void everything_ends() {
    for (const ledger::AttemptState* attempt : ledger::open_attempts(history()))
      fake_.has_ended(attempt->token, attempt->index, {scheduler::EndReason::node_failed, false, {}, {}, {}});
  }
  RunId id_of(const std::string& name) const {
    return around_.workspace.run_folder("story", name).load_record().value().id;
  }
  std::optional<ledger::WaitingRun> waiting(const std::string& name) const {
    const ledger::Ledger ledger = history();
    const ledger::WaitingRun* found = ledger::find_waiting(ledger, id_of(name));
    return found == nullptr ? std::nullopt : std::optional(*found);
  }

 private:
  std::size_t told_ = 0;
};

TEST_F(InParts, HalfAsManyAreTriedUntilNotEvenOneIsTaken) {
  fake_.has_room_for(5, "too many jobs");
  const RunReport report = run();
  EXPECT_THAT(sizes(), ElementsAre(16, 8, 4, 4, 2, 1, 1));
  EXPECT_EQ(report.handed_over, 5);
  EXPECT_EQ(report.held_back, 11);
  EXPECT_EQ(report.why_held_back, "too many jobs");
  feed();
  EXPECT_THAT(sizes(), IsEmpty()) << "nothing ended, and no time passed";
}

TEST_F(InParts, AsManyGoAsEndedSince) {
  fake_.has_room_for(5, "too many jobs");
  run();
  sizes();
  clock_.sleep(Seconds{5});
  everything_ends();
  look();
  EXPECT_EQ(feed().handed_over, 5);
  EXPECT_EQ(sizes().at(0), 5U);
}

TEST_F(InParts, AfterOneThatWasTakenTwiceAsManyGo) {
  fake_.has_room_for(0, "too many jobs");
  run();
  EXPECT_THAT(sizes(), ElementsAre(16, 8, 4, 2, 1));
  fake_.has_room_for(100, "too many jobs");
  clock_.sleep(Seconds{60});
  const RetryReport report = feed();
  EXPECT_THAT(sizes(), ElementsAre(1, 2, 4, 8, 1));
  EXPECT_EQ(report.handed_over, 16);
  EXPECT_EQ(report.held_back, 0);
}

// The halves of one round are no rounds of their own.
TEST_F(InParts, TheFirstPauseIsAMinuteAndTheNextTwoAndTheNextFour) {
  fake_.has_room_for(0, "too many jobs");
  run();
  sizes();
  for (const int pause : {60, 120, 240, 300, 300}) {
    clock_.sleep(Seconds{pause - 1.0});
    feed();
    EXPECT_THAT(sizes(), IsEmpty()) << pause;
    clock_.sleep(Seconds{1});
    feed();
    EXPECT_THAT(sizes(), ElementsAre(1)) << pause;
  }
}

TEST_F(InParts, ASchedulerThatGivesNoAnswerIsNotAskedForTheNextPart) {
  fake_.has_room_for(0, "too many jobs");
  run();
  sizes();
  fake_.drops("timed out");
  clock_.sleep(Seconds{60});
  feed();
  EXPECT_THAT(sizes(), ElementsAre(1));
}

TEST_F(InParts, ARetryCountsItsOwnRunsOnly) {
  fake_.has_room_for(1, "too many jobs");
  run();
  everything_ends();
  look();
  ASSERT_EQ(state(), RunState::failed);
  fake_.has_room_for(0, "too many jobs");
  const RetryReport report = retry(around_, schedulers_, {id_of("_bs1")}, {"story"}, Force::no);
  EXPECT_EQ(report.handed_over, 0);
  EXPECT_EQ(report.held_back, 1) << "15 others wait as well";
  EXPECT_EQ(report.why_held_back, "too many jobs");
}

TEST_F(InParts, ADryRunKnowsTheJobsOfOtherSweeps) {
  std::string other = read_file(workspace_ / "sweep.yaml");
  for (std::size_t at = other.find("story"); at != std::string::npos; at = other.find("story", at))
    other.replace(at, 5, "other");
  write_file(workspace_ / "other.yaml", other);
  run_sweep(load_sweep((workspace_ / "other.yaml").string(), around_), around_, schedulers_, {});
  ASSERT_THAT(sizes(), ElementsAre(16));
  scheduler::Limits limits;
  limits.max_submitted_tasks = 20;
  fake_.limits_are(limits);
  const DryRun dry = dry_run(load_sweep((workspace_ / "sweep.yaml").string(), around_), around_, schedulers_, {});
  EXPECT_EQ(dry.held_back, 12);
}

// --- what cannot be said ---------------------------------------------------------------------------------------------

TEST_F(InParts, WordsThatNobodyTakesAreRefusedAlsoOfWhatWouldOnlyWait) {
  scheduler::Limits limits;
  limits.max_submitted_tasks = 0;
  fake_.limits_are(limits);
  fake_.cannot_say("qos 'a b' is no name", "a b");
  around_.asked.qos = "a b";
  const std::string before = test::snapshot(workspace_.path());
  EXPECT_EQ(test::error_text([&] { run(); }), "qos 'a b' is no name");
  EXPECT_EQ(test::snapshot(workspace_.path()), before);
  around_.asked.qos = "ab";
  EXPECT_EQ(run().held_back, 16);
}

TEST_F(InParts, WhatCannotBeSaidAnyMoreDoesNotKeepTheRest) {
  workspace_.write_sweep({"story", "  training.local_batch_size: [1, 2]\n", "", "00:05:00"});
  fake_.has_room_for(0, "too many jobs");
  around_.asked.qos = "high";
  run();
  workspace_.write_sweep({"story", "  training.local_batch_size: [1, 2, 3]\n", "", "00:05:00"});
  around_.asked.qos.clear();
  run();
  ASSERT_TRUE(waiting("_bs1") && waiting("_bs2") && waiting("_bs3"));
  fake_.cannot_say("qos 'high' is none any more", "high");
  fake_.has_room_for(10, "too many jobs");
  clock_.sleep(Seconds{300});
  sizes();
  const RetryReport report = feed();
  EXPECT_THAT(report.not_tried, ElementsAre("2 runs that wait cannot be handed over: qos 'high' is none any more"));
  EXPECT_THAT(report.unsayable, testing::UnorderedElementsAre(id_of("_bs1"), id_of("_bs2")));
  EXPECT_THAT(sizes(), ElementsAre(1));
  EXPECT_FALSE(waiting("_bs3"));
}

// --- behind a canary -------------------------------------------------------------------------------------------------

TEST_F(InParts, WhatWasReleasedAndFindsNoRoomIsNotKeptBehindItsCanaryAgain) {
  RunOptions canary;
  canary.canary = true;
  run(canary);
  ASSERT_EQ(waiting("_bs2").value().after, id_of("_bs1"));
  fake_.has_room_for(1, "too many jobs");
  release(around_, schedulers_, look_at_runs(around_, history(), {"story"}));
  feed();
  ASSERT_EQ(waiting("_bs2").value().why, "too many jobs");
  sizes();
  run();
  EXPECT_EQ(waiting("_bs2").value().after, std::nullopt);
  EXPECT_THAT(sizes(), ElementsAre(15, 7, 3, 1));
}

}  // namespace
}  // namespace tt::flow
