// The number of runs is the product of the axes, less what is excluded, plus what is included, times the repeats;
// names are unique and in order. Random sweeps, the same on every machine.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "support/sweep_support.hpp"

namespace tt::sweep {
namespace {

struct RandomSweep {
  std::vector<std::size_t> lengths;       // of the axes env.A0, env.A1, ...
  std::size_t zipped = 0;                 // of a zip group of two keys; 0: none
  std::vector<std::vector<int>> exclude;  // a value of each axis, or -1
  std::size_t include = 0;
  std::size_t repeats = 0;  // 0: not repeated
};

RandomSweep random_sweep(std::mt19937& random) {
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  RandomSweep sweep;
  for (std::size_t axes = 1 + below(4); axes > 0; --axes) sweep.lengths.push_back(1 + below(4));
  if (below(2) == 1) sweep.zipped = 1 + below(3);
  for (std::size_t rows = below(3); rows > 0; --rows) {
    std::vector<int> row;
    for (const std::size_t length : sweep.lengths) row.push_back(below(2) == 1 ? static_cast<int>(below(length)) : -1);
    row[0] = static_cast<int>(below(sweep.lengths[0]));  // at least one key
    sweep.exclude.push_back(row);
  }
  sweep.include = below(3);
  if (below(3) == 0) sweep.repeats = 1 + below(3);
  return sweep;
}

std::string numbers(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += (i ? ", v" : "v") + std::to_string(i);
  return "[" + text + "]";
}

std::string yaml_of(const RandomSweep& sweep) {
  std::string text = "matrix:\n";
  for (std::size_t axis = 0; axis < sweep.lengths.size(); ++axis) {
    text += "  env.A" + std::to_string(axis) + ": " + numbers(sweep.lengths[axis]) + "\n";
  }
  if (sweep.zipped > 0) text += "zip: [{env.Y: " + numbers(sweep.zipped) + ", env.Z: " + numbers(sweep.zipped) + "}]\n";
  if (!sweep.exclude.empty()) text += "exclude:\n";
  for (const auto& row : sweep.exclude) {
    std::string cells;
    for (std::size_t axis = 0; axis < row.size(); ++axis) {
      if (row[axis] < 0) continue;
      cells += (cells.empty() ? "" : ", ") + ("env.A" + std::to_string(axis)) + ": v" + std::to_string(row[axis]);
    }
    text += "  - {" + cells + "}\n";
  }
  if (sweep.include > 0) text += "include:\n";
  for (std::size_t row = 0; row < sweep.include; ++row) text += "  - {env.A0: extra" + std::to_string(row) + "}\n";
  if (sweep.repeats > 0) {
    text += "repeat: {debug.seed: {from: 1, to: " + std::to_string(sweep.repeats) + ", step: 1}}\n";
  }
  return test::sweep_with(text);
}

bool is_excluded(const RandomSweep& sweep, const std::vector<std::size_t>& point) {
  for (const auto& row : sweep.exclude) {
    bool all = true;
    for (std::size_t axis = 0; axis < row.size(); ++axis) {
      all = all && (row[axis] < 0 || static_cast<std::size_t>(row[axis]) == point[axis]);
    }
    if (all) return true;
  }
  return false;
}

struct Expected {
  std::size_t kept = 0;
  std::size_t cut = 0;
};

// Counted by walking every point, with nothing of the code under test.
Expected count(const RandomSweep& sweep) {
  Expected expected;
  std::size_t product = 1;
  for (const std::size_t length : sweep.lengths) product *= length;
  for (std::size_t number = 0; number < product; ++number) {
    std::vector<std::size_t> point(sweep.lengths.size());
    std::size_t rest = number;
    for (std::size_t axis = point.size(); axis-- > 0; rest /= sweep.lengths[axis])
      point[axis] = rest % sweep.lengths[axis];
    ++(is_excluded(sweep, point) ? expected.cut : expected.kept);
  }
  const std::size_t zipped = std::max<std::size_t>(1, sweep.zipped);
  expected.kept *= zipped;
  expected.cut *= zipped;
  return expected;
}

TEST(ExpandCount, IsTheProductLessExcludedPlusIncluded) {
  std::mt19937 random(20250301);
  for (int round = 0; round < 300; ++round) {
    const RandomSweep sweep = random_sweep(random);
    const std::string yaml = yaml_of(sweep);
    const Plan plan = test::plan_of(yaml);
    const Expected expected = count(sweep);
    const std::size_t repeats = std::max<std::size_t>(1, sweep.repeats);
    ASSERT_EQ(plan.runs.size(), (expected.kept + sweep.include) * repeats) << yaml;
    ASSERT_EQ(plan.filtered, static_cast<std::int64_t>(expected.cut)) << yaml;
    std::set<std::string> names, ids;
    for (const PlannedRun& run : plan.runs) {
      names.insert(run.name);
      ids.insert(run.id.text);
    }
    ASSERT_EQ(names.size(), plan.runs.size()) << yaml;
    ASSERT_EQ(ids.size(), plan.runs.size()) << yaml;
  }
}

TEST(ExpandCount, KeepsTheNamesOfRunsWhenAnAxisGrows) {
  const auto small = test::names_of(test::plan_of(test::sweep_with("matrix: {env.A: [u, v], env.B: [p, q]}\n")));
  const auto large = test::names_of(test::plan_of(test::sweep_with("matrix: {env.A: [u, v, w], env.B: [p, q, r]}\n")));
  for (const std::string& name : small) EXPECT_NE(std::find(large.begin(), large.end(), name), large.end()) << name;
}

}  // namespace
}  // namespace tt::sweep
