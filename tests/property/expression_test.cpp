// Expressions made of anything: reading one says what is wrong or compiles it, computing one always ends.
#include <gtest/gtest.h>

#include <random>

#include "support/expression_scraps.hpp"
#include "support/sweep_support.hpp"
#include "tt/sweep/expression.hpp"
#include "tt/sweep/sandbox.hpp"

namespace tt::sweep {
namespace {

TEST(AnyExpression, IsRefusedOrComputesToAnEnd) {
  const Aliases aliases{{"a", {"training.seq_len", {}}}, {"b", {"optimizer.name", {}}}};
  const std::vector<Value> pool{Value(0),     Value(-7),     Value(INT64_MAX), Value(0.5),
                                Value(1e308), Value("text"), Value(true),      Value(Value::List{1, "x"})};
  std::mt19937 random(20260101);
  const auto pick = [&](std::size_t size) { return std::uniform_int_distribution<std::size_t>(0, size - 1)(random); };
  int computed = 0, refused = 0;
  for (int i = 0; i < 30'000; ++i) {
    std::string text;
    for (std::size_t words = pick(9) + 1; words-- > 0;)
      text += test::expression_scraps()[pick(test::expression_scraps().size())] + (pick(3) ? " " : "");
    Problems problems;
    const auto conditions = read_conditions({text, place_at(test::source(text), 0, 1)}, aliases, problems);
    refused += problems.has_errors();
    for (const Expression& one : conditions) {
      Sandbox sandbox;
      const int program = sandbox.compile(one);
      std::vector<const Value*> values;
      for (std::size_t key = 0; key < one.keys.size(); ++key) values.push_back(&pool[pick(pool.size())]);
      const Computed result = sandbox.compute(program, values);
      EXPECT_TRUE(result.trouble.empty() || result.value.is_null()) << text;
      ++computed;
    }
  }
  EXPECT_GT(computed, 500);
  EXPECT_GT(refused, 1000);
}

Expression program_of(const std::string& body) {
  Expression expression;
  expression.program = expression.in_floats = body;
  return expression;
}

// The reader lets none of these through; the sandbox stops them all the same.
TEST(Sandbox, EndsLoopsAndRefusesToGrow) {
  Sandbox sandbox;
  EXPECT_EQ(sandbox.compute(sandbox.compile(program_of("(function() while true do end end)()")), {}).trouble,
            "it takes too long to compute");
  EXPECT_EQ(sandbox
                .compute(sandbox.compile(
                             program_of("(function() local s = 'x' for i = 1, 40 do s = s .. s end return #s end)()")),
                         {})
                .trouble,
            "it takes too much memory to compute");
  EXPECT_EQ(sandbox.compute(sandbox.compile(program_of("1 + 1")), {}).value, Value(2)) << "it still works afterwards";
}

TEST(Sandbox, HasNoLibraries) {
  Sandbox sandbox;
  for (const char* name :
       {"os", "io", "load", "string", "require", "debug", "print", "pcall", "collectgarbage", "_G"}) {
    EXPECT_EQ(sandbox.compute(sandbox.compile(program_of(std::string(name) + " == nil")), {}).value, Value(true))
        << name;
  }
  EXPECT_NE(sandbox.compute(sandbox.compile(program_of("('x'):rep(3)")), {}).trouble, "") << "texts have no methods";
}

}  // namespace
}  // namespace tt::sweep
