#include "tt/titan/python_source.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace tt::titan::python {
namespace {

using Kind = Expression::Kind;

Expression value_of(const std::string& expression) {
  const Module module = read_module("x = " + expression + "\n");
  return resolve(module.assigned.at("x"), {}, module.assigned);
}
std::string known(const std::string& expression) {
  const Expression value = value_of(expression);
  if (value.kind == Kind::integer) return std::to_string(value.integer);
  if (value.kind == Kind::floating) return std::to_string(value.floating);
  if (value.kind == Kind::boolean) return value.integer == 1 ? "True" : "False";
  if (value.kind == Kind::text) return "'" + value.text + "'";
  if (value.kind == Kind::none) return "None";
  return "?";
}

TEST(PythonSource, ReadsConstantsAndArithmetic) {
  EXPECT_EQ(known("1_024"), "1024");
  EXPECT_EQ(known("-1"), "-1");
  EXPECT_EQ(known("4096 * 4"), "16384");
  EXPECT_EQ(known("2 + 3 * 4 - 1"), "13");
  EXPECT_EQ(known("(2 + 3) * 4"), "20");
  EXPECT_EQ(known("20 - 3 - 2"), "15");
  EXPECT_EQ(known("256 // 16"), "16");
  EXPECT_EQ(known("1.5"), "1.500000");
  EXPECT_EQ(known("3 / 2"), "1.500000");
  EXPECT_EQ(known("'a'"), "'a'");
  EXPECT_EQ(known("None"), "None");
  EXPECT_EQ(known("True  # not False"), "True");
}

TEST(PythonSource, DoesNotGuess) {
  for (const char* expression : {"f'a'",
                                 "'a' 'b'",
                                 "a if b else 3",
                                 "2 ** 3",
                                 "not 1",
                                 "1 < 2",
                                 "[1]",
                                 "(1, 2)",
                                 "x[0]",
                                 "len('a')",
                                 "lambda: 3",
                                 "1 // 0",
                                 "9223372036854775807 + 1",
                                 "0x10",
                                 "'no end",
                                 "1 if",
                                 "(1",
                                 ")",
                                 "{}[1]",
                                 "'a\\n'"})
    EXPECT_EQ(known(expression), "?") << expression;
}

TEST(PythonSource, ReadsCallsAndDictsOverLines) {
  const Expression call = value_of("a.B(\n  1,\n  dim=2,  # two\n  inner=C(d=3),\n)");
  EXPECT_EQ(call.kind, Kind::call);
  EXPECT_EQ(call.text, "a.B");
  EXPECT_EQ(call.parts.size(), 1U);
  EXPECT_EQ(call.find("dim")->integer, 2);
  EXPECT_EQ(call.find("inner")->find("d")->integer, 3);
  EXPECT_TRUE(call.complete);
  EXPECT_FALSE(value_of("B(**more)").complete);
  EXPECT_FALSE(value_of("{**more, 'a': 1}").complete);
  EXPECT_EQ(value_of("{'a': 1, 'a': 2}").find("a")->integer, 2);
}

TEST(PythonSource, FollowsNamesUntilTheyMayHaveChanged) {
  const auto dim = [](const std::string& rest) {
    const Module module = read_module("dim = 4096\n" + rest);
    const Expression value = resolve(module.assigned.at("dim"), {}, module.assigned);
    return value.kind == Kind::integer ? value.integer : 0;
  };
  EXPECT_EQ(dim(""), 4096);
  EXPECT_EQ(dim("print(dim)\n"), 4096);
  EXPECT_EQ(dim("dim = 1\n"), 0);
  EXPECT_EQ(dim("dim += 1\n"), 0);
  EXPECT_EQ(dim("dim.x = 1\n"), 0);
  EXPECT_EQ(dim("dim.update(3)\n"), 0);
  EXPECT_EQ(dim("a, dim = 1, 2\n"), 0);
  EXPECT_EQ(dim("if x:\n    dim = 5\n"), 0);
  EXPECT_EQ(dim("for dim in range(3):\n    pass\n"), 0);
  EXPECT_EQ(dim("del dim\n"), 0);
}

TEST(PythonSource, EntriesMayBeAddedToADict) {
  const Module module = read_module("d = {'a': 1}\nd['b'] = 2\n");
  EXPECT_EQ(module.assigned.at("d").find("b")->integer, 2);
  EXPECT_EQ(read_module("d = {'a': 1}\nd[name] = 2\n").assigned.at("d").kind, Kind::unknown);
}

TEST(PythonSource, ReadsClassesAndFunctions) {
  const Module module = read_module(R"(
@dataclass
class Args(Base):
    """dim: int = 7"""
    dim: int = 4096 * 4
    heads: int | None = None

    def method(self):
        dim = 3

def build(attn: str, *, depth: int = 3) -> Model:
    dim = 256
    if attn == "flex":
        width = 1
    return Model(dim=dim, depth=depth)
)");
  const Names& fields = module.classes.at("Args");
  EXPECT_EQ(resolve(fields.at("dim"), {}, {}).integer, 16384);
  EXPECT_EQ(fields.at("heads").kind, Kind::none);
  const Function& build = module.functions.at("build");
  EXPECT_EQ(build.locals.at("dim").integer, 256);
  EXPECT_EQ(build.locals.at("width").kind, Kind::unknown);
  EXPECT_EQ(build.parameters.at("depth").integer, 3);
  EXPECT_EQ(build.returned.text, "Model");
}

TEST(PythonSource, OfTwoReturnsNoneIsKnown) {
  const Module module = read_module("def f():\n    if a:\n        return B(x=1)\n    return B(x=2)\n");
  EXPECT_EQ(module.functions.at("f").returned.kind, Kind::unknown);
}

// Whatever the bytes are, reading ends.
TEST(PythonSource, SurvivesAnything) {
  const std::string pieces[] = {"(",     ")",        "[",    "{", "}",       "'",    "\"\"\"", "\n", "    ",
                                "def f", "class A:", "x = ", "1", ",",       ":",    "=",      "**", "\\",
                                "\\\n",  "#",        "-",    "+", "return ", "\xff", "f'",     "."};
  std::mt19937 random(7);
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (int n = static_cast<int>(random() % 30); n > 0; --n) text += pieces[random() % std::size(pieces)];
    const Module module = read_module(text);
    for (const auto& [name, value] : module.assigned) resolve(value, {}, module.assigned);
  }
  read_module("x = " + std::string(5000, '('));
  read_module("x = " + std::string(5000, '-') + "1");
  const Module doubling = read_module("a = a + a\n");
  EXPECT_EQ(resolve(doubling.assigned.at("a"), {}, doubling.assigned).kind, Kind::unknown);
  const Module circle = read_module("a = b\nb = a\n");
  EXPECT_EQ(resolve(circle.assigned.at("a"), {}, circle.assigned).kind, Kind::unknown);
}

}  // namespace
}  // namespace tt::titan::python
