#include "tt/flow/canary.hpp"

#include <gtest/gtest.h>

#include "support/ledger_support.hpp"

namespace tt::flow {
namespace {

using namespace ledger;
using test::at;
using test::event;
using test::task_of;

// Runs r2 and r3 wait behind r1, which ended so.
Ledger behind_r1(RunState end) {
  return fold(std::vector<Event>{
      event("12:00:00", Waits{"s", {task_of("r2", 1, 1), task_of("r3", 1, 2)}, "goes once", RunId{"r1"}, 0}),
      event("12:00:00", Intent{Token{"t1"}, "x", "slurm", "s", {task_of("r1", 1, 0)}, {}, {}}),
      event("12:01:00", Ended{{RunId{"r1"}, 1}, Token{"t1"}, end, "", ""})});
}
CanaryGate gate_for(const Ledger& ledger, const std::set<RunId>& planned) {
  return gate_of(ledger, "s", planned, at("12:02:00"));
}

TEST(ACanaryOfAnEarlierRun, KeepsTheRestWhileTheSweepHasIt) {
  const CanaryGate gate = gate_for(behind_r1(RunState::failed), {RunId{"r1"}, RunId{"r2"}, RunId{"r3"}});
  EXPECT_EQ(gate.canary, RunId{"r1"});
  EXPECT_EQ(gate.name, "name-r1");
  EXPECT_TRUE(gate.in_plan);
  EXPECT_TRUE(gate.lost.empty());
  EXPECT_TRUE(gate.superseded.empty());
}

TEST(ACanaryOfAnEarlierRun, IsLostWithTheRunsThatTheSweepHasNoLonger) {
  const CanaryGate gate = gate_for(behind_r1(RunState::failed), {RunId{"r2"}, RunId{"r9"}});
  EXPECT_EQ(gate.canary, RunId{"r1"});
  EXPECT_FALSE(gate.in_plan);
  EXPECT_EQ(gate.lost, std::set<RunId>{RunId{"r1"}});
  EXPECT_EQ(gate.superseded, std::vector<RunId>{RunId{"r3"}});
}

TEST(ACanaryOfAnEarlierRun, ThatIsFinishedKeepsNothing) {
  EXPECT_TRUE(gate_for(behind_r1(RunState::finished), {RunId{"r2"}, RunId{"r9"}}).canary.empty());
  EXPECT_TRUE(gate_of(behind_r1(RunState::failed), "another sweep", {}, at("12:02:00")).canary.empty());
}

}  // namespace
}  // namespace tt::flow
