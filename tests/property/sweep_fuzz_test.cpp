// Whatever a sweep file holds, it is planned or refused with problems: no crash, no other exception, no unsafe name.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "support/sweep_support.hpp"
#include "tt/sweep/naming.hpp"

namespace tt::sweep {
namespace {

const std::string seed_file =
    "sweep: fuzz\nbase: base.toml\nmodel: m\ntorchtitan: {version: 0.2.2, apply: both}\n"
    "fixed: {training.steps: 50}\nenv: {NCCL_ALGO: Ring}\n"
    "matrix:\n  tp: [1, 2, 4]\n  training.local_batch_size: {from: 1, to: 4, times: 2}\n  compile.enable: [true, "
    "false]\n"
    "zip:\n  - {training.seq_len: [2048, 8192], activation_checkpoint.mode: [none, full]}\n"
    "exclude: [{tp: 4, training.local_batch_size: 1}]\ninclude: [{tp: 8}]\n"
    "alias: {tp: parallelism.tensor_parallel_degree}\nrepeat: {debug.seed: [1, 2]}\n"
    "resources: {gpus: 8, walltime: \"00:30:00\"}\nname: "
    "\"_tp{tp}_bs{training.local_batch_size}_{training.seq_len}_{compile.enable}\"\n";

std::string mutated(std::string text, std::mt19937& random) {
  static const std::string bytes = "{}[]:,'\"\n -&*!|>%@`#?0129.eE_~$\t\xC3\xFF";
  for (std::size_t edits = 1 + random() % 4; edits > 0; --edits) {
    const std::size_t at = random() % text.size();
    switch (random() % 4) {
      case 0:
        text.erase(at, 1 + random() % 8);
        break;
      case 1:
        text.insert(at, 1, bytes[random() % bytes.size()]);
        break;
      case 2:
        text[at] = bytes[random() % bytes.size()];
        break;
      default:
        text.insert(at, text.substr(random() % text.size(), random() % 30));
        break;
    }
    if (text.empty()) text = "x";
  }
  return text;
}

TEST(SweepFuzz, EndsInAPlanOrInProblems) {
  std::mt19937 random(7);
  int planned = 0, refused = 0;
  for (int round = 0; round < 2000; ++round) {
    const std::string text = mutated(seed_file, random);
    try {
      const Plan plan = test::plan_of(text);
      ++planned;
      for (const PlannedRun& run : plan.runs) ASSERT_EQ(unsafe_name(run.name), std::nullopt) << text;
    } catch (const BadInput& bad) {
      ++refused;
      ASSERT_FALSE(bad.problems().empty());
      for (const Problem& problem : bad.problems()) ASSERT_FALSE(describe(problem, "tt").empty());
    } catch (const std::exception& other) {
      FAIL() << other.what() << "\n" << text;
    }
  }
  EXPECT_GT(planned, 20);
  EXPECT_GT(refused, 500);
}

}  // namespace
}  // namespace tt::sweep
