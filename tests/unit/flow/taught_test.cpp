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
  return event("12:00:00", Waits{"s", {task_of(run, 2, 1)}, "no room", {}, 1, site, with_qos(qos)});
}
Event held_back(const std::string& run, int index, const std::string& site, const std::string& qos) {
  return event("12:00:00", Waits{"s", {task_of(run, 1, index)}, "no room", {}, 0, site, with_qos(qos)});
}
// Names of those that go, of all that wait.
std::vector<std::string> going(const Ledger& ledger, const std::string& now) {
  std::vector<std::string> names;
  Taught taught(ledger);
  for (const WaitingRun* run : fit(ledger, waiting_runs(ledger), taught, Lessons(), at(now)).runs)
    names.push_back(run->task.run.text);
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
  Taught taught(ledger);
  const Fitting fitting = fit(ledger, waiting_runs(ledger), taught, Lessons(), at("12:01:00"));
  ASSERT_EQ(fitting.bounds.size(), 1U);
  EXPECT_EQ(fitting.bounds[0].at_most, 1);
  EXPECT_EQ(fitting.bounds[0].why, "no room");
  EXPECT_THAT(fitting.bounds[0].runs, testing::UnorderedElementsAre(RunId{"r1"}, RunId{"r2"}));
}

TEST(WhatARefusalTaught, IsForgottenOnlyByWhatEndedOfTheSameWay) {
  const auto after_an_end_at = [](const std::string& site, const std::string& qos = "") {
    Intent intent{Token{"t9"}, site, "slurm", "s", {task_of("r9", 1, 0)}, {}, {}};
    intent.asked = with_qos(qos);
    return fold(
        std::vector<Event>{event("11:00:00", intent), refused("r1", "lab", ""),
                           event("12:00:10", Ended{{RunId{"r9"}, 1}, Token{"t9"}, RunState::finished, "", ""})});
  };
  EXPECT_THAT(going(after_an_end_at("mare"), "12:00:20"), testing::IsEmpty());
  EXPECT_THAT(going(after_an_end_at("lab", "high"), "12:00:20"), testing::IsEmpty());
  EXPECT_THAT(going(after_an_end_at("lab"), "12:00:20"), testing::ElementsAre("r1"));
}

TEST(WhatARefusalTaught, LetsAsManyGoAsEndedSinceTheSchedulerLastSaidAnything) {
  std::vector<Event> events{refused("r1", "lab", "")};
  for (const char* run : {"r7", "r8", "r9"}) {
    events.push_back(
        event("11:00:00", Intent{Token{std::string("t") + run}, "lab", "slurm", "s", {task_of(run, 1, 0)}, {}, {}}));
    events.push_back(
        event("12:00:10", Ended{{RunId{run}, 1}, Token{std::string("t") + run}, RunState::finished, "", ""}));
  }
  const auto now = [&](const std::string& time) {
    const Ledger ledger = fold(events);
    return Taught(ledger).now({"lab", "", "", ""}, at(time)).value();
  };
  EXPECT_EQ(now("12:00:20").at_most, 3);
  EXPECT_FALSE(now("12:00:20").is_probe);
  events.push_back(event(
      "12:00:20",
      Intent{
          Token{"t2"}, "lab", "slurm", "s", {task_of("r2", 1, 0), task_of("r3", 1, 1), task_of("r4", 1, 2)}, {}, {}}));
  events.push_back(event("12:00:20", Answered{Token{"t2"}, JobId{"7"}}));
  EXPECT_EQ(now("12:01:19").at_most, 0) << "the three were made use of";
  EXPECT_EQ(now("12:01:20").at_most, 1);
  EXPECT_TRUE(now("12:01:20").is_probe);
  events.push_back(event("12:05:30", Ended{{RunId{"r2"}, 1}, Token{"t2"}, RunState::finished, "", ""}));
  EXPECT_EQ(now("12:05:31").at_most, 1);
  EXPECT_TRUE(now("12:05:31").is_probe) << "no refusal for five minutes: the limit may have been raised";
}

}  // namespace
}  // namespace tt::flow
