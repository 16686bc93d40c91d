#include "tt/base/value.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tt {
namespace {

TEST(Value, KnowsItsKind) {
  EXPECT_EQ(Value().kind(), Value::Kind::null);
  EXPECT_EQ(Value(nullptr).kind(), Value::Kind::null);
  EXPECT_EQ(Value(true).kind(), Value::Kind::boolean);
  EXPECT_EQ(Value(8).kind(), Value::Kind::integer);
  EXPECT_EQ(Value(8.0).kind(), Value::Kind::floating);
  EXPECT_EQ(Value("8").kind(), Value::Kind::string);
  EXPECT_EQ(Value::array().kind(), Value::Kind::list);
  EXPECT_EQ(Value::object().kind(), Value::Kind::table);
}

TEST(Value, RefusesToBeReadAsAnotherKind) {
  EXPECT_THROW((void)Value("8").as_integer(), std::bad_variant_access);
  EXPECT_THROW((void)Value(8.0).as_integer(), std::bad_variant_access);
  EXPECT_THROW((void)Value("8").as_number(), std::bad_variant_access);
  EXPECT_EQ(Value(8).as_number(), 8.0);
  EXPECT_EQ(Value(0.5).as_number(), 0.5);
}

TEST(Value, FindsWhatATableHas) {
  const Value table = Value::object().set("lr", 0.5).set("name", "tiny");
  ASSERT_NE(table.find("lr"), nullptr);
  EXPECT_EQ(*table.find("lr"), Value(0.5));
  EXPECT_EQ(table.find("seed"), nullptr);
  EXPECT_EQ(Value(3).find("lr"), nullptr);
  EXPECT_TRUE(table.at("seed").at("deeper").is_null());
}

TEST(Value, SetReplacesInPlaceAndKeepsTheOrder) {
  Value table;
  table.set("b", 1).set("a", 2).set("b", 3);
  ASSERT_EQ(table.as_table().size(), 2u);
  EXPECT_EQ(table.as_table()[0], (std::pair<std::string, Value>("b", 3)));
  EXPECT_EQ(table.as_table()[1], (std::pair<std::string, Value>("a", 2)));
}

TEST(Value, PushMakesAListOfNothing) {
  Value list;
  list.push(1).push("two");
  EXPECT_EQ(list, Value(Value::List{1, "two"}));
}

TEST(Value, ReadersFallBackWhenTheKindIsAnother) {
  const Value table = Value::object().set("text", "t").set("number", 7).set("yes", true);
  EXPECT_EQ(table.text_or("text"), "t");
  EXPECT_EQ(table.text_or("number", "none"), "none");
  EXPECT_EQ(table.integer_or("number"), 7);
  EXPECT_EQ(table.integer_or("text", -1), -1);
  EXPECT_TRUE(table.boolean_or("yes"));
  EXPECT_TRUE(table.boolean_or("absent", true));
}

TEST(Value, IsEqualOnlyWithTheSameKindAndOrder) {
  EXPECT_EQ(Value(8), Value(8));
  EXPECT_NE(Value(8), Value(8.0));
  EXPECT_NE(Value::object().set("a", 1).set("b", 2), Value::object().set("b", 2).set("a", 1));
}

TEST(SameValue, TakesEightForEightPointZero) {
  EXPECT_TRUE(same_value(8, 8.0));
  EXPECT_TRUE(same_value(8.0, 8));
  EXPECT_FALSE(same_value(8, 8.5));
  EXPECT_TRUE(same_value(Value(Value::List{1, 2.0}), Value(Value::List{1.0, 2})));
}

TEST(SameValue, KeepsStringsAndBooleansApartFromNumbers) {
  EXPECT_FALSE(same_value("8", 8));
  EXPECT_FALSE(same_value(true, 1));
  EXPECT_FALSE(same_value(nullptr, 0));
  EXPECT_FALSE(same_value("a", "A"));
  EXPECT_TRUE(same_value("a", "a"));
}

TEST(SameValue, ForgetsTheOrderOfTablesButNotOfLists) {
  EXPECT_TRUE(same_value(Value::object().set("a", 1).set("b", 2), Value::object().set("b", 2.0).set("a", 1)));
  EXPECT_FALSE(same_value(Value::object().set("a", 1), Value::object().set("b", 1)));
  EXPECT_FALSE(same_value(Value::object().set("a", 1), Value::object().set("a", 1).set("b", 1)));
  EXPECT_FALSE(same_value(Value(Value::List{1, 2}), Value(Value::List{2, 1})));
  EXPECT_FALSE(same_value(Value(Value::List{1, 2}), Value(Value::List{1})));
}

TEST(SameValue, IsExactWhereDoublesAreNot) {
  const std::int64_t odd = 9007199254740993;  // 2^53 + 1
  EXPECT_FALSE(same_value(odd, 9007199254740992.0));
  EXPECT_TRUE(same_value(odd - 1, 9007199254740992.0));
  EXPECT_FALSE(same_value(std::numeric_limits<std::int64_t>::max(), 9223372036854775808.0));
  EXPECT_TRUE(same_value(std::numeric_limits<std::int64_t>::min(), -9223372036854775808.0));
  EXPECT_FALSE(same_value(1, std::numeric_limits<double>::infinity()));
}

TEST(SameValue, TakesNotANumberForItself) {
  EXPECT_TRUE(same_value(std::nan(""), std::nan("")));
  EXPECT_FALSE(same_value(std::nan(""), 1.0));
  EXPECT_FALSE(same_value(0, std::nan("")));
}

TEST(KindName, ReadsWellInASentence) {
  EXPECT_EQ(kind_name(Value::Kind::null), "null");
  EXPECT_EQ(kind_name(Value::Kind::boolean), "a boolean");
  EXPECT_EQ(kind_name(Value::Kind::integer), "an integer");
  EXPECT_EQ(kind_name(Value::Kind::floating), "a float");
  EXPECT_EQ(kind_name(Value::Kind::string), "a string");
  EXPECT_EQ(kind_name(Value::Kind::list), "a list");
  EXPECT_EQ(kind_name(Value::Kind::table), "a table");
}

TEST(Shortest, LooksLikeAFloatAndAsPeopleWriteIt) {
  EXPECT_EQ(shortest(8), "8.0");
  EXPECT_EQ(shortest(0), "0.0");
  EXPECT_EQ(shortest(-0.0), "-0.0");
  EXPECT_EQ(shortest(-2.5), "-2.5");
  EXPECT_EQ(shortest(3e-4), "0.0003");
  EXPECT_EQ(shortest(0.0001), "0.0001");
  EXPECT_EQ(shortest(1e-5), "1e-05");
  EXPECT_EQ(shortest(1e-8), "1e-08");
  EXPECT_EQ(shortest(2.5e-8), "2.5e-08");
  EXPECT_EQ(shortest(100000), "100000.0");
  EXPECT_EQ(shortest(1e15), "1000000000000000.0");
  EXPECT_EQ(shortest(1e16), "1e+16");
  EXPECT_EQ(shortest(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(shortest(std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(shortest(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(shortest(std::nan("")), "nan");
}

TEST(Shortest, ReadsBackAsTheSameDouble) {
  using Limits = std::numeric_limits<double>;
  for (const double number : {0.1, 1.0 / 3, 9007199254740993.0, 123456789012345.67, 9.999999999999999e-5, Limits::max(),
                              Limits::min(), Limits::denorm_min(), -1e-300, 6.02214076e23}) {
    EXPECT_EQ(std::strtod(shortest(number).c_str(), nullptr), number) << shortest(number);
  }
}

TEST(PlainText, IsForNamesAndTables) {
  EXPECT_EQ(plain_text(nullptr), "none");
  EXPECT_EQ(plain_text(true), "true");
  EXPECT_EQ(plain_text(8), "8");
  EXPECT_EQ(plain_text(8.0), "8.0");
  EXPECT_EQ(plain_text(0.0003), "0.0003");
  EXPECT_EQ(plain_text(1e-8), "1e-08");
  EXPECT_EQ(plain_text("full ac"), "full ac");
  EXPECT_EQ(plain_text(Value(Value::List{1, "b", 0.5})), "1,b,0.5");
  EXPECT_EQ(plain_text(Value::array()), "");
}

TEST(PlainText, BracketsWhatIsNested) {
  EXPECT_EQ(plain_text(Value(Value::List{Value(Value::List{1, 2}), Value(Value::List{3})})), "[1,2],[3]");
  EXPECT_EQ(plain_text(Value::object().set("a", 1).set("b", Value::object().set("c", true))), "a=1,b={c=true}");
}

}  // namespace
}  // namespace tt
