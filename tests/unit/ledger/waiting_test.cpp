// Runs that were chosen and wait to be handed over, and sweeps that were stopped.
#include <gtest/gtest.h>

#include "support/ledger_support.hpp"
#include "tt/ledger/fold.hpp"

namespace tt::ledger {
namespace {

using test::event;
using test::task_of;

Event waits(const std::string& time, std::vector<PlannedTask> runs) {
  return event(time, Waits{"s", std::move(runs), "no room", std::nullopt, 0});
}

TEST(LedgerWaiting, KeepsTheOrderOfTheChoice) {
  PlannedTask last = task_of("r1", 1, 7), first = task_of("r2", 1, 3);
  const Ledger ledger =
      fold(std::vector<Event>{waits("12:00:00", {last, first}), waits("11:00:00", {task_of("r3", 1, 9)})});
  const auto runs = waiting_runs(ledger);
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_EQ(runs[0]->task.run.text, "r3");
  EXPECT_EQ(runs[1]->task.run.text, "r2");
  EXPECT_EQ(runs[2]->task.run.text, "r1");
}

TEST(LedgerWaiting, EndsWithTheIntentAndAReplayDoesNotBringItBack) {
  const Event waiting = waits("12:00:00", {task_of("r1", 1, 0)});
  const Event intent = event("12:00:01", Intent{Token{"a"}, "x", "slurm", "s", {task_of("r1", 1, 0)}, {}, {}});
  EXPECT_TRUE(waiting_runs(fold(std::vector<Event>{waiting, intent})).empty());
  EXPECT_TRUE(waiting_runs(fold(std::vector<Event>{waiting, intent, waiting})).empty());
}

// Submitted twice, because nobody heard of the first; the second was refused, and then the first was there after all.
TEST(LedgerWaiting, EndsWhenTheAttemptBeforeItIsUnderWayAfterAll) {
  const PlannedTask first = task_of("r1", 1, 0);
  const std::vector<Event> before{
      event("12:00:00", Intent{Token{"a"}, "x", "slurm", "s", {first}, {}, {}}),
      event("12:00:01", NoAnswer{Token{"a"}, "timed out"}),
      event("12:02:00", Intent{Token{"b"}, "x", "slurm", "s", {first}, Token{"a"}, {}}),
      event("12:02:01", Refused{Token{"b"}, "too many"}),
      waits("12:02:01", {task_of("r1", 2, 0)}),
  };
  ASSERT_EQ(waiting_runs(fold(before)).size(), 1U);
  for (const Adopted& adopted :
       {Adopted{Token{"a"}, JobId{"7"}, "scheduler", {}}, Adopted{Token{"a"}, JobId{"7"}, "claim", {RunId{"r1"}}}}) {
    std::vector<Event> events = before;
    events.push_back(event("12:03:00", adopted));
    const Ledger ledger = fold(events);
    EXPECT_TRUE(waiting_runs(ledger).empty()) << adopted.by;
    ASSERT_EQ(open_attempts(ledger).size(), 1U) << adopted.by;
    EXPECT_EQ(open_attempts(ledger).front()->token.text, "a");
  }
}

TEST(LedgerWaiting, EndsWhenNobodyWantsItAnyMore) {
  const Event waiting = waits("12:00:00", {task_of("r1", 1, 0), task_of("r2", 1, 1)});
  const auto ledger = fold(std::vector<Event>{waiting, event("12:00:05", WaitsNoMore{{RunId{"r1"}}})});
  ASSERT_EQ(waiting_runs(ledger).size(), 1U);
  EXPECT_EQ(waiting_runs(ledger).front()->task.run.text, "r2");
}

TEST(LedgerWaiting, WhatWasCancelledStaysSoUntilItIsChosenAgain) {
  std::vector<Event> events{waits("12:00:00", {task_of("r1", 1, 0)}),
                            event("12:00:05", WaitsNoMore{{RunId{"r1"}}, true})};
  EXPECT_TRUE(is_withdrawn(fold(events), RunId{"r1"}));
  events.push_back(events[0]);  // a replay
  EXPECT_TRUE(is_withdrawn(fold(events), RunId{"r1"}));
  EXPECT_TRUE(waiting_runs(fold(events)).empty());
  std::vector<Event> again = events, waited = events, afresh = events;
  again.push_back(event("12:00:06", Intent{Token{"a"}, "x", "slurm", "s", {task_of("r1", 1, 0)}, {}, {}}));
  EXPECT_FALSE(is_withdrawn(fold(again), RunId{"r1"}));
  waited.push_back(waits("12:00:06", {task_of("r1", 1, 0)}));
  EXPECT_FALSE(is_withdrawn(fold(waited), RunId{"r1"}));
  EXPECT_EQ(waiting_runs(fold(waited)).size(), 1U);
  afresh.push_back(event("12:00:06", Again{{RunId{"r1"}, 0}}));
  EXPECT_FALSE(is_withdrawn(fold(afresh), RunId{"r1"}));
}

TEST(LedgerWaiting, WhatIsNotWantedForAnotherReasonIsNotCancelled) {
  const auto ledger =
      fold(std::vector<Event>{waits("12:00:00", {task_of("r1", 1, 0)}), event("12:00:05", WaitsNoMore{{RunId{"r1"}}})});
  EXPECT_FALSE(is_withdrawn(ledger, RunId{"r1"}));
}

// Whoever hands it over, and whoever tries it again.
TEST(LedgerWaiting, ARunKeepsWhatItWasAskedForWith) {
  const Asked high{"", "", "high", "", 1}, low{"m1", "", "low", "", {}};
  std::vector<Event> events{
      event("12:00:00", Waits{"s", {task_of("r1", 1, 0)}, "no room", std::nullopt, 0, "lab", high})};
  EXPECT_EQ(fold(events).runs.at(RunId{"r1"}).asked.or_none(), high);
  EXPECT_EQ(find_waiting(fold(events), RunId{"r1"})->site, "lab");
  std::vector<Event> cancelled = events;
  cancelled.push_back(event("12:00:01", WaitsNoMore{{RunId{"r1"}}, true}));
  EXPECT_EQ(fold(cancelled).runs.at(RunId{"r1"}).asked.or_none(), high) << "a retry of it asks for the same";
  events.push_back(event("12:00:02", Intent{Token{"a"}, "lab", "slurm", "s", {task_of("r1", 1, 0)}, {}, {}, low}));
  EXPECT_EQ(fold(events).runs.at(RunId{"r1"}).asked.or_none(), low);
  EXPECT_EQ(fold(events).submissions.at(Token{"a"}).asked, low);
  events.push_back(events[0]);  // a replay
  EXPECT_EQ(fold(events).runs.at(RunId{"r1"}).asked.or_none(), low);
}

TEST(LedgerRetries, ARetryThatTheSchedulerRefusedIsNotUsed) {
  std::vector<Event> events{event("12:00:00", Intent{Token{"a"}, "x", "slurm", "s", {task_of("r1", 1, 0)}, {}, {}}),
                            event("12:00:10", Ended{{RunId{"r1"}, 1}, Token{"a"}, RunState::failed, "nccl", ""}),
                            event("12:00:20", RetryUsed{{RunId{"r1"}, 1}, "nccl"}),
                            event("12:00:20", Intent{Token{"b"}, "x", "slurm", "s", {task_of("r1", 2, 0)}, {}, {}})};
  EXPECT_EQ(retries_used(fold(events), RunId{"r1"}, "nccl"), 1);
  events.push_back(event("12:00:21", Refused{Token{"b"}, "no such partition"}));
  EXPECT_EQ(retries_used(fold(events), RunId{"r1"}, "nccl"), 0);
  EXPECT_TRUE(was_refused(*last_attempt(fold(events), RunId{"r1"})));
  // Handed over after all: it was used.
  events.push_back(event("12:05:00", Intent{Token{"c"}, "x", "slurm", "s", {task_of("r1", 3, 0)}, {}, {}}));
  EXPECT_EQ(retries_used(fold(events), RunId{"r1"}, "nccl"), 1);
}

TEST(LedgerPolicy, StopsASweepUntilItGoesOn) {
  std::vector<Event> events{event("12:00:00", Policy{"s", 2}), event("12:00:01", Stopped{"s", "traceback", 2})};
  EXPECT_EQ(fold(events).policies.at("s").stop_after, 2);
  EXPECT_EQ(fold(events).policies.at("s").stopped_for, "traceback");
  events.push_back(event("12:00:02", GoesOn{"s"}));
  EXPECT_EQ(fold(events).policies.at("s").stopped_for, "");
  events.push_back(events[1]);  // a replay
  EXPECT_EQ(fold(events).policies.at("s").stopped_for, "");
}

}  // namespace
}  // namespace tt::ledger
