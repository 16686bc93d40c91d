#include "tt/base/error.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tt/base/text.hpp"

namespace tt {
namespace {

SourceRef source_of(const std::string& text, const std::string& name = "a.toml") {
  return std::make_shared<const SourceText>(name, text);
}

Place place_in(const std::string& text, std::size_t line, std::size_t column, std::size_t length = 1) {
  return {"a.toml", line, column, length, source_of(text)};
}

std::string described(const Place& place) { return describe({place, "bad", "", Severity::error}, "tt-sweep"); }

TEST(Describe, PointsAtTheAxisAndOffersTheRightName) {
  const auto source = source_of("\n\n\n\n\n\n  optimizer.lr: [1e-4, 3e-4]\n", "sweeps/lr.yaml");
  const Problem problem{{"sweeps/lr.yaml", 7, 3, 12, source},
                        "axis 'optimizer.lr' is not a key of base/tiny.toml",
                        "did you mean 'optimizer.learning_rate'?",
                        Severity::error};
  EXPECT_EQ(describe(problem, "tt-sweep"),
            "tt-sweep: error: sweeps/lr.yaml:7:3: axis 'optimizer.lr' is not a key of base/tiny.toml\n"
            "  7 |   optimizer.lr: [1e-4, 3e-4]\n"
            "    |   ^^^^^^^^^^^^\n"
            "  did you mean 'optimizer.learning_rate'?\n");
}

TEST(Describe, SaysWarningOfAWarning) {
  EXPECT_EQ(describe({{}, "the site has no account", "", Severity::warning}, "tt-submit"),
            "tt-submit: warning: the site has no account\n");
}

TEST(Describe, NeedsNoPlace) {
  EXPECT_EQ(describe({{}, "--limit wants a number, not 'x'", "try --limit 4", Severity::error}, "tt-submit"),
            "tt-submit: error: --limit wants a number, not 'x'\n"
            "  try --limit 4\n");
}

TEST(Describe, NamesAFileAsAWholeWithoutALine) {
  EXPECT_EQ(described(whole_file("a.toml")), "tt-sweep: error: a.toml: bad\n");
}

TEST(Describe, LeavesTheCaretOutWithoutASource) {
  EXPECT_EQ(described({"a.toml", 3, 5, 1, nullptr}), "tt-sweep: error: a.toml:3:5: bad\n");
}

TEST(Describe, ShowsTheLineAloneWhenTheColumnIsUnknown) {
  EXPECT_EQ(described(place_in("x = 1\n", 1, 0)),
            "tt-sweep: error: a.toml:1: bad\n"
            "  1 | x = 1\n");
}

TEST(Describe, IndentsEveryLineOfAHint) {
  EXPECT_EQ(describe({{}, "bad", "try a\nor b", Severity::error}, "tt-sweep"),
            "tt-sweep: error: bad\n"
            "  try a\n"
            "  or b\n");
}

TEST(Describe, AlignsTheGutterOfLongLineNumbers) {
  EXPECT_EQ(described(place_in(std::string(99, '\n') + "x = 1", 100, 5)),
            "tt-sweep: error: a.toml:100:5: bad\n"
            "  100 | x = 1\n"
            "      |     ^\n");
}

TEST(Describe, UnderlinesAtMostToTheEndOfTheLine) {
  EXPECT_EQ(described(place_in("x = 12\ny = 2\n", 1, 5, 40)),
            "tt-sweep: error: a.toml:1:5: bad\n"
            "  1 | x = 12\n"
            "    |     ^^\n");
}

TEST(Describe, PointsBehindTheLineWhereSomethingIsMissing) {
  EXPECT_EQ(described(place_in("x =\n", 1, 4)),
            "tt-sweep: error: a.toml:1:4: bad\n"
            "  1 | x =\n"
            "    |    ^\n");
}

TEST(Describe, PointsIntoAnEmptyLine) {
  EXPECT_EQ(described(place_in("", 1, 1)),
            "tt-sweep: error: a.toml:1:1: bad\n"
            "  1 |\n"
            "    | ^\n");
}

TEST(Describe, ShowsATabAsOneBlankInBothLines) {
  EXPECT_EQ(described(place_in("\tx\t= 1", 1, 4)),
            "tt-sweep: error: a.toml:1:4: bad\n"
            "  1 |  x = 1\n"
            "    |    ^\n");
}

TEST(Describe, CountsColumnsAsTheyAreSeen) {
  // é takes 2 bytes and 1 column, 日 takes 3 bytes and 2 columns.
  EXPECT_EQ(described(place_in("é日 = 1", 1, 9)),
            "tt-sweep: error: a.toml:1:9: bad\n"
            "  1 | é日 = 1\n"
            "    |       ^\n");
  EXPECT_EQ(described(place_in("é日 = 1", 1, 1, 5)),
            "tt-sweep: error: a.toml:1:1: bad\n"
            "  1 | é日 = 1\n"
            "    | ^^^\n");
}

TEST(Describe, ShowsWhatATerminalMightObeyAsQuestionMarks) {
  EXPECT_EQ(described(place_in("a\x1b[31m\xff\x7f z", 1, 10)),
            "tt-sweep: error: a.toml:1:10: bad\n"
            "  1 | a?[31m?? z\n"
            "    |          ^\n");
}

TEST(Describe, CutsALongLineAroundTheCaret) {
  const std::string line = std::string(300, 'a') + "X" + std::string(300, 'b');
  const auto lines = split_lines(described(place_in(line, 1, 301)));
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(display_width(lines[1]), 120u);
  EXPECT_TRUE(lines[1].starts_with("  1 | …aaa")) << lines[1];
  EXPECT_TRUE(lines[1].ends_with("bbb…")) << lines[1];
  const std::size_t before_x = display_width(lines[1].substr(0, lines[1].find('X')));
  EXPECT_EQ(lines[2].find('^'), before_x);
  EXPECT_EQ(lines[2].size(), before_x + 1);
}

TEST(Describe, CutsOnlyTheSideThatIsTooLong) {
  const std::string line = "X" + std::string(300, 'b');
  const auto at_the_start = split_lines(described(place_in(line, 1, 1)));
  EXPECT_TRUE(at_the_start[1].starts_with("  1 | Xbb")) << at_the_start[1];
  EXPECT_TRUE(at_the_start[1].ends_with("b…"));
  EXPECT_LE(display_width(at_the_start[1]), 120u);
  EXPECT_EQ(at_the_start[2], "    | ^");

  const auto at_the_end = split_lines(described(place_in(std::string(300, 'b') + "X", 1, 301)));
  EXPECT_TRUE(at_the_end[1].starts_with("  1 | …b")) << at_the_end[1];
  EXPECT_TRUE(at_the_end[1].ends_with("bX"));
  EXPECT_LE(display_width(at_the_end[1]), 120u);
  EXPECT_EQ(at_the_end[2].find('^'), display_width(at_the_end[1]) - 1);
}

TEST(Describe, CutsALongUnderline) {
  const auto lines = split_lines(described(place_in(std::string(500, 'a'), 1, 1, 500)));
  EXPECT_LE(display_width(lines[1]), 120u);
  EXPECT_LE(display_width(lines[2]), 120u);
  EXPECT_TRUE(lines[2].ends_with("^^^"));
}

TEST(Describe, FitsALineOfExactlyTheWidthWithoutCutting) {
  const std::string line(114, 'a');  // 120 less the gutter "  1 | "
  const auto lines = split_lines(described(place_in(line, 1, 114)));
  EXPECT_EQ(lines[1], "  1 | " + line);
}

TEST(BadInput, JoinsItsProblemsInOneSentence) {
  const BadInput error({{{"a.toml", 7, 3, 1, nullptr}, "x is twice here", "", Severity::error},
                        {whole_file("b.toml"), "not a file", "", Severity::error},
                        {{}, "--n wants a number", "", Severity::error}});
  EXPECT_STREQ(error.what(), "a.toml:7:3: x is twice here; b.toml: not a file; --n wants a number");
  EXPECT_EQ(error.exit_code(), ExitCode::bad_input);
  EXPECT_EQ(error.problems().size(), 3u);
}

TEST(BadInput, IsMadeFromOneProblemToo) {
  const BadInput error(Problem{{}, "nothing to submit", "", Severity::error});
  EXPECT_STREQ(error.what(), "nothing to submit");
}

TEST(Error, CouldNotUnlessToldOtherwise) {
  EXPECT_EQ(Error("no").exit_code(), ExitCode::could_not);
  EXPECT_EQ(Error("no", ExitCode::verdict_no).exit_code(), ExitCode::verdict_no);
}

TEST(Problems, ThrowAllTogetherWarningsIncluded) {
  Problems problems;
  problems.warn(whole_file("a"), "odd");
  problems.add(whole_file("b"), "wrong", "try c");
  problems.add_all({{{}, "also wrong", "", Severity::error}});
  EXPECT_TRUE(problems.has_errors());
  try {
    problems.throw_if_any();
    FAIL() << "nothing was thrown";
  } catch (const BadInput& error) {
    ASSERT_EQ(error.problems().size(), 3u);
    EXPECT_EQ(error.problems()[0].severity, Severity::warning);
    EXPECT_EQ(error.problems()[1].hint, "try c");
    EXPECT_STREQ(error.what(), "a: odd; b: wrong; also wrong");
  }
}

TEST(Problems, DoNotThrowForWarningsAlone) {
  Problems problems;
  problems.warn(whole_file("a"), "odd");
  EXPECT_FALSE(problems.has_errors());
  EXPECT_NO_THROW(problems.throw_if_any());
  EXPECT_EQ(problems.all().size(), 1u);
}

}  // namespace
}  // namespace tt
