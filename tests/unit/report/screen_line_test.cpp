#include "tt/report/screen_line.hpp"

#include <gmock/gmock.h>

namespace tt::report {
namespace {

using testing::ElementsAre;

Terminal room(std::size_t width, bool colour = false) {
  Terminal terminal;
  terminal.width = width;
  terminal.colour = colour;
  return terminal;
}

TEST(ScreenLine, CutsWhatDoesNotFit) {
  EXPECT_EQ(line_of({{"one "}, {"two"}}, room(7)), "one two");
  EXPECT_EQ(line_of({{"one "}, {"two"}}, room(6)), "one t…");
  EXPECT_EQ(line_of({{"one"}, {"two"}}, room(3)), "one");
}

TEST(ScreenLine, CutsInsideTheColour) {
  EXPECT_EQ(line_of({{"one "}, {"two", Tint::bad}}, room(6, true)), "one \x1b[31mt…\x1b[0m");
}

TEST(Wrapped, BreaksBetweenWords) {
  EXPECT_THAT(wrapped("next: one two three", 6, 13), ElementsAre("next: one two", "      three"));
  EXPECT_THAT(wrapped("next: one two three", 6, 80), ElementsAre("next: one two three"));
}

TEST(Wrapped, KeepsACommandOnOneLine) {
  EXPECT_THAT(wrapped("type `a b c` now", 2, 10), ElementsAre("type", "  `a b c`", "  now"));
}

TEST(Wrapped, CutsWhatIsWiderThanALine) {
  EXPECT_THAT(wrapped("x abcdefgh", 1, 5), ElementsAre("x", " abcd", " efgh"));
  EXPECT_THAT(wrapped("x 日本語", 1, 5), ElementsAre("x", " 日本", " 語"));
}

}  // namespace
}  // namespace tt::report
