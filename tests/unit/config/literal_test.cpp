#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/documents.hpp"
#include "tt/config/document.hpp"

namespace tt::config {
namespace {

std::string complaint_about(const Value& value) {
  try {
    return toml_literal(value);
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(Literals, OfNumbersKeepIntegersAndFloatsApart) {
  EXPECT_EQ(toml_literal(8), "8");
  EXPECT_EQ(toml_literal(-3), "-3");
  EXPECT_EQ(toml_literal(std::numeric_limits<long long>::min()), "-9223372036854775808");
  EXPECT_EQ(toml_literal(3.0), "3.0");
  EXPECT_EQ(toml_literal(-0.0), "-0.0");
  EXPECT_EQ(toml_literal(0.0003), "0.0003");
  EXPECT_EQ(toml_literal(1e-8), "1e-08");
  EXPECT_EQ(toml_literal(0.1), "0.1");
  EXPECT_EQ(toml_literal(INFINITY), "inf");
  EXPECT_EQ(toml_literal(-INFINITY), "-inf");
  EXPECT_EQ(toml_literal(NAN), "nan");
}

TEST(Literals, OfAllKindsOfFloatsReadBackAsTheSameFloat) {
  for (const double number :
       {1e22, 1.7976931348623157e308, 5e-324, 1e16, 123456789012345680.0, -2.5e-7, 1.0 / 3.0, -0.0}) {
    const auto found = test::document("x = " + toml_literal(number)).find("x");
    ASSERT_TRUE(found && found->is_floating()) << number;
    EXPECT_EQ(found->as_number(), number);
    EXPECT_EQ(std::signbit(found->as_number()), std::signbit(number));
  }
}

TEST(Literals, OfBooleansAreLowerCase) {
  EXPECT_EQ(toml_literal(true), "true");
  EXPECT_EQ(toml_literal(false), "false");
}

TEST(Literals, OfStringsEscapeWhatTomlForbids) {
  EXPECT_EQ(toml_literal("op"), "\"op\"");
  EXPECT_EQ(toml_literal(""), "\"\"");
  EXPECT_EQ(toml_literal("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(toml_literal("a\b\t\n\f\r\x1F\x7Fz"), "\"a\\b\\t\\n\\f\\r\\u001F\\u007Fz\"");
  EXPECT_EQ(toml_literal(std::string("\0", 1)), "\"\\u0000\"");
  EXPECT_EQ(toml_literal("\xC3\xA9\xF0\x9F\x98\x80"), "\"\xC3\xA9\xF0\x9F\x98\x80\"");
  EXPECT_EQ(toml_literal("#[]{}'"), "\"#[]{}'\"");
}

TEST(Literals, OfListsAndTablesStayOnOneLine) {
  EXPECT_EQ(toml_literal(Value::List{"a", "b"}), "[\"a\", \"b\"]");
  EXPECT_EQ(toml_literal(Value::array()), "[]");
  EXPECT_EQ(toml_literal(Value::object()), "{}");
  EXPECT_EQ(toml_literal(Value::Table{{"x", 1}, {"b c", Value::List{1, 2.0}}}), "{ x = 1, \"b c\" = [1, 2.0] }");
  EXPECT_EQ(toml_literal(Value::List{Value::Table{{"x", true}}, Value::List{}}), "[{ x = true }, []]");
}

TEST(Literals, ThereIsNoneForNullOrForTextThatIsNotUtf8) {
  EXPECT_EQ(complaint_about(nullptr), "TOML has no null, so there is no TOML literal for it");
  EXPECT_EQ(complaint_about(Value::List{1, nullptr}), "TOML has no null, so there is no TOML literal for it");
  EXPECT_EQ(complaint_about("a\xFF"), "the text \"a\\xff\" is not UTF-8, so there is no TOML literal for it");
  EXPECT_EQ(complaint_about("\xED\xA0\x80"),
            "the text \"\\xed\\xa0\\x80\" is not UTF-8, so there is no TOML literal for it");
}

}  // namespace
}  // namespace tt::config
