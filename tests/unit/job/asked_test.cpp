#include "tt/job/asked.hpp"

#include <gtest/gtest.h>

namespace tt {
namespace {

const Asked kAllAsked{"m1", "debug", "high", "a100&nvme", 2};

TEST(Asked, IsSaidAsItWouldBeTyped) {
  EXPECT_EQ(describe(kAllAsked), "--account m1 --partition debug --qos high --constraint a100&nvme --throttle 2");
  EXPECT_EQ(describe({"", "", "high", "", std::nullopt}), "--qos high");
  EXPECT_EQ(describe({}), "");
  EXPECT_FALSE(Asked{}.says_anything());
  EXPECT_TRUE((Asked{"", "", "", "", 1}.says_anything()));
}

TEST(Asked, TheStrongerWinsWhereItSaysSomething) {
  EXPECT_EQ(over({"", "", "low", "", std::nullopt}, kAllAsked), (Asked{"m1", "debug", "low", "a100&nvme", 2}));
  EXPECT_EQ(over({"", "", "", "", 5}, {}), (Asked{"", "", "", "", 5}));
}

TEST(Asked, ReadsBackAsItWasWritten) {
  EXPECT_EQ(to_json(to_value(kAllAsked)),
            R"({"account":"m1","partition":"debug","qos":"high","constraint":"a100&nvme","throttle":2})");
  EXPECT_EQ(read_asked(to_value(kAllAsked)), kAllAsked);
  EXPECT_EQ(to_json(to_value(Asked{})), "{}");
  EXPECT_EQ(read_asked(Value()), Asked{}) << "a record of an earlier version";
}

}  // namespace
}  // namespace tt
