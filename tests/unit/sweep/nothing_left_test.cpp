// A sweep without a run says what takes its points away.
#include "tt/sweep/nothing_left.hpp"

#include <gtest/gtest.h>

#include "support/sweep_support.hpp"

namespace tt::sweep {
namespace {

using test::plan_of;
using test::sweep_with;

std::string why_none(const std::string& yaml) {
  std::string text;
  for (const Problem& problem : plan_of(sweep_with(yaml)).why_no_runs) text += describe(problem, "tt");
  return text;
}

const std::string two_axes =
    "alias: {tp: parallelism.tensor_parallel_degree, bs: training.local_batch_size}\n"
    "matrix: {tp: [1, 2, 4], bs: [1, 2, 3, 4]}\n";

TEST(NothingLeft, EachConditionAndRowIsCountedByItself) {
  EXPECT_EQ(why_none(two_axes + "where:\n  - tp > 8\n  - bs < 4\n  - tp < 100\nexclude:\n  - {bs: 2, tp: 4}\n"),
            "tt: error: sweep.yaml:1:8: nothing to run: all 12 points of this sweep are cut or refused\n"
            "  1 | sweep: s\n"
            "    |        ^\n"
            "  what takes them away is told below: conditions and rows with all they take, estimates and rules "
            "with what they take of the rest\n"
            "tt: error: sweep.yaml:8:5: this condition cuts all 12 points\n"
            "  8 |   - tp > 8\n"
            "    |     ^^^^^^\n"
            "  no point gets past it: mend it, or leave it out\n"
            "tt: error: sweep.yaml:9:5: this condition cuts 3 of 12 points\n"
            "  9 |   - bs < 4\n"
            "    |     ^^^^^^\n"
            "tt: error: sweep.yaml:12:5: this exclude row cuts 1 of 12 points\n"
            "  12 |   - {bs: 2, tp: 4}\n"
            "     |     ^\n");
}

TEST(NothingLeft, ARuleIsCountedAndShownAtOnePoint) {
  EXPECT_EQ(
      why_none("alias: {dp: parallelism.data_parallel_replicate_degree}\nmatrix: {dp: [9, 10, 11]}\nwhere: dp < 11\n"),
      "tt: error: sweep.yaml:1:8: nothing to run: all 3 points of this sweep are cut or refused\n"
      "  1 | sweep: s\n"
      "    |        ^\n"
      "  what takes them away is told below: conditions and rows with all they take, estimates and rules "
      "with what they take of the rest\n"
      "tt: error: sweep.yaml:7:8: this condition cuts 1 of 3 points\n"
      "  7 | where: dp < 11\n"
      "    |        ^^^^^^^\n"
      "tt: error: sweep.yaml: rule world-size refuses 2 points, such as _dpr9: dp_replicate 9 * cp 1 * tp 1 * pp 1 = 9 "
      "is more than the 8 GPUs there are\n"
      "  `tt-sweep plan` names each; take other values, or another shape\n");
}

TEST(NothingLeft, AConditionOverAnEstimateIsCountedAmongThePointsThatReachIt) {
  const std::string text = why_none(two_axes + "where:\n  - tp == 2\n  - mem.gib < 0\n");
  EXPECT_NE(text.find("sweep.yaml:8:5: this condition cuts 8 of 12 points\n"), std::string::npos) << text;
  EXPECT_NE(text.find("sweep.yaml:9:5: this condition over an estimate cuts 4 points that nothing before it cuts\n"),
            std::string::npos)
      << text;
}

TEST(NothingLeft, AConditionOverAnEstimateThatCutsAllSaysSo) {
  const std::string text = why_none(two_axes + "where: mem.gib < 0\n");
  EXPECT_NE(text.find("sweep.yaml:7:8: this condition over an estimate cuts all 12 points\n"), std::string::npos)
      << text;
}

TEST(NothingLeft, RowsOfIncludeAreCountedToo) {
  const std::string text =
      why_none("alias: {bs: training.local_batch_size}\ninclude: [{bs: 1}, {bs: 2}]\nwhere: [bs > 1, bs > 2]\n");
  EXPECT_NE(text.find(": nothing to run: all 2 points of this sweep are cut or refused\n"), std::string::npos) << text;
  EXPECT_NE(text.find("sweep.yaml:7:9: this condition cuts 1 of 2 points\n"), std::string::npos) << text;
  EXPECT_NE(text.find("sweep.yaml:7:17: this condition cuts all 2 points\n"), std::string::npos) << text;
}

TEST(NothingLeft, ADerivedKeyOfAnExcludeRowIsComputed) {
  const std::string text = why_none(two_axes +
                                    "derive: {training.seq_len: tp * 256}\nwhere: bs > 9\nexclude:\n"
                                    "  - {training.seq_len: 512}\n");
  EXPECT_NE(text.find("sweep.yaml:10:5: this exclude row cuts 4 of 12 points\n"), std::string::npos) << text;
}

TEST(NothingLeft, WhatIsTooMuchToCountIsSaidSo) {
  std::string axes = "matrix:\n", sum = "where: \"0";
  const char* const keys[] = {"training.steps", "training.local_batch_size", "training.seq_len"};
  for (const char* key : keys) {
    axes += std::string("  ") + key + ": {from: 1, to: 60, step: 1}\n";
    sum += std::string(" + ") + key;
  }
  const std::string text = why_none(axes + sum + " < 0\"\n");
  EXPECT_NE(text.find(": nothing to run: all 216,000 points of this sweep are cut or refused\n"), std::string::npos);
  EXPECT_NE(text.find(": this condition cuts some of the points, which are too many to count\n"), std::string::npos)
      << text;
}

TEST(NothingLeft, ASweepWithARunSaysNothingOfIt) { EXPECT_EQ(why_none(two_axes + "where: [tp == 2, bs == 2]\n"), ""); }

}  // namespace
}  // namespace tt::sweep
