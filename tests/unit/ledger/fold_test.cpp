#include "tt/ledger/fold.hpp"

#include <gtest/gtest.h>

#include <random>

#include "support/ledger_support.hpp"
#include "tt/ledger/journal.hpp"

namespace tt::ledger {
namespace {

using test::at;
using test::event;
using test::task_of;

const Token T1{"t1"}, T2{"t2"};
const RunId R1{"r1"}, R2{"r2"};

Event intent(const std::string& time, const Token& token, std::vector<PlannedTask> tasks,
             std::optional<Token> replaces = std::nullopt) {
  return event(time, Intent{token, "laptop", "local", "lr", std::move(tasks), replaces, std::nullopt});
}
Event two_runs(const std::string& time) { return intent(time, T1, {task_of("r1", 1, 0), task_of("r2", 1, 1)}); }
Event seen(const std::string& time, const RunId& run, const Token& token, RunState state) {
  return event(time, Seen{{run, 1}, token, state, "RAW", "why", at(time)});
}
Event ended(const std::string& time, const RunId& run, const Token& token, RunState state,
            const std::string& cause = "") {
  return event(time, Ended{{run, 1}, token, state, cause, ""});
}

PlannedTask fresh_task(const std::string& run, int attempt) {
  PlannedTask task = task_of(run, attempt, 0);
  task.mode = RetryMode::fresh;
  return task;
}

std::vector<std::string> names(const std::vector<const AttemptState*>& attempts) {
  std::vector<std::string> list;
  for (const AttemptState* attempt : attempts) {
    list.push_back(attempt->key.run.text + "/" + std::to_string(attempt->key.attempt) + "@" + attempt->token.text +
                   " " + to_string(attempt->state));
  }
  return list;
}
using Names = std::vector<std::string>;

// The whole ledger as text, to compare two of them.
std::string described(const Ledger& ledger) {
  std::string text;
  const auto when = [](const std::optional<Instant>& time) { return time ? iso_time(*time) : std::string("-"); };
  for (const auto& [token, s] : ledger.submissions) {
    text += token.text + " " + s.site + " " + s.sweep + " " + std::to_string(static_cast<int>(s.answer)) + " " +
            s.job.text + " " + s.reason + " " + (s.replaces ? s.replaces->text : "-") + " " +
            (s.replaced_by ? s.replaced_by->text : "-") + " " + when(s.absent_since) + "\n";
  }
  for (const auto& [id, run] : ledger.runs) {
    text += id.text + " " + run.name + " " + run.folder + " " + std::to_string(run.fresh_after) + "\n";
    for (const auto& [n, cause] : run.retries) text += "  retry " + std::to_string(n) + " " + cause + "\n";
    for (const auto& [n, a] : run.attempts) {
      text += "  " + std::to_string(n) + " " + a.token.text + " " + std::to_string(a.index) + " " + a.job.text + " " +
              to_string(a.state) + " " + a.raw + " " + a.reason + " " + when(a.since) + " " + when(a.absent_since) +
              " " + (a.cancel_wanted ? to_string(*a.cancel_wanted) : "-") + " " + (a.closed ? "closed" : "open") + " " +
              a.cause + " " + when(a.ended) + "\n";
    }
  }
  return text;
}

TEST(Fold, OpensAnAttemptForEveryRunOfAnIntent) {
  const Ledger ledger = fold(std::vector{two_runs("12:00:00")});
  EXPECT_EQ(names(open_attempts(ledger)), (Names{"r1/1@t1 submitted", "r2/1@t1 submitted"}));
  ASSERT_EQ(unanswered_submissions(ledger).size(), 1u);
  EXPECT_EQ(unanswered_submissions(ledger)[0]->token, T1);
  EXPECT_EQ(ledger.runs.at(R1).name, "name-r1");
  EXPECT_EQ(next_attempt(ledger, R1), 2);
  EXPECT_EQ(next_attempt(ledger, RunId{"stranger"}), 1);
  EXPECT_EQ(last_attempt(ledger, RunId{"stranger"}), nullptr);
}

TEST(Fold, GivesEveryAttemptTheJobOfTheAnswer) {
  const Ledger ledger = fold(std::vector{two_runs("12:00:00"), event("12:00:01", Answered{T1, JobId{"77"}})});
  EXPECT_TRUE(unanswered_submissions(ledger).empty());
  EXPECT_EQ(find_attempt(ledger, {R2, 1})->job.text, "77");
  EXPECT_EQ(find_attempt(ledger, {R2, 1})->index, 1);
}

TEST(Fold, ClosesWhatTheSchedulerRefused) {
  const Ledger ledger = fold(std::vector{two_runs("12:00:00"), event("12:00:01", Refused{T1, "no such partition"})});
  EXPECT_TRUE(open_attempts(ledger).empty());
  EXPECT_TRUE(unanswered_submissions(ledger).empty());
  EXPECT_EQ(last_attempt(ledger, R1)->state, RunState::planned);
  EXPECT_EQ(last_attempt(ledger, R1)->reason, "no such partition");
}

TEST(Fold, KeepsAskingAboutASubmissionWithoutAUsableAnswer) {
  const Ledger ledger = fold(std::vector{two_runs("12:00:00"), event("12:00:01", NoAnswer{T1, "timed out"}),
                                         event("12:05:00", Absent{T1, {}}), event("12:06:00", Absent{T1, {}})});
  ASSERT_EQ(unanswered_submissions(ledger).size(), 1u);
  EXPECT_EQ(unanswered_submissions(ledger)[0]->answer, Answer::no_answer);
  EXPECT_EQ(unanswered_submissions(ledger)[0]->absent_since, at("12:05:00")) << "the settle time counts from the first";
}

TEST(Fold, MovesAnAttemptToTheSubmissionThatStandsInForAnAbsentOne) {
  const Ledger ledger = fold(std::vector{two_runs("12:00:00"), event("12:05:00", Absent{T1, {}}),
                                         intent("12:10:00", T2, {task_of("r1", 1, 0), task_of("r2", 1, 1)}, T1),
                                         event("12:10:01", Answered{T2, JobId{"88"}})});
  EXPECT_EQ(names(open_attempts(ledger)), (Names{"r1/1@t2 submitted", "r2/1@t2 submitted"}));
  EXPECT_TRUE(unanswered_submissions(ledger).empty()) << "the first one carries nothing any more";
  EXPECT_EQ(ledger.submissions.at(T1).replaced_by, T2);
  EXPECT_EQ(times_resubmitted(ledger, T2), 1);
  EXPECT_EQ(times_resubmitted(ledger, T1), 0);
}

TEST(Fold, CountsTheTokenWhoseClaimWasFoundEvenWhenALaterOneWasSubmitted) {
  const Ledger ledger = fold(std::vector{
      two_runs("12:00:00"), intent("12:10:00", T2, {task_of("r1", 1, 0), task_of("r2", 1, 1)}, T1),
      event("12:10:01", Answered{T2, JobId{"88"}}), event("12:20:00", Adopted{T1, JobId{"77"}, "claim", {R1}}),
      ended("12:30:00", R1, T2, RunState::failed)});
  EXPECT_EQ(names(open_attempts(ledger)), (Names{"r1/1@t1 submitted", "r2/1@t2 submitted"}));
  EXPECT_EQ(find_attempt(ledger, {R1, 1})->job.text, "77");
  EXPECT_EQ(find_attempt(ledger, {R2, 1})->job.text, "88");
}

TEST(Fold, DoesNotMoveAnAttemptBecauseTheSchedulerKnowsAnOldToken) {
  const Ledger ledger =
      fold(std::vector{two_runs("12:00:00"), intent("12:10:00", T2, {task_of("r1", 1, 0), task_of("r2", 1, 1)}, T1),
                       event("12:20:00", Adopted{T1, JobId{"77"}, "scheduler", {}})});
  EXPECT_EQ(names(open_attempts(ledger)), (Names{"r1/1@t2 submitted", "r2/1@t2 submitted"}));
}

// Somebody adopted the first submission in the moment another one handed the same attempts over again.
std::vector<Event> handed_over_though_accepted() {
  return {two_runs("12:00:00"), event("12:05:00", Absent{T1, {}}),
          event("12:09:59", Adopted{T1, JobId{"77"}, "scheduler", {}}),
          intent("12:10:00", T2, {task_of("r1", 1, 4), task_of("r2", 1, 5)}, T1)};
}

TEST(Fold, LeavesAnAttemptWithTheAcceptedSubmissionWhenASecondOneComes) {
  std::vector<Event> events = handed_over_though_accepted();
  const Names with_the_first{"r1/1@t1 submitted", "r2/1@t1 submitted"};
  EXPECT_EQ(names(open_attempts(fold(events))), with_the_first);
  EXPECT_EQ(find_attempt(fold(events), {R1, 1})->job.text, "77");
  EXPECT_EQ(find_attempt(fold(events), {R1, 1})->index, 0);
  EXPECT_TRUE(unanswered_submissions(fold(events)).empty());
  events.push_back(event("12:10:01", Answered{T2, JobId{"88"}}));
  EXPECT_EQ(names(open_attempts(fold(events))), with_the_first) << "both are queued; a claim will tell";
  events.push_back(event("12:20:00", Adopted{T2, JobId{"88"}, "claim", {R1}}));
  EXPECT_EQ(names(open_attempts(fold(events))), (Names{"r1/1@t2 submitted", "r2/1@t1 submitted"}));
  EXPECT_EQ(find_attempt(fold(events), {R1, 1})->job.text, "88");
  EXPECT_EQ(find_attempt(fold(events), {R1, 1})->index, 4);
}

TEST(Fold, KeepsAnAttemptOpenWhenOnlyItsSecondSubmissionIsRefused) {
  std::vector<Event> events = handed_over_though_accepted();
  events.push_back(event("12:10:01", Refused{T2, "quota"}));
  EXPECT_EQ(names(open_attempts(fold(events))), (Names{"r1/1@t1 submitted", "r2/1@t1 submitted"}));
}

// The first answer came after the second submission went out, and the second one was refused: before or after that.
TEST(Fold, HandsARefusedAttemptBackToTheSubmissionThatWasAcceptedAfterAll) {
  const Event second = intent("12:10:00", T2, {task_of("r1", 1, 4)}, T1);
  const Event late = event("12:10:01", Answered{T1, JobId{"77"}});
  const Event refused = event("12:10:02", Refused{T2, "quota"});
  for (const auto& events : {std::vector{two_runs("12:00:00"), second, late, refused},
                             std::vector{two_runs("12:00:00"), second, refused, late}}) {
    const Ledger ledger = fold(events);
    EXPECT_EQ(names(open_attempts(ledger)), (Names{"r1/1@t1 submitted", "r2/1@t1 submitted"}));
    EXPECT_EQ(find_attempt(ledger, {R1, 1})->job.text, "77");
    EXPECT_EQ(find_attempt(ledger, {R1, 1})->index, 0);
    EXPECT_EQ(find_attempt(ledger, {R1, 1})->reason, "");
  }
}

TEST(Fold, DoesNotReopenARefusedAttemptOnceALaterOneIsOpen) {
  const Ledger ledger = fold(std::vector{
      two_runs("12:00:00"), intent("12:10:00", T2, {task_of("r1", 1, 0)}, T1), event("12:10:01", Refused{T2, "quota"}),
      intent("12:11:00", Token{"t3"}, {task_of("r1", 2, 0)}), event("12:12:00", Answered{T1, JobId{"77"}})});
  EXPECT_EQ(names(open_attempts(ledger)), (Names{"r1/2@t3 submitted", "r2/1@t1 submitted"}));
}

TEST(Fold, DoesNotMoveTheAttemptThatTrainsToAThirdSubmission) {
  const Ledger ledger =
      fold(std::vector{two_runs("12:00:00"), intent("12:10:00", T2, {task_of("r1", 1, 0), task_of("r2", 1, 1)}, T1),
                       event("12:20:00", Adopted{T1, JobId{"77"}, "claim", {R1}}),
                       intent("12:20:01", Token{"t3"}, {task_of("r1", 1, 0), task_of("r2", 1, 1)}, T2)});
  EXPECT_EQ(names(open_attempts(ledger)), (Names{"r1/1@t1 submitted", "r2/1@t3 submitted"}));
}

Event ended_unclaimed(const std::string& time, const RunId& run, const Token& token, RunState state) {
  return event(time, Ended{{run, 1}, token, state, "", "", {}, true});
}

// Also where the clock of who saw it surface is behind.
TEST(Fold, ReopensAnAttemptThatSurfacedAfterItWasToldAsOverUnclaimed) {
  for (const char* surfaced : {"12:20:00", "12:10:00", "12:05:00"}) {
    std::vector<Event> events{two_runs("12:00:00"), ended_unclaimed("12:10:00", R1, T1, RunState::cancelled),
                              event(surfaced, Adopted{T1, JobId{"77"}, "claim", {R1}})};
    EXPECT_FALSE(find_attempt(fold(events), {R1, 1})->closed) << surfaced;
    EXPECT_TRUE(may_still_surface(fold(events)).empty());
    events.push_back(ended("12:30:00", R1, T1, RunState::finished));
    EXPECT_EQ(find_attempt(fold(events), {R1, 1})->state, RunState::finished);
  }
}

// Two looks see the same claim, and the slower one writes it down after the other settled it.
TEST(Fold, DoesNotReopenWhatWasSettledWithItsClaim) {
  std::vector<Event> events{two_runs("12:00:00"), ended_unclaimed("12:10:00", R1, T1, RunState::lost),
                            event("12:20:00", Adopted{T1, JobId{"77"}, "claim", {R1}}),
                            ended("12:20:00", R1, T1, RunState::failed, "node-failure"),
                            event("12:20:01", Adopted{T1, JobId{"77"}, "claim", {R1}})};
  const Ledger ledger = fold(events);
  EXPECT_TRUE(find_attempt(ledger, {R1, 1})->closed);
  EXPECT_EQ(find_attempt(ledger, {R1, 1})->cause, "node-failure");
}

// Somebody handed the script of a task over again by hand: the token is the same, the job is not.
TEST(Fold, AsksAboutTheJobThatClaimedAnAttempt) {
  const Ledger ledger = fold(std::vector{two_runs("12:00:00"), event("12:00:01", Answered{T1, JobId{"77"}}),
                                         event("12:20:00", Adopted{T1, JobId{"88"}, "claim", {R1}}),
                                         event("12:21:00", Adopted{T1, JobId{"77"}, "claim", {R2}})});
  EXPECT_EQ(find_attempt(ledger, {R1, 1})->job.text, "88");
  EXPECT_EQ(find_attempt(ledger, {R2, 1})->job.text, "77");
  EXPECT_EQ(ledger.submissions.at(T1).job.text, "77");
}

// --- lines that were lost, written behind the others -----------------------------------------------------------------

const Token T3{"t3"};

TEST(LateLines, DoNotEndTheWaitingOfALaterAttempt) {
  const std::vector<Event> kept{event("12:10:00", Waits{"lr", {task_of("r1", 2, 0)}, "no room", {}, 0})};
  std::vector<Event> events = kept;
  events.push_back(two_runs("12:00:00"));
  EXPECT_TRUE(find_waiting(fold(events), R1));
  events.push_back(intent("12:20:00", T2, {task_of("r1", 2, 0)}));
  EXPECT_FALSE(find_waiting(fold(events), R1));
}

TEST(LateLines, DoNotTakeACancelBack) {
  std::vector<Event> events{event("12:10:00", Waits{"lr", {task_of("r1", 2, 0)}, "no room", {}, 0}),
                            event("12:11:00", WaitsNoMore{{R1}, true}), two_runs("12:00:00")};
  EXPECT_TRUE(is_withdrawn(fold(events), R1));
  events.push_back(intent("12:20:00", T2, {task_of("r1", 2, 0)}));
  EXPECT_FALSE(is_withdrawn(fold(events), R1));
}

// The second submission was refused a place by the first one, which trained after all.
TEST(LateLines, DoNotReopenWhatIsOver) {
  const Ledger ledger =
      fold(std::vector{two_runs("12:00:00"), event("12:15:00", Adopted{T1, JobId{"77"}, "claim", {R1, R2}}),
                       ended("12:30:00", R1, T1, RunState::finished),
                       intent("12:10:00", T2, {task_of("r1", 1, 0), task_of("r2", 1, 1)}, T1)});
  EXPECT_EQ(find_attempt(ledger, {R1, 1})->state, RunState::finished);
  EXPECT_EQ(names(open_attempts(ledger)), (Names{"r2/1@t1 submitted"}));
}

TEST(LateLines, TakeNoAttemptFromTheSubmissionThatStandsInForThem) {
  const std::vector<Event> known{intent("12:20:00", T3, {task_of("r1", 1, 0), task_of("r2", 1, 1)}, T2)};
  std::vector<Event> events = known;
  events.push_back(two_runs("12:00:00"));
  events.push_back(intent("12:10:00", T2, {task_of("r1", 1, 0), task_of("r2", 1, 1)}, T1));
  EXPECT_EQ(names(open_attempts(fold(events))), (Names{"r1/1@t3 submitted", "r2/1@t3 submitted"}));
}

TEST(Fold, TakesTheSchedulersWordOnlyForTheTokenThatCounts) {
  const Ledger ledger = fold(std::vector{two_runs("12:00:00"), seen("12:01:00", R1, T1, RunState::running),
                                         seen("12:02:00", R2, T2, RunState::running)});
  EXPECT_EQ(find_attempt(ledger, {R1, 1})->state, RunState::running);
  EXPECT_EQ(find_attempt(ledger, {R1, 1})->raw, "RAW");
  EXPECT_EQ(find_attempt(ledger, {R2, 1})->state, RunState::submitted);
}

TEST(Fold, TakesAWordAboutManyTasksAsOneAboutEach) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    // Some ended, some were moved to another submission, some of what is said is older than what was said before.
    std::vector<PlannedTask> tasks;
    for (int i = 0; i < 20; ++i) tasks.push_back(task_of("r" + std::to_string(i), 1, 3 * i));
    std::vector<Event> events{intent("12:00:00", T1, tasks), event("12:00:01", Answered{T1, JobId{"77"}}),
                              ended("12:01:00", RunId{"r4"}, T1, RunState::failed),
                              intent("12:02:00", T2, {task_of("r6", 2, 0), task_of("r8", 2, 18)}),
                              seen("12:30:00", RunId{"r9"}, T1, RunState::running)};
    const Token token = round % 4 == 0 ? T2 : T1;
    const std::string time = round % 3 == 0 ? "12:10:00" : "12:40:00";
    SeenTogether together{token, {}, RunState::held, "HELD", "by hand", at("11:00:00"), round % 2 == 0};
    std::vector<Event> each = events;
    for (int index = 0; index < 60; ++index) {
      if (random() % 2 == 0) continue;
      together.indices.push_back(index);
      for (const PlannedTask& task : token == T1 ? tasks : std::get<Intent>(events[3].body).runs) {
        if (task.index != index) continue;
        each.push_back(event(time, Seen{{task.run, task.attempt},
                                        token,
                                        together.state,
                                        together.raw,
                                        together.reason,
                                        together.since,
                                        together.hopeless}));
      }
    }
    events.push_back(event(time, together));
    ASSERT_EQ(described(fold(events)), described(fold(each))) << "round " << round;
  }
  // Of a submission nobody knows, or of no task at all.
  std::vector<Event> events{two_runs("12:00:00"),
                            event("12:01:00", SeenTogether{T2, {0, 1}, RunState::running, "", "", {}}),
                            event("12:01:00", SeenTogether{T1, {}, RunState::running, "", "", {}}),
                            event("12:01:00", SeenTogether{T1, {2, 900'000}, RunState::running, "", "", {}})};
  EXPECT_EQ(names(open_attempts(fold(events))), (Names{"r1/1@t1 submitted", "r2/1@t1 submitted"}));
}

TEST(Fold, TakesEventsAsItCopiesThem) {
  const std::vector<Event> events{two_runs("12:00:00"), seen("12:02:00", R1, T1, RunState::running),
                                  intent("12:03:00", T2, {task_of("r2", 2, 0)}), two_runs("12:04:00")};
  Ledger taken;
  for (Event copy : events) apply(taken, std::move(copy));
  EXPECT_EQ(described(taken), described(fold(events)));
  EXPECT_EQ(taken.submissions.at(T1).runs, std::get<Intent>(events[0].body).runs);
}

TEST(Fold, FindsEveryRunInWhateverOrderTheyAreAskedFor) {
  ByRun<int> numbers;
  for (int i = 0; i < 5000; ++i) numbers[RunId{"r" + std::to_string(i)}] = i;
  std::mt19937 random(11);
  for (int i = 0; i < 20000; ++i) {
    const int wanted = i < 6000 ? i : static_cast<int>(random() % 6000);
    const RunId run{"r" + std::to_string(wanted)};
    ASSERT_EQ(numbers.contains(run), wanted < 5000) << wanted;
    if (wanted < 5000)
      ASSERT_EQ(numbers.at(run), wanted);
    else
      ASSERT_THROW(numbers.at(run), std::out_of_range);
    ASSERT_EQ(numbers.find(run) == numbers.end(), wanted >= 5000);
  }
  int next = 0;
  for (const auto& [run, number] : numbers) ASSERT_EQ(number, next++);
  const ByRun<int> copy = numbers;
  EXPECT_EQ(copy.at(RunId{"r4999"}), 4999);
  EXPECT_FALSE(ByRun<int>().contains(RunId{"r0"}));
}

TEST(Fold, LeavesAnEndedAttemptAsItEnded) {
  const Ledger ledger =
      fold(std::vector{two_runs("12:00:00"), ended("12:01:00", R1, T1, RunState::failed, "oom"),
                       seen("12:02:00", R1, T1, RunState::running), ended("12:03:00", R1, T1, RunState::finished)});
  EXPECT_EQ(find_attempt(ledger, {R1, 1})->state, RunState::failed);
  EXPECT_EQ(find_attempt(ledger, {R1, 1})->cause, "oom");
  EXPECT_EQ(names(open_attempts(ledger)), (Names{"r2/1@t1 submitted"}));
}

TEST(Fold, RemembersThatACancelIsWanted) {
  const Event stop = event("12:01:00", CancelWanted{{{R1, 1}}, CancelAs::cancelled});
  const Event interrupt = event("12:02:00", CancelWanted{{{R1, 1}, {R2, 1}}, CancelAs::preempted});
  const Ledger ledger = fold(std::vector{two_runs("12:00:00"), stop, interrupt});
  EXPECT_EQ(find_attempt(ledger, {R1, 1})->cancel_wanted, CancelAs::cancelled) << "a cancel is not softened";
  EXPECT_EQ(find_attempt(ledger, {R2, 1})->cancel_wanted, CancelAs::preempted);
}

TEST(Fold, CountsRetriesPerCauseSinceTheLastFreshStart) {
  std::vector<Event> events{event("12:00:00", RetryUsed{{R1, 1}, "nccl"}), event("12:01:00", RetryUsed{{R1, 2}, "oom"}),
                            event("12:02:00", RetryUsed{{R1, 3}, "nccl"})};
  EXPECT_EQ(retries_used(fold(events), R1, "nccl"), 2);
  EXPECT_EQ(retries_used(fold(events), R1, "oom"), 1);
  EXPECT_EQ(retries_used(fold(events), R2, "nccl"), 0);
  events.push_back(event("12:03:00", Again{{R1, 3}}));
  EXPECT_EQ(retries_used(fold(events), R1, "nccl"), 0);
  EXPECT_EQ(next_attempt(fold(events), R1), 4) << "attempts are never numbered twice";
  events.push_back(event("12:04:00", RetryUsed{{R1, 4}, "nccl"}));
  EXPECT_EQ(retries_used(fold(events), R1, "nccl"), 1);
}

TEST(Fold, PutsEarlierAttemptsAsideWhenOneIsSubmittedAsFresh) {
  std::vector<Event> events{two_runs("12:00:00"), event("12:01:00", RetryUsed{{R1, 1}, "nccl"}),
                            intent("12:02:00", T2, {task_of("r1", 2, 0)})};
  EXPECT_EQ(fold(events).runs.at(R1).fresh_after, 0) << "a retry goes on with what was there";
  events.push_back(intent("12:03:00", Token{"t3"}, {fresh_task("r1", 3)}));
  EXPECT_EQ(fold(events).runs.at(R1).fresh_after, 2);
  EXPECT_EQ(fold(events).runs.at(R2).fresh_after, 0);
  EXPECT_EQ(retries_used(fold(events), R1, "nccl"), 0);
  events.push_back(intent("12:04:00", Token{"t4"}, {task_of("r1", 4, 0)}));
  EXPECT_EQ(fold(events).runs.at(R1).fresh_after, 2) << "the retry of a fresh attempt belongs to it";
}

TEST(Fold, FollowsARename) {
  const Ledger ledger = fold(std::vector{two_runs("12:00:00"), event("12:01:00", Renamed{R1, "name-r1", "b", "/w/b"})});
  EXPECT_EQ(ledger.runs.at(R1).name, "b");
  EXPECT_EQ(ledger.runs.at(R1).folder, "/w/b");
}

std::vector<Event> eventful_history() {
  return {two_runs("12:00:00"), event("12:00:01", NoAnswer{T1, "timed out"}), event("12:01:00", Absent{T1, {}}),
          intent("12:02:00", T2, {task_of("r1", 1, 0), task_of("r2", 1, 1)}, T1),
          event("12:02:01", Answered{T2, JobId{"88"}}), seen("12:03:00", R1, T2, RunState::queued),
          seen("12:04:00", R1, T2, RunState::running), event("12:05:00", Renamed{R2, "name-r2", "x", "/w/x"}),
          event("12:06:00", Renamed{R2, "x", "y", "/w/y"}), ended("12:07:00", R2, T2, RunState::lost),
          event("12:08:00", Adopted{T1, JobId{"77"}, "claim", {R2}}), seen("12:09:00", R2, T1, RunState::running),
          ended("12:10:00", R1, T2, RunState::failed, "oom"), event("12:11:00", RetryUsed{{R1, 1}, "oom"}),
          intent("12:12:00", Token{"t3"}, {task_of("r1", 2, 0)}), event("12:12:01", Refused{Token{"t3"}, "quota"}),
          event("12:13:00", CancelWanted{{{R2, 1}}, CancelAs::preempted}),
          ended("12:14:00", R2, T1, RunState::preempted), event("12:15:00", Again{{R2, 1}}),
          event("12:16:00", UnknownEvent{"new", "{}"}),
          // A second and a third submission, and the first one was accepted before the one and after the other.
          intent("12:17:00", Token{"t4"}, {task_of("r3", 1, 0), task_of("r4", 1, 1)}),
          event("12:17:01", NoAnswer{Token{"t4"}, "timed out"}),
          intent("12:18:00", Token{"t5"}, {task_of("r3", 1, 0)}, Token{"t4"}),
          event("12:18:01", Refused{Token{"t5"}, "quota"}), event("12:18:02", Answered{Token{"t4"}, JobId{"99"}}),
          intent("12:19:00", Token{"t6"}, {task_of("r4", 1, 3)}, Token{"t4"}),
          event("12:19:01", Answered{Token{"t6"}, JobId{"100"}}),
          seen("12:20:00", RunId{"r4"}, Token{"t4"}, RunState::running),
          event("12:21:00", Adopted{Token{"t6"}, JobId{"100"}, "claim", {RunId{"r4"}}}),
          intent("12:22:00", Token{"t7"}, {fresh_task("r4", 2)})};
}

TEST(Fold, IsNotChangedByAnEventReplayedAtOnceOrAtTheEnd) {
  const std::vector<Event> history = eventful_history();
  const std::string expected = described(fold(history));
  for (std::size_t i = 0; i < history.size(); ++i) {
    std::vector<Event> twice = history;
    twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(i), history[i]);
    EXPECT_EQ(described(fold(twice)), expected) << "at once: " << to_line(history[i]);
    std::vector<Event> late = history;
    late.push_back(history[i]);
    EXPECT_EQ(described(fold(late)), expected) << "at the end: " << to_line(history[i]);
  }
  std::vector<Event> all = history;
  all.insert(all.end(), history.begin(), history.end());
  EXPECT_EQ(described(fold(all)), expected) << "the whole journal twice";
}

TEST(Fold, IsTheSameFromFileAndFromMemory) {
  std::string text;
  for (const Event& one : eventful_history()) text += to_line(one) + "\n";
  EXPECT_EQ(described(fold(read_journal(text, "j").events)), described(fold(eventful_history())));
}

}  // namespace
}  // namespace tt::ledger
