#include "tt/flow/stop_policy.hpp"

#include <gtest/gtest.h>

#include "support/ledger_support.hpp"

namespace tt::flow {
namespace {

using namespace ledger;
using test::event;
using test::task_of;

// Runs that end one after the other, in this order, each with this cause ("": finished).
Ledger after(const std::vector<std::string>& causes, std::vector<Event> more = {}) {
  std::vector<Event> events;
  for (std::size_t i = 0; i < causes.size(); ++i) {
    const std::string run = "r" + std::to_string(i), token = "t" + std::to_string(i);
    events.push_back(event("10:00:00", Intent{Token{token}, "x", "slurm", "s", {task_of(run, 1, 0)}, {}, {}}));
    events.push_back(event(
        "10:00:1" + std::to_string(i),
        Ended{
            {RunId{run}, 1}, Token{token}, causes[i].empty() ? RunState::finished : RunState::failed, causes[i], ""}));
  }
  events.insert(events.end(), more.begin(), more.end());
  return fold(events);
}

TEST(StopPolicy, StopsAfterFiveOfOneCauseInARow) {
  EXPECT_FALSE(same_failure_in_a_row(after({"a", "a", "a", "a"}), "s"));
  const auto stopped = same_failure_in_a_row(after({"", "a", "a", "a", "a", "a"}), "s");
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->cause, "a");
  EXPECT_EQ(stopped->times, 5);
}

TEST(StopPolicy, ASuccessOrAnotherCauseBreaksTheRow) {
  EXPECT_FALSE(same_failure_in_a_row(after({"a", "a", "a", "a", "", "a"}), "s"));
  EXPECT_FALSE(same_failure_in_a_row(after({"a", "a", "a", "b", "a", "a"}), "s"));
}

TEST(StopPolicy, WhatASweepIsMadeToFindOutDoesNotCount) {
  EXPECT_FALSE(same_failure_in_a_row(after({"cuda-oom", "cuda-oom", "cuda-oom", "cuda-oom", "cuda-oom"}), "s"));
  EXPECT_FALSE(same_failure_in_a_row(after({"loss-nan", "loss-nan", "loss-nan", "loss-nan", "loss-nan"}), "s"));
}

TEST(StopPolicy, FailuresWithoutAKnownCauseAreAlike) {
  std::vector<Event> events;
  for (int i = 0; i < 5; ++i) {
    const std::string run = "r" + std::to_string(i), token = "t" + std::to_string(i);
    events.push_back(event("10:00:00", Intent{Token{token}, "x", "slurm", "s", {task_of(run, 1, 0)}, {}, {}}));
    events.push_back(
        event("10:00:1" + std::to_string(i), Ended{{RunId{run}, 1}, Token{token}, RunState::failed, "", ""}));
  }
  EXPECT_EQ(same_failure_in_a_row(fold(events), "s").value().cause, "no cause found");
}

TEST(StopPolicy, TheNumberCanBeSaidAndZeroIsNever) {
  EXPECT_TRUE(same_failure_in_a_row(after({"a", "a"}, {event("11:00:00", Policy{"s", 2})}), "s"));
  EXPECT_FALSE(same_failure_in_a_row(after({"a", "a", "a", "a", "a", "a"}, {event("11:00:00", Policy{"s", 0})}), "s"));
}

TEST(StopPolicy, AfterItGoesOnFailuresCountAnew) {
  const Ledger ledger = after({"a", "a", "a", "a", "a"}, {event("11:00:00", GoesOn{"s"})});
  EXPECT_FALSE(same_failure_in_a_row(ledger, "s"));
}

// tt may look once after all of them ended: the order is that of their ends, not that of the looks.
TEST(StopPolicy, TheOrderIsThatInWhichTheyEnded) {
  std::vector<Event> events;
  for (int i = 0; i < 3; ++i) {
    const std::string run = "r" + std::to_string(i), token = "t" + std::to_string(i);
    events.push_back(event("10:00:00", Intent{Token{token}, "x", "slurm", "s", {task_of(run, 1, 0)}, {}, {}}));
    const Instant over = test::at("10:00:0" + std::to_string(9 - i));  // the last that is told of ended first
    events.push_back(event("10:01:0" + std::to_string(i), Ended{{RunId{run}, 1},
                                                                Token{token},
                                                                i == 2 ? RunState::finished : RunState::failed,
                                                                i == 2 ? "" : "a",
                                                                "",
                                                                over}));
  }
  events.push_back(event("11:00:00", Policy{"s", 2}));
  EXPECT_TRUE(same_failure_in_a_row(fold(events), "s"));
}

TEST(StopPolicy, OtherSweepsAreOtherSweeps) {
  EXPECT_FALSE(same_failure_in_a_row(after({"a", "a", "a", "a", "a"}), "other"));
}

}  // namespace
}  // namespace tt::flow
