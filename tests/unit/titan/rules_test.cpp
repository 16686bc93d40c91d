#include "tt/titan/rules.hpp"

#include <gtest/gtest.h>

#include <map>
#include <regex>

#include "support/titan.hpp"
#include "support/titan_keys.hpp"

namespace tt::titan {
namespace {

using namespace test::keys;
using test::reason_of;
using test::settings_of;

TEST(Rules, AreNamedDocumentedAndOnePerEra) {
  std::map<std::string, std::vector<std::pair<Era, Era>>> spans;
  for (const Rule& rule : rules()) {
    EXPECT_TRUE(std::regex_match(rule.name, std::regex("[a-z0-9]+(-[a-z0-9]+)*"))) << rule.name;
    EXPECT_FALSE(rule.summary.empty()) << rule.name;
    EXPECT_TRUE(rule.summary.ends_with('.')) << rule.name;
    EXPECT_FALSE(rule.evidence.empty()) << rule.name;
    ASSERT_NE(rule.refuse, nullptr) << rule.name;
    EXPECT_LE(rule.first, rule.last) << rule.name;
    for (const auto& [first, last] : spans[rule.name])
      EXPECT_TRUE(rule.last < first || last < rule.first) << rule.name << " twice in one era";
    spans[rule.name].emplace_back(rule.first, rule.last);
  }
  EXPECT_GE(spans.size(), 12u);
}

TEST(Rules, TheDefaultsOfEveryEraPass) {
  for (const auto& name : era_names()) {
    const auto refused = refusals(settings_of(*parse_era(name), {}), 8);
    EXPECT_TRUE(refused.empty()) << name << ": " << refused.front().rule << ": " << refused.front().reason;
  }
}

TEST(Rules, ReportEverythingThatIsWrong) {
  const auto refused = refusals(settings_of(Era::v0_2_2, {{tp, 3}, {batch, 0}, {"training.steps", 0}}), 8);
  std::vector<std::string> names;
  for (const auto& refusal : refused) names.push_back(refusal.rule);
  EXPECT_EQ(names, (std::vector<std::string>{"world-size", "batch-positive", "seq-len-divisible", "tp-divides-heads",
                                             "steps-positive"}));
}

TEST(DegreeAtLeastOne, RefusesZeroAndBelow) {
  EXPECT_EQ(reason_of("degree-at-least-one", Era::v0_2_2, 8, {{tp, 0}}), "the degree of tp is 0, it must be 1 or more");
  EXPECT_EQ(reason_of("degree-at-least-one", Era::v0_2_2, 8, {{shard, 0}}),
            "the degree of dp_shard is 0, it must be -1 or 1 or more");
  EXPECT_EQ(reason_of("degree-at-least-one", Era::v0_2_2, 8, {{shard, -2}}),
            "the degree of dp_shard is -2, it must be -1 or 1 or more");
  EXPECT_EQ(reason_of("degree-at-least-one", Era::v0_2_2, 8, {{shard, -1}}), holds);
  EXPECT_EQ(reason_of("degree-at-least-one", Era::early_2025, 8, {{"training.tensor_parallel_degree", -1}}),
            "the degree of tp is -1, it must be 1 or more");
}

TEST(WorldSize, IsTheProductOfTheDegrees) {
  EXPECT_EQ(reason_of("world-size", Era::v0_2_2, 8, {{tp, 2}, {shard, 4}}), holds);
  EXPECT_EQ(reason_of("world-size", Era::v0_2_2, 8, {{tp, 3}, {shard, 2}}),
            "dp_replicate 1 * dp_shard 2 * cp 1 * tp 3 * pp 1 = 6, but there are 8 GPUs");
  EXPECT_EQ(reason_of("world-size", Era::march_2025, 8, {{"experimental.pipeline_parallel_degree", 3}}),
            "dp_replicate 1 * dp_shard 2 (from -1) * cp 1 * tp 1 * pp 3 = 6, but there are 8 GPUs");
}

TEST(WorldSize, DoesNotFloorToNothing) {
  EXPECT_EQ(reason_of("world-size", Era::v0_3_0, 8, {{tp, 16}}),
            "dp_replicate 1 * cp 1 * tp 16 * pp 1 = 16 is more than the 8 GPUs there are");
}

TEST(WorldSize, LeavesExpertsOut) { EXPECT_EQ(reason_of("world-size", Era::v0_2_2, 8, {{shard, 8}, {ep, 8}}), holds); }

TEST(WorldSize, KeepsSilentAboutDegreesThatAreNone) {
  EXPECT_EQ(reason_of("world-size", Era::v0_2_2, 8, {{tp, 0}, {shard, 8}}), holds);
}

TEST(BatchPositive, UsesTheErasName) {
  EXPECT_EQ(reason_of("batch-positive", Era::v0_2_2, 1, {{batch, 1}}), holds);
  EXPECT_EQ(reason_of("batch-positive", Era::v0_2_2, 1, {{batch, 0}}),
            "training.local_batch_size is 0, it must be 1 or more");
  EXPECT_EQ(reason_of("batch-positive", Era::early_2025, 1, {{"training.batch_size", -4}}),
            "training.batch_size is -4, it must be 1 or more");
}

TEST(GlobalBatch, IsNotZero) {
  EXPECT_EQ(reason_of("global-batch-not-zero", Era::v0_2_2, 1, {{global_batch, -1}}), holds);
  EXPECT_EQ(reason_of("global-batch-not-zero", Era::v0_2_2, 1, {{global_batch, 0}}),
            "training.global_batch_size is 0; leave it -1 for one batch per data-parallel rank");
}

TEST(GlobalBatch, IsAMultiple) {
  EXPECT_EQ(reason_of("global-batch-multiple", Era::v0_2_2, 8, {{batch, 2}, {tp, 2}, {global_batch, 64}}), holds);
  EXPECT_EQ(reason_of("global-batch-multiple", Era::v0_2_2, 8, {{batch, 1}, {global_batch, 9}}),
            "training.global_batch_size 9 is no multiple of training.local_batch_size 1 * 8 data-parallel ranks = 8");
  // cp is no data-parallel dimension: 8 GPUs with cp 2 are 4 of them.
  EXPECT_EQ(reason_of("global-batch-multiple", Era::v0_2_2, 8, {{batch, 1}, {cp, 2}, {global_batch, 4}}), holds);
}

TEST(SeqLen, IsPositive) {
  EXPECT_EQ(reason_of("seq-len-positive", Era::v0_2_2, 1, {{seq, 0}}), "training.seq_len is 0, it must be 1 or more");
  EXPECT_EQ(reason_of("seq-len-positive", Era::v0_2_2, 1, {{seq, 2}}), holds);
}

TEST(SeqLenDivisible, BeforeTheAssertionByWhatFailsInside) {
  const Overrides odd = {{seq, 255}};
  EXPECT_EQ(reason_of("seq-len-divisible", Era::v0_1_0, 1, odd), holds);
  EXPECT_EQ(reason_of("seq-len-divisible", Era::v0_1_0, 2, {{seq, 255}, {tp, 2}}),
            "training.seq_len 255 is no multiple of tp 2");
  EXPECT_EQ(reason_of("seq-len-divisible", Era::v0_1_0, 2, {{seq, 254}, {tp, 2}}), holds);
  EXPECT_EQ(reason_of("seq-len-divisible", Era::v0_1_0, 2, {{seq, 254}, {cp, 2}}),
            "training.seq_len 254 is no multiple of 2 * cp 2 = 4");
  EXPECT_EQ(
      reason_of("seq-len-divisible", Era::early_2025, 2, {{seq, 254}, {"experimental.context_parallel_degree", 2}}),
      "training.seq_len 254 is no multiple of 2 * cp 2 = 4");
}

TEST(SeqLenDivisible, ByTwiceTheDegreesInTheLastTomlReleases) {
  EXPECT_EQ(reason_of("seq-len-divisible", Era::v0_2_0, 1, {{seq, 255}}),
            "training.seq_len 255 is no multiple of tp 1 * 2 * cp 1 = 2");
  EXPECT_EQ(reason_of("seq-len-divisible", Era::v0_2_2, 2, {{seq, 254}, {tp, 2}}),
            "training.seq_len 254 is no multiple of tp 2 * 2 * cp 1 = 4");
  EXPECT_EQ(reason_of("seq-len-divisible", Era::v0_2_2, 4, {{seq, 256}, {tp, 2}, {cp, 2}}), holds);
}

TEST(SeqLenDivisible, ByTheConfiguredParallelismSince) {
  EXPECT_EQ(reason_of("seq-len-divisible", Era::v0_3_0, 1, {{seq, 255}}), holds);
  EXPECT_EQ(reason_of("seq-len-divisible", Era::v0_3_0, 2, {{seq, 255}, {tp, 2}}),
            "training.seq_len 255 is no multiple of tp 2");
  EXPECT_EQ(reason_of("seq-len-divisible", Era::v0_3_0, 2,
                      {{seq, 255}, {tp, 2}, {"parallelism.enable_sequence_parallel", false}}),
            holds);
  EXPECT_EQ(reason_of("seq-len-divisible", Era::v0_3_0, 2, {{seq, 254}, {cp, 2}}),
            "training.seq_len 254 is no multiple of 2 * cp 2 = 4");
  EXPECT_EQ(reason_of("seq-len-divisible", Era::v0_3_0, 4, {{seq, 252}, {cp, 2}, {tp, 2}}),
            "training.seq_len 252 is no multiple of tp 2 * 2 * cp 2 = 8");
}

const Overrides llama{{"module", "llama3"}, {"config", "llama3_debugmodel"}};

// Seen with torchtitan 0.3.0: tp does not matter, the rows are gathered before the loss.
TEST(LossChunks, SplitARowEvenly) {
  EXPECT_EQ(reason_of("loss-chunks", Era::v0_3_0, 2, {{seq, 254}, {tp, 2}}, llama),
            "training.seq_len 254 is no multiple of the 8 chunks of the loss");
  EXPECT_EQ(reason_of("loss-chunks", Era::v0_3_0, 2, {{seq, 264}, {tp, 2}}, llama), holds);
  EXPECT_EQ(reason_of("loss-chunks", Era::v0_3_0, 2, {{seq, 264}, {cp, 2}}, llama),
            "training.seq_len 264 / cp 2 is no multiple of the 8 chunks of the loss");
  EXPECT_EQ(reason_of("loss-chunks", Era::v0_3_0, 1, {{seq, 264}, {"loss.num_chunks", 5}}, llama),
            "training.seq_len 264 is no multiple of the 5 chunks of the loss");
  EXPECT_EQ(reason_of("loss-chunks", Era::v0_3_0, 1, {{seq, 264}, {"loss.num_chunks", 3}}, llama), holds);
  EXPECT_EQ(reason_of("loss-chunks", Era::v0_3_0, 1, {{seq, 255}},
                      {{"module", "llama3"}, {"config", "llama3_debugmodel_ce_loss"}}),
            holds);
  EXPECT_EQ(reason_of("loss-chunks", Era::v0_2_2, 1, {{seq, 255}}), holds) << "0.2.2 has no such loss";
}

TEST(CpBlocks, AreWholeBlocksOfAttention) {
  EXPECT_EQ(reason_of("cp-blocks", Era::v0_3_0, 2, {{seq, 384}, {cp, 2}}, llama),
            "training.seq_len 384 is no multiple of cp 2 * 128 rows of an attention block = 256");
  EXPECT_EQ(reason_of("cp-blocks", Era::v0_3_0, 2, {{seq, 512}, {cp, 2}}, llama), holds);
  EXPECT_EQ(reason_of("cp-blocks", Era::v0_3_0, 1, {{seq, 384}}, llama), holds);
  EXPECT_EQ(reason_of("cp-blocks", Era::v0_2_2, 2, {{seq, 384}, {cp, 2}}), holds);
}

TEST(SeqLenPositions, EndWithTheRotaryEmbedding) {
  EXPECT_EQ(reason_of("seq-len-positions", Era::v0_3_0, 1, {{seq, 262144}}, llama),
            "training.seq_len 262144 is more than the 131072 positions of llama3_debugmodel");
  EXPECT_EQ(reason_of("seq-len-positions", Era::v0_3_0, 1, {{seq, 131072}}, llama), holds);
  EXPECT_EQ(reason_of("seq-len-positions", Era::v0_2_2, 1, {{seq, 262144}}), holds);
}

TEST(DdpNotWithOthers, HoldsForDdpAloneAndHsdp) {
  EXPECT_EQ(reason_of("ddp-not-with-others", Era::v0_2_2, 8, {{replicate, 8}, {shard, 1}}), holds);
  EXPECT_EQ(reason_of("ddp-not-with-others", Era::v0_2_2, 8, {{replicate, 2}, {shard, 2}, {tp, 2}}), holds);
  EXPECT_EQ(reason_of("ddp-not-with-others", Era::v0_2_2, 8, {{replicate, 2}, {shard, 1}, {cp, 2}, {tp, 2}}), holds);
  EXPECT_EQ(reason_of("ddp-not-with-others", Era::v0_2_2, 8, {{replicate, 4}, {shard, 1}, {tp, 2}}),
            "dp_replicate 4 without sharding (dp_shard 1, cp 1) is plain DDP, which goes with no tp (2) or pp (1)");
  EXPECT_EQ(reason_of("ddp-not-with-others", Era::v0_3_0, 8, {{replicate, 4}, {shard, 1}, {tp, 2}}), holds);
}

}  // namespace
}  // namespace tt::titan
