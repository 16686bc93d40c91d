#include "tt/base/text.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tt {
namespace {

using Parts = std::vector<std::string>;

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(split("a,,b,", ','), (Parts{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), (Parts{""}));
  EXPECT_EQ(split("abc", ','), (Parts{"abc"}));
}

TEST(SplitLines, TakesBothLineEndsAndNoFinalEmptyLine) {
  EXPECT_EQ(split_lines("a\r\nb\n\nc\n"), (Parts{"a", "b", "", "c"}));
  EXPECT_EQ(split_lines("a\nb"), (Parts{"a", "b"}));
  EXPECT_EQ(split_lines("\n"), (Parts{""}));
  EXPECT_EQ(split_lines(""), (Parts{}));
}

TEST(Join, PutsTheSeparatorBetween) {
  EXPECT_EQ(join(Parts{"a", "b", "c"}, ", "), "a, b, c");
  EXPECT_EQ(join(Parts{"a"}, ", "), "a");
  EXPECT_EQ(join(Parts{}, ", "), "");
}

TEST(Trim, TakesBlanksFromBothEnds) {
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(trim("  "), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Lower, ChangesAsciiOnly) { EXPECT_EQ(lower("AbZ_É"), "abz_É"); }

TEST(ReplaceAll, DoesNotReadWhatItWrote) {
  EXPECT_EQ(replace_all("aXbX", "X", "XX"), "aXXbXX");
  EXPECT_EQ(replace_all("aaa", "aa", "b"), "ba");
  EXPECT_EQ(replace_all("abc", "", "x"), "abc");
  EXPECT_EQ(replace_all("abc", "b", ""), "ac");
}

TEST(Utf8, AcceptsWhatIsWellFormed) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("é 日 😀"));
  EXPECT_TRUE(is_utf8("\xf4\x8f\xbf\xbf"));  // U+10FFFF
}

TEST(Utf8, FindsTheFirstBadByte) {
  EXPECT_EQ(first_bad_utf8("é\xff"), 2u);
  EXPECT_EQ(first_bad_utf8("ab\x80"), 2u);
  EXPECT_EQ(first_bad_utf8("\xc0\xaf"), 0u);          // overlong
  EXPECT_EQ(first_bad_utf8("\xe0\x80\xaf"), 0u);      // overlong
  EXPECT_EQ(first_bad_utf8("\xf0\x80\x80\xaf"), 0u);  // overlong
  EXPECT_EQ(first_bad_utf8("a\xed\xa0\x80"), 1u);     // surrogate
  EXPECT_EQ(first_bad_utf8("\xf4\x90\x80\x80"), 0u);  // beyond Unicode
  EXPECT_EQ(first_bad_utf8("a\xe6\x97"), 1u);         // cut off
  EXPECT_EQ(first_bad_utf8("fine"), std::nullopt);
}

TEST(ControlCharacters, AreBelowTheBlankAndDelete) {
  EXPECT_TRUE(has_control_character("a\tb"));
  EXPECT_TRUE(has_control_character("a\n"));
  EXPECT_TRUE(has_control_character("\x7f"));
  EXPECT_TRUE(has_control_character(std::string_view("\0", 1)));
  EXPECT_FALSE(has_control_character("a b é"));
}

TEST(Printable, ShowsUnsafeBytesAsHexadecimal) {
  EXPECT_EQ(printable("a\x1b[31m\n\xff é"), "a\\x1b[31m\\x0a\\xff é");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");           // CSI in eight bits
  EXPECT_EQ(printable("\xe2\x80\xae"), "\\xe2\\x80\\xae");  // turns the text around
}

TEST(Printable, CutsAtTheLimit) {
  EXPECT_EQ(printable("abcdefghij", 10), "abcdefghij");
  EXPECT_EQ(printable("abcdefghijk", 10), "abcdefg...");
  EXPECT_EQ(printable("日日日日日日", 10), "日日日...");
  EXPECT_EQ(printable("abcde\x01\x01", 10), "abcde...");
  EXPECT_EQ(printable(std::string(200, 'a')), std::string(117, 'a') + "...");
}

TEST(DisplayWidth, CountsColumns) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("é"), 1u);
  EXPECT_EQ(display_width("e\xcc\x81"), 1u);  // e and a combining accent
  EXPECT_EQ(display_width("日本"), 4u);
  EXPECT_EQ(display_width("…"), 1u);
  EXPECT_EQ(display_width("😀"), 2u);
  EXPECT_EQ(display_width(""), 0u);
}

TEST(ToInteger, TakesTheWholeTextOrNothing) {
  EXPECT_EQ(to_integer("42"), 42);
  EXPECT_EQ(to_integer("-5"), -5);
  EXPECT_EQ(to_integer("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  for (const char* text : {"+5", "", "-", "1_000", " 1", "1 ", "1.0", "0x10", "9223372036854775808", "--1"}) {
    EXPECT_EQ(to_integer(text), std::nullopt) << text;
  }
}

TEST(ToDouble, TakesTheWholeTextOrNothing) {
  EXPECT_EQ(to_double("0.5"), 0.5);
  EXPECT_EQ(to_double("-1e-8"), -1e-8);
  EXPECT_EQ(to_double("3"), 3.0);
  EXPECT_EQ(to_double("inf"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(to_double("-inf"), -std::numeric_limits<double>::infinity());
  ASSERT_TRUE(to_double("nan").has_value());
  EXPECT_TRUE(std::isnan(*to_double("nan")));
  for (const char* text : {"", "+1", "1,5", "1.0x", " 1", "1e999", "e5", "."}) {
    EXPECT_EQ(to_double(text), std::nullopt) << text;
  }
}

TEST(Nearest, FindsATypingError) {
  const Parts names{"optimizer.lr", "optimizer.name", "training.seq_len", "training.steps"};
  EXPECT_EQ(nearest("training.sqe_len", names), "training.seq_len");
  EXPECT_EQ(nearest("traning.steps", names), "training.steps");
  EXPECT_EQ(nearest("Training.Steps", names), "training.steps");
  EXPECT_EQ(nearest("training.sequence_len", names), "training.seq_len");
}

TEST(Nearest, CountsSwappedNeighboursAsOneEdit) {
  EXPECT_EQ(nearest("ab", Parts{"ba"}), "ba");
  EXPECT_EQ(nearest("slrum", Parts{"slurm", "local"}), "slurm");
}

TEST(Nearest, TakesTheOnlyNameWithTheSameLastPart) {
  const Parts names{"optimizer.lr", "training.steps", "float8.enable", "checkpoint.enable"};
  EXPECT_EQ(nearest("lr", names), "optimizer.lr");
  EXPECT_EQ(nearest("metrics_and_more.steps", names), "training.steps");
  EXPECT_EQ(nearest("memory_estimation.enable", names), std::nullopt);
}

TEST(Nearest, OffersNothingFarAway) {
  EXPECT_EQ(nearest("completely_else", Parts{"optimizer.lr"}), std::nullopt);
  EXPECT_EQ(nearest("x", Parts{"y"}), std::nullopt);
  EXPECT_EQ(nearest("", Parts{"a"}), std::nullopt);
  EXPECT_EQ(nearest("lr", Parts{}), std::nullopt);
}

TEST(Nearest, PrefersTheNearestAndThenTheFirst) {
  EXPECT_EQ(nearest("steps", Parts{"stops", "step"}), "stops");
  EXPECT_EQ(nearest("training.steps", Parts{"training.stopx", "training.step"}), "training.step");
}

TEST(Plural, CountsInWords) {
  EXPECT_EQ(plural(1, "run"), "1 run");
  EXPECT_EQ(plural(2, "run"), "2 runs");
  EXPECT_EQ(plural(0, "run"), "0 runs");
  EXPECT_EQ(plural(3, "axis", "axes"), "3 axes");
  EXPECT_EQ(plural(1, "axis", "axes"), "1 axis");
}

TEST(WithThousands, PutsCommasBetweenGroups) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(1000), "1,000");
  EXPECT_EQ(with_thousands(1234567), "1,234,567");
  EXPECT_EQ(with_thousands(-123), "-123");
  EXPECT_EQ(with_thousands(-1234), "-1,234");
  EXPECT_EQ(with_thousands(std::numeric_limits<std::int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(MatchesPattern, AgainstTheWholeText) {
  EXPECT_TRUE(matches_pattern("lr-*", "lr-0.0003"));
  EXPECT_TRUE(matches_pattern("*", ""));
  EXPECT_TRUE(matches_pattern("run-?", "run-7"));
  EXPECT_TRUE(matches_pattern("run-[0-3]", "run-2"));
  EXPECT_TRUE(matches_pattern("run-[!0-3]", "run-7"));
  EXPECT_TRUE(matches_pattern("a*b", "a/x/b"));
  EXPECT_FALSE(matches_pattern("run-?", "run-77"));
  EXPECT_FALSE(matches_pattern("run", "run-1"));
  EXPECT_FALSE(matches_pattern("run-[0-3]", "run-7"));
  EXPECT_FALSE(matches_pattern("", "a"));
}

}  // namespace
}  // namespace tt
