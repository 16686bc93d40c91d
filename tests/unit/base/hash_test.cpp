#include "tt/base/hash.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace tt {
namespace {

TEST(Fingerprint, IsXxh3AsPublished) {
  // The empty input's value in xxHash's own test vectors (seed 0): high 99aa06d3014798d8, low 6001c324468d497f.
  EXPECT_EQ(fingerprint(""), "99aa06d3014798d86001c324468d497f");
}

TEST(Fingerprint, DependsOnEveryByte) {
  std::set<std::string> seen;
  for (std::size_t length = 0; length < 600; ++length) seen.insert(fingerprint(std::string(length, 'a')));
  EXPECT_EQ(seen.size(), 600u);
  EXPECT_NE(fingerprint("ab"), fingerprint("ba"));
  EXPECT_EQ(fingerprint("lr = 1"), fingerprint("lr = 1"));
}

TEST(RandomHex, HasTheDigitsAskedFor) {
  for (const std::size_t digits : {0u, 1u, 7u, 8u, 32u, 1001u}) {
    const std::string text = random_hex(digits);
    EXPECT_EQ(text.size(), digits);
    EXPECT_EQ(text.find_first_not_of("0123456789abcdef"), std::string::npos) << text;
  }
}

TEST(RandomHex, DiffersEachTime) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(random_hex(32));
  EXPECT_EQ(seen.size(), 100u);
}

}  // namespace
}  // namespace tt
