#include "tt/base/environment.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace tt {
namespace {

TEST(Environment, TellsAnEmptyVariableFromNone) {
  Environment environment;
  environment.set("EMPTY", "");
  EXPECT_EQ(environment.get("EMPTY"), "");
  EXPECT_EQ(environment.get("NONE"), std::nullopt);
  environment.unset("EMPTY");
  EXPECT_EQ(environment.get("EMPTY"), std::nullopt);
}

TEST(Environment, CapturesThisProcess) {
  ::setenv("TT_TEST_CAPTURED", "a=b", 1);
  const Environment environment = Environment::of_this_process();
  ::unsetenv("TT_TEST_CAPTURED");
  EXPECT_EQ(environment.get("TT_TEST_CAPTURED"), "a=b");
  EXPECT_EQ(Environment::of_this_process().get("TT_TEST_CAPTURED"), std::nullopt);
}

class ExpandVariables : public ::testing::Test {
 protected:
  void expand(std::string_view text) { expansion_ = expand_variables(text, environment_); }
  Environment environment_{{{"USER", "ada"}, {"EMPTY", ""}, {"WITH_DOLLAR", "$USER"}, {"A1_b", "x"}}};
  Expansion expansion_;
};

TEST_F(ExpandVariables, ReplacesBothSpellings) {
  expand("/scratch/${USER}/$USER/runs");
  EXPECT_EQ(expansion_.text, "/scratch/ada/ada/runs");
  EXPECT_EQ(expansion_.unset, std::nullopt);
}

TEST_F(ExpandVariables, TakesTheLongestName) {
  expand("$A1_b.$A1_b-${A1_b}c");
  EXPECT_EQ(expansion_.text, "x.x-xc");
}

TEST_F(ExpandVariables, TakesAnEmptyVariableForSet) {
  expand("[${EMPTY}]");
  EXPECT_EQ(expansion_.text, "[]");
  EXPECT_EQ(expansion_.unset, std::nullopt);
}

TEST_F(ExpandVariables, DoesNotExpandWhatItPutIn) {
  expand("${WITH_DOLLAR}");
  EXPECT_EQ(expansion_.text, "$USER");
}

TEST_F(ExpandVariables, WritesADollarForTwo) {
  expand("$$USER $$$USER $$");
  EXPECT_EQ(expansion_.text, "$USER $ada $");
  EXPECT_EQ(expansion_.unset, std::nullopt);
}

TEST_F(ExpandVariables, LeavesALoneDollar) {
  for (const char* text : {"", "$", "a$", "$ USER", "$.", "${}", "${USER", "${USER:-x}", "$5 $1"}) {
    expand(text);
    EXPECT_EQ(expansion_.text, text);
    EXPECT_EQ(expansion_.unset, std::nullopt) << text;
  }
}

TEST_F(ExpandVariables, NamesTheFirstThatIsNotSet) {
  expand("${USER}/${SCRATCH}/$WORK");
  EXPECT_EQ(expansion_.unset, "SCRATCH");
}

}  // namespace
}  // namespace tt
