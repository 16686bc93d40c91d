#include "tt/base/log.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tt {
namespace {

std::string said_at(log::Level level) {
  testing::internal::CaptureStderr();
  log::start("tt-submit", level);
  log::detail("sbatch --parsable job.sh");
  log::note("3 runs are {new}");
  log::warning("100% of the quota is used");
  const std::string said = testing::internal::GetCapturedStderr();
  log::start("tt", log::Level::normal);
  return said;
}

TEST(Log, SaysEverythingWhenVerbose) {
  EXPECT_EQ(said_at(log::Level::verbose),
            "tt-submit: sbatch --parsable job.sh\n"
            "tt-submit: note: 3 runs are {new}\n"
            "tt-submit: warning: 100% of the quota is used\n");
}

TEST(Log, KeepsDetailsToItselfNormally) {
  EXPECT_EQ(said_at(log::Level::normal),
            "tt-submit: note: 3 runs are {new}\n"
            "tt-submit: warning: 100% of the quota is used\n");
}

TEST(Log, OnlyWarnsWhenQuiet) {
  EXPECT_EQ(said_at(log::Level::quiet), "tt-submit: warning: 100% of the quota is used\n");
}

TEST(Log, KnowsItsLevel) {
  log::start("tt-submit", log::Level::quiet);
  EXPECT_EQ(log::level(), log::Level::quiet);
  log::start("tt", log::Level::normal);
  EXPECT_EQ(log::level(), log::Level::normal);
}

TEST(Log, WritesNothingToStandardOutput) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  log::warning("here");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "tt: warning: here\n");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST(Log, HandsWhatItSaysToWhoDrawsOnTheScreenAndShowsItAfterwards) {
  testing::internal::CaptureStderr();
  std::vector<std::string> heard;
  {
    const log::Diversion diversion([&](const std::string& sentence) { heard.push_back(sentence); });
    log::detail("nobody asked for details");
    log::note("a {brace}");
    log::warning("it moved");
    log::warning("it moved");
    EXPECT_EQ(heard, (std::vector<std::string>{"note: a {brace}", "warning: it moved", "warning: it moved"}));
  }
  log::note("again on the screen");
  EXPECT_EQ(heard.size(), 3U);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "tt: note: a {brace}\n"
            "tt: warning: it moved\n"
            "tt: note: again on the screen\n");
}

}  // namespace
}  // namespace tt
