#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/documents.hpp"
#include "support/error_text.hpp"
#include "tt/config/document.hpp"

namespace tt::config {
namespace {

using test::complaints_of_patch;
using test::patched;

// --- Values that are there -------------------------------------------------------------------------------------------

TEST(Splice, ReplacesAValueAndNothingElse) {
  EXPECT_EQ(patched("# top\n[a]\nx   =\t1   # 'one' [\n\ny = 3.0e-4\n", {{"a.x", 22}}),
            "# top\n[a]\nx   =\t22   # 'one' [\n\ny = 3.0e-4\n");
}

TEST(Splice, KeepsTheBaseWhenNothingIsSet) {
  const std::string base = "\xEF\xBB\xBF# c\r\n a . b=1\r\n[ x ]";
  EXPECT_EQ(patched(base, {}), base);
}

TEST(Splice, ReplacesEveryKindOfLiteral) {
  const std::string base =
      "a = -1.5e-3# c\nb=\"x # \\\" ]\" # c\nc = '''\n''two'''''\nd = [ 1, # ]\n  'x]', [2]\n]#\n"
      "e = {x={ y = 1 },z=2}\nf = \"\"\"\\\"\"\"\"\"\"\ng = +inf\nh = 1979-05-27 07:32:00 # c\ni = 0xFF\nj = true\n";
  EXPECT_EQ(
      patched(base,
              {{"a", 1}, {"b", 2}, {"c", 3}, {"d", 4}, {"e", 5}, {"f", 6}, {"g", 7}, {"h", 8}, {"i", 9}, {"j", 10}}),
      "a = 1# c\nb=2 # c\nc = 3\nd = 4#\ne = 5\nf = 6\ng = 7\nh = 8 # c\ni = 9\nj = 10\n");
}

TEST(Splice, ReplacesScalarsByListsAndTablesAndBack) {
  EXPECT_EQ(patched("a = 1 # c\nb = [1,\n 2] # d\nc = { x = 1 }\n",
                    {{"a", Value::List{"x", 1}}, {"b", Value::Table{{"k", Value::List{}}}}, {"c", "s"}}),
            "a = [\"x\", 1] # c\nb = { k = [] } # d\nc = \"s\"\n");
}

TEST(Splice, WritesFloatsThatStayFloats) {
  EXPECT_EQ(patched("a = 1\nb = 1\nc = 1\nd = 1\n", {{"a", 3.0}, {"b", 1e-8}, {"c", INFINITY}, {"d", NAN}}),
            "a = 3.0\nb = 1e-08\nc = inf\nd = nan\n");
}

TEST(Splice, ReplacesValuesNextToFloatsThatAreNoNumbers) {
  EXPECT_EQ(patched("a = nan\nb = -nan\nc = -0.0\nd = 1\n", {{"d", 2}}), "a = nan\nb = -nan\nc = -0.0\nd = 2\n");
}

TEST(Splice, KeepsSingleQuotesWhereTheTextAllowsThem) {
  EXPECT_EQ(patched("a = 'op'\nb = 'op'\nc = 'op'\nd = '''op'''\ne = \"op\"\nf = ''\n",
                    {{"a", "c:\\new"}, {"b", "it's"}, {"c", "a\nb"}, {"d", "new"}, {"e", "new"}, {"f", ""}}),
            "a = 'c:\\new'\nb = \"it's\"\nc = \"a\\nb\"\nd = \"new\"\ne = \"new\"\nf = ''\n");
  EXPECT_EQ(patched("a = 'op'\n", {{"a", Value::List{"x"}}}), "a = [\"x\"]\n");
}

TEST(Splice, ReplacesElementsOfLists) {
  EXPECT_EQ(
      patched("list = [1, # one\n  [2, 3],\n  'x', # ] x\n]\n", {{"list.1.0", 22}, {"list.2", "y"}, {"list.0", true}}),
      "list = [true, # one\n  [22, 3],\n  'y', # ] x\n]\n");
}

TEST(Splice, ReplacesKeysHoweverTheyAreSpelled) {
  EXPECT_EQ(patched("[ \"a b\" . 'c' ]\n'd.e' . f = 1\n\"g\\u0020h\" = 2\n",
                    {{"'a b'.c.\"d.e\".f", 10}, {"\"a b\".c.'g h'", 20}}),
            "[ \"a b\" . 'c' ]\n'd.e' . f = 10\n\"g\\u0020h\" = 20\n");
}

TEST(Splice, IsNotMisledByTextThatLooksLikeToml) {
  EXPECT_EQ(patched("a = '''\n[b]\nc = 1\n'''\n# [b]\n# c = 2\nd = \"\"\"\\\n  [b]\\\"\"\" c = 3\n\"\"\"\n[b]\nc = 4\n",
                    {{"b.c", 5}}),
            "a = '''\n[b]\nc = 1\n'''\n# [b]\n# c = 2\nd = \"\"\"\\\n  [b]\\\"\"\" c = 3\n\"\"\"\n[b]\nc = 5\n");
}

TEST(Splice, WorksOnBytesWhereTextIsNotAscii) {
  EXPECT_EQ(patched("\xEF\xBB\xBF\"\xC3\xA9\" = '\xE2\x82\xAC' # \xF0\x9F\x98\x80\r\n# \xC3\xA9\r\nb = '\xC3\xA9' # x",
                    {{"'\xC3\xA9'", "\xC3\xBC"}, {"b", 1}}),
            "\xEF\xBB\xBF\"\xC3\xA9\" = '\xC3\xBC' # \xF0\x9F\x98\x80\r\n# \xC3\xA9\r\nb = 1 # x");
}

// --- New keys of tables with a header --------------------------------------------------------------------------------

TEST(Splice, PutsANewKeyBehindTheLastKeyOfItsTable) {
  EXPECT_EQ(patched("[a]\nx = 1\ny = [\n  2,\n] # end\n\n# about b\n[b]\nz = 3\n", {{"a.new", 4}}),
            "[a]\nx = 1\ny = [\n  2,\n] # end\nnew = 4\n\n# about b\n[b]\nz = 3\n");
}

TEST(Splice, PutsANewKeyIntoAnEmptyTableUnderItsHeader) {
  EXPECT_EQ(patched("[a] # c\n\n[b]\n", {{"a.x", 1}, {"b.y", 2}}), "[a] # c\nx = 1\n\n[b]\ny = 2\n");
}

TEST(Splice, UsesTheIndentationOfTheTable) {
  EXPECT_EQ(patched("[a]\n    x = 1\n\t[a.b]\n\t  y = 1\n  [c]\n", {{"a.n", 1}, {"a.b.n", 2}, {"c.n", 3}}),
            "[a]\n    x = 1\n    n = 1\n\t[a.b]\n\t  y = 1\n\t  n = 2\n  [c]\n  n = 3\n");
}

TEST(Splice, UsesTheLineEndsOfTheFile) {
  EXPECT_EQ(patched("[a]\r\nx = 1\r\n\r\n[b]\r\ny = 1\r\n", {{"a.n", 1}, {"c.n", 2}}),
            "[a]\r\nx = 1\r\nn = 1\r\n\r\n[b]\r\ny = 1\r\n\r\n[c]\r\nn = 2\r\n");
}

TEST(Splice, KeepsALastLineWithoutAnEndThatWay) {
  EXPECT_EQ(patched("[a]\nx = 1", {{"a.n", 1}}), "[a]\nx = 1\nn = 1");
  EXPECT_EQ(patched("[a]\r\nx = 1 # c", {{"a.n", 1}, {"b.n", 2}, {"a.m", 3}}),
            "[a]\r\nx = 1 # c\r\nn = 1\r\nm = 3\r\n\r\n[b]\r\nn = 2");
  EXPECT_EQ(patched("[a]", {{"a.n", 1}}), "[a]\nn = 1");
  EXPECT_EQ(patched("a = 1", {{"b.c", 2}, {"d", 3}}), "a = 1\nd = 3\n\n[b]\nc = 2");
}

TEST(Splice, PutsSeveralNewKeysInTheirOrder) {
  EXPECT_EQ(patched("[a]\nx = 1\n[b]\n", {{"a.z", 1}, {"b.q", 2}, {"a.y", 3}}),
            "[a]\nx = 1\nz = 1\ny = 3\n[b]\nq = 2\n");
}

TEST(Splice, QuotesNewKeysThatNeedIt) {
  EXPECT_EQ(patched("[a]\n", {{"a.'b c'", 1}, {"'d.e'.f", 2}}), "[a]\n\"b c\" = 1\n\n[\"d.e\"]\nf = 2\n");
}

TEST(Splice, ReplacesTheLastValueAndAddsBehindIt) {
  EXPECT_EQ(patched("[a]\nx = 1\n", {{"a.n", 2}, {"a.x", 3}}), "[a]\nx = 3\nn = 2\n");
}

// --- New keys of the root --------------------------------------------------------------------------------------------

TEST(Splice, PutsANewTopLevelKeyBehindTheOthers) {
  EXPECT_EQ(patched("# c\nx = 1\n# d\n\n[a]\n", {{"y", 2}}), "# c\nx = 1\ny = 2\n# d\n\n[a]\n");
}

TEST(Splice, PutsAFirstTopLevelKeyInFrontOfTheFirstHeaderAndItsComment) {
  EXPECT_EQ(patched("# file\n\n# about a\n  # more\n[a]\nx = 1\n", {{"y", 2}, {"z", 3}}),
            "# file\n\ny = 2\nz = 3\n\n# about a\n  # more\n[a]\nx = 1\n");
  EXPECT_EQ(patched("\xEF\xBB\xBF[a]\r\nx = 1\r\n", {{"y", 2}}), "\xEF\xBB\xBFy = 2\r\n\r\n[a]\r\nx = 1\r\n");
  EXPECT_EQ(patched("# file\n\n[a]", {{"y", 2}}), "# file\n\ny = 2\n\n[a]");
}

TEST(Splice, FillsAnEmptyFile) {
  EXPECT_EQ(patched("", {{"x", 1}}), "x = 1\n");
  EXPECT_EQ(patched("", {{"a.x", 1}}), "[a]\nx = 1\n");
  EXPECT_EQ(patched("", {{"a.x", 1}, {"y", 2}, {"b.z", 3}}), "y = 2\n\n[a]\nx = 1\n\n[b]\nz = 3\n");
  EXPECT_EQ(patched("\xEF\xBB\xBF", {{"a.x", 1}}), "\xEF\xBB\xBF[a]\nx = 1\n");
  EXPECT_EQ(patched("\n", {{"a.x", 1}}), "\n[a]\nx = 1\n");
}

TEST(Splice, FillsAFileOfComments) {
  EXPECT_EQ(patched("# c", {{"x", 1}, {"a.y", 2}}), "# c\nx = 1\n\n[a]\ny = 2");
  EXPECT_EQ(patched("# c\n\n", {{"a.y", 2}}), "# c\n\n[a]\ny = 2\n");
  EXPECT_EQ(patched("  ", {{"x", 1}}), "  \nx = 1");
}

// --- New tables ------------------------------------------------------------------------------------------------------

TEST(Splice, PutsANewTableAtTheEndOfTheFile) {
  EXPECT_EQ(patched("[a]\nx = 1\n# the end\n", {{"b.y", 2}}), "[a]\nx = 1\n# the end\n\n[b]\ny = 2\n");
  EXPECT_EQ(patched("[a]\nx = 1\n\n", {{"b.y", 2}}), "[a]\nx = 1\n\n[b]\ny = 2\n");
}

TEST(Splice, PutsSeveralKeysOfANewTableTogether) {
  EXPECT_EQ(patched("x = 1\n", {{"a.p", 1}, {"b.c.q", 2}, {"a.r", 3}, {"b.s", 4}, {"b.c.t", 5}}),
            "x = 1\n\n[a]\np = 1\nr = 3\n\n[b.c]\nq = 2\nt = 5\n\n[b]\ns = 4\n");
}

TEST(Splice, GivesANewTableOfATableItsOwnHeader) {
  EXPECT_EQ(patched("[a]\nx = 1\n[z]\n", {{"a.b.c", 2}}), "[a]\nx = 1\n[z]\n\n[a.b]\nc = 2\n");
}

TEST(Splice, GivesASuperTableItsOwnHeader) {
  EXPECT_EQ(patched("[a.b]\nx = 1\n", {{"a.y", 2}, {"a.z", 3}, {"a.c.w", 4}}),
            "[a.b]\nx = 1\n\n[a]\ny = 2\nz = 3\n\n[a.c]\nw = 4\n");
  EXPECT_EQ(patched("[[a.b]]\nx = 1\n[[a.b]]\n", {{"a.y", 2}}), "[[a.b]]\nx = 1\n[[a.b]]\n\n[a]\ny = 2\n");
}

TEST(Splice, UsesAHeaderThatComesAfterItsSubTable) {
  EXPECT_EQ(patched("[a.b]\nx = 1\n[a]\ny = 2\n[z]\n", {{"a.n", 3}, {"a.b.n", 4}}),
            "[a.b]\nx = 1\nn = 4\n[a]\ny = 2\nn = 3\n[z]\n");
}

// --- Dotted keys -----------------------------------------------------------------------------------------------------

TEST(Splice, PutsAKeyOfADottedTableNextToItsOthers) {
  EXPECT_EQ(patched("a.b = 1\nz = 2\n[t]\n", {{"a.c", 3}}), "a.b = 1\na.c = 3\nz = 2\n[t]\n");
  EXPECT_EQ(patched("[t]\n  a . b.x = 1\n  z = 2\n", {{"t.a.b.y", 3}, {"t.a.c", 4}, {"t.a.d.e", 5}}),
            "[t]\n  a . b.x = 1\n  a.b.y = 3\n  a.c = 4\n  a.d.e = 5\n  z = 2\n");
}

TEST(Splice, TellsADottedTableFromOneWithAHeader) {
  EXPECT_EQ(patched("a.b = 1\n[a.c]\nx = 1\n", {{"a.d", 2}, {"a.c.y", 3}, {"a.e.f", 4}}),
            "a.b = 1\na.d = 2\na.e.f = 4\n[a.c]\nx = 1\ny = 3\n");
}

TEST(Splice, GivesASuperTableBelowADottedTableAHeader) {
  EXPECT_EQ(patched("a.b = 1\n[a.c.d]\nx = 1\n", {{"a.c.y", 2}}), "a.b = 1\n[a.c.d]\nx = 1\n\n[a.c]\ny = 2\n");
}

// --- Inline tables ---------------------------------------------------------------------------------------------------

TEST(Splice, AddsInsideBraces) {
  EXPECT_EQ(patched("x = {a = 1}\n", {{"x.b", 2}}), "x = {a = 1, b = 2}\n");
  EXPECT_EQ(patched("x = { a = 1 } # }\n", {{"x.b", 2}, {"x.a", 3}, {"x.c.d", 4}}),
            "x = { a = 3, b = 2, c.d = 4 } # }\n");
  EXPECT_EQ(patched("x = { a = '}', b = [1] }", {{"x.c", 2}}), "x = { a = '}', b = [1], c = 2 }");
}

TEST(Splice, AddsInsideEmptyBraces) {
  EXPECT_EQ(patched("x = {}\n", {{"x.b", 2}}), "x = { b = 2 }\n");
  EXPECT_EQ(patched("x = { }\n", {{"x.b", 2}, {"x.c", 3}}), "x = { b = 2, c = 3 }\n");
  EXPECT_EQ(patched("x = {}\n", {{"x.b.c", 2}, {"x.b.d", 3}}), "x = { b.c = 2, b.d = 3 }\n");
}

TEST(Splice, AddsInsideNestedBraces) {
  EXPECT_EQ(patched("x = { a = { b = 1 }, c.d = 2, e = {} }\n", {{"x.a.n", 1}, {"x.c.n", 2}, {"x.e.n", 3}, {"x.n", 4}}),
            "x = { a = { b = 1, n = 1 }, c.d = 2, c.n = 2, e = { n = 3 }, n = 4 }\n");
}

TEST(Splice, AddsInsideBracesInLists) {
  EXPECT_EQ(patched("list = [\n  { a = 1 }, # one\n  {},\n]\n", {{"list.0.b", 2}, {"list.1.a", 3}}),
            "list = [\n  { a = 1, b = 2 }, # one\n  { a = 3 },\n]\n");
}

// --- Arrays of tables ------------------------------------------------------------------------------------------------

TEST(Splice, AddressesArraysOfTablesByNumber) {
  EXPECT_EQ(patched("[optimizer]\nlr = 1\n[[optimizer.param_groups]]\nlr = 2\n\n[[optimizer.param_groups]]\nlr = 3\n",
                    {{"optimizer.param_groups.0.lr", 20},
                     {"optimizer.param_groups.1.wd", 0.1},
                     {"optimizer.param_groups.0.wd", 0.2}}),
            "[optimizer]\nlr = 1\n[[optimizer.param_groups]]\nlr = 20\nwd = 0.2\n\n[[optimizer.param_groups]]\nlr = "
            "3\nwd = 0.1\n");
}

TEST(Splice, PutsANewTableOfAnElementBeforeTheNextElement) {
  EXPECT_EQ(patched("[[g]]\nx = 1\n[g.a]\ny = 1\n\n# second\n[[g]]\nx = 2\n[z]\n", {{"g.0.b.n", 1}, {"g.1.b.n", 2}}),
            "[[g]]\nx = 1\n[g.a]\ny = 1\n\n[g.b]\nn = 1\n\n# second\n[[g]]\nx = 2\n[z]\n\n[g.b]\nn = 2\n");
}

TEST(Splice, GivesASuperTableOfAnElementAHeaderBeforeTheNextElement) {
  EXPECT_EQ(patched("[[g]]\n[g.s.t]\ny = 1\n[[g]]\n", {{"g.0.s.n", 1}}),
            "[[g]]\n[g.s.t]\ny = 1\n\n[g.s]\nn = 1\n[[g]]\n");
}

TEST(Splice, FindsItsWayThroughNestedArraysOfTables) {
  EXPECT_EQ(
      patched("[[g]]\n[[g.h]]\n[[g.h]]\nx = 1\n[[g]]\n[[g.h]]\n",
              {{"g.0.h.0.a", 1}, {"g.0.h.1.n.b", 2}, {"g.1.h.0.n.b", 3}, {"g.0.h.0.n.c", 4}}),
      "[[g]]\n[[g.h]]\na = 1\n\n[g.h.n]\nc = 4\n[[g.h]]\nx = 1\n\n[g.h.n]\nb = 2\n[[g]]\n[[g.h]]\n\n[g.h.n]\nb = 3\n");
}

TEST(Splice, PutsAnElementsKeyOnItsOwnLinesWhenATableFollows) {
  EXPECT_EQ(patched("[[g]]\nx = 1\n[g.a]\ny = 1\n", {{"g.0.n", 2}, {"g.0.a.n", 3}}),
            "[[g]]\nx = 1\nn = 2\n[g.a]\ny = 1\nn = 3\n");
}

// --- What cannot be set ----------------------------------------------------------------------------------------------

TEST(Splice, RefusesKeysInsideAValue) {
  EXPECT_EQ(complaints_of_patch("[a]\nx = 8\nd = 1979-05-27\n", {{"a.x.y", 1}, {"a.d.y", 2}}),
            "base.toml:2:5: 'a.x.y' cannot be set: 'a.x' is an integer, not a table\n"
            "base.toml:3:5: 'a.d.y' cannot be set: 'a.d' is a date or time, not a table");
}

TEST(Splice, RefusesElementsThatAreNotThere) {
  EXPECT_EQ(
      complaints_of_patch("l = [1, 2]\no = [1]\ne = []\n[[g]]\n",
                          {{"l.2", 1}, {"l.x", 1}, {"l.01", 1}, {"o.1", 1}, {"e.0", 1}, {"g.1.lr", 1}}),
      "base.toml:1:5: 'l.2' cannot be set: the list 'l' has 2 elements, numbers 0 to 1\n"
      "base.toml:1:5: 'l.x' cannot be set: the list 'l' has 2 elements, numbers 0 to 1, and 'x' is no number of one\n"
      "base.toml:1:5: 'l.01' cannot be set: the list 'l' has 2 elements, numbers 0 to 1, and '01' is no number of one\n"
      "base.toml:2:5: 'o.1' cannot be set: the list 'o' has 1 element, number 0\n"
      "base.toml:3:5: 'e.0' cannot be set: the list 'e' has no elements\n"
      "base.toml:4:1: 'g.1.lr' cannot be set: the list 'g' has 1 element, number 0");
}

TEST(Splice, RefusesElementsOfAListThatIsNotThere) {
  EXPECT_EQ(complaints_of_patch("[optimizer]\n", {{"optimizer.groups.0.lr", 1}}),
            "base.toml: 'optimizer.groups.0.lr' cannot be set: there is no list 'optimizer.groups' in the file (set "
            "'optimizer.groups' to a whole list)");
  EXPECT_EQ(patched("[a]\n", {{"a.0", 1}}), "[a]\n0 = 1\n");
}

TEST(Splice, RefusesToDropTheLinesOfATable) {
  const std::string why =
      "it is a table with lines of its own, and setting it would drop them (set its keys one by one)";
  EXPECT_EQ(complaints_of_patch("d.x = 1\n[a.b]\n[[g]]\n", {{"d", 1}, {"a.b", Value::object()}}),
            "base.toml:1:1: 'd' cannot be set: " + why + "\nbase.toml:2:1: 'a.b' cannot be set: " + why);
  EXPECT_EQ(complaints_of_patch("# c\n[a.b]\n", {{"a", 1}}), "base.toml:2:1: 'a' cannot be set: " + why);
  EXPECT_EQ(complaints_of_patch("[[g]]\n", {{"g", Value::List{}}}),
            "base.toml:1:1: 'g' cannot be set: it is a list of tables with headers of their own (set the keys of its "
            "elements one by one)");
  EXPECT_EQ(complaints_of_patch("[[g]]\n", {{"g.0", 1}}), "base.toml:1:1: 'g.0' cannot be set: " + why);
}

TEST(Splice, RefusesNullAndTextThatIsNotUtf8) {
  EXPECT_EQ(complaints_of_patch(
                "a = 1\n",
                {{"a", nullptr}, {"b", Value::List{nullptr}}, {"c", "\xFF"}, {"d", Value::Table{{"\xED\xA0\x80", 1}}}}),
            "base.toml: 'a' cannot be set: TOML has no null (leave the key out to keep what the file says)\n"
            "base.toml: 'b' cannot be set: TOML has no null\n"
            "base.toml: 'c' cannot be set: the text \"\\xff\" is not UTF-8\n"
            "base.toml: 'd' cannot be set: the text \"\\xed\\xa0\\x80\" is not UTF-8");
}

TEST(Splice, RefusesKeysThatTomlCannotHave) {
  const std::string hint = " (write parts joined by dots, and put other characters than A-Z a-z 0-9 _ - into quotes)";
  EXPECT_EQ(complaints_of_patch("", {{"", 1}, {"a..b", 1}, {"'\xFF'", 1}}),
            "base.toml: '' is not a key that TOML can have" + hint +
                "\nbase.toml: 'a..b' is not a key that TOML can have" + hint +
                "\nbase.toml: ''\\xff'' is not a key that TOML can have" + hint);
  std::string endless = "a";
  for (int i = 0; i < 50; ++i) endless += ".a";
  EXPECT_EQ(complaints_of_patch("", {{endless, 1}}),
            "base.toml: the key '" + endless + "' has 51 parts; the most is 50");
}

TEST(Splice, RefusesAssignmentsThatContradictEachOther) {
  const std::string hint = " (set it in one place only)";
  EXPECT_EQ(complaints_of_patch("x = 1\n", {{"x", 1}, {"'x'", 2}}), "base.toml: ''x'' is set twice" + hint);
  EXPECT_EQ(complaints_of_patch("", {{"a", 1}, {"a.b", 2}}), "base.toml: 'a' is set, and so is 'a.b' inside it" + hint);
  EXPECT_EQ(complaints_of_patch("", {{"a.b.c", 1}, {"a", 2}}),
            "base.toml: 'a' is set, and so is 'a.b.c' inside it" + hint);
  EXPECT_EQ(complaints_of_patch("l = [1]\n", {{"l.0", 1}, {"l", Value::List{}}}),
            "base.toml: 'l' is set, and so is 'l.0' inside it" + hint);
}

TEST(Splice, ReportsEverythingThatIsWrongTogether) {
  const std::string all = complaints_of_patch("a = 1\n", {{"a.b", 1}, {"c", nullptr}, {"..", 1}, {"a.c", 2}});
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 3);
}

// --- The check of the result -----------------------------------------------------------------------------------------

class Check : public testing::Test {
 protected:
  const Document base = test::document("a = 1\nn = nan\nd = 1979-05-27\nl = [1, 2.0]\n[t]\nx = 'y'\n", "base.toml");
  std::string verdict(const std::string& text) const {
    return test::error_text([&] { base.check({{"t.x", 2}, {"t.new", Value::List{"v"}}, {"l.0", 3}}, text); });
  }
};

TEST_F(Check, AcceptsTheIntendedTree) {
  EXPECT_EQ(verdict("l = [3, 2.0]\nd = 1979-05-27\nn = nan\nt = { new = ['v'], x = 2 }\na = 1"), "(nothing thrown)");
}

TEST_F(Check, NamesTheKeyThatIsNotWhatWasIntended) {
  const std::string head = "a = 1\nn = nan\nd = 1979-05-27\nl = [3, 2.0]\n";
  const auto wrong = [](const std::string& key) {
    return "internal: after patching base.toml, '" + key + "' is not what was intended";
  };
  const std::string table = "[t]\nx = 2\nnew = ['v']\n";
  EXPECT_EQ(verdict(head + table), "(nothing thrown)");
  EXPECT_EQ(verdict(head + "[t]\nx = 2.0\nnew = ['v']\n"), wrong("t.x"));
  EXPECT_EQ(verdict(head + "[t]\nx = 'y'\nnew = ['v']\n"), wrong("t.x"));
  EXPECT_EQ(verdict(head + "[t]\nx = 2\n"), wrong("t.new"));
  EXPECT_EQ(verdict(head + "[t]\nx = 2\nnew = ['v', 'w']\n"), wrong("t.new"));
  EXPECT_EQ(verdict(head + table + "z = 1\n"), wrong("t.z"));
  EXPECT_EQ(verdict(head + table + "[u]\n"), wrong("u"));
  EXPECT_EQ(verdict("n = nan\nd = 1979-05-27\nl = [3, 2.0]\n" + table), wrong("a"));
  EXPECT_EQ(verdict("a = 1.0\nn = nan\nd = 1979-05-27\nl = [3, 2.0]\n" + table), wrong("a"));
  EXPECT_EQ(verdict("a = 1\nn = 1.0\nd = 1979-05-27\nl = [3, 2.0]\n" + table), wrong("n"));
  EXPECT_EQ(verdict("a = 1\nn = nan\nd = 1979-05-28\nl = [3, 2.0]\n" + table), wrong("d"));
  EXPECT_EQ(verdict("a = 1\nn = nan\nd = '1979-05-27'\nl = [3, 2.0]\n" + table), wrong("d"));
  EXPECT_EQ(verdict("a = 1\nn = nan\nd = 1979-05-27\nl = [1, 2.0]\n" + table), wrong("l.0"));
  EXPECT_EQ(verdict("a = 1\nn = nan\nd = 1979-05-27\nl = [3, 2]\n" + table), wrong("l.1"));
  EXPECT_EQ(verdict("a = 1\nn = nan\nd = 1979-05-27\nl = [3]\n" + table), wrong("l"));
  EXPECT_EQ(verdict(head), wrong("t"));
  EXPECT_EQ(verdict(head + "t = 1\n"), wrong("t"));
}

TEST_F(Check, SaysWhenTheResultIsNoToml) {
  EXPECT_EQ(
      verdict("a = 1\na = 2\n"),
      "internal: base.toml is no TOML any more after setting 't.x': line 2: not valid TOML (key-value pair): cannot "
      "redefine existing integer 'a'");
}

}  // namespace
}  // namespace tt::config
