// Where elements end, in pieces of every size, against a walk byte by byte.
#include "tt/comm/trace_scan.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace tt::comm {
namespace {

using Found = std::pair<std::optional<std::size_t>, std::optional<std::size_t>>;

Found walked(const std::string& text, std::size_t piece) {
  ArrayScan scan;
  Found all;
  for (std::size_t at = 0; at < text.size() && !all.second; at += piece) {
    const auto found = scan.walk(text.data() + at, std::min(piece, text.size() - at));
    if (found.element_end) all.first = at + *found.element_end;
    if (found.array_end) all.second = at + *found.array_end;
  }
  return all;
}

TEST(ArrayScan, BracketsInStringsDoNotCount) {
  EXPECT_EQ(walked(R"({"a": "}]\"}"}, 1])", 1000), (Found{14, 17}));
  EXPECT_EQ(walked(R"({"a": "\\"}, {"b": [1, {}]} ] , {})", 1000), (Found{27, 28}));
  EXPECT_EQ(walked("", 1000), (Found{}));
  EXPECT_EQ(walked(R"({"a": [)", 1000), (Found{}));
}

TEST(ArrayScan, PiecesOfAnySizeFindTheSame) {
  std::mt19937 random(7);
  const std::string letters = "{}[]\"\\ab,{}[]  ";
  for (int k = 0; k < 300; ++k) {
    std::string text;
    const int size = std::uniform_int_distribution<int>(0, 400)(random);
    for (int i = 0; i < size; ++i)
      text += letters[std::uniform_int_distribution<std::size_t>(0, letters.size() - 1)(random)];
    const Found by_bytes = walked(text, 1);  // never a whole block
    for (const std::size_t piece : {7, 64, 65, 128, 1000}) EXPECT_EQ(walked(text, piece), by_bytes) << text;
  }
}

// Deep nesting over several blocks: elements are never cut inside.
TEST(ArrayScan, FollowsDepthAcrossBlocks) {
  std::string text;
  for (int k = 0; k < 200; ++k) text += "[\"" + std::string(static_cast<std::size_t>(k % 70), 'x') + "\", ";
  text += "1" + std::string(200, ']');
  const std::size_t end = text.size();
  text += ", 2]";
  for (const std::size_t piece : {1, 64, 100, 100000}) EXPECT_EQ(walked(text, piece), (Found{end, end + 3}));
}

}  // namespace
}  // namespace tt::comm
