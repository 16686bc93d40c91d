#include "tt/flow/feed.hpp"

#include <gtest/gtest.h>

#include "support/ledger_support.hpp"
#include "tt/flow/retry_policy.hpp"

namespace tt::flow {
namespace {

using namespace ledger;
using test::at;
using test::event;
using test::task_of;

// Run r2 waits behind the canary r1, which was handed over as t1.
Ledger behind_canary(std::vector<Event> more = {}) {
  std::vector<Event> events{event("12:00:00", Waits{"s", {task_of("r2", 1, 1)}, "goes once", RunId{"r1"}, 0}),
                            event("12:00:00", Intent{Token{"t1"}, "x", "slurm", "s", {task_of("r1", 1, 0)}, {}, {}}),
                            event("12:00:01", Answered{Token{"t1"}, JobId{"7"}})};
  events.insert(events.end(), more.begin(), more.end());
  return fold(events);
}
Event canary_ended(RunState state, const std::string& cause = "") {
  return event("12:01:00", Ended{{RunId{"r1"}, 1}, Token{"t1"}, state, cause, ""});
}
Outlook outlook(const Ledger& ledger) {
  return Outlooks(ledger, at("12:02:00")).of(*find_waiting(ledger, RunId{"r2"}));
}

TEST(Canary, KeepsTheRestUntilItIsFinished) {
  EXPECT_EQ(outlook(behind_canary()).readiness, Readiness::not_yet);
  EXPECT_EQ(outlook(behind_canary()).why, "goes once");
  EXPECT_EQ(outlook(behind_canary({canary_ended(RunState::finished)})).readiness, Readiness::ready);
}

TEST(Canary, ThatFailedKeepsTheRestAndSaysWhatToDo) {
  const Outlook kept = outlook(behind_canary({canary_ended(RunState::failed, "import-error")}));
  EXPECT_EQ(kept.readiness, Readiness::never);
  EXPECT_EQ(kept.why, "the canary name-r1 failed (import-error)");
  EXPECT_EQ(kept.next,
            "tt-submit retry name-r1   (they go once name-r1 is finished; `tt-submit release` lets them go without it, "
            "`tt-submit cancel` gives them up)");
  EXPECT_EQ(outlook(behind_canary({canary_ended(RunState::cancelled)})).why, "the canary name-r1 ended as cancelled");
}

TEST(Canary, ThatIsTriedAgainByItselfOrBySomebodyIsWaitedFor) {
  EXPECT_EQ(outlook(behind_canary({canary_ended(RunState::failed, "nccl-timeout")})).readiness, Readiness::not_yet);
  const Event failed = canary_ended(RunState::failed, "import-error");
  const Event retried = event("12:01:30", Intent{Token{"t2"}, "x", "slurm", "s", {task_of("r1", 2, 0)}, {}, {}});
  EXPECT_EQ(outlook(behind_canary({failed, retried})).readiness, Readiness::not_yet);
  const Event trained = event("12:01:40", Ended{{RunId{"r1"}, 2}, Token{"t2"}, RunState::finished, "", ""});
  EXPECT_EQ(outlook(behind_canary({failed, retried, trained})).readiness, Readiness::ready);
  const Event afresh = event("12:01:30", Again{{RunId{"r1"}, 1}});
  EXPECT_EQ(outlook(behind_canary({failed, afresh})).readiness, Readiness::not_yet);
}

TEST(Canary, ThatWasRefusedIsHandedOverByTheNextRun) {
  const Ledger refused =
      fold(std::vector<Event>{event("12:00:00", Waits{"s", {task_of("r2", 1, 1)}, "goes once", RunId{"r1"}, 0}),
                              event("12:00:00", Intent{Token{"t1"}, "x", "slurm", "s", {task_of("r1", 1, 0)}, {}, {}}),
                              event("12:00:01", Refused{Token{"t1"}, "no such partition"})});
  EXPECT_EQ(outlook(refused).why, "the canary name-r1 was not handed over");
  EXPECT_EQ(outlook(refused).next.substr(0, 19), "tt-submit run SWEEP");
}

TEST(Waiting, OfASweepThatWasStoppedSaysForWhat) {
  const Ledger stopped = fold(std::vector<Event>{event("12:00:00", Waits{"s", {task_of("r2", 1, 1)}, "no room", {}, 0}),
                                                 event("12:00:01", Stopped{"s", "import-error", 5})});
  EXPECT_EQ(outlook(stopped).readiness, Readiness::never);
  EXPECT_EQ(outlook(stopped).why, "the last 5 runs failed alike (import-error)");
}

TEST(Waiting, AfterARefusalItIsTriedAgainOnceSomethingEnded) {
  const Event refused = event("12:01:30", Waits{"s", {task_of("r2", 1, 1)}, "no room", {}, 1});
  const Event other = event("12:00:00", Intent{Token{"t1"}, "x", "slurm", "s", {task_of("r1", 1, 0)}, {}, {}});
  const Event ended = event("12:01:40", Ended{{RunId{"r1"}, 1}, Token{"t1"}, RunState::finished, "", ""});
  EXPECT_EQ(outlook(fold(std::vector<Event>{other, refused})).readiness, Readiness::not_yet);
  EXPECT_EQ(outlook(fold(std::vector<Event>{other, refused, ended})).readiness, Readiness::ready);
}

// Each round of refusals leaves attempts that were none: 60 s, 120 s, 240 s, and no longer than 300 s.
TEST(Waiting, AfterRefusalsInARowItIsTriedAgainMoreSeldom) {
  std::vector<Event> events;
  for (int attempt = 1; attempt <= 5; ++attempt) {
    const Token token{"t" + std::to_string(attempt)};
    const std::string time = "11:5" + std::to_string(attempt) + ":00";
    events.push_back(event(time, Intent{token, "x", "slurm", "s", {task_of("r2", attempt, 0)}, {}, {}}));
    events.push_back(event(time, Refused{token, "no room"}));
  }
  const auto readiness = [&](std::size_t refusals, const std::string& now) {
    std::vector<Event> some(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(2 * refusals));
    const int next = static_cast<int>(refusals) + 1;
    some.push_back(event("12:00:00", Waits{"s", {task_of("r2", next, 0)}, "no room", {}, 1, "x", {}}));
    const Ledger ledger = fold(some);
    return Outlooks(ledger, at(now)).of(*find_waiting(ledger, RunId{"r2"})).readiness;
  };
  EXPECT_EQ(readiness(1, "12:00:59"), Readiness::not_yet);
  EXPECT_EQ(readiness(1, "12:01:00"), Readiness::ready);
  EXPECT_EQ(readiness(2, "12:01:59"), Readiness::not_yet);
  EXPECT_EQ(readiness(2, "12:02:00"), Readiness::ready);
  EXPECT_EQ(readiness(5, "12:04:59"), Readiness::not_yet);
  EXPECT_EQ(readiness(5, "12:05:00"), Readiness::ready);
}

TEST(Waiting, ForAnotherSiteItIsNotHandedOverHere) {
  const Ledger ledger =
      fold(std::vector<Event>{event("12:00:00", Waits{"s", {task_of("r2", 1, 1)}, "no room", {}, 0, "lab", {}})});
  const auto seen_from = [&](const std::string& site) {
    return Outlooks(ledger, at("12:02:00"), site).of(*find_waiting(ledger, RunId{"r2"}));
  };
  EXPECT_EQ(seen_from("lab").readiness, Readiness::ready);
  EXPECT_EQ(seen_from("").readiness, Readiness::ready) << "nobody asks about a site";
  EXPECT_EQ(seen_from("laptop").readiness, Readiness::never);
  EXPECT_EQ(seen_from("laptop").why, "chosen for site 'lab', and this command is for 'laptop'");
  EXPECT_EQ(seen_from("laptop").next,
            "tt-submit wait --site NAME|FILE   (of that site; `tt-submit run SWEEP` hands them over to its own)");
}

// What waits, or was cancelled while it waited, is no business of the policy.
TEST(RetryPolicy, LeavesAloneWhatWaitsAndWhatWasCancelledWhileItWaited) {
  std::vector<Event> events{
      event("12:00:00", Intent{Token{"t1"}, "x", "slurm", "s", {task_of("r1", 1, 0)}, {}, {}}),
      event("12:00:10", Ended{{RunId{"r1"}, 1}, Token{"t1"}, RunState::failed, "nccl-timeout", ""})};
  const auto decide = [&] {
    const Ledger ledger = fold(events);
    return decide_retry(ledger, *last_attempt(ledger, RunId{"r1"}));
  };
  EXPECT_TRUE(decide().retry);
  events.push_back(event("12:01:00", Waits{"s", {task_of("r1", 2, 0)}, "no room", {}, 0}));
  EXPECT_EQ(decide().why, "it waits to be handed over");
  events.push_back(event("12:02:00", WaitsNoMore{{RunId{"r1"}}, true}));
  EXPECT_EQ(decide().why, "it was cancelled");
  EXPECT_FALSE(decide().retry);
}

}  // namespace
}  // namespace tt::flow
