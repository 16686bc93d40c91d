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

class SteppedClockAhead final : public Clock {
 public:
  explicit SteppedClockAhead(const Clock& clock) : clock_(clock) {}
  Instant now() const override { return clock_.now() + std::chrono::seconds{30}; }
  void sleep(Seconds) override {}

 private:
  const Clock& clock_;
};

class InParts : public test::DrivenStory {
 protected:
  InParts() : DrivenStory("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]") {}

  // Of the submissions since the last time, accepted or not: how many runs each.
  std::vector<std::size_t> sizes() {
    std::vector<std::size_t> sizes;
    for (; told_ < fake_.submitted().size(); ++told_) sizes.push_back(fake_.submitted()[told_].indices.size());
    return sizes;
  }
  void some_end(int how_many = 1000) {
    const ledger::Ledger ledger = history();
    for (const ledger::AttemptState* attempt : ledger::open_attempts(ledger)) {
      if (how_many-- > 0)
        fake_.has_ended(attempt->token, attempt->index, {scheduler::EndReason::cancelled, false, {}, {}, {}});
    }
    look();
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
  EXPECT_THAT(sizes(), ElementsAre(16, 8, 4, 2, 1));
  EXPECT_EQ(report.handed_over, 5);
  EXPECT_EQ(report.held_back, 11);
  EXPECT_EQ(report.why_held_back, "too many jobs");
  feed();
  EXPECT_THAT(sizes(), IsEmpty()) << "nothing ended, and no time passed";
}

TEST_F(InParts, AsManyGoAsEndedSinceAndNoRefusalFollows) {
  fake_.has_room_for(5, "too many jobs");
  run();
  sizes();
  for (const int ends : {5, 2, 1}) {
    clock_.sleep(Seconds{5});
    some_end(ends);
    const RetryReport report = feed();
    EXPECT_EQ(report.handed_over, ends);
    EXPECT_THAT(sizes(), ElementsAre(ends));
    clock_.sleep(Seconds{5});
    feed();
    EXPECT_THAT(sizes(), IsEmpty()) << "nothing ended since";
  }
}

// Somebody else was quicker, look after look: never more than halves, and an end.
TEST_F(InParts, RoomThatIsGoneAgainIsFoundOutByHalves) {
  fake_.has_room_for(8, "too many jobs");
  run();
  sizes();
  clock_.sleep(Seconds{5});
  some_end(6);
  fake_.has_room_for(2, "too many jobs");
  EXPECT_EQ(feed().handed_over, 0);
  EXPECT_THAT(sizes(), ElementsAre(6, 3, 1));
  clock_.sleep(Seconds{5});
  feed();
  EXPECT_THAT(sizes(), IsEmpty());
}

// What ended, by the word of a host whose clock is ahead, counts until then; no look goes on for ever.
TEST_F(InParts, AClockThatIsAheadCostsACallALookAndNoMore) {
  fake_.has_room_for(4, "too many jobs");
  run();
  sizes();
  SteppedClockAhead ahead(clock_);
  around_.clock = &ahead;
  some_end(2);
  around_.clock = &clock_;
  fake_.has_room_for(2, "too many jobs");
  fake_.on_submit([&] { clock_.sleep(Seconds{0.5}); });
  feed();
  EXPECT_THAT(sizes(), ElementsAre(2, 1));
}

// Somebody's jobs ended meanwhile: what is left goes after a pause, not one after the other.
TEST_F(InParts, RoomThatAppearsAfterRefusalsIsNotFilledOneByOne) {
  fake_.has_room_for(0, "too many jobs");
  fake_.on_submit([&] {
    if (fake_.submitted().size() == 4) fake_.has_room_for(100, "too many jobs");
  });
  EXPECT_EQ(run().handed_over, 3) << "four were refused";
  EXPECT_THAT(sizes(), ElementsAre(16, 8, 4, 2, 1));
  clock_.sleep(Seconds{60});
  EXPECT_EQ(feed().handed_over, 13);
  EXPECT_THAT(sizes(), ElementsAre(1, 2, 4, 6));
}

TEST_F(InParts, ARefusalForGoodAfterAPauseIsNotRepeatedForEveryRun) {
  fake_.has_room_for(0, "too many jobs");
  run();
  sizes();
  fake_.refuses("no such account");
  clock_.sleep(Seconds{60});
  feed();
  EXPECT_THAT(sizes(), ElementsAre(1));
}

// Every part is of two arrays, and they are counted together.
TEST_F(InParts, TwiceAsManyGoAlsoWhereTheyAreOfTwoShapes) {
  fake_.has_room_for(0, "too many jobs");
  workspace_.write_sweep({"story", "  training.local_batch_size: [1, 3, 5, 7, 9, 11, 13, 15]\n", "", "00:05:00"});
  RunOptions narrow;
  narrow.throttle = 2;
  run(narrow);
  workspace_.write_sweep({"story",
                          "  training.local_batch_size: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]\n", "",
                          "00:05:00"});
  run();
  sizes();
  fake_.has_room_for(100, "too many jobs");
  clock_.sleep(Seconds{300});
  EXPECT_EQ(feed().handed_over, 16);
  EXPECT_THAT(sizes(), ElementsAre(1, 1, 1, 2, 2, 4, 4, 1)) << "1, 2, 4, 8 and the last";
}

TEST_F(InParts, WhatTheJournalSaysAlreadyIsNotWrittenAgain) {
  scheduler::Limits limits;
  limits.max_submitted_tasks = 0;
  fake_.limits_are(limits);
  run();
  const fs::path journal = workspace_ / ".tt/journal/story.jsonl";
  const auto before = fs::file_size(journal);
  run();
  feed();
  EXPECT_EQ(fs::file_size(journal), before);
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

TEST_F(InParts, ThePauseGrowsAlsoWhereACallTakesTime) {
  fake_.has_room_for(0, "too many jobs");
  fake_.on_submit([&] { clock_.sleep(Seconds{1.5}); });
  run();
  sizes();
  std::vector<double> pauses;
  for (Seconds waited{0}; pauses.size() < 4; waited += Seconds{1}) {
    clock_.sleep(Seconds{1});
    feed();
    if (sizes().empty()) continue;
    pauses.push_back(waited.count());
    waited = Seconds{0};
  }
  EXPECT_THAT(pauses, ElementsAre(testing::DoubleNear(60, 3), testing::DoubleNear(120, 3), testing::DoubleNear(240, 3),
                                  testing::DoubleNear(300, 3)));
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
  some_end();
  ASSERT_EQ(state(), RunState::cancelled);
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
  EXPECT_THAT(report.not_tried, ElementsAre("2 runs cannot be handed over: qos 'high' is none any more"));
  EXPECT_THAT(report.unsayable, testing::UnorderedElementsAre(id_of("_bs1"), id_of("_bs2")));
  EXPECT_THAT(sizes(), ElementsAre(1));
  EXPECT_FALSE(waiting("_bs3"));
}

TEST_F(InParts, AWaitWhoseOwnWordsCannotBeSaidHandsOverWhatHasOthers) {
  fake_.has_room_for(0, "too many jobs");
  workspace_.write_sweep({"story", "  training.local_batch_size: [1]\n", "", "00:05:00"});
  around_.asked.qos = "high";
  run();
  workspace_.write_sweep({"story", "  training.local_batch_size: [1, 2]\n", "", "00:05:00"});
  around_.asked.qos.clear();
  run();
  // From now on the site wants to be told a QOS.
  fake_.cannot_say("a QOS is wanted", "none");
  around_.site.profile.qos = "none";
  fake_.has_room_for(10, "too many jobs");
  clock_.sleep(Seconds{300});
  const RetryReport report = feed();
  EXPECT_THAT(report.not_tried, ElementsAre("1 run cannot be handed over: a QOS is wanted"));
  EXPECT_TRUE(!waiting("_bs1") && waiting("_bs2"));
}

TEST_F(InParts, WhatCannotBeSaidAnyMoreDoesNotKeepTheNextRunEither) {
  workspace_.write_sweep({"story", "  training.local_batch_size: [1, 2]\n", "", "00:05:00"});
  fake_.has_room_for(0, "too many jobs");
  around_.asked.qos = "high";
  run();
  workspace_.write_sweep({"story", "  training.local_batch_size: [1, 2, 3]\n", "", "00:05:00"});
  around_.asked.qos.clear();
  fake_.cannot_say("qos 'high' is none any more", "high");
  fake_.has_room_for(10, "too many jobs");
  const RunReport report = run();
  EXPECT_EQ(report.handed_over, 1);
  EXPECT_THAT(report.not_tried, ElementsAre("2 runs cannot be handed over: qos 'high' is none any more"));
  EXPECT_TRUE(waiting("_bs1") && waiting("_bs2") && !waiting("_bs3"));
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

// They would wait for each other for ever.
TEST_F(InParts, ACanaryThatWaitsForRoomStaysTheOneWhenAnotherIsAskedFor) {
  workspace_.write_sweep({"story", "  training.local_batch_size: [2, 3, 4]\n", "", "00:05:00"});
  RunOptions canary;
  canary.canary = true;
  fake_.has_room_for(0, "too many jobs");
  EXPECT_EQ(run(canary).held_back, 3) << "with those behind it";
  workspace_.write_sweep({"story", "  training.local_batch_size: [1, 2, 3, 4]\n", "", "00:05:00"});
  fake_.has_room_for(10, "too many jobs");
  EXPECT_EQ(run(canary).about_canary, "the canary _bs2 of an earlier run goes first as it is");
  EXPECT_FALSE(waiting("_bs2"));
  EXPECT_EQ(waiting("_bs1").value().after, id_of("_bs2"));
}

}  // namespace
}  // namespace tt::flow
