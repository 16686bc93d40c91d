#include <gtest/gtest.h>

#include "tt/config/document.hpp"

namespace tt::config {
namespace {

using Parts = std::vector<std::string>;

TEST(Keys, AreSplitAtTheirDots) {
  EXPECT_EQ(split_key("lr"), Parts({"lr"}));
  EXPECT_EQ(split_key("training.seq_len"), Parts({"training", "seq_len"}));
  EXPECT_EQ(split_key("optimizer.param_groups.0.lr"), Parts({"optimizer", "param_groups", "0", "lr"}));
  EXPECT_EQ(split_key("a-b.C_3"), Parts({"a-b", "C_3"}));
}

TEST(Keys, MayHaveQuotedPartsWithDotsBlanksAndQuotesInThem) {
  EXPECT_EQ(split_key("a.'b.c'.0"), Parts({"a", "b.c", "0"}));
  EXPECT_EQ(split_key(R"("a \"x\" \u00e9\U0001F600\t".b)"), Parts({"a \"x\" \xC3\xA9\xF0\x9F\x98\x80\t", "b"}));
  EXPECT_EQ(split_key("'a\\b'"), Parts({"a\\b"}));
  EXPECT_EQ(split_key("''"), Parts({""}));
  EXPECT_EQ(split_key("\"\""), Parts({""}));
}

TEST(Keys, MayHaveBlanksAroundTheirDots) { EXPECT_EQ(split_key(" a .\tb "), Parts({"a", "b"})); }

TEST(Keys, ThatTomlCannotHaveAreNone) {
  for (const char* text : {"",          " ",
                           ".",         "a.",
                           ".a",        "a..b",
                           "a b",       "a=b",
                           "'a",        "\"a",
                           "\"a\\\"",   "'a'b",
                           "a'b'",      "schl\xC3\xBCssel",
                           "\"\\x41\"", "\"\\ud800\"",
                           "\"\\u12\"", "\"\\U00110000\"",
                           "a#b",       "[a]",
                           "a\n"}) {
    EXPECT_EQ(split_key(text), std::nullopt) << text;
  }
}

TEST(Keys, AreJoinedWithQuotesWhereTheyNeedThem) {
  EXPECT_EQ(join_key({"training", "seq_len"}), "training.seq_len");
  EXPECT_EQ(join_key({"a", "b.c", "0"}), "a.\"b.c\".0");
  EXPECT_EQ(join_key({""}), "\"\"");
  EXPECT_EQ(join_key({"", ""}), "\"\".\"\"");
  EXPECT_EQ(join_key({"\xC3\xA9", "a\"b\\c\n\x7F"}), "\"\xC3\xA9\".\"a\\\"b\\\\c\\n\\u007F\"");
}

TEST(Keys, SurviveBeingJoinedAndSplit) {
  const Parts parts = {"", "a", "b c", "'", "\"", "\\", "\xE2\x82\xAC", std::string("\0", 1), "0", "-", "\r\n"};
  EXPECT_EQ(split_key(join_key(parts)), parts);
}

}  // namespace
}  // namespace tt::config
