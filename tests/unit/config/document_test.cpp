#include "tt/config/document.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/documents.hpp"
#include "support/temp_folder.hpp"

namespace tt::config {
namespace {

using test::complaints;
using test::document;

constexpr const char* bom = "\xEF\xBB\xBF";

std::string complaints_of_parse(const std::string& text) {
  return complaints([&] { document(text); });
}

// "line:column 'the text written there'"
std::string written(const Document& base, std::string_view key) {
  const auto place = base.place_of(key);
  if (!place) return "nowhere";
  const std::size_t offset = place->source->offset_of_byte_column(place->line, place->column);
  return std::to_string(place->line) + ":" + std::to_string(place->column) + " '" +
         place->source->text().substr(offset, place->length) + "'";
}

TEST(Document, FindsValuesOfEveryKind) {
  const Document base = document(
      "i = 8\nh = 0xff\nu = 1_000\nf = 3.0e-4\nt = true\ns = \"a\\tb\"\nl = 'c:\\d'\nm = \"\"\"\nx\"\"\"\n"
      "list = [1, [2.5, 'a']]\ntable = { b = 1, a = { c = 2 } }\n");
  EXPECT_EQ(base.find("i"), Value(8));
  EXPECT_EQ(base.find("h"), Value(255));
  EXPECT_EQ(base.find("u"), Value(1000));
  EXPECT_EQ(base.find("f"), Value(0.0003));
  EXPECT_EQ(base.find("t"), Value(true));
  EXPECT_EQ(base.find("s"), Value("a\tb"));
  EXPECT_EQ(base.find("l"), Value("c:\\d"));
  EXPECT_EQ(base.find("m"), Value("x"));
  EXPECT_EQ(base.find("list"), Value(Value::List{1, Value::List{2.5, "a"}}));
  EXPECT_EQ(base.find("list.1.0"), Value(2.5));
  EXPECT_EQ(base.find("table"), Value(Value::Table{{"b", 1}, {"a", Value::Table{{"c", 2}}}}));
  EXPECT_EQ(base.find("table.a.c"), Value(2));
}

TEST(Document, FindsDatesAndTimesAsTheyWereWritten) {
  const Document base = document(
      "a = 1979-05-27T07:32:00.123Z # c\nb = 1979-05-27 07:32:00\nc = 1979-05-27 # d\nd = 07:32:00.5\n"
      "e = [1979-05-27t00:00:00+01:00,1979-05-28]\n");
  EXPECT_EQ(base.find("a"), Value("1979-05-27T07:32:00.123Z"));
  EXPECT_EQ(base.find("b"), Value("1979-05-27 07:32:00"));
  EXPECT_EQ(base.find("c"), Value("1979-05-27"));
  EXPECT_EQ(base.find("d"), Value("07:32:00.5"));
  EXPECT_EQ(base.find("e"), Value(Value::List{"1979-05-27t00:00:00+01:00", "1979-05-28"}));
}

TEST(Document, FindsNothingWhereNothingIs) {
  const Document base = document("a = 1\nlist = [1]\n[t]\n");
  for (const char* key : {"b", "a.b", "list.1", "list.00", "list.x", "list.-1", "t.x", "", "a..b", "a b"}) {
    EXPECT_EQ(base.find(key), std::nullopt) << key;
    EXPECT_EQ(base.place_of(key), std::nullopt) << key;
  }
}

TEST(Document, FindsTablesHoweverTheyAreWritten) {
  const Document base = document("d.x = 1\n[a.b]\nc.e = 2\n[[g]]\nk = 3\n[g.sub]\nz = 4\n[[g]]\n[a]\n'y.y' = 5\n");
  EXPECT_EQ(base.find("d"), Value(Value::Table{{"x", 1}}));
  EXPECT_EQ(base.find("a"), Value(Value::Table{{"b", Value::Table{{"c", Value::Table{{"e", 2}}}}}, {"y.y", 5}}));
  EXPECT_EQ(base.find("a.'y.y'"), Value(5));
  EXPECT_EQ(base.find("g.0.sub.z"), Value(4));
  EXPECT_EQ(base.find("g.1"), Value(Value::object()));
  EXPECT_EQ(base.find("g"),
            Value(Value::List{Value::Table{{"k", 3}, {"sub", Value::Table{{"z", 4}}}}, Value::object()}));
}

TEST(Document, ListsItsLeavesInFileOrder) {
  EXPECT_EQ(document("z = 1\n[b.c]\nk.l = [1, 2]\n[[g]]\nx = 1\n[[g]]\nx = 2\n[b]\na = { m = 1, n = {} }\n"
                     "'p q' = [{ r = 1 }, { r = 2 }]\ne = []\n[empty]\n")
                .keys(),
            (std::vector<std::string>{"z", "b.c.k.l", "g.0.x", "g.1.x", "b.a.m", "b.a.n", "b.\"p q\".0.r",
                                      "b.\"p q\".1.r", "b.e"}));
  EXPECT_EQ(document("").keys(), std::vector<std::string>());
}

TEST(Document, KnowsWhereEveryLiteralBeginsAndEnds) {
  const Document base = document(
      "a = -1.5e-3# c\nb=\"x # \\\" ]\" # c\nc = '''\n''two'''''\nd = [ 1, # ]\n  'x]', [2]\n]#\ne = {x={ y = 1 "
      "},z=2}\n"
      "f = \"\"\"\\\"\"\"\"\"\"\ng = +inf\nh = 1979-05-27 07:32:00 # c\n");
  EXPECT_EQ(written(base, "a"), "1:5 '-1.5e-3'");
  EXPECT_EQ(written(base, "b"), "2:3 '\"x # \\\" ]\"'");
  EXPECT_EQ(written(base, "c"), "3:5 ''''\n''two''''''");
  EXPECT_EQ(written(base, "d"), "5:5 '[ 1, # ]\n  'x]', [2]\n]'");
  EXPECT_EQ(written(base, "d.1"), "6:3 ''x]''");
  EXPECT_EQ(written(base, "d.2.0"), "6:10 '2'");
  EXPECT_EQ(written(base, "e.x"), "8:8 '{ y = 1 }'");
  EXPECT_EQ(written(base, "e.z"), "8:20 '2'");
  EXPECT_EQ(base.find("f"), Value("\"\"\""));
  EXPECT_EQ(written(base, "g"), "10:5 '+inf'");
  EXPECT_EQ(written(base, "h"), "11:5 '1979-05-27 07:32:00'");
}

TEST(Document, KnowsWhereTablesAreWritten) {
  const Document base = document("d . x.y = 1\n  [ a . b ] # c\n[[g]]\n[[g]]\n");
  EXPECT_EQ(written(base, "d"), "1:1 'd'");
  EXPECT_EQ(written(base, "d.x"), "1:1 'd . x'");
  EXPECT_EQ(written(base, "a"), "2:3 '[ a . b ]'");
  EXPECT_EQ(written(base, "a.b"), "2:3 '[ a . b ]'");
  EXPECT_EQ(written(base, "g"), "3:1 '[[g]]'");
  EXPECT_EQ(written(base, "g.1"), "4:1 '[[g]]'");
}

TEST(Document, CountsColumnsInBytesAlsoBehindABomAndOtherScripts) {
  const Document base = document(std::string(bom) + "\"\xC3\xA9\xC3\xA9\" = '\xE2\x82\xAC' # x\r\n# \xC3\xA9\r\nb = 1");
  EXPECT_EQ(written(base, "\"\xC3\xA9\xC3\xA9\""), "1:13 '\'\xE2\x82\xAC\''");
  EXPECT_EQ(written(base, "b"), "3:5 '1'");
}

TEST(Document, ReportsWhatIsNotTomlWithItsByteColumn) {
  EXPECT_EQ(complaints_of_parse("ok = 1\na = = 1\n"),
            "base.toml:2:5: not valid TOML (value): could not determine value type");
  EXPECT_EQ(complaints_of_parse("a = '\xC3\xA9\xE2\x82\xAC' junk\n"),
            "base.toml:1:13: not valid TOML (key-value pair): expected a comment or whitespace, saw 'j'");
  EXPECT_EQ(complaints_of_parse(std::string(bom) + "a = '\xC3\xA9' junk\n"),
            "base.toml:1:13: not valid TOML (key-value pair): expected a comment or whitespace, saw 'j'");
  EXPECT_EQ(complaints_of_parse("[t]\r\na = 1\r\na = 2\r\n"),
            "base.toml:3:5: not valid TOML (key-value pair): cannot redefine existing integer 'a'");
}

TEST(Document, RefusesBytesThatAreNoText) {
  EXPECT_EQ(complaints_of_parse("a = 1\n# \xFF\n"),
            "base.toml:2:3: not valid TOML: the file is not UTF-8 (save it as UTF-8)");
  EXPECT_EQ(complaints_of_parse("a = '\xED\xA0\x80'\n"),
            "base.toml:1:6: not valid TOML: the file is not UTF-8 (save it as UTF-8)");
  EXPECT_EQ(complaints_of_parse(std::string("a = 1\n#\0", 8)),
            "base.toml:2:2: not valid TOML: the file has a NUL byte");
}

TEST(Document, RefusesTextsThatAreAlmostToml) {
  for (const char* text :
       {"a = 1\rb = 2", "a = {\nb = 1}", "a = {b = 1,}", "\xC3\xA9 = 1", "a = \"\\x41\"", "[a]\n[a]", "a.b = 1\n[a]\n",
        "a = {}\n[a.b]\n", "a = [{}]\n[[a]]\n", "a = '''x", "a = [1", "a", "[a", "a = \xC2\xA0 1"}) {
    EXPECT_THROW(document(text), BadInput) << text;
  }
}

TEST(Document, RefusesKeysWithoutAnEnd) {
  std::string key = "a";
  for (int i = 0; i < 200000; ++i) key += ".a";
  const std::string sentence = ": a key of 200001 parts; the most is 50";
  EXPECT_EQ(complaints_of_parse("x = 1\n" + key + " = 1\n"), "base.toml:2:1" + sentence);
  EXPECT_EQ(complaints_of_parse("[" + key + "]\n"), "base.toml:1:2" + sentence);
  EXPECT_EQ(complaints_of_parse("[[ " + key + "]]\n"), "base.toml:1:4" + sentence);
  EXPECT_EQ(complaints_of_parse("x = {" + key + " = 1}\n"), "base.toml:1:6" + sentence);
  EXPECT_EQ(complaints_of_parse("x = {b = 1, " + key + " = 1}\n"), "base.toml:1:13" + sentence);
}

TEST(Document, RefusesValuesNestedWithoutAnEnd) {
  EXPECT_THROW(document("a = " + std::string(100000, '[')), BadInput);
  EXPECT_THROW(document("a = " + std::string(100000, '[') + std::string(100000, ']')), BadInput);
}

TEST(Document, IsLoadedFromAFile) {
  const test::TempFolder folder;
  const std::string path = folder.write("base.toml", "[a]\nb = 1\n").string();
  const Document base = Document::load(path);
  EXPECT_EQ(base.find("a.b"), Value(1));
  EXPECT_EQ(base.source()->name(), path);
  EXPECT_EQ(base.source()->text(), "[a]\nb = 1\n");
}

TEST(Document, SaysWhyAFileCannotBeLoaded) {
  const test::TempFolder folder;
  const auto complaint = [](const std::string& path) { return complaints([&] { Document::load(path); }); };
  const std::string missing = (folder / "llama3.toml").string();
  EXPECT_EQ(complaint(missing), missing + ": there is no such file");
  EXPECT_EQ(complaint(folder.path().string()), folder.path().string() + ": this is a folder, not a TOML file");
  const std::string below = (folder.write("file.toml", "") / "base.toml").string();
  EXPECT_EQ(complaint(below), below + ": there is no such file");
  const std::string bad = folder.write("bad.toml", "a = \n").string();
  EXPECT_EQ(complaint(bad), bad + ":1:5: not valid TOML (key-value pair): expected value, saw '\\n'");
}

TEST(Document, SaysWhyTheSystemDoesNotLetItRead) {
  const test::TempFolder folder;
  const std::string loop = (folder / "loop.toml").string();
  std::filesystem::create_symlink("loop.toml", loop);
  try {
    Document::load(loop);
    FAIL() << "a link to itself was read";
  } catch (const BadInput& error) {
    EXPECT_STREQ(error.what(), ("cannot read " + loop + ": Too many levels of symbolic links").c_str());
  }
}

TEST(Document, OutlivesTheDocumentItWasCopiedFrom) {
  std::optional<Document> copy;
  {
    const Document base = document("a = 1\n");
    copy = base;
  }
  EXPECT_EQ(copy->find("a"), Value(1));
  EXPECT_EQ(copy->with({{"a", 2}}), "a = 2\n");
}

}  // namespace
}  // namespace tt::config
