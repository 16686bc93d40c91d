#include "tt/job/ids.hpp"

#include <gtest/gtest.h>

#include <map>
#include <type_traits>
#include <unordered_set>

namespace tt {
namespace {

static_assert(!std::is_convertible_v<RunId, Token> && !std::is_convertible_v<Token, JobId>);

TEST(Id, ComparesByItsText) {
  EXPECT_EQ(RunId{"r1"}, RunId{"r1"});
  EXPECT_LT(RunId{"r1"}, RunId{"r2"});
  EXPECT_TRUE(JobId{}.empty());
  EXPECT_EQ((std::unordered_set<JobId>{{"77"}, {"77"}, {"78"}}).size(), 2u);
}

TEST(AttemptKey, OrdersByRunAndThenByNumber) {
  EXPECT_LT((AttemptKey{{"r1"}, 10}), (AttemptKey{{"r2"}, 1}));
  EXPECT_LT((AttemptKey{{"r1"}, 2}), (AttemptKey{{"r1"}, 10}));
  EXPECT_EQ((std::map<AttemptKey, int>{{{{"r1"}, 1}, 5}}).at({{"r1"}, 1}), 5);
}

}  // namespace
}  // namespace tt
