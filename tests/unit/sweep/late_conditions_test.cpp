// Conditions that ask for estimates.
#include "tt/sweep/late_conditions.hpp"

#include <gtest/gtest.h>

#include "support/sweep_support.hpp"
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

TEST(LateConditions, AreNothingToDeriveFrom) {
  const std::string text = problems_in(layouts + "derive: {training.local_batch_size: comm.mib}\n");
  EXPECT_NE(text.find("'comm.mib' is an estimate: derive cannot ask for it"), std::string::npos) << text;
}

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
