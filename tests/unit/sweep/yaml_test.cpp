#include "tt/sweep/yaml.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "support/sweep_support.hpp"

namespace tt::sweep {
namespace {

using test::problems_of;
using test::source;

Node node_of(const std::string& text) { return read_yaml(source(text)); }
std::string yaml_trouble(const std::string& text) {
  return problems_of([&] { node_of(text); });
}
Value value_of(const std::string& text) { return to_value(node_of("k: " + text + "\n").find("k")->value); }

TEST(Yaml, ResolvesPlainScalarsAsYaml12) {
  EXPECT_EQ(value_of("8"), Value(8));
  EXPECT_EQ(value_of("-1"), Value(-1));
  EXPECT_EQ(value_of("+5"), Value(5));
  EXPECT_EQ(value_of("0"), Value(0));
  EXPECT_EQ(value_of("1e-4"), Value(1e-4));
  EXPECT_EQ(value_of("3.0e-4"), Value(3e-4));
  EXPECT_EQ(value_of(".5"), Value(0.5));
  EXPECT_EQ(value_of("0.5"), Value(0.5));
  EXPECT_EQ(value_of("2."), Value(2.0));
  EXPECT_EQ(value_of("true"), Value(true));
  EXPECT_EQ(value_of("false"), Value(false));
  EXPECT_EQ(value_of("null"), Value());
  EXPECT_EQ(value_of("~"), Value());
  EXPECT_EQ(value_of("-.inf"), Value(-std::numeric_limits<double>::infinity()));
}

TEST(Yaml, LeavesEverythingElseAsText) {
  EXPECT_EQ(value_of("12:30:00"), Value("12:30:00"));
  EXPECT_EQ(value_of("2025-03-01"), Value("2025-03-01"));
  EXPECT_EQ(value_of("0.2.2"), Value("0.2.2"));
  EXPECT_EQ(value_of("8B"), Value("8B"));
  EXPECT_EQ(value_of("inf"), Value("inf"));
  EXPECT_EQ(value_of("none"), Value("none"));
  EXPECT_EQ(value_of("1F1B"), Value("1F1B"));
  EXPECT_EQ(value_of("e5"), Value("e5"));
}

TEST(Yaml, TakesQuotedScalarsAsText) {
  EXPECT_EQ(value_of("\"8\""), Value("8"));
  EXPECT_EQ(value_of("'true'"), Value("true"));
  EXPECT_EQ(value_of("\"yes\""), Value("yes"));
  EXPECT_EQ(value_of("'it''s'"), Value("it's"));
  EXPECT_EQ(value_of("|\n  two\n  lines"), Value("two\nlines\n"));
}

TEST(Yaml, KeepsTheSpellingOfScalars) {
  const Node node = node_of("version: 0.20\n");
  EXPECT_EQ(node.find("version")->value.spelled, "0.20");
  EXPECT_EQ(node.find("version")->value.value, Value(0.2));
}

TEST(Yaml, KeepsTheOrderOfKeys) {
  const Node node = node_of("z: 1\na: {y: 2, b: 3}\n");
  ASSERT_EQ(node.entries.size(), 2u);
  EXPECT_EQ(node.entries[0].key, "z");
  EXPECT_EQ(node.entries[1].value.entries[0].key, "y");
}

TEST(Yaml, PointsAtBytesBehindLettersOfSeveralBytes) {
  const Node node = node_of("\xC3\xA9: [\xC3\xBC, last]\n");
  const Place place = node.entries[0].value.items[1].place;
  EXPECT_EQ(place.line, 1u);
  EXPECT_EQ(place.column, 10u);
  EXPECT_EQ(place.length, 4u);
}

TEST(Yaml, PointsAtTheRightLinesOfAFileWithWindowsLineEnds) {
  const Node node = node_of("a: 1\r\nb:\r\n  - x\r\n  - 'two'\r\n");
  const Place place = node.find("b")->value.items[1].place;
  EXPECT_EQ(place.line, 4u);
  EXPECT_EQ(place.column, 5u);
  EXPECT_EQ(place.length, 5u);
}

TEST(Yaml, PointsBehindAByteOrderMark) {
  const Node node = node_of(
      "\xEF\xBB\xBF"
      "a: first\nb: second\n");
  EXPECT_EQ(node.find("a")->value.place.column, 7u);
  EXPECT_EQ(node.find("b")->value.place.column, 4u);
}

TEST(Yaml, RefusesWordsThatAreBooleansToSomeReaders) {
  for (const std::string word : {"yes", "no", "on", "off", "y", "n", "Yes", "NO", "On", "OFF", "Y", "N"}) {
    EXPECT_THROW(node_of("a: " + word + "\n"), BadInput) << word;
    EXPECT_EQ(value_of("\"" + word + "\""), Value(word));
  }
  EXPECT_EQ(yaml_trouble("a: [Off]\n"),
            "tt: error: sweep.yaml:1:5: Off is a boolean to some readers of YAML and text to others\n"
            "  1 | a: [Off]\n"
            "    |     ^^^\n"
            "  write false, or \"Off\" for text\n");
}

TEST(Yaml, LetsSuchWordsBeKeys) { EXPECT_EQ(node_of("on: 1\n").entries[0].key, "on"); }

TEST(Yaml, RefusesNumbersThatReadersDisagreeAbout) {
  EXPECT_EQ(yaml_trouble("a: 010\n"),
            "tt: error: sweep.yaml:1:4: 010 begins with a zero: some readers of YAML take that as octal\n"
            "  1 | a: 010\n"
            "    |    ^^^\n"
            "  write 10, or \"010\" for text\n");
  EXPECT_EQ(yaml_trouble("a: 0x10\n"),
            "tt: error: sweep.yaml:1:4: 0x10 is a number to some readers of YAML and text to others\n"
            "  1 | a: 0x10\n"
            "    |    ^^^^\n"
            "  write the number in decimal, or \"0x10\" for text\n");
  EXPECT_EQ(yaml_trouble("a: 1_000\n"),
            "tt: error: sweep.yaml:1:4: 1_000 is a number to some readers of YAML and text to others\n"
            "  1 | a: 1_000\n"
            "    |    ^^^^^\n"
            "  write 1000, or \"1_000\" for text\n");
  for (const std::string number : {"0o17", "0b11", "-007", "00", "00.5", "1_0.5"}) {
    EXPECT_THROW(node_of("a: " + number + "\n"), BadInput) << number;
  }
  EXPECT_EQ(value_of("1_000_steps"), Value("1_000_steps"));
}

TEST(Yaml, RefusesNumbersThatDoNotFit) {
  EXPECT_EQ(yaml_trouble("a: 99999999999999999999\n"),
            "tt: error: sweep.yaml:1:4: 99999999999999999999 is larger than a 64-bit integer\n"
            "  1 | a: 99999999999999999999\n"
            "    |    ^^^^^^^^^^^^^^^^^^^^\n"
            "  write \"99999999999999999999\" for text\n");
  EXPECT_THROW(node_of("a: 1e999\n"), BadInput);
}

TEST(Yaml, RefusesDuplicateKeysAndNamesBothPlaces) {
  EXPECT_EQ(yaml_trouble("a: 1\nb:\n  c: 1\n  \"c\": 2\na: 3\n"),
            "tt: error: sweep.yaml:4:3: the key 'c' is here for the second time\n"
            "  4 |   \"c\": 2\n"
            "    |   ^^^\n"
            "  it first stands in line 3, column 3\n"
            "tt: error: sweep.yaml:5:1: the key 'a' is here for the second time\n"
            "  5 | a: 3\n"
            "    | ^\n"
            "  it first stands in line 1, column 1\n");
}

TEST(Yaml, RefusesAnchorsAndAliases) {
  EXPECT_EQ(yaml_trouble("a: &x 1\nb: *x\n"),
            "tt: error: sweep.yaml:1:4: an anchor (&name) stands here\n"
            "  1 | a: &x 1\n"
            "    |    ^^\n"
            "  anchors and aliases are not read: write the value out, or quote a text that begins with '&'\n"
            "tt: error: sweep.yaml:2:4: an alias (*name) stands here\n"
            "  2 | b: *x\n"
            "    |    ^^\n"
            "  anchors and aliases are not read: write the value out, or quote a text that begins with '*'\n");
}

TEST(Yaml, RefusesAnAliasOfNothing) {
  EXPECT_EQ(yaml_trouble("b: *nobody\n"),
            "tt: error: sweep.yaml:1:4: an alias (*name) stands here\n"
            "  1 | b: *nobody\n"
            "    |    ^^^^^^^\n"
            "  anchors and aliases are not read: write the value out, or quote a text that begins with '*'\n");
}

TEST(Yaml, RefusesABombOfAliasesAtOnce) {
  std::string bomb = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before + "]\n";
  }
  EXPECT_THROW(node_of(bomb), BadInput);
}

TEST(Yaml, RefusesMergeKeys) {
  EXPECT_EQ(yaml_trouble("a:\n  <<: {b: 1}\n"),
            "tt: error: sweep.yaml:2:3: a merge key (<<) stands here\n"
            "  2 |   <<: {b: 1}\n"
            "    |   ^^\n"
            "  merge keys are not read: write the keys out\n");
}

TEST(Yaml, RefusesTags) {
  EXPECT_EQ(yaml_trouble("a: !!python/object:os.system x\n"),
            "tt: error: sweep.yaml:1:4: a tag (!name) stands here\n"
            "  1 | a: !!python/object:os.system x\n"
            "    |    ^^^^^^^^^^^^^^^^^^^^^^^^^\n"
            "  tags are not read: quote the value if it is a text\n");
  EXPECT_THROW(node_of("a: ! x\n"), BadInput);
  EXPECT_THROW(node_of("a: !!map {b: 1}\n"), BadInput);
}

TEST(Yaml, RefusesASecondDocument) {
  EXPECT_EQ(yaml_trouble("a: 1\n---\nb: 2\n"),
            "tt: error: sweep.yaml:2:1: a second document begins here\n"
            "  2 | ---\n"
            "    | ^^^\n"
            "  a sweep file is one YAML document: one map of keys, without '---' inside\n");
}

TEST(Yaml, AllowsOneDocumentMarkInFront) { EXPECT_EQ(node_of("---\na: 1\n").entries.size(), 1u); }

TEST(Yaml, RefusesTabsAsIndentation) {
  EXPECT_EQ(yaml_trouble("a:\n\tb: 1\n"),
            "tt: error: sweep.yaml:2:1: this line is indented with a tab\n"
            "  2 |  b: 1\n"
            "    | ^\n"
            "  YAML is indented with spaces\n");
}

TEST(Yaml, RefusesWhatIsNotUtf8) {
  EXPECT_EQ(yaml_trouble("a: 1\nb: \xFF\n"),
            "tt: error: sweep.yaml:2:4: this is not UTF-8\n"
            "  2 | b: ?\n"
            "    |    ^\n"
            "  save the file as UTF-8\n");
}

TEST(Yaml, RefusesNulAndLoneCarriageReturns) {
  EXPECT_THROW(node_of(std::string("a: \0b\n", 6)), BadInput);
  EXPECT_THROW(node_of("a: 1\rb: 2\r"), BadInput);
}

TEST(Yaml, SaysWhichBracketIsNotClosed) {
  EXPECT_EQ(yaml_trouble("a: [1, 2\nb: 3\n"),
            "tt: error: sweep.yaml:1:4: this '[' is never closed\n"
            "  1 | a: [1, 2\n"
            "    |    ^\n"
            "  add the closing ']'\n");
  EXPECT_EQ(yaml_trouble("a: {x: 1\n"),
            "tt: error: sweep.yaml:1:4: this '{' is never closed\n"
            "  1 | a: {x: 1\n"
            "    |    ^\n"
            "  add the closing '}'\n");
}

TEST(Yaml, SaysWhichQuoteIsNotClosed) {
  EXPECT_EQ(yaml_trouble("a: \"x\n"),
            "tt: error: sweep.yaml:1:4: this quote is never closed\n"
            "  1 | a: \"x\n"
            "    |    ^\n"
            "  add the closing \"\n");
}

TEST(Yaml, RetellsTheParserWithThePlace) {
  EXPECT_EQ(yaml_trouble("a: b: c\n"),
            "tt: error: sweep.yaml:1:5: this ':' does not belong to a key that could stand here\n"
            "  1 | a: b: c\n"
            "    |     ^\n"
            "  keys of one map begin in the same column; a text with ': ' in it needs quotes\n");
  EXPECT_EQ(yaml_trouble("a: @b\n"),
            "tt: error: sweep.yaml:1:4: a text cannot begin with this character\n"
            "  1 | a: @b\n"
            "    |    ^\n"
            "  put it in quotes\n");
}

TEST(Yaml, RefusesDeepNesting) {
  std::string deep = "a: ";
  for (int i = 0; i < 70; ++i) deep += "[";
  for (int i = 0; i < 70; ++i) deep += "]";
  EXPECT_NE(yaml_trouble(deep + "\n").find("lists and maps are nested more than 64 deep here"), std::string::npos);
}

TEST(Yaml, RefusesAMillionBracketsQuickly) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THROW(node_of("a: " + std::string(1'000'000, '[')), BadInput);
  EXPECT_THROW(node_of("a: " + std::string(1'000'000, '{')), BadInput);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
}

TEST(Yaml, RefusesHugeScalarsAndFiles) {
  EXPECT_NE(yaml_trouble("a: " + std::string(1 << 20, 'x') + "\n")
                .find("this text has 1,048,576 bytes; one value has at most 64 KiB"),
            std::string::npos);
  EXPECT_EQ(yaml_trouble("# " + std::string(5 << 20, 'x') + "\n"),
            "tt: error: sweep.yaml: this file has 5,242,883 bytes; a sweep file has at most 4 MiB\n");
}

TEST(Yaml, RefusesKeysThatAreNoText) {
  EXPECT_EQ(yaml_trouble("? [a]\n: b\n"),
            "tt: error: sweep.yaml:1:3: a key must be a text, not a list\n"
            "  1 | ? [a]\n"
            "    |   ^\n");
}

TEST(Yaml, ReportsAllProblemsTogether) {
  const std::string text = yaml_trouble("a: yes\nb: 010\na: 1\n");
  EXPECT_NE(text.find("sweep.yaml:1:4"), std::string::npos);
  EXPECT_NE(text.find("sweep.yaml:2:4"), std::string::npos);
  EXPECT_NE(text.find("sweep.yaml:3:1"), std::string::npos);
}

TEST(Yaml, ReadsAnEmptyFileAsNothing) {
  EXPECT_TRUE(node_of("").is_null());
  EXPECT_TRUE(node_of("# only a comment\n").is_null());
}

}  // namespace
}  // namespace tt::sweep
