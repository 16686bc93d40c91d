// All problems of a sweep file come in one report, in the order of its lines; none of them is a guess.
#include <gtest/gtest.h>

#include "support/sweep_support.hpp"
#include "tt/sweep/problem_order.hpp"

namespace tt::sweep {
namespace {

// "line: sentence" of every problem, as they are told.
std::vector<std::string> told(const std::string& yaml) {
  PlanInput input = test::input_of("sweep: s\nbase: base.toml\n");
  Problems problems;
  input.spec = read_spec(test::source(yaml), problems);
  input.problems = problems.all();
  std::vector<std::string> lines;
  try {
    make_plan(input);
  } catch (const BadInput& bad) {
    for (const Problem& problem : bad.problems())
      lines.push_back(std::to_string(problem.place.line) + ": " + problem.message);
  }
  return lines;
}

const std::string before_it = "sweep: s\nbase: base.toml\ntorchtitan: {version: 0.2.2}\nresources: {gpus: 8}\n";

using Lines = std::vector<std::string>;

TEST(ToldAtOnce, EveryPartOfTheFileInTheOrderOfItsLines) {
  EXPECT_EQ(told(before_it + "derive:\n"
                             "  training.global_batch_size: bss * 4\n"
                             "  training.seq_len: optimizer.nix + 1\n"
                             "matrix:\n"
                             "  parallelism.tensor_parallel_degree: [1, 2]\n"
                             "  training.local_batch_size: [1, two]\n"
                             "  training.steps: []\n"
                             "hardware: h900\n"
                             "where: nosuch > 1\n"
                             "exclude:\n"
                             "  - {parallelism.tensor_parallel_degree: 3}\n"
                             "  - {optimizer.lr: 5}\n"
                             "rules: {warn: {nosuch: because}}\n"
                             "name: \"_{foo}\"\n"),
            (Lines{"6: 'bss' is neither a key (section.name) nor an alias",
                   "7: 'optimizer.nix' is not a key of TorchTitan 0.2.2",
                   "10: 'training.local_batch_size' is an integer key, got the string 'two'",
                   "11: this list of values is empty", "12: 'h900' is no hardware that estimates know",
                   "13: 'nosuch' is neither a key (section.name) nor an alias",
                   "15: 'parallelism.tensor_parallel_degree' never has the value 3 in this sweep",
                   "16: 'optimizer.lr' does not vary in this sweep and is always 0.0003",
                   "17: there is no rule 'nosuch'", "18: 'foo' is neither a key (section.name) nor an alias"}));
}

TEST(ToldAtOnce, ExcludeAndDeriveComeWithOneWrongValueOfAnAxis) {
  EXPECT_EQ(told(before_it + "matrix: {training.steps: [1.5], training.local_batch_size: [1, 2]}\n"
                             "exclude: [{training.local_batch_size: 3}]\n"
                             "derive: {training.seq_len: training.nix}\n"),
            (Lines{"5: 'training.steps' is an integer key, got 1.5",
                   "6: 'training.local_batch_size' never has the value 3 in this sweep",
                   "7: 'training.nix' is not a key of TorchTitan 0.2.2"}));
}

// 3 may have been meant where "two" stands; the zip is of unequal length, so nobody knows what meets what.
TEST(ToldAtOnce, WhatAWrongValueMayHaveBeenIsNotHeldAgainstARow) {
  EXPECT_EQ(told(before_it + "matrix: {training.local_batch_size: [1, two]}\n"
                             "zip: [{training.seq_len: [256, 512], training.steps: [1, 2, 3]}]\n"
                             "exclude: [{training.local_batch_size: 3}, {training.seq_len: 256, training.steps: 3}]\n"
                             "where: training.seq_len > 256\n"),
            (Lines{"5: 'training.local_batch_size' is an integer key, got the string 'two'",
                   "6: 'training.steps' has 3 values, 'training.seq_len' has 2 values"}));
}

TEST(ToldAtOnce, ASettingThatIsWrongIsNotSaidToBeMissing) {
  EXPECT_EQ(told("sweep: s\nbase: base.toml\ntorchtitan: {version: 0.2.2}\nresources: {gpus: 1.5}\n"
                 "fixed: {training.steps: soon}\n"
                 "where: [resources.gpus > 4, training.steps > 1]\n"
                 "exclude: [{training.steps: 3}]\n"),
            (Lines{"4: 'resources.gpus' is a whole number from 1 to 1,000,000",
                   "5: 'training.steps' is an integer key, got the string 'soon'"}));
}

TEST(ToldAtOnce, FilesFollowEachOtherAndWhatIsFoundTwiceIsSaidOnce) {
  Problems problems;
  const SourceRef sweep = test::source("a: 1\nb: 2\n"), base = test::source("c = 1\n", "base.toml");
  problems.add(place_at(sweep, 5, 1), "second");
  problems.add(place_at(base, 0, 1), "third");
  problems.add(place_at(sweep, 0, 1), "first");
  problems.add(place_at(sweep, 5, 1), "second");
  EXPECT_EQ(test::problems_of([&] { throw_in_order_if_any(problems); }),
            "tt: error: sweep.yaml:1:1: first\n  1 | a: 1\n    | ^\n"
            "tt: error: sweep.yaml:2:1: second\n  2 | b: 2\n    | ^\n"
            "tt: error: base.toml:1:1: third\n  1 | c = 1\n    | ^\n");
}

}  // namespace
}  // namespace tt::sweep
