// What the recordings of finished trainings measure, worked out by hand from their step lines: the first line warms up,
// medians and percentiles (linear between neighbours) are over the others, seconds are the differences of their times.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cctype>
#include <cmath>
#include <filesystem>
#include <limits>
#include <set>

#include "support/log_support.hpp"
#include "tt/logs/metrics.hpp"

namespace tt::logs {
namespace {

using test::folded;
using test::recorded;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();  // in the log
constexpr double none = -7;                                       // nothing to tell it from

struct Recording {
  std::string file;
  std::int64_t steps;
  double tps, tps_p05, seconds, seconds_p95, tflops, mfu, memory, loss_first, loss_last, grad_norm;
};

void PrintTo(const Recording& recording, std::ostream* out) { *out << recording.file; }

const std::vector<Recording> recordings{
    // tps 674 1122 1184 1174 1129 at 21.809 22.038 22.254 22.473 22.700
    {"ok-1proc", 5, 1151.5, 1123.05, 0.223, 0.2287, 0.045, 0.01, 0.91, 8.04087, 4.96089, 2.9190},
    // tps 110 243 250 260 251 at 24.792 25.847 26.869 27.853 28.874
    {"ok-fsdp2", 5, 250.5, 244.05, 1.0215, 1.05005, 0.01, 0, 0.94, 8.11935, 4.99649, 2.8995},
    // tps 81 272 237 279 244 at 4.745 5.216 5.756 6.216 6.741
    {"ok-tp2", 5, 258, 238.05, 0.498, 0.53775, 0.01, 0, 0.86, 8.07109, 4.89375, 2.9283},
    // Rank 1 sees the loss: tps 145 148 162 at 46.358 49.814 52.966
    {"ok-pp2", 3, 155, 148.7, 3.304, 3.4408, 0.01, 0, 0.88, 8.24512, 6.86051, 2587.2046},
    // tps 26 78 50 at 28.055 29.693 32.256
    {"ok-fsdp2-tp2", 3, 64, 51.4, 2.1005, 2.51675, 0, 0, 0.87, 8.08611, 6.81946, 2.6310},
    // One process stands in for 32: one step, its numbers are no measurement.
    {"ok-fake-backend", 1, none, none, none, none, none, none, 0.80, nan, nan, nan},
    // tps 857 1936 1592 1640 at 29.228 29.449 30.045 30.201; validation lines are apart
    {"ok-checkpoint-validate", 4, 1640, 1596.8, 0.221, 0.5585, 0.06, 0.02, 0.92, 8.10756, 5.68898, 3.1217},
    // Steps 5 and 6: tps 86 289 at 49.260 50.145; the steps before them count as done
    {"ok-resume", 6, 289, 289, 0.885, 0.885, 0.01, 0, 0.91, 5.07248, 5.17449, 2.8774},
    // tps 351 632 704 at 35.130 35.536 35.900
    {"ok-registry-era", 3, 668, 635.6, 0.385, 0.4039, 0.025, 0.01, 0.93, 8.18412, 6.91225, 2.5593},
    // tps 51 550 683 605 532 at 41.683 42.149 42.524 42.947 43.428
    {"v0.3.0-ok-1proc", 5, 577.5, 534.7, 0.4445, 0.47875, 0.02, 0.01, 1.06, 8.21619, 5.12325, 2.9388},
    // tps 52 439 498 512 432 at 3.577 4.160 4.675 5.175 5.768
    {"v0.3.0-ok-fsdp2", 5, 468.5, 433.05, 0.549, 0.5915, 0.02, 0.01, 1.03, 8.23907, 5.13145, 3.0412},
    // tps 20 234 253 261 235 at 24.271 24.819 25.325 25.815 26.360
    {"v0.3.0-ok-tp2", 5, 244, 234.15, 0.5255, 0.54755, 0.01, 0, 1.00, 8.17691, 5.36314, 2.8495},
    // Rank 1 sees the loss: tps 46 315 363 374 399 at 8.023 9.650 11.061 12.430 13.712
    {"v0.3.0-ok-pp2", 5, 368.5, 322.2, 1.39, 1.5946, 0.01, 0, 1.03, 7.96343, 4.66915, 2.7868},
    // tps 5 60 66 76 71 at 0.367 2.502 4.444 6.137 7.947
    {"v0.3.0-ok-fsdp2-tp2", 5, 68.5, 60.9, 1.876, 2.10605, 0, 0, 0.98, 8.06593, 5.07375, 3.0925},
    {"v0.3.0-ok-fake-8", 1, none, none, none, none, none, none, 0.95, 7.96643, 7.96643, 2.0022},
    {"v0.3.0-ok-fake-64", 1, none, none, none, none, none, none, 0.94, 6.00613, 6.00613, 4905.3794},
    // tps 18 426 371 395 at 44.858 49.151 50.736 51.385, tflops .02 .01 .02, mfu .01 .00 .00
    {"v0.3.0-ok-checkpoint-validate", 4, 395, 373.4, 1.585, 4.0222, 0.02, 0, 1.07, 8.07253, 5.72798, 3.0825},
    // Steps 5 and 6: tps 34 374 at 15.968 16.653; the validation after them is none
    {"v0.3.0-ok-resume", 6, 374, 374, 0.685, 0.685, 0.01, 0, 1.06, 5.01942, 5.10164, 2.9808},
    // tps 43 219 227 254 221 at 42.684 43.854 44.986 45.993 47.153
    {"v0.3.0-ok-profile", 5, 224, 219.3, 1.146, 1.1685, 0.01, 0, 1.08, 8.06371, 4.95568, 2.9757},
    // tps 12 88 42 55 82 at 55.483 58.402 64.509 69.173 72.296
    {"v0.3.0-ok-ac-full", 5, 68.5, 43.95, 3.8935, 5.89055, 0, 0, 1.03, 8.27032, 5.06545, 3.0839},
    // tps 25 236 at 4.642 5.728
    {"v0.3.0-ok-own-config-module", 2, 236, 236, 1.086, 1.086, 0.01, 0, 1.03, 8.10521, 7.79050, 2.3184},
    // tps 65 743 825 839 803 at 35.475 35.820 36.130 36.435 36.754
    {"v0.3.0-wheel-ok", 5, 814, 752, 0.3145, 0.3411, 0.03, 0.01, 1.05, 8.12421, 4.90219, 2.8965},
    // The wrapper of tt before torchrun: tps 123 212 222 223 at 13.739 14.949 16.103 17.252
    {"one-node-wrapper-titan", 4, 222, 213, 1.154, 1.2044, 0.01, 0, 0.94, 7.96002, 5.57281, 2.9910},
    // The first of two nodes: tps 101 168 180 172 at 42.750 44.277 45.702 47.190
    {"two-nodes-wrapper-titan.node01", 4, 172, 168.4, 1.488, 1.5231, 0.01, 0, 0.91, 8.12118, 5.93607, 2.8326},
};

void expect_number(const char* name, const std::optional<double>& found, double wanted) {
  if (wanted == none)
    EXPECT_EQ(found, std::nullopt) << name;
  else if (std::isnan(wanted))
    EXPECT_TRUE(found && std::isnan(*found)) << name;
  else
    EXPECT_NEAR(found.value_or(none), wanted, 1e-9) << name;
}

class RecordedMetrics : public testing::TestWithParam<Recording> {};

TEST_P(RecordedMetrics, AreThoseWorkedOutByHand) {
  const auto& wanted = GetParam();
  const auto m = make_metrics(folded(recorded("torchrun/" + wanted.file + ".txt")).steps);
  EXPECT_EQ(m.steps, wanted.steps);
  EXPECT_EQ(m.warmup_steps_skipped, 1);
  expect_number("tps", m.tokens_per_second_per_gpu_median, wanted.tps);
  expect_number("tps p05", m.tokens_per_second_per_gpu_p05, wanted.tps_p05);
  expect_number("seconds", m.seconds_per_step_median, wanted.seconds);
  expect_number("seconds p95", m.seconds_per_step_p95, wanted.seconds_p95);
  expect_number("tflops", m.tflops_median, wanted.tflops);
  expect_number("mfu", m.mfu_percent_median, wanted.mfu);
  expect_number("memory", m.memory_gib_max, wanted.memory);
  expect_number("first loss", m.loss_first, wanted.loss_first);
  expect_number("last loss", m.loss_last, wanted.loss_last);
  expect_number("grad norm", m.grad_norm_last, wanted.grad_norm);
}

INSTANTIATE_TEST_SUITE_P(Logs, RecordedMetrics, testing::ValuesIn(recordings), [](const auto& test) {
  std::string name;
  for (const char c : test.param.file) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
});

TEST(Recordings, LeaveNoFinishedRecordingOut) {
  std::set<std::string> wanted, found;
  for (const auto& recording : recordings) wanted.insert(recording.file);
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(TT_SOURCE_DIR) / "tests/transcripts/torchrun")) {
    const auto name = entry.path().stem().string();
    if ((name.starts_with("ok-") || name.starts_with("v0.3.0-ok-")) && !wanted.contains(name)) found.insert(name);
  }
  EXPECT_EQ(found, std::set<std::string>{});
}

// Steps 1 to 4 and, after a stop, 5 and 6: the first sample of each attempt warms up, no time is taken across the stop.
TEST(RecordedAttempts, CountEveryStepOnce) {
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

// tps 426 371 395 and 374; seconds 4.293 1.585 0.649 and 0.685
TEST(RecordedAttempts, OfVersion03CountEveryStepOnce) {
  const std::vector<StepSeries> attempts{folded(recorded("torchrun/v0.3.0-ok-checkpoint-validate.txt")).steps,
                                         folded(recorded("torchrun/v0.3.0-ok-resume.txt")).steps};
  const auto m = make_metrics(StepSeries::merge(attempts));
  EXPECT_EQ(m.steps, 6);
  EXPECT_EQ(m.warmup_steps_skipped, 2);
  EXPECT_EQ(m.tokens_per_second_per_gpu_median, 384.5);
  EXPECT_NEAR(*m.seconds_per_step_median, 1.135, 1e-9);
  EXPECT_EQ(m.loss_first, 8.07253);
  EXPECT_EQ(m.loss_last, 5.10164);
}

}  // namespace
}  // namespace tt::logs
