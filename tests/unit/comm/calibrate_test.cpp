#include "tt/comm/calibrate.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/comm.hpp"
#include "support/error_text.hpp"

namespace tt::comm {
namespace {

MeasuredRun run(const std::string& name, std::int64_t tp, std::int64_t shards, std::int64_t batch) {
  titan::TrainingShape on = test::shape(8192, batch);
  on.tp = tp;
  on.dp_shard = shards;
  on.checkpointing = titan::Checkpointing::full;
  MeasuredRun made;
  made.name = name;
  made.step = test::step(Profile::titan_0_2_2, on, test::llama3_8b());
  made.work = work_of(test::llama3_8b(), Profile::titan_0_2_2).value();
  return made;
}

// A machine whose constants are known: what it would have measured.
std::vector<MeasuredRun> runs_on(const Fabric& truth, double slack) {
  std::vector<MeasuredRun> runs;
  for (const std::int64_t tp : {1, 2, 4, 8})
    for (const std::int64_t shards : {8, 64})
      for (const std::int64_t batch : {1, 2}) runs.push_back(run("tp" + std::to_string(tp), tp, shards, batch));
  for (MeasuredRun& one : runs) {
    const Figures figures = figures_of(one.step, one.work, &truth, 8);
    one.step_seconds = figures.time.total;
    one.memory_bytes = slack * static_cast<double>(figures.memory.peak());
  }
  return runs;
}

Fabric truth() {
  Fabric fabric = find_hardware("h100").value();
  fabric.efficiency_eager = 0.45;
  fabric.link_bytes_per_second = 250e9;
  fabric.nic_bytes_per_second = 20e9;
  return fabric;
}

TEST(Calibrate, FindsTheConstantsOfAMachine) {
  const auto runs = runs_on(truth(), 1.05);
  const CalibrationResult result = calibrate(runs, find_hardware("h100").value());
  EXPECT_NEAR(result.fabric.efficiency_eager, 0.45, 0.002);
  EXPECT_NEAR(result.fabric.link_bytes_per_second / 1e9, 250, 3);
  EXPECT_NEAR(result.fabric.nic_bytes_per_second / 1e9, 20, 0.5);
  EXPECT_NEAR(result.fabric.memory_slack, 1.05, 1e-6);
  ASSERT_TRUE(result.time_error && result.memory_error);
  EXPECT_GT(result.time_error->before, 0.1);
  EXPECT_LT(result.time_error->after, 0.01);
  EXPECT_EQ(result.time_error->runs, 16);
  EXPECT_TRUE(result.contradictions.empty());
}

// The same number of GPUs in every layout: few of the runs are bound by their network cards, and they are no
// contradiction.
TEST(Calibrate, FindsANetworkThatFewOfTheRunsFeel) {
  std::vector<MeasuredRun> runs;
  for (const std::int64_t gpus : {8, 64})
    for (const std::int64_t tp : {1, 2, 4, 8})
      for (const std::int64_t batch : {1, 2})
        runs.push_back(run("gpus" + std::to_string(gpus) + "_tp" + std::to_string(tp), tp, gpus / tp, batch));
  const Fabric machine = truth();
  for (MeasuredRun& one : runs) one.step_seconds = figures_of(one.step, one.work, &machine, 8).time.total;
  const CalibrationResult result = calibrate(runs, find_hardware("h100").value());
  EXPECT_TRUE(result.contradictions.empty()) << calibration_text(result);
  EXPECT_NEAR(result.fabric.nic_bytes_per_second / 1e9, 20, 0.5);
  EXPECT_NEAR(result.fabric.link_bytes_per_second / 1e9, 250, 3);
  EXPECT_NEAR(result.fabric.efficiency_eager, 0.45, 0.002);
  EXPECT_LT(result.nic_bytes_per_second.relative_error.value_or(1), 0.05);
}

TEST(Calibrate, NamesTheRunThatContradicts) {
  auto runs = runs_on(truth(), 1.05);
  runs[5].name = "odd";
  *runs[5].step_seconds *= 3;
  const CalibrationResult result = calibrate(runs, truth());
  ASSERT_EQ(result.contradictions.size(), 1u);
  EXPECT_EQ(result.contradictions[0].run, "odd");
  EXPECT_EQ(result.contradictions[0].what, "time of a step");
}

TEST(Calibrate, DoesNotFollowRunsThatContradict) {
  auto runs = runs_on(truth(), 1.05);
  for (const std::size_t odd : {1u, 6u, 11u}) *runs[odd].step_seconds *= 2.5;
  *runs[3].memory_bytes *= 1.4;
  const CalibrationResult result = calibrate(runs, find_hardware("h100").value());
  EXPECT_NEAR(result.fabric.efficiency_eager, 0.45, 0.002);
  EXPECT_NEAR(result.fabric.link_bytes_per_second / 1e9, 250, 3);
  EXPECT_NEAR(result.fabric.nic_bytes_per_second / 1e9, 20, 0.5);
  EXPECT_NEAR(result.fabric.memory_slack, 1.05, 1e-6);
  EXPECT_EQ(result.contradictions.size(), 4u);
  EXPECT_EQ(result.time_error->runs, 13);
  EXPECT_LT(result.time_error->after, 0.01);
}

TEST(Calibrate, LeavesOutWhatNoMachineCanHaveMeasured) {
  const auto refusal = [](std::optional<double> seconds, std::optional<double> bytes) {
    MeasuredRun one = run("odd", 1, 8, 2);
    one.step_seconds = seconds;
    one.memory_bytes = bytes;
    return what_is_absurd(one, truth()).value_or("it can");
  };
  EXPECT_EQ(refusal(0.0, std::nullopt), "a step of 0 s is no measurement");
  EXPECT_EQ(refusal(-1.0, std::nullopt), "a step of -1 s is no measurement");
  // 16,384 tokens of a GPU, 57,914,449,920 FLOPs each, are 0.9594 s at the peak of 989 TFLOPS.
  EXPECT_EQ(refusal(0.5, std::nullopt), "a step of 0.5 s would be 192 % of the peak of H100 SXM");
  EXPECT_EQ(refusal(0.96, std::nullopt), "it can");
  constexpr double gib = 1024.0 * 1024 * 1024;
  EXPECT_EQ(refusal(std::nullopt, 81 * gib), "81.0 GiB of memory are more than the 79.1 GiB of H100 SXM");
  EXPECT_EQ(refusal(std::nullopt, 0.0), "0 bytes of memory are no measurement");
  // 16 bytes of 1,003,782,656 elements.
  EXPECT_EQ(refusal(std::nullopt, 2 * gib), "2.00 GiB of memory cannot hold parameters and optimizer, 14.96 GiB");
  EXPECT_EQ(refusal(std::nullopt, 40 * gib), "it can");
}

TEST(Calibrate, FitsWithoutAbsurdRunsAndNamesThem) {
  auto runs = runs_on(truth(), 1.05);
  runs[2].name = "odd";
  runs[2].step_seconds = 1e-6;
  const CalibrationResult result = calibrate(runs, find_hardware("h100").value());
  ASSERT_EQ(result.left_out.size(), 1u);
  EXPECT_EQ(result.left_out[0].substr(0, 26), "odd: a step of 1e-06 s wou");
  EXPECT_EQ(result.runs, 15);
  EXPECT_NEAR(result.fabric.efficiency_eager, 0.45, 0.002);
  const std::vector<MeasuredRun> alone{runs[2]};
  EXPECT_EQ(test::error_text([&] { calibrate(alone, truth()); }).substr(0, 115),
            "no run says how long a step took or how much memory it held: nothing to fit to; left out: odd: a step of "
            "1e-06 s wo");
}

TEST(Calibrate, TellsConstantsThatPredictWorse) {
  // Two runs that disagree by a factor of 4, on either side of what the constants there are predict: each predicts the
  // other by a factor of 4, and the constants were off by 2.
  std::vector<MeasuredRun> runs{run("a", 1, 8, 2), run("b", 1, 8, 2)};
  const Fabric start = find_hardware("h100").value();
  const double predicted = figures_of(runs[0].step, runs[0].work, &start, 8).time.total;
  runs[0].step_seconds = predicted * 2;
  runs[1].step_seconds = predicted / 2;
  const CalibrationResult result = calibrate(runs, start);
  EXPECT_TRUE(result.times_are_worse());
  EXPECT_FALSE(result.memory_is_worse());
  EXPECT_NE(calibration_text(result).find("time of a step: these constants predict worse than the ones there are\n"),
            std::string::npos)
      << calibration_text(result);
}

TEST(Calibrate, LeavesAloneWhatTheRunsDoNotDetermine) {
  // One node, no tensor parallelism: the network card moves nothing.
  std::vector<MeasuredRun> runs{run("a", 1, 8, 1), run("b", 1, 8, 2), run("c", 1, 8, 4)};
  const Fabric machine = truth();
  for (MeasuredRun& one : runs) one.step_seconds = figures_of(one.step, one.work, &machine, 8).time.total;
  const Fabric start = find_hardware("h100").value();
  const CalibrationResult result = calibrate(runs, start);
  EXPECT_EQ(result.fabric.nic_bytes_per_second, start.nic_bytes_per_second);
  EXPECT_EQ(result.nic_bytes_per_second.relative_error, std::nullopt);
  EXPECT_EQ(result.fabric.memory_slack, 1.13);
  EXPECT_EQ(result.memory_error, std::nullopt);
  EXPECT_NE(calibration_text(result).find("network card                     45 GB/s, not determined by these runs\n"),
            std::string::npos)
      << calibration_text(result);
}

TEST(Calibrate, NeedsAMeasurement) {
  const std::vector<MeasuredRun> runs{run("a", 1, 8, 1)};
  EXPECT_EQ(test::error_text([&] { calibrate(runs, truth()); }),
            "no run says how long a step took or how much memory it held: nothing to fit to");
}

}  // namespace
}  // namespace tt::comm
