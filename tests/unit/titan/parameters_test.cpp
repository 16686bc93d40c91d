#include "tt/titan/parameters.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace tt::titan {
namespace {

ParameterCount count(Era era, const char* model, const char* flavor) {
  return count_parameters(find_architecture(era, model, flavor).value()).value();
}
std::int64_t total(Era era, const char* model, const char* flavor) { return count(era, model, flavor).total; }

// TorchTitan prints these at start ("Model llama3 8B size: 8,030,261,248 total parameters").
TEST(Parameters, OfLlama3AreTheOnesTorchTitanPrints) {
  EXPECT_EQ(total(Era::v0_2_2, "llama3", "8B"), 8'030'261'248);
  EXPECT_EQ(total(Era::early_2025, "llama3", "70B"), 70'553'706'496);
  EXPECT_EQ(total(Era::v0_3_0, "llama3", "405B"), 405'853'388'800);
  EXPECT_EQ(total(Era::early_2025, "llama3", "debugmodel"), 7'975'168);
  EXPECT_EQ(total(Era::march_2025, "llama3", "debugmodel"), 7'975'168);
  EXPECT_EQ(total(Era::v0_1_0, "llama3", "debugmodel"), 6'270'208);
  EXPECT_EQ(total(Era::v0_2_0, "llama3", "debugmodel"), 6'163'712);
  EXPECT_EQ(total(Era::v0_3_0, "llama3", "debugmodel"), 6'163'712);
}

// Llama 3.2 on the hub: the sum over the tensors of the published weights.
TEST(Parameters, OfTheSmallLlamasAreThePublishedOnes) {
  EXPECT_EQ(total(Era::v0_3_0, "llama3", "1B"), 1'235'814'400);
  EXPECT_EQ(total(Era::v0_3_0, "llama3", "3B"), 3'212'749'824);
}

TEST(Parameters, OfQwen2AreThePublishedOnes) {
  EXPECT_EQ(total(Era::v0_2_2, "qwen2", "0.5B"), 494'032'768);
  EXPECT_EQ(total(Era::v0_2_2, "qwen2", "1.5B"), 1'543'714'304);
  EXPECT_EQ(total(Era::v0_2_2, "qwen2", "3B"), 3'085'938'688);
  EXPECT_EQ(total(Era::v0_2_2, "qwen2", "7B"), 7'615'616'512);
  EXPECT_EQ(total(Era::v0_2_2, "qwen2", "14B"), 14'770'033'664);
  EXPECT_EQ(total(Era::v0_2_2, "qwen2", "32B"), 32'763'876'352);
  EXPECT_EQ(total(Era::v0_2_2, "qwen2", "72B"), 72'706'203'648);
}

TEST(Parameters, OfQwen3AreThePublishedOnes) {
  EXPECT_EQ(total(Era::v0_2_2, "qwen3", "0.6B"), 596'049'920);
  EXPECT_EQ(total(Era::v0_2_2, "qwen3", "1.7B"), 1'720'574'976);
  EXPECT_EQ(total(Era::v0_2_2, "qwen3", "4B"), 4'022'468'096);
  EXPECT_EQ(total(Era::v0_2_2, "qwen3", "8B"), 8'190'735'360);
  EXPECT_EQ(total(Era::v0_2_2, "qwen3", "14B"), 14'768'307'200);
  EXPECT_EQ(total(Era::v0_2_2, "qwen3", "32B"), 32'762'123'264);
  EXPECT_EQ(total(Era::v0_2_2, "qwen3", "30B-A3B"), 30'532'122'624);
  EXPECT_EQ(total(Era::v0_2_2, "qwen3", "235B-A22B"), 235'093'634'560);
}

TEST(Parameters, OfGptOssAreThePublishedOnes) {
  EXPECT_EQ(total(Era::v0_3_0, "gpt_oss", "20b"), 20'914'757'184);
  EXPECT_EQ(total(Era::v0_3_0, "gpt_oss", "120b"), 116'829'156'672);
  // In 0.2.1 the router had no bias: 32 experts less in each of 24 layers.
  EXPECT_EQ(total(Era::v0_2_1, "gpt_oss", "20b"), 20'914'757'184 - 24 * 32);
}

// The published weights of DeepSeek V3 hold 671,026,419,200 values without the extra prediction layer; 58 layers * 256
// of them are the load-balancing bias, which TorchTitan keeps as a buffer.
TEST(Parameters, OfDeepSeekAreThePublishedOnes) {
  EXPECT_EQ(total(Era::v0_2_2, "deepseek_v3", "671B"), 671'026'419'200 - 58 * 256);
  EXPECT_EQ(total(Era::v0_2_2, "deepseek_v3", "16B"), 15'706'484'224);
  EXPECT_EQ(total(Era::v0_2_2, "deepseek_v3", "236B"), 235'741'434'880);
}

double billions(std::int64_t number) { return std::round(static_cast<double>(number) / 1e7) / 100; }

// Known rounded to ten millions only.
TEST(Parameters, OfOneTokenAreTheRoundedOnes) {
  EXPECT_DOUBLE_EQ(billions(count(Era::v0_2_2, "deepseek_v3", "16B").active), 2.66);
  EXPECT_DOUBLE_EQ(billions(count(Era::v0_2_2, "deepseek_v3", "671B").active), 37.55);
  EXPECT_DOUBLE_EQ(billions(count(Era::v0_2_2, "qwen3", "30B-A3B").active), 3.35);
  EXPECT_DOUBLE_EQ(billions(count(Era::v0_2_2, "llama4", "17bx16e").total), 107.77);
  EXPECT_DOUBLE_EQ(billions(count(Era::v0_2_2, "llama4", "17bx16e").active), 17.17);
  EXPECT_DOUBLE_EQ(billions(count(Era::v0_2_2, "llama4", "17bx128e").total), 400.71);
  EXPECT_DOUBLE_EQ(billions(count(Era::v0_2_2, "llama4", "17bx128e").active), 17.18);
  EXPECT_EQ(count(Era::v0_2_2, "llama3", "8B").active, 8'030'261'248);
}

TEST(Parameters, TieTheHeadToTheEmbedding) {
  EXPECT_EQ(count(Era::v0_2_2, "llama3", "8B").embedding, 128256 * 4096);
  EXPECT_EQ(count(Era::v0_2_2, "llama3", "8B").head, 128256 * 4096);
  EXPECT_EQ(count(Era::v0_2_2, "qwen3", "0.6B").embedding, 151936 * 1024);
  EXPECT_EQ(count(Era::v0_2_2, "qwen3", "0.6B").head, 0);
}

TEST(Parameters, OfABlockAddUpByPart) {
  const auto dense = dense_block(find_architecture(Era::v0_2_2, "llama3", "8B").value()).value();
  EXPECT_EQ(dense.attention, 4096 * (4096 + 1024 + 1024 + 4096));
  EXPECT_EQ(dense.norms, 8192);
  EXPECT_EQ(dense.feed_forward, 3 * 4096 * 14336);
  EXPECT_EQ(dense.total(), 218'112'000);
  const auto sparse = expert_block(find_architecture(Era::v0_2_2, "deepseek_v3", "671B").value()).value();
  EXPECT_EQ(sparse.attention, 187'107'328);
  EXPECT_EQ(sparse.router, 7168 * 256);
  EXPECT_EQ(sparse.shared_experts, 3 * 7168 * 2048);
  EXPECT_EQ(sparse.routed_experts, std::int64_t{256} * 3 * 7168 * 2048);
  EXPECT_FALSE(expert_block(find_architecture(Era::v0_2_2, "llama3", "8B").value()));
  EXPECT_FALSE(dense_block(find_architecture(Era::v0_2_2, "qwen3", "30B-A3B").value()));
}

TEST(Parameters, KnowWhichLayersHaveExperts) {
  const auto maverick = find_architecture(Era::v0_2_2, "llama4", "17bx128e").value();
  EXPECT_EQ(expert_layers(maverick), 24);
  EXPECT_FALSE(has_experts(maverick, 0));
  EXPECT_TRUE(has_experts(maverick, 1));
  EXPECT_TRUE(has_experts(maverick, 47));
  const auto deepseek = find_architecture(Era::v0_2_2, "deepseek_v3", "671B").value();
  EXPECT_EQ(expert_layers(deepseek), 58);
  EXPECT_FALSE(has_experts(deepseek, 2));
  EXPECT_TRUE(has_experts(deepseek, 3));
  EXPECT_FALSE(has_experts(find_architecture(Era::v0_2_2, "llama3", "8B").value(), 0));
}

TEST(Parameters, OfUnknownOrAbsurdSizesAreUnknown) {
  auto model = find_architecture(Era::v0_2_2, "llama3", "8B").value();
  model.vocab_size.reset();
  EXPECT_FALSE(count_parameters(model));
  model = find_architecture(Era::v0_2_2, "qwen3", "30B-A3B").value();
  model.experts_known = false;
  EXPECT_FALSE(count_parameters(model));
  model = find_architecture(Era::v0_2_2, "llama3", "8B").value();
  model.ffn_size = std::int64_t{1} << 62;
  EXPECT_FALSE(count_parameters(model));
  EXPECT_FALSE(dense_block(model));
}

// Counted layer by layer, every shipped model has the total that its parts say.
TEST(Parameters, AreKnownForEveryShippedModel) {
  for (const std::string& name : era_names()) {
    const Era era = parse_era(name).value();
    for (const Architecture* model : shipped_in(era)) {
      SCOPED_TRACE(name + " " + model->family + " " + model->flavor);
      const auto counted = count_parameters(*model);
      ASSERT_TRUE(counted);
      std::int64_t by_layer = counted->embedding + counted->head + model->hidden_size;
      for (std::int64_t layer = 0; layer < model->layers; ++layer)
        by_layer += (has_experts(*model, layer) ? expert_block(*model) : dense_block(*model)).value().total();
      EXPECT_EQ(counted->total, by_layer);
    }
  }
}

}  // namespace
}  // namespace tt::titan
