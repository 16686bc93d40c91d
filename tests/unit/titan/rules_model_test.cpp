#include "tt/titan/rules.hpp"

#include <gtest/gtest.h>

#include "support/titan.hpp"
#include "support/titan_keys.hpp"

namespace tt::titan {
namespace {

using namespace test::keys;
using test::reason_of;

TEST(TpDividesHeads, OfKeysAndValuesToo) {
  const Overrides llama8b = {{"model.name", "llama3"}, {"model.flavor", "8B"}};
  EXPECT_EQ(reason_of("tp-divides-heads", Era::v0_2_2, 8, {{tp, 8}}, llama8b), holds);
  EXPECT_EQ(reason_of("tp-divides-heads", Era::v0_2_2, 16, {{tp, 16}}, llama8b),
            "tp 16 does not divide the 8 key-value heads of llama3_8b");
  EXPECT_EQ(reason_of("tp-divides-heads", Era::early_2025, 16, {{"training.tensor_parallel_degree", 16}}, llama8b),
            "tp 16 does not divide the 8 key-value heads of llama3_8b");
  EXPECT_EQ(reason_of("tp-divides-heads", Era::v0_2_2, 32, {{tp, 32}},
                      {{"model.name", "deepseek_v3"}, {"model.flavor", "16B"}}),
            "tp 32 does not divide the 16 heads of deepseek_v3_16b");
  EXPECT_EQ(reason_of("tp-divides-heads", Era::v0_2_2, 16, {{tp, 16}}, {{"model.flavor", "mine"}}), holds);
}

TEST(EtpOneOrTp, IsAskedWithExpertsOnly) {
  EXPECT_EQ(reason_of("etp-one-or-tp", Era::v0_2_2, 8, {{ep, 2}, {tp, 4}, {etp, 4}}), holds);
  EXPECT_EQ(reason_of("etp-one-or-tp", Era::v0_2_2, 8, {{ep, 2}, {tp, 4}, {etp, 2}}),
            "expert_tensor_parallel_degree 2 is neither 1 nor tp 4");
  EXPECT_EQ(reason_of("etp-one-or-tp", Era::v0_2_2, 8, {{tp, 4}, {etp, 2}}), holds);
}

TEST(ExpertMesh, BorrowedWholeDimensionsIn020) {
  EXPECT_EQ(reason_of("expert-mesh", Era::v0_2_0, 8, {{ep, 8}, {tp, 2}}), holds);
  EXPECT_EQ(reason_of("expert-mesh", Era::v0_2_0, 12, {{ep, 3}, {tp, 2}}), "ep 3 is no multiple of cp * tp = 2");
  EXPECT_EQ(reason_of("expert-mesh", Era::v0_2_0, 8, {{ep, 6}, {tp, 2}}),
            "ep 6 does not divide dp_shard * cp * tp = 8");
  EXPECT_EQ(reason_of("expert-mesh", Era::v0_2_0, 8, {{ep, 3}, {cp, 2}, {tp, 2}, {etp, 2}}),
            "ep 3 is no multiple of cp = 2");
  EXPECT_EQ(reason_of("expert-mesh", Era::v0_2_0, 8, {{ep, 2}, {cp, 2}, {tp, 2}, {etp, 2}}), holds);
}

TEST(ExpertMesh, OnlyHasToFitSince) {
  EXPECT_EQ(reason_of("expert-mesh", Era::v0_2_1, 12, {{ep, 3}, {tp, 2}}), holds);
  EXPECT_EQ(reason_of("expert-mesh", Era::v0_2_2, 8, {{ep, 3}}), "dp_shard 8 * cp 1 * tp 1 = 8 is no multiple of ep 3");
  EXPECT_EQ(reason_of("expert-mesh", Era::v0_2_2, 8, {{ep, 8}, {tp, 2}, {etp, 2}}),
            "dp_shard 4 * cp 1 * tp 2 = 8 is no multiple of ep 8 * etp 2 = 16");
  EXPECT_EQ(reason_of("expert-mesh", Era::v0_3_0, 8, {{ep, 6}}), "dp_shard 8 * cp 1 * tp 1 = 8 is no multiple of ep 6");
}

TEST(EpDividesExperts, OfAKnownModel) {
  const Overrides moe = {{"model.name", "deepseek_v3"}, {"model.flavor", "debugmodel"}};
  EXPECT_EQ(reason_of("ep-divides-experts", Era::v0_2_2, 8, {{ep, 8}}, moe), holds);
  EXPECT_EQ(reason_of("ep-divides-experts", Era::v0_2_2, 16, {{ep, 16}}, moe),
            "ep 16 does not divide the 8 experts of deepseek_v3_debugmodel");
  EXPECT_EQ(reason_of("ep-divides-experts", Era::v0_2_2, 16, {{ep, 16}}), holds);  // dense: no effect
}

TEST(ExpertTokensDivisible, WhenTokensAreSharedOverTp) {
  EXPECT_EQ(reason_of("expert-tokens-divisible", Era::v0_2_2, 8, {{ep, 2}, {tp, 4}, {batch, 1}, {seq, 8}}), holds);
  EXPECT_EQ(reason_of("expert-tokens-divisible", Era::v0_2_2, 8, {{ep, 2}, {tp, 4}, {batch, 1}, {seq, 6}}),
            "6 tokens of a microbatch cannot be shared by tp 4 before they go to the experts");
}

TEST(DeepepNeedsEp, AndNoTensorParallelExperts) {
  const Assignment deepep{"parallelism.expert_parallel_comm_backend", "deepep"};
  EXPECT_EQ(reason_of("deepep-needs-ep", Era::v0_2_2, 8, {deepep, {ep, 2}}), holds);
  EXPECT_EQ(reason_of("deepep-needs-ep", Era::v0_2_2, 8, {deepep}),
            "the deepep backend wants ep > 1 and etp 1, got ep 1 and etp 1");
}

TEST(CudaGraphsWithEp, AreToBeSwitchedOffForTheStandardExchange) {
  const Overrides qwen = {{"module", "qwen3"}, {"config", "qwen3_30b_a3b"}};
  EXPECT_EQ(reason_of("cuda-graphs-with-ep", Era::v0_3_0, 8, {{ep, 8}}, qwen),
            "CUDA graphs are on unless switched off, and the standard expert exchange waits for the CPU; set "
            "training.disable_cuda_graphs = true");
  EXPECT_EQ(reason_of("cuda-graphs-with-ep", Era::v0_3_0, 8, {}, qwen), holds);
  EXPECT_EQ(
      reason_of("cuda-graphs-with-ep", Era::v0_3_0, 8, {}, {{"module", "deepseek_v3"}, {"config", "deepseek_v3_16b"}}),
      holds);  // ships with ep 8 and the graphs off
}

TEST(CpSupport, IsMissingInGptOss) {
  EXPECT_EQ(reason_of("cp-support", Era::v0_2_2, 2, {{cp, 2}}, {{"model.name", "gpt_oss"}, {"model.flavor", "20b"}}),
            "gpt_oss has no context parallelism, got cp 2");
  EXPECT_EQ(reason_of("cp-support", Era::v0_2_2, 2, {{cp, 2}}), holds);
}

TEST(CpAttention, DependsOnTheFlavor) {
  EXPECT_EQ(reason_of("cp-attention", Era::v0_2_1, 2, {{cp, 2}}, {{"model.flavor", "8B_flex"}}),
            "flavor 8B_flex uses flex attention, which has no context parallelism, got cp 2");
  EXPECT_EQ(reason_of("cp-attention", Era::v0_2_2, 2, {{cp, 2}}, {{"model.flavor", "8B_flex"}}), holds);
  EXPECT_EQ(reason_of("cp-attention", Era::v0_2_2, 2, {{cp, 2}}, {{"model.flavor", "8B_varlen"}}),
            "flavor 8B_varlen uses varlen attention, which has no context parallelism, got cp 2");
  EXPECT_EQ(reason_of("cp-attention", Era::v0_2_2, 2, {{cp, 2}}, {{"model.flavor", "8B"}}), holds);
}

TEST(AsyncTpNeedsCompile, InTheWordsOfTheEra) {
  const Assignment async{"parallelism.enable_async_tensor_parallel", true};
  EXPECT_EQ(reason_of("async-tp-needs-compile", Era::v0_2_2, 2, {{tp, 2}, async, {"compile.enable", true}}), holds);
  EXPECT_EQ(reason_of("async-tp-needs-compile", Era::v0_2_2, 2, {{tp, 2}, async}),
            "parallelism.enable_async_tensor_parallel needs the compiled model: set compile.enable = true with 'model' "
            "among compile.components");
  EXPECT_EQ(reason_of("async-tp-needs-compile", Era::v0_2_2, 2,
                      {{tp, 2}, async, {"compile.enable", true}, {"compile.components", Value::List{"loss"}}}),
            "parallelism.enable_async_tensor_parallel needs the compiled model: set compile.enable = true with 'model' "
            "among compile.components");
  EXPECT_EQ(reason_of("async-tp-needs-compile", Era::v0_2_2, 1, {async}), holds);  // nothing to overlap
  EXPECT_EQ(reason_of("async-tp-needs-compile", Era::v0_3_0, 1, {{"compile.enable_async_tensor_parallel", true}}),
            "compile.enable_async_tensor_parallel needs the compiled model: set compile.enable = true with 'model' "
            "among compile.components");
  EXPECT_EQ(reason_of("async-tp-needs-compile", Era::early_2025, 2,
                      {{"training.tensor_parallel_degree", 2}, {"experimental.enable_async_tensor_parallel", true}}),
            "experimental.enable_async_tensor_parallel needs the compiled model: set training.compile = true");
}

TEST(MemoryBudgetNeedsCompile, InBothSpellings) {
  const std::string reason =
      "activation_checkpoint.mode memory_budget needs the compiled model: set compile.enable = true with 'model' among "
      "compile.components";
  EXPECT_EQ(reason_of("memory-budget-needs-compile", Era::v0_2_2, 1, {{"activation_checkpoint.mode", "memory_budget"}}),
            reason);
  EXPECT_EQ(reason_of("memory-budget-needs-compile", Era::v0_3_0, 1, {{"activation_checkpoint.mode", "memory-budget"}}),
            reason);
  EXPECT_EQ(reason_of("memory-budget-needs-compile", Era::v0_3_0, 1,
                      {{"activation_checkpoint.mode", "memory-budget"}, {"compile.enable", true}}),
            holds);
}

TEST(StepsPositive, WantsAtLeastOne) {
  EXPECT_EQ(reason_of("steps-positive", Era::v0_2_2, 1, {{"training.steps", 0}}),
            "training.steps is 0, it must be 1 or more");
  EXPECT_EQ(reason_of("steps-positive", Era::v0_2_2, 1, {{"training.steps", 1}}), holds);
}

TEST(LearningRateNotNegative, IsWhatTheOptimizersOfTorchWant) {
  EXPECT_EQ(reason_of("learning-rate-not-negative", Era::v0_2_2, 1, {{"optimizer.lr", -0.5}}),
            "optimizer.lr is -0.5, it must be 0 or more");
  EXPECT_EQ(
      reason_of("learning-rate-not-negative", Era::v0_3_0, 1, {{"optimizer.param_groups.0.optimizer_kwargs.lr", -1.0}}),
      "optimizer.param_groups.0.optimizer_kwargs.lr is -1.0, it must be 0 or more");
  EXPECT_EQ(reason_of("learning-rate-not-negative", Era::v0_2_2, 1, {{"optimizer.lr", 0.0}}), holds);
}

TEST(LogFreqPositive, CannotBeZero) {
  EXPECT_EQ(reason_of("log-freq-positive", Era::v0_2_2, 1, {{"metrics.log_freq", 0}}),
            "metrics.log_freq is 0, it must be 1 or more");
  EXPECT_EQ(reason_of("log-freq-positive", Era::v0_2_2, 1, {{"metrics.log_freq", 1}}), holds);
}

TEST(KeepTwoCheckpoints, IsAskedOfEveryRunIn030) {
  const Assignment one{"checkpoint.keep_latest_k", 1};
  const std::string reason = "checkpoint.keep_latest_k is 1; keep 2 or more, or 0 for all";
  EXPECT_EQ(reason_of("keep-two-checkpoints", Era::v0_2_2, 1, {one}), holds);
  EXPECT_EQ(reason_of("keep-two-checkpoints", Era::v0_2_2, 1, {one, {"checkpoint.enable", true}}), reason);
  EXPECT_EQ(reason_of("keep-two-checkpoints", Era::march_2025, 1, {one, {"checkpoint.enable_checkpoint", true}}),
            reason);
  EXPECT_EQ(reason_of("keep-two-checkpoints", Era::early_2025, 1, {one, {"checkpoint.enable_checkpoint", true}}),
            holds);
  EXPECT_EQ(reason_of("keep-two-checkpoints", Era::v0_3_0, 1, {one}), reason);
}

TEST(SeedCheckpointOneGpu, WithCheckpointingOn) {
  const Assignment seed{"checkpoint.create_seed_checkpoint", true};
  EXPECT_EQ(reason_of("seed-checkpoint-one-gpu", Era::v0_2_2, 1, {seed, {"checkpoint.enable", true}}), holds);
  EXPECT_EQ(reason_of("seed-checkpoint-one-gpu", Era::v0_2_2, 8, {seed, {"checkpoint.enable", true}}),
            "a seed checkpoint is written by 1 GPU, there are 8");
  EXPECT_EQ(reason_of("seed-checkpoint-one-gpu", Era::v0_2_2, 1, {seed}),
            "a seed checkpoint needs checkpoint.enable = true");
}

TEST(ProfileWindow, HoldsWarmUpAndRecording) {
  const Assignment on{"profiling.enable_profiling", true};
  EXPECT_EQ(reason_of("profile-window", Era::v0_2_2, 1, {on, {"profiling.profile_freq", 4}}), holds);
  EXPECT_EQ(reason_of("profile-window", Era::v0_2_2, 1, {on, {"profiling.profile_freq", 3}}),
            "profiling.profile_freq 3 is less than 3 warm-up steps + 1 recorded ones");
  EXPECT_EQ(reason_of("profile-window", Era::early_2025, 1, {on, {"profiling.profile_freq", 3}}),
            "profiling.profile_freq 3 is less than 3 warm-up steps + 1 recorded ones");
  EXPECT_EQ(reason_of("profile-window", Era::v0_2_2, 1, {{"profiling.profile_freq", 3}}), holds);
}

TEST(ValidationSteps, AreSomeOrAll) {
  EXPECT_EQ(reason_of("validation-steps", Era::v0_2_2, 1, {{"validation.steps", -1}}), holds);
  EXPECT_EQ(reason_of("validation-steps", Era::v0_2_2, 1, {{"validation.steps", 0}}),
            "validation.steps is 0, it must be 1 or more, or -1 for the whole data set");
  EXPECT_EQ(reason_of("validation-steps", Era::v0_3_0, 1, {{"validator.steps", -2}}),
            "validator.steps is -2, it must be 1 or more, or -1 for the whole data set");
}

TEST(ConverterName, IsTheNewOne) {
  EXPECT_EQ(reason_of("converter-name", Era::v0_2_2, 1, {{"model.converters", Value::List{"float8"}}}),
            "model.converters names 'float8', which 0.2.2 calls 'quantize.linear.float8'");
  EXPECT_EQ(reason_of("converter-name", Era::v0_1_0, 1, {{"model.converters", Value::List{"float8"}}}), holds);
  EXPECT_EQ(reason_of("converter-name", Era::v0_2_2, 1, {{"model.converters", Value::List{"quantize.linear.float8"}}}),
            holds);
}

// DeepSeek's larger flavors use FlexAttention without saying so in their names.
TEST(CpAttention, IsToldByTheSizesToo) {
  const Overrides deepseek{{"model.name", "deepseek_v3"}, {"model.flavor", "16B"}};
  EXPECT_EQ(reason_of("cp-attention", Era::v0_2_2, 2, {{"parallelism.context_parallel_degree", 2}}, deepseek),
            "flavor 16B uses flex attention, which has no context parallelism, got cp 2");
  EXPECT_EQ(reason_of("cp-attention", Era::v0_2_2, 2, {}, deepseek), "");
}

}  // namespace
}  // namespace tt::titan
