#include "tt/flow/taught.hpp"

#include <gmock/gmock.h>

#include "support/ledger_support.hpp"

namespace tt::flow {
namespace {

using namespace ledger;
using test::at;
using test::event;
using test::task_of;

Asked with_qos(const std::string& qos) {
  Asked asked;
  asked.qos = qos;
  return asked;
}
// At 12:00:00 this one was refused alone, with this QOS.
Event refused(const std::string& run, const std::string& site, const std::string& qos) {
  return event("12:00:00", Waits{"s", {task_of(run, 2, 1)}, "no room", {}, 1, true, site, with_qos(qos)});
}
Event held_back(const std::string& run, int index, const std::string& site, const std::string& qos) {
  return event("12:00:00", Waits{"s", {task_of(run, 1, index)}, "no room", {}, 0, false, site, with_qos(qos)});
}
// Names of those that go, of all that wait.
std::vector<std::string> going(const Ledger& ledger, const std::string& now) {
  std::vector<std::string> names;
  const auto all = waiting_runs(ledger);
  for (const WaitingRun* run : fit(ledger, all, all, Growth(), at(now)).runs) names.push_back(run->task.run.text);
  return names;
}

TEST(WhatARefusalTaught, HoldsForAllOfItsSiteAndItsQOS) {
  const Ledger ledger = fold(std::vector<Event>{refused("r1", "lab", "high"), held_back("r2", 2, "lab", "high"),
                                                held_back("r3", 3, "lab", ""), held_back("r4", 4, "mare", "high")});
  EXPECT_THAT(going(ledger, "12:00:59"), testing::ElementsAre("r3", "r4"));
  EXPECT_THAT(going(ledger, "12:01:00"), testing::ElementsAre("r1", "r2", "r3", "r4"));
}

TEST(WhatARefusalTaught, BoundsOnlyThoseOfItsWay) {
  const Ledger ledger = fold(std::vector<Event>{refused("r1", "lab", "high"), held_back("r2", 2, "lab", "high"),
                                                held_back("r3", 3, "lab", "")});
  const auto all = waiting_runs(ledger);
  const Fitting fitting = fit(ledger, all, all, Growth(), at("12:01:00"));
  ASSERT_EQ(fitting.bounds.size(), 1U);
  EXPECT_EQ(fitting.bounds[0].at_most, 1);
  EXPECT_EQ(fitting.bounds[0].why, "no room");
  EXPECT_THAT(fitting.bounds[0].runs, testing::UnorderedElementsAre(RunId{"r1"}, RunId{"r2"}));
}

TEST(WhatARefusalTaught, IsForgottenOnlyByWhatEndedAtTheSameSite) {
  const auto after_an_end_at = [](const std::string& site) {
    return fold(std::vector<Event>{
        event("11:00:00", Intent{Token{"t9"}, site, "slurm", "s", {task_of("r9", 1, 0)}, {}, {}}),
        refused("r1", "lab", ""), event("12:00:10", Ended{{RunId{"r9"}, 1}, Token{"t9"}, RunState::finished, "", ""})});
  };
  EXPECT_THAT(going(after_an_end_at("mare"), "12:00:20"), testing::IsEmpty());
  EXPECT_THAT(going(after_an_end_at("lab"), "12:00:20"), testing::ElementsAre("r1"));
}

// Of a sweep that was stopped, or for another site, say.
TEST(WhatARefusalTaught, CountsOnlyWhereItMayStillGo) {
  const Ledger ledger = fold(std::vector<Event>{refused("r1", "lab", ""), held_back("r2", 2, "lab", "")});
  const std::vector<const WaitingRun*> only{find_waiting(ledger, RunId{"r2"})};
  const Fitting fitting = fit(ledger, only, only, Growth(), at("12:00:01"));
  EXPECT_EQ(fitting.runs.size(), 1U);
  EXPECT_TRUE(fitting.bounds.empty());
}

}  // namespace
}  // namespace tt::flow
