// Conditions and derived keys that ask for estimates.
#include "tt/sweep/late_formulas.hpp"

#include <gtest/gtest.h>

#include "support/sweep_support.hpp"
#include "tt/sweep/explain.hpp"
#include "tt/sweep/run_estimate.hpp"

namespace tt::sweep {
namespace {

using test::names_of;
using test::plan_of;
using test::sweep_with;

std::string problems_in(const std::string& yaml) {
  return test::problems_of([&] { plan_of(sweep_with(yaml)); });
}

const std::string layouts = "matrix: {parallelism.tensor_parallel_degree: [1, 2, 4]}\n";

TEST(LateConditions, CutByWhatAPointMoves) {
  const Plan plan = plan_of(sweep_with(layouts + "where: [comm.tp_mib == 0]\n"));
  EXPECT_EQ(names_of(plan), (std::vector<std::string>{"_tp1"}));
  EXPECT_EQ(plan.filtered, 2);
}

TEST(LateConditions, StandBesideOthersAndMayNameKeys) {
  const Plan plan =
      plan_of(sweep_with(layouts + "where: [\"comm.tp_mib > 0 or parallelism.tensor_parallel_degree == 1\", "
                                   "parallelism.tensor_parallel_degree < 4]\n"));
  EXPECT_EQ(names_of(plan), (std::vector<std::string>{"_tp1", "_tp2"}));
}

TEST(LateConditions, AreAskedOfIncludedPointsToo) {
  const Plan plan =
      plan_of(sweep_with("include: [{parallelism.tensor_parallel_degree: 1}, {parallelism.tensor_parallel_degree: 2}]\n"
                         "where: [comm.tp_mib > 0]\n"));
  EXPECT_EQ(names_of(plan), (std::vector<std::string>{"_tp2"}));
}

TEST(LateConditions, TellWhatIsNotKnown) {
  const std::string text = problems_in(layouts + "where: [time.step_seconds < 1]\n");
  EXPECT_NE(
      text.find("this condition cannot be computed at a point that stays: 'time.step_seconds' is not known there"),
      std::string::npos)
      << text;
}

TEST(LateConditions, SuggestTheNearestName) {
  const std::string text = problems_in(layouts + "where: [comm.mbi < 1]\n");
  EXPECT_NE(text.find("'comm.mbi' is no estimate"), std::string::npos) << text;
  EXPECT_NE(text.find("did you mean 'comm.mib'?"), std::string::npos) << text;
}

TEST(LateConditions, NameTheCutInExplain) {
  const PlanInput input = test::input_of(sweep_with(layouts + "where: [comm.tp_mib == 0]\n"));
  const std::string text = explanation_text(explain_points(input, {"parallelism.tensor_parallel_degree=2"}, 5));
  EXPECT_NE(text.find("cut by where comm.tp_mib == 0: comm.tp_mib = "), std::string::npos) << text;
}

Value setting_of(const PlannedRun& run, std::string_view key) {
  for (const Assignment& assignment : run.overrides)
    if (assignment.key == key) return assignment.value;
  return {};
}

TEST(LateDerivations, SetKeysFromTheEstimateOfThePointWithoutThem) {
  const Plan plan =
      plan_of(sweep_with(layouts + "derive: {training.local_batch_size: \"comm.tp_mib > 0 and 2 or 16\"}\n"));
  ASSERT_EQ(plan.runs.size(), 3U);
  EXPECT_EQ(setting_of(plan.runs[0], "training.local_batch_size"), Value(16));
  EXPECT_EQ(setting_of(plan.runs[1], "training.local_batch_size"), Value(2));
  EXPECT_EQ(setting_of(plan.runs[2], "training.local_batch_size"), Value(2));
}

// The estimate that is derived from is of the base's batch, the plan's own of the batch that was derived.
TEST(LateDerivations, AreInThePlansOwnEstimate) {
  const std::string fixed = "matrix: {parallelism.tensor_parallel_degree: [2]}\nderive: ";
  const Plan once = plan_of(sweep_with(fixed + "{training.local_batch_size: \"comm.tp_mib > 0 and 8 or 1\"}\n"));
  const Plan twice = plan_of(sweep_with(fixed + "{training.local_batch_size: \"comm.tp_mib > 0 and 16 or 1\"}\n"));
  const Plan written = plan_of(sweep_with(fixed + "{training.local_batch_size: 16}\n"));
  EXPECT_EQ(twice.runs[0].estimate.comm_wire_bytes_per_step_max, written.runs[0].estimate.comm_wire_bytes_per_step_max);
  EXPECT_NE(twice.runs[0].estimate.comm_wire_bytes_per_step_max, once.runs[0].estimate.comm_wire_bytes_per_step_max);
}

TEST(LateDerivations, GiveAWallTimeInMinutes) {
  const Plan plan =
      plan_of(sweep_with("matrix: {parallelism.tensor_parallel_degree: [1, 2]}\nderive: "
                         "{resources.walltime: \"comm.tp_mib > 0 and 90.5 or 10\"}\n"));
  ASSERT_EQ(plan.runs.size(), 2U);
  EXPECT_EQ(plan.runs[0].resources.walltime, Seconds(600));
  EXPECT_EQ(plan.runs[1].resources.walltime, Seconds(90.5 * 60));
}

TEST(LateDerivations, MayAskForOneAnotherInAnyOrderAndForEarlierOnes) {
  const Plan plan =
      plan_of(sweep_with("matrix: {parallelism.tensor_parallel_degree: [1, 2]}\n"
                         "derive: {training.steps: metrics.log_freq * 2, "
                         "metrics.log_freq: \"comm.tp_mib > 0 and 7 or checkpoint.interval\", "
                         "checkpoint.interval: 5, env.N: metrics.log_freq}\n"));
  ASSERT_EQ(plan.runs.size(), 2U);
  EXPECT_EQ(setting_of(plan.runs[0], "training.steps"), Value(10));
  EXPECT_EQ(setting_of(plan.runs[1], "training.steps"), Value(14));
  EXPECT_EQ(plan.runs[1].environment.at("N"), "7");
}

TEST(LateDerivations, AreSeenByConditions) {
  const Plan plan =
      plan_of(sweep_with(layouts + "derive: {training.local_batch_size: \"comm.tp_mib > 0 and 2 or 16\"}\n"
                                   "where: [training.local_batch_size < 10]\n"));
  EXPECT_EQ(names_of(plan), (std::vector<std::string>{"_tp2", "_tp4"}));
}

TEST(LateDerivations, CanBeInNames) {
  const Plan plan =
      plan_of(sweep_with(layouts + "derive: {training.local_batch_size: \"comm.tp_mib > 0 and 2 or 16\"}\n"
                                   "name: \"tp{parallelism.tensor_parallel_degree}_b{training.local_batch_size}\"\n"));
  EXPECT_EQ(names_of(plan), (std::vector<std::string>{"tp1_b16", "tp2_b2", "tp4_b2"}));
}

TEST(LateDerivations, AreToldByExplain) {
  const PlanInput input =
      test::input_of(sweep_with(layouts + "derive: {training.local_batch_size: \"comm.tp_mib > 0 and 2 or 16\"}\n"));
  const std::string text = explanation_text(explain_points(input, {"parallelism.tensor_parallel_degree=2"}, 5));
  EXPECT_NE(text.find("training.local_batch_size = 2 "), std::string::npos) << text;
  EXPECT_NE(text.find("comm.tp_mib > 0 and 2 or 16"), std::string::npos) << text;
}

struct Wrong {
  const char* yaml;
  const char* problem;
};

class WrongLateDerivation : public testing::TestWithParam<Wrong> {};
TEST_P(WrongLateDerivation, IsToldWhereItStands) {
  const std::string text = problems_in(layouts + GetParam().yaml);
  EXPECT_NE(text.find(GetParam().problem), std::string::npos) << text;
}
INSTANTIATE_TEST_SUITE_P(
    Cases, WrongLateDerivation,
    testing::Values(Wrong{"derive: {training.local_batch_size: comm.mbi}", "'comm.mbi' is no estimate"},
                    Wrong{"derive: {training.local_batch_size: time.step_seconds}",
                          "'training.local_batch_size' cannot be derived: 'time.step_seconds' is not known there"},
                    Wrong{"derive: {training.local_batch_size: \"comm.mib > 0 and 'many' or 'few'\"}",
                          "'training.local_batch_size' cannot be derived: "},
                    Wrong{"derive: {env.A: \"env.B .. comm.mib\", env.B: env.A}", "derived keys in a circle"},
                    Wrong{"derive: {training.local_batch_size: \"comm.mib > 0 and 2 or 1\"}\n"
                          "exclude: [{training.local_batch_size: 2}]",
                          "'training.local_batch_size' is derived from an estimate: a row cannot exclude by it"},
                    Wrong{"derive: {training.local_batch_size: \"comm.mib > 0 and 2 or 1\"}\n"
                          "include: [{training.local_batch_size: 2, parallelism.tensor_parallel_degree: 1}]",
                          "'training.local_batch_size' is derived: an include row cannot set it"},
                    Wrong{"derive: {base: comm.mib}", "'base' cannot be derived"},
                    Wrong{"derive: {resources.walltime: comm.mib * 0}", "'resources.walltime' cannot be derived: "}));

TEST(Figures, HaveAValueUnderEveryName) {
  titan::TrainingShape shape;
  shape.era = titan::Era::v0_2_2;
  shape.model = "llama3";
  shape.flavor = "8B";
  shape.world = 16;
  shape.tp = 2;
  shape.dp_shard = 8;
  shape.seq_len = 8192;
  shape.local_batch_size = shape.microbatch_size = 1;
  RunEstimator estimator(titan::shipped_architectures(), shape.era, comm::find_hardware("h100"));
  for (const FigureName& figure : figure_names())
    EXPECT_TRUE(estimator.figure(figure.name, shape, 8, 100)) << figure.name;
  const RunEstimate whole = estimator.estimate(shape, 8, 100);
  EXPECT_EQ(estimator.figure("comm.mib", shape, 8, 100), Value(*whole.comm_wire_bytes_per_step_max / 1048576));
  EXPECT_EQ(estimator.figure("time.gpu_hours", shape, 8, 100), Value(*whole.gpu_hours));
  EXPECT_DOUBLE_EQ(*whole.gpu_hours, *whole.step_seconds * 100 * 16 / 3600);
  EXPECT_EQ(estimator.figure("time.gpu_hours", shape, 8, std::nullopt), std::nullopt);
}

}  // namespace
}  // namespace tt::sweep
