#include "tt/logs/step_line.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace tt::logs {
namespace {

Instant at(int year, unsigned month, unsigned day, int hour, int minute, int second, int ms) {
  using namespace std::chrono;
  return Instant{sys_days{std::chrono::year{year} / month / day}} + hours{hour} + minutes{minute} + seconds{second} +
         milliseconds{ms};
}

TEST(StepLine, OfEarly2025HasNoTflopsAndNoTitanMark) {
  const auto line = read_step_line(
      "[rank0]:2025-01-31 10:11:12,345 - root - INFO - step: 10  loss:  7.1234  memory: 36.91GiB(46.64%)  tps: 2,800  "
      "mfu: 51.98%");
  StepLine wanted;
  wanted.step = 10;
  wanted.loss = 7.1234;
  wanted.memory_gib = 36.91;
  wanted.memory_percent = 46.64;
  wanted.tps = 2800;
  wanted.mfu = 51.98;
  wanted.time = at(2025, 1, 31, 10, 11, 12, 345);
  EXPECT_EQ(line, wanted);
}

TEST(StepLine, OfVersion01HasTflopsAndNoGradNorm) {
  const auto line = read_step_line(
      "[rank0]:[titan] 2025-06-17 10:11:12,345 - root - INFO - step:  1  loss: 12.3456  memory: 40.12GiB(50.68%)  tps: "
      "345  tflops: 20.01  mfu: 2.02%");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->step, 1);
  EXPECT_EQ(line->loss, 12.3456);
  EXPECT_EQ(line->tflops, 20.01);
  EXPECT_EQ(line->grad_norm, std::nullopt);
}

TEST(StepLine, OfVersion022WithColours) {
  const auto line = read_step_line(
      "[rank0]:[titan] 2026-02-20 10:11:12,345 - root - INFO - \x1b[31mstep: 40  \x1b[32mloss:  3.51234  "
      "\x1b[38;2;180;60;0mgrad_norm:  0.9876  \x1b[38;2;54;234;195mmemory:  9.87GiB(12.34%)  \x1b[34mtps: 17,654  "
      "\x1b[36mtflops: 1,234.55  \x1b[35mmfu: 0.18%\x1b[39m");
  StepLine wanted;
  wanted.step = 40;
  wanted.loss = 3.51234;
  wanted.grad_norm = 0.9876;
  wanted.memory_gib = 9.87;
  wanted.memory_percent = 12.34;
  wanted.tps = 17654;
  wanted.tflops = 1234.55;
  wanted.mfu = 0.18;
  wanted.time = at(2026, 2, 20, 10, 11, 12, 345);
  EXPECT_EQ(line, wanted);
}

TEST(StepLine, ReadsWordsPerSecondOfVeryOldLogs) {
  const auto line = read_step_line(
      "[rank5]:2024-02-28 09:14:41,903 - root - INFO - step:  1  loss: 10.8743  wps: 1,412  mfu: 11.02%");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->tps, 1412);
}

TEST(StepLine, WithQuantisationHasNoMfu) {
  const auto line = read_step_line("[titan] 2026-03-01 10:11:12,345 - root - INFO - step: 20  tps: 7  mfu: N/A");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->mfu, std::nullopt);
  EXPECT_EQ(line->tps, 7);
}

TEST(StepLine, ReadsNanAndInfinity) {
  const auto line = read_step_line("step:  3  loss:      nan  grad_norm:     inf");
  ASSERT_TRUE(line && line->loss && line->grad_norm);
  EXPECT_TRUE(std::isnan(*line->loss));
  EXPECT_TRUE(std::isinf(*line->grad_norm));
  EXPECT_EQ(line->time, std::nullopt);
}

TEST(StepLine, UnderALabelOfSrunKeepsItsStep) {
  const auto line = read_step_line("0: [rank0]:step: 123456  loss: -4.00000");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->step, 123456);
  EXPECT_EQ(line->loss, -4.0);
  EXPECT_FALSE(is_visible_loss(*line->loss));
}

TEST(StepLine, OfAValidationIsOfItsOwnKind) {
  const auto line = read_step_line(
      "[rank0]:[titan] 2026-11-22 20:26:29,316 - root - INFO - validate step:  1  loss:  7.7101  memory:  "
      "0.89GiB(3.78%)  tps: 5,800");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->kind, StepKind::validation);
  EXPECT_EQ(line->loss, 7.7101);
}

TEST(StepLine, IsNotSeenInOtherText) {
  EXPECT_EQ(read_step_line("[rank0]:[titan] 2026-11-22 20:26:29,316 - root - INFO - Training starts at step 1"),
            std::nullopt);
  EXPECT_EQ(read_step_line("sample 17: the next step: 4  loss: 2.0"), std::nullopt);
  EXPECT_EQ(read_step_line("step: four"), std::nullopt);
  EXPECT_EQ(read_step_line("step: 4x  loss: 1"), std::nullopt);
  EXPECT_EQ(read_step_line(""), std::nullopt);
}

TEST(HeaderTime, RefusesDatesThatDoNotExist) {
  EXPECT_EQ(read_header_time("2026-02-30 10:11:12,345 - root"), std::nullopt);
  EXPECT_EQ(read_header_time("2026-02-20 25:11:12,345 - root"), std::nullopt);
}

TEST(Message, StandsBehindAnyLoggersName) {
  EXPECT_EQ(message_of("[titan] 2026-11-22 20:47:56,246 - torchtitan.observability.structured_logger - INFO - x - y"),
            "x - y");
  EXPECT_EQ(message_of("no header - at all - in here"), "no header - at all - in here");
}

}  // namespace
}  // namespace tt::logs
