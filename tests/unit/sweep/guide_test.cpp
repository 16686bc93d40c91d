// What the guide of the sweep file shows can be planned.
#include <gtest/gtest.h>

#include "support/sweep_support.hpp"
#include "tt/base/files.hpp"
#include "tt/sweep/plan.hpp"

namespace tt::sweep {
namespace {

std::vector<std::string> yaml_blocks(const std::string& guide) {
  std::vector<std::string> blocks;
  for (std::size_t at = guide.find("```yaml\n"); at != std::string::npos; at = guide.find("```yaml\n", at)) {
    at += 8;
    const std::size_t end = guide.find("```", at);
    blocks.push_back(guide.substr(at, end - at));
    at = end;
  }
  return blocks;
}

TEST(Guide, ShowsSweepsThatCanBePlanned) {
  const auto blocks = yaml_blocks(read_file(fs::path(TT_SOURCE_DIR) / "sweeps/README.md"));
  ASSERT_EQ(blocks.size(), 4U);
  const auto runs = [&](std::size_t block) {
    const bool has_resources = blocks[block].find("resources:") != std::string::npos;
    return test::plan_of(blocks[block] + "torchtitan: {version: 0.2.2}\n" +
                         (has_resources ? "" : "resources: {gpus: 8}\n"))
        .totals.runs;
  };
  EXPECT_EQ(runs(0), 4 * 3 * 3);
  EXPECT_LE(runs(1), 8);
  EXPECT_GT(runs(1), 0);
  EXPECT_EQ(runs(2), 4);
  EXPECT_EQ(runs(3), 2);
}

}  // namespace
}  // namespace tt::sweep
