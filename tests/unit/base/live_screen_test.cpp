#include "tt/base/live_screen.hpp"

#include <gtest/gtest.h>

#include "support/temp_folder.hpp"

namespace tt {
namespace {

class LiveScreenFile : public testing::Test {
 protected:
  ~LiveScreenFile() override { std::fclose(stream_); }
  std::string written() const { return test::read(folder_ / "screen"); }

  test::TempFolder folder_;
  std::FILE* stream_ = std::fopen((folder_ / "screen").c_str(), "w");
  LiveScreen screen_{stream_};
};

TEST(Frame, ClearsTheRestOfEachRowAndOfTheScreen) {
  EXPECT_EQ(frame_of({"one", "two"}), "\x1b[Hone\x1b[K\r\ntwo\x1b[K\x1b[J");
  EXPECT_EQ(frame_of({}), "\x1b[H\x1b[J");
}

TEST_F(LiveScreenFile, ScrollsAwayWhatStoodThere) {
  screen_.draw({"a"}, 80, 4);
  EXPECT_EQ(written(), "\n\n\n\x1b[Ha\x1b[K\x1b[J");
}

TEST_F(LiveScreenFile, WritesOnlyWhatChanged) {
  screen_.draw({"a"}, 80, 2);
  screen_.draw({"a"}, 80, 2);
  EXPECT_EQ(written(), "\n\x1b[Ha\x1b[K\x1b[J");
  screen_.draw({"b"}, 80, 2);
  EXPECT_EQ(written(), "\n\x1b[Ha\x1b[K\x1b[J\x1b[Hb\x1b[K\x1b[J");
}

TEST_F(LiveScreenFile, IsDrawnAgainInATerminalOfAnotherSize) {
  screen_.draw({"a"}, 80, 2);
  screen_.draw({"a"}, 70, 2);
  EXPECT_EQ(written(), "\n\x1b[Ha\x1b[K\x1b[J\x1b[Ha\x1b[K\x1b[J");
}

TEST_F(LiveScreenFile, LeavesItsLastFrameWholeAndTheCursorBelow) {
  screen_.draw({"a"}, 80, 1);
  screen_.leave();
  screen_.leave();
  EXPECT_EQ(written(), "\x1b[Ha\x1b[K\x1b[J\x1b[Ha\x1b[K\x1b[J\r\n");
}

TEST_F(LiveScreenFile, GoesAwayWhenWiped) {
  screen_.draw({"a"}, 80, 1);
  screen_.wipe();
  screen_.leave();
  EXPECT_EQ(written(), "\x1b[Ha\x1b[K\x1b[J\x1b[H\x1b[J");
}

}  // namespace
}  // namespace tt
