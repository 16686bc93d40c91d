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

Candidate candidate(const std::string& run) {
  Candidate candidate{RunFolder("/w/logs/m/" + run), {}, RetryMode::resume, {}, {}};
  candidate.record.id = RunId{run};
  candidate.record.name = "name-" + run;
  return candidate;
}

// Another run goes first in its place, and keeps only what never went and was not asked for by name.
TEST(ACanaryOfAnEarlierRun, ThatTheSweepHasNoLongerKeepsNeitherWhatWentNorWhatAgainNames) {
  std::vector<Event> events{event("11:00:00", Intent{Token{"t5"}, "x", "slurm", "s", {task_of("r5", 1, 0)}, {}, {}}),
                            event("11:10:00", Ended{{RunId{"r5"}, 1}, Token{"t5"}, RunState::preempted, "", ""}),
                            event("12:00:00", Waits{"s", {task_of("r2", 1, 1)}, "goes once", RunId{"r1"}, 0}),
                            event("12:00:00", Intent{Token{"t1"}, "x", "slurm", "s", {task_of("r1", 1, 0)}, {}, {}}),
                            event("12:01:00", Ended{{RunId{"r1"}, 1}, Token{"t1"}, RunState::failed, "", ""})};
  const Ledger ledger = fold(events);
  const CanaryGate gate = gate_for(ledger, {RunId{"r2"}, RunId{"r5"}, RunId{"r6"}, RunId{"r7"}});
  Choice choice;
  for (const char* run : {"r5", "r7", "r2", "r6"}) choice.runs.push_back(candidate(run));
  EXPECT_EQ(keep_behind(gate, "s", ledger, {RunId{"r7"}}, choice),
            "the sweep changed since the canary name-r1 was chosen: name-r2 goes first in its place");
  EXPECT_EQ(choice.behind.canary, RunId{"r2"});
  EXPECT_EQ(choice.behind.name, "name-r2");
  EXPECT_EQ(choice.behind.runs, std::set<RunId>{RunId{"r6"}});
  EXPECT_FALSE(choice.canary);
}

TEST(ACanaryOfAnEarlierRun, ThatTheSweepHasNoLongerNeedsNoOtherWhereNothingNeverWent) {
  const Ledger ledger = behind_r1(RunState::failed);
  Choice choice;
  choice.runs.push_back(candidate("r7"));
  EXPECT_EQ(keep_behind(gate_for(ledger, {RunId{"r7"}}), "s", ledger, {RunId{"r7"}}, choice), "");
  EXPECT_TRUE(choice.behind.runs.empty());
}

}  // namespace
}  // namespace tt::flow
