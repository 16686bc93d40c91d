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

TEST(Calibrate, NamesTheRunThatContradicts) {
  auto runs = runs_on(truth(), 1.05);
  runs[5].name = "odd";
  *runs[5].step_seconds *= 3;
  const CalibrationResult result = calibrate(runs, truth());
  ASSERT_EQ(result.contradictions.size(), 1u);
  EXPECT_EQ(result.contradictions[0].run, "odd");
  EXPECT_EQ(result.contradictions[0].what, "time of a step");
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
  EXPECT_NE(
      calibration_text(result, 3).find("network card                     45 GB/s, not determined by these runs\n"),
      std::string::npos)
      << calibration_text(result, 3);
}

TEST(Calibrate, NeedsAMeasurement) {
  const std::vector<MeasuredRun> runs{run("a", 1, 8, 1)};
  EXPECT_EQ(test::error_text([&] { calibrate(runs, truth()); }),
            "no run says how long a step took or how much memory it held: nothing to fit to");
}

}  // namespace
}  // namespace tt::comm
