#include "tt/logs/metrics.hpp"

#include <gtest/gtest.h>

#include "support/log_support.hpp"

namespace tt::logs {
namespace {

using test::folded;
using test::recorded;

StepSeries logged(std::initializer_list<int> steps, double slow_until) {
  StepSeries series;
  for (const int step : steps) {
    StepLine line;
    line.step = step;
    line.tps = step <= slow_until ? 1 : 100;
    series.add(line, 1);
  }
  return series;
}

TEST(WarmUp, LeavesTenStepsOutWhenAsManySamplesRemain) {
  StepSeries series;
  for (int step = 1; step <= 20; ++step) {
    StepLine line;
    line.step = step;
    line.tps = step <= 10 ? 1 : 100;
    series.add(line, 1);
  }
  const auto m = make_metrics(series);
  EXPECT_EQ(m.warmup_steps_skipped, 10);
  EXPECT_EQ(m.tokens_per_second_per_gpu_p05, 100);
}

TEST(WarmUp, LeavesATenthOutOfALongRun) {
  const auto m = make_metrics(logged({1, 50, 100, 150, 200, 250, 300, 350, 400}, 1));
  EXPECT_EQ(m.warmup_steps_skipped, 40);
  EXPECT_EQ(m.tokens_per_second_per_gpu_p05, 100);
}

TEST(WarmUp, LeavesOnlyTheFirstLineOutOfAShortRun) {
  const auto m = make_metrics(logged({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 1));
  EXPECT_EQ(m.warmup_steps_skipped, 1);
  EXPECT_EQ(m.tokens_per_second_per_gpu_p05, 100);
}

TEST(WarmUp, LeavesNothingOfASingleStep) {
  const auto m = make_metrics(logged({1}, 1));
  EXPECT_EQ(m.steps, 1);
  EXPECT_EQ(m.tokens_per_second_per_gpu_median, std::nullopt);
}

TEST(Metrics, OfNoStepsAreUnknown) {
  EXPECT_EQ(to_json(to_value(make_metrics(StepSeries{}))),
            "{\"steps\":null,\"warmup_steps_skipped\":null,\"tokens_per_second_per_gpu_median\":null,"
            "\"tokens_per_second_per_gpu_p05\":null,\"tflops_median\":null,\"mfu_percent_median\":null,"
            "\"seconds_per_step_median\":null,\"seconds_per_step_p95\":null,\"memory_gib_max\":null,"
            "\"loss_first\":null,\"loss_last\":null,\"grad_norm_last\":null}");
}

TEST(Metrics, WithoutTimesKnowNoSecondsPerStep) {
  const auto m = make_metrics(logged({1, 2, 3}, 0));
  EXPECT_EQ(m.tokens_per_second_per_gpu_median, 100);
  EXPECT_EQ(m.seconds_per_step_median, std::nullopt);
}

TEST(Metrics, DivideTheTimeByTheStepsBetweenTwoLines) {
  const auto state = folded(
      "[titan] 2026-11-22 20:00:00,000 - root - INFO - step:  1  loss: 3.0  tps: 5\n"
      "[titan] 2026-11-22 20:00:18,000 - root - INFO - step: 10  loss: 2.0  tps: 5\n");
  EXPECT_EQ(make_metrics(state.steps).seconds_per_step_median, 2.0);
}

TEST(Metrics, SurviveTheirRecord) {
  const auto m = make_metrics(folded(recorded("torchrun/ok-fsdp2.txt")).steps);
  EXPECT_EQ(to_json(to_value(read_metrics(to_value(m)))), to_json(to_value(m)));
}

TEST(Percentile, InterpolatesBetweenNeighbours) {
  EXPECT_EQ(percentile({4, 1, 3, 2}, 0.5), 2.5);
  EXPECT_EQ(percentile({10}, 0.95), 10);
  EXPECT_EQ(percentile({}, 0.5), std::nullopt);
}

}  // namespace
}  // namespace tt::logs
