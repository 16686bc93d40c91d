#include "tt/render/quote.hpp"

#include <gtest/gtest.h>

#include "support/error_text.hpp"

namespace tt::render {
namespace {

TEST(Quote, LeavesSafeWordsBare) {
  EXPECT_EQ(shell_word("/scratch/run_1/config.toml"), "/scratch/run_1/config.toml");
  EXPECT_EQ(shell_word("--training.steps=5"), "--training.steps=5");
  EXPECT_EQ(shell_word("a@b%c+d:e,f-G0"), "a@b%c+d:e,f-G0");
}

TEST(Quote, PutsEverythingElseInSingleQuotes) {
  EXPECT_EQ(shell_word("two words"), "'two words'");
  EXPECT_EQ(shell_word("$(reboot)"), "'$(reboot)'");
  EXPECT_EQ(shell_word("~"), "'~'");
  EXPECT_EQ(shell_word("line\nend"), "'line\nend'");
  EXPECT_EQ(shell_word("f\xc3\xbcr"), "'f\xc3\xbcr'");
}

TEST(Quote, AnEmptyTextIsAWordToo) { EXPECT_EQ(shell_word(""), "''"); }

TEST(Quote, ASingleQuoteLeavesTheQuotesForAMoment) { EXPECT_EQ(shell_word("it's"), "'it'\\''s'"); }

TEST(Quote, RefusesANulByte) {
  EXPECT_EQ(test::error_text([] { shell_word(std::string_view("a\0b", 3)); }),
            "'a\\x00b' cannot become a shell word: it holds a NUL byte");
}

}  // namespace
}  // namespace tt::render
