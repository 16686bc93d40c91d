#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tt/base/error.hpp"
#include "tt/base/value.hpp"

namespace tt {
namespace {

std::string error_of(const std::string& text) {
  try {
    (void)parse_json(text, "exit.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(ToJson, WritesOneLineInTheOrderOfTheTable) {
  const Value record = Value::object()
                           .set("version", 1)
                           .set("id", "lr-0.0003")
                           .set("done", false)
                           .set("exit", nullptr)
                           .set("nested", Value::object().set("b", 1).set("a", Value(Value::List{1, 2.0, "x"})))
                           .set("empty", Value::object())
                           .set("none", Value::array());
  EXPECT_EQ(to_json(record),
            R"({"version":1,"id":"lr-0.0003","done":false,"exit":null,"nested":{"b":1,"a":[1,2.0,"x"]},)"
            R"("empty":{},"none":[]})");
}

TEST(ToJson, WritesPrettyWithTwoSpacesAndAFinalNewline) {
  const Value record = Value::object()
                           .set("id", "a")
                           .set("list", Value(Value::List{1, Value::object().set("k", true)}))
                           .set("empty", Value::array());
  EXPECT_EQ(to_pretty_json(record),
            "{\n"
            "  \"id\": \"a\",\n"
            "  \"list\": [\n"
            "    1,\n"
            "    {\n"
            "      \"k\": true\n"
            "    }\n"
            "  ],\n"
            "  \"empty\": []\n"
            "}\n");
  EXPECT_EQ(to_pretty_json(Value::object()), "{}\n");
}

TEST(ToJson, EscapesWhatJsonForbids) {
  EXPECT_EQ(to_json("say \"hi\"\\now"), R"("say \"hi\"\\now")");
  EXPECT_EQ(to_json("\b\f\n\r\t"), R"("\b\f\n\r\t")");
  EXPECT_EQ(to_json(std::string("\x00\x01\x1f\x7f", 4)), "\"\\u0000\\u0001\\u001f\x7f\"");
  EXPECT_EQ(to_json("a/b é 日 😀"), "\"a/b é 日 😀\"");
  EXPECT_EQ(to_json(Value::object().set("a\"b", 1)), R"({"a\"b":1})");
}

TEST(ToJson, ReplacesBytesThatAreNotUtf8) {
  EXPECT_EQ(to_json("a\xffz"), "\"a\xef\xbf\xbdz\"");
  EXPECT_EQ(to_json("\xe9t\xe9"), "\"\xef\xbf\xbdt\xef\xbf\xbd\"");
  EXPECT_EQ(to_json("cut \xe6\x97"), "\"cut \xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(parse_json(to_json("\xed\xa0\x80"), "x"), Value("\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"));
}

TEST(ToJson, WritesTheShortestDoubles) {
  EXPECT_EQ(to_json(Value(Value::List{1e-8, 0.0003, 8.0, 0.1, 1e16})), "[1e-08,0.0003,8.0,0.1,1e+16]");
}

TEST(ToJson, WritesNullForWhatIsNotFinite) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(to_json(Value(Value::List{infinity, -infinity, std::nan("")})), "[null,null,null]");
}

TEST(ToJson, KeepsIntegersToTheirLimits) {
  EXPECT_EQ(to_json(std::numeric_limits<std::int64_t>::max()), "9223372036854775807");
  EXPECT_EQ(to_json(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
}

TEST(ParseJson, KeepsKindsAndOrder) {
  EXPECT_EQ(parse_json(R"({"b": [1, 1.0, "x", null, true], "a": {}, "c": []})", "x"),
            Value::object()
                .set("b", Value(Value::List{1, 1.0, "x", nullptr, true}))
                .set("a", Value::object())
                .set("c", Value::array()));
}

TEST(ParseJson, ReadsEscapesAndSurrogates) {
  EXPECT_EQ(parse_json(R"("\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00")", "x"), Value("\"\\/\b\f\n\r\té😀"));
  EXPECT_EQ(parse_json(R"("a\u0000b")", "x"), Value(std::string("a\0b", 3)));
}

TEST(ParseJson, ReadsScalarsAlone) {
  EXPECT_EQ(parse_json(" 7 ", "x"), Value(7));
  EXPECT_EQ(parse_json("1e-08", "x"), Value(1e-8));
  EXPECT_EQ(parse_json("null", "x"), Value());
}

TEST(ParseJson, TurnsIntegersBeyondSixtyFourBitsIntoDoubles) {
  EXPECT_EQ(parse_json("9223372036854775807", "x"), Value(std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(parse_json("-9223372036854775808", "x"), Value(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(parse_json("9223372036854775808", "x"), Value(9223372036854775808.0));
  EXPECT_EQ(parse_json("-9223372036854775809", "x"), Value(-9223372036854775808.0));
  EXPECT_EQ(parse_json("100000000000000000000", "x"), Value(1e20));
}

TEST(ParseJson, TakesTheLastOfTwoEqualKeys) {
  EXPECT_EQ(parse_json(R"({"a":1,"b":2,"a":3})", "x"), Value::object().set("a", 3).set("b", 2));
  EXPECT_EQ(parse_json(R"({"a":1,"a":2,"a":[3],"c":4})", "x"),
            Value::object().set("a", Value(Value::List{3})).set("c", 4));
}

TEST(ParseJson, ReadsBackWhatWasWritten) {
  const Value record = Value::object()
                           .set("text", "é \"quoted\" \x01 \\ /")
                           .set("tiny", 4.9406564584124654e-324)
                           .set("list", Value(Value::List{Value::object(), Value::array(), -1, -0.5}));
  EXPECT_EQ(parse_json(to_json(record), "x"), record);
  EXPECT_EQ(parse_json(to_pretty_json(record), "x"), record);
}

TEST(ParseJson, NamesTheFileAndThePlaceOfAnError) {
  EXPECT_EQ(error_of("{\"a\": 1,\n \"b\" 2}"),
            "exit.json:2:6: this is not JSON: syntax error while parsing object separator - unexpected number literal; "
            "expected ':'");
  EXPECT_TRUE(error_of("[1, 2] x").starts_with("exit.json:1:8: this is not JSON: ")) << error_of("[1, 2] x");
}

TEST(ParseJson, RefusesWhatIsEmptyOrCutOff) {
  EXPECT_TRUE(error_of("").starts_with("exit.json:1:1: this is not JSON: ")) << error_of("");
  EXPECT_TRUE(error_of("{\"a\": 1").starts_with("exit.json:1:8: this is not JSON: ")) << error_of("{\"a\": 1");
}

TEST(ParseJson, RefusesWhatOnlyLooksLikeJson) {
  for (const char* text : {"{'a': 1}", "[1,]", "{\"a\":1,}", "nan", "NaN", "01", "+1", "// note\n1", "\"\xff\"",
                           "[\"a\nb\"]", "\"\\ud800\"", "1e999"}) {
    EXPECT_TRUE(error_of(text).starts_with("exit.json:1:")) << text << ": " << error_of(text);
  }
}

TEST(ParseJson, SaysThatANumberIsTooLarge) {
  EXPECT_EQ(error_of("1e999"), "exit.json:1:5: this is not JSON: number overflow parsing '1e999'");
}

TEST(ParseJson, RefusesAccidentalDepth) {
  const std::string fits = std::string(500, '[') + std::string(500, ']');
  EXPECT_EQ(to_json(parse_json(fits, "x")), fits);
  EXPECT_EQ(error_of(std::string(100000, '[')), "exit.json: this is not JSON: nested more than 500 levels deep");
}

}  // namespace
}  // namespace tt
