// Expected numbers are worked out by hand from the step lines of the recordings.
#include "tt/logs/metrics.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/log_support.hpp"

namespace tt::logs {
namespace {

using test::folded;
using test::recorded;

Metrics metrics_of(const std::string& name) { return make_metrics(folded(recorded("torchrun/" + name)).steps); }

struct Numbers {
  std::int64_t steps;
  std::int64_t skipped;
  double tps, tps_p05, seconds, seconds_p95, memory, loss_first, loss_last, grad_norm;
};

void expect(const Metrics& m, const Numbers& wanted) {
  EXPECT_EQ(m.steps, wanted.steps);
  EXPECT_EQ(m.warmup_steps_skipped, wanted.skipped);
  EXPECT_NEAR(m.tokens_per_second_per_gpu_median.value_or(-1), wanted.tps, 1e-9);
  EXPECT_NEAR(m.tokens_per_second_per_gpu_p05.value_or(-1), wanted.tps_p05, 1e-9);
  EXPECT_NEAR(m.seconds_per_step_median.value_or(-1), wanted.seconds, 1e-9);
  EXPECT_NEAR(m.seconds_per_step_p95.value_or(-1), wanted.seconds_p95, 1e-9);
  EXPECT_EQ(m.memory_gib_max, wanted.memory);
  EXPECT_EQ(m.loss_first, wanted.loss_first);
  EXPECT_EQ(m.loss_last, wanted.loss_last);
  EXPECT_EQ(m.grad_norm_last, wanted.grad_norm);
}

// tps 110 243 250 260 251 at 24.792 25.847 26.869 27.853 28.874
TEST(Metrics, OfTwoProcesses) {
  const auto m = metrics_of("ok-fsdp2.txt");
  expect(m, {5, 1, 250.5, 244.05, 1.0215, 1.05005, 0.94, 8.11935, 4.99649, 2.8995});
  EXPECT_EQ(m.tflops_median, 0.01);
  EXPECT_EQ(m.mfu_percent_median, 0.0);
}

// tps 81 272 237 279 244 at 04.745 05.216 05.756 06.216 06.741
TEST(Metrics, OfTensorParallelism) {
  expect(metrics_of("ok-tp2.txt"), {5, 1, 258, 238.05, 0.498, 0.53775, 0.86, 8.07109, 4.89375, 2.9283});
}

// Rank 1 sees the loss: tps 145 148 162 at 46.358 49.814 52.966
TEST(Metrics, OfAPipelineAreThoseOfTheRankWithTheLoss) {
  expect(metrics_of("ok-pp2.txt"), {3, 1, 155, 148.7, 3.304, 3.4408, 0.88, 8.24512, 6.86051, 2587.2046});
}

// tps 857 1936 1592 1640 at 29.228 29.449 30.045 30.201; validation lines are apart
TEST(Metrics, DoNotMixWithValidation) {
  const auto m = metrics_of("ok-checkpoint-validate.txt");
  expect(m, {4, 1, 1640, 1596.8, 0.221, 0.5585, 0.92, 8.10756, 5.68898, 3.1217});
  EXPECT_EQ(m.mfu_percent_median, 0.02);
}

// tps 51 550 683 605 532 at 41.683 42.149 42.524 42.947 43.428
TEST(Metrics, OfVersion03) {
  const auto m = metrics_of("v0.3.0-ok-1proc.txt");
  expect(m, {5, 1, 577.5, 534.7, 0.4445, 0.47875, 1.06, 8.21619, 5.12325, 2.9388});
  EXPECT_EQ(m.tflops_median, 0.02);
}

// tps 86 289 at 49.260 50.145, steps 5 and 6
TEST(Metrics, OfAResumedAttemptCountTheStepsBeforeIt) {
  expect(metrics_of("ok-resume.txt"), {6, 1, 289, 289, 0.885, 0.885, 0.91, 5.07248, 5.17449, 2.8774});
}

// Both together: the first sample of each attempt warms up; no time is taken across the restart.
TEST(Metrics, OfTwoAttemptsCountEveryStepOnce) {
  const std::vector<StepSeries> attempts{folded(recorded("torchrun/ok-checkpoint-validate.txt")).steps,
                                         folded(recorded("torchrun/ok-resume.txt")).steps};
  const auto m = make_metrics(StepSeries::merge(attempts));
  EXPECT_EQ(m.steps, 6);
  EXPECT_EQ(m.warmup_steps_skipped, 2);
  EXPECT_EQ(m.tokens_per_second_per_gpu_median, 1616);
  EXPECT_NEAR(*m.seconds_per_step_median, 0.4085, 1e-9);
  EXPECT_EQ(m.loss_first, 8.10756);
  EXPECT_EQ(m.loss_last, 5.17449);
}

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
  const auto m = metrics_of("ok-fsdp2.txt");
  EXPECT_EQ(to_json(to_value(read_metrics(to_value(m)))), to_json(to_value(m)));
}

TEST(Percentile, InterpolatesBetweenNeighbours) {
  EXPECT_EQ(percentile({4, 1, 3, 2}, 0.5), 2.5);
  EXPECT_EQ(percentile({10}, 0.95), 10);
  EXPECT_EQ(percentile({}, 0.5), std::nullopt);
}

}  // namespace
}  // namespace tt::logs
