#include "tt/titan/architecture.hpp"

#include <gtest/gtest.h>

#include "tt/titan/pipeline.hpp"
#include "tt/titan/presets.hpp"

namespace tt::titan {
namespace {

TEST(Architecture, KnowsLlama3) {
  const auto model = find_architecture(Era::v0_2_2, "llama3", "8B").value();
  EXPECT_EQ(model.hidden_size, 4096);
  EXPECT_EQ(model.layers, 32);
  EXPECT_EQ(model.heads, 32);
  EXPECT_EQ(model.kv_heads, 8);
  EXPECT_EQ(model.head_dim, 128);
  EXPECT_EQ(model.ffn_size, 14336);
  EXPECT_EQ(model.vocab_size, 128256);
  EXPECT_FALSE(model.experts);
  EXPECT_FALSE(model.latent);
  EXPECT_EQ(architecture_name(model), "llama3_8b");
}

// Parameters by the formula: layers * (H*(2ad + 2kd) + 3*H*I + 2H [+ 2d]) + V*H*(1 if tied else 2) + H.
std::int64_t dense_parameters(const Architecture& m) {
  const std::int64_t attention = m.hidden_size * (2 * m.heads * *m.head_dim + 2 * *m.kv_heads * *m.head_dim);
  const std::int64_t norms = 2 * m.hidden_size + (m.qk_norm ? 2 * *m.head_dim : 0);
  const std::int64_t block = attention + 3 * m.hidden_size * *m.ffn_size + norms;
  return m.layers * block + *m.vocab_size * m.hidden_size * (m.tied_embeddings ? 1 : 2) + m.hidden_size;
}

TEST(Architecture, HasTheParametersThatWereCounted) {
  const auto parameters = [](Era era, const char* model, const char* flavor) {
    return dense_parameters(find_architecture(era, model, flavor).value());
  };
  EXPECT_EQ(parameters(Era::v0_2_2, "llama3", "8B"), 8'030'261'248);
  EXPECT_EQ(parameters(Era::v0_2_2, "llama3", "70B"), 70'553'706'496);
  EXPECT_EQ(parameters(Era::v0_2_2, "llama3", "405B"), 405'853'388'800);
  EXPECT_EQ(parameters(Era::v0_2_2, "qwen3", "1.7B"), 1'720'574'976);
  EXPECT_EQ(parameters(Era::v0_2_2, "qwen3", "8B"), 8'190'735'360);
  EXPECT_EQ(parameters(Era::v0_2_2, "qwen3", "14B"), 14'768'307'200);
}

TEST(Architecture, TheDebugModelChanged) {
  const auto parameters = [](Era era) {
    return dense_parameters(find_architecture(era, "llama3", "debugmodel").value());
  };
  EXPECT_EQ(parameters(Era::early_2025), 7'975'168);
  EXPECT_EQ(parameters(Era::march_2025), 7'975'168);
  EXPECT_EQ(parameters(Era::v0_1_0), 6'270'208);
  EXPECT_EQ(parameters(Era::v0_2_0), 6'163'712);
  EXPECT_EQ(parameters(Era::v0_3_0), 6'163'712);
}

TEST(Architecture, KnowsExpertsAndLatentAttention) {
  const auto deepseek = find_architecture(Era::v0_2_2, "deepseek_v3", "671B").value();
  EXPECT_EQ(deepseek.experts->experts, 256);
  EXPECT_EQ(deepseek.experts->shared_experts, 1);
  EXPECT_EQ(deepseek.experts->top_k, 8);
  EXPECT_EQ(deepseek.experts->dense_layers, 3);
  EXPECT_EQ(deepseek.latent->q_lora, 1536);
  EXPECT_EQ(deepseek.kv_heads, std::nullopt);
  const auto gpt = find_architecture(Era::v0_2_2, "gpt_oss", "120b").value();
  EXPECT_EQ(gpt.layers, 36);
  EXPECT_EQ(gpt.experts->experts, 128);
}

TEST(Architecture, LooksThroughAttentionSuffixes) {
  EXPECT_EQ(find_architecture(Era::v0_2_2, "llama3", "8B_flex")->layers, 32);
  EXPECT_EQ(find_architecture(Era::v0_2_2, "llama4", "17bx16e_irope")->hidden_size, 5120);
  EXPECT_EQ(find_architecture(Era::v0_2_2, "llama3", "debugmodel_varlen_attn")->layers, 6);
}

TEST(Architecture, DoesNotInventAModel) {
  EXPECT_FALSE(find_architecture(Era::v0_2_2, "llama3", "9B"));
  EXPECT_FALSE(find_architecture(Era::v0_2_2, "llama3", "8b"));  // TorchTitan's dictionary is case-sensitive
  EXPECT_FALSE(find_architecture(Era::v0_1_0, "qwen3", "8B"));
  EXPECT_FALSE(find_architecture(Era::v0_3_0, "llama4", "17bx16e"));
  EXPECT_FALSE(find_architecture(Era::v0_2_2, "", ""));
}

TEST(Architecture, FollowsConfigFunctionsOfTheRegistry) {
  EXPECT_EQ(find_architecture(Era::v0_3_0, "llama3", "llama3_8b")->flavor, "8B");
  EXPECT_EQ(find_architecture(Era::v0_3_0, "llama3", "8B")->flavor, "8B");
  EXPECT_EQ(find_architecture(Era::v0_3_0, "torchtitan.models.qwen3", "qwen3_30b_a3b")->flavor, "30B-A3B");
  EXPECT_FALSE(find_architecture(Era::v0_3_0, "llama3", "my_config"));
}

TEST(Presets, LeadToAnArchitecture) {
  for (const char* config : {"llama3_debugmodel", "llama3_8b", "llama3_70b", "llama3_405b"})
    EXPECT_TRUE(find_architecture(Era::v0_3_0, "llama3", config)) << config;
  for (const char* config : {"deepseek_v3_debugmodel", "deepseek_v3_16b", "deepseek_v3_671b"})
    EXPECT_TRUE(find_architecture(Era::v0_3_0, "deepseek_v3", config)) << config;
  for (const char* config :
       {"qwen3_debugmodel", "qwen3_0_6b", "qwen3_1_7b", "qwen3_14b", "qwen3_32b", "qwen3_30b_a3b", "qwen3_moe_debug"})
    EXPECT_TRUE(find_architecture(Era::v0_3_0, "qwen3", config)) << config;
  for (const char* config : {"gpt_oss_20b", "gpt_oss_120b"})
    EXPECT_TRUE(find_architecture(Era::v0_3_0, "gpt_oss", config)) << config;
}

TEST(Presets, GiveTheFunctionsValueElseTheDefaultWhereItIsKnown) {
  EXPECT_EQ(preset_value("llama3_405b", "training.steps"), Value(3000));
  EXPECT_EQ(preset_value("llama3_405b", "compile.enable_async_tensor_parallel"), Value(true));
  EXPECT_EQ(preset_value("deepseek_v3_16b", "compile.components"), Value(Value::List{"loss"}));
  EXPECT_EQ(preset_value("llama3_8b", "training.global_batch_size"), Value(-1));
  EXPECT_EQ(preset_value("llama3_8b", "checkpoint.interval"), std::nullopt);
  EXPECT_EQ(preset_value("somebody_elses", "training.steps"), std::nullopt);
}

TEST(Schedules, AreFoundInAnyCase) {
  EXPECT_EQ(find_schedule("interleaved1f1b")->name, "Interleaved1F1B");
  EXPECT_TRUE(find_schedule("1f1b")->single_stage);
  EXPECT_TRUE(find_schedule("ZBVZeroBubble")->v_shaped);
  EXPECT_FALSE(find_schedule("flexible_interleaved_1f1b"));
}

TEST(Stages, ShareLayersWithTheEndsCountedIn) {
  EXPECT_EQ(layers_of_stages(Era::v0_2_2, 126, 8), (std::vector<std::int64_t>{15, 16, 16, 16, 16, 16, 16, 15}));
  EXPECT_EQ(layers_of_stages(Era::v0_2_2, 32, 2), (std::vector<std::int64_t>{16, 16}));
  EXPECT_EQ(layers_of_stages(Era::v0_2_2, 6, 4), (std::vector<std::int64_t>{1, 2, 2, 1}));
  EXPECT_EQ(layers_of_stages(Era::v0_2_2, 32, 1), (std::vector<std::int64_t>{32}));
  EXPECT_TRUE(layers_of_stages(Era::v0_2_2, 6, 9).empty());
}

TEST(Stages, WereDividedPlainlyBefore) {
  EXPECT_EQ(layers_of_stages(Era::march_2025, 8, 4), (std::vector<std::int64_t>{2, 2, 2, 2}));
  EXPECT_EQ(layers_of_stages(Era::march_2025, 10, 4), (std::vector<std::int64_t>{2, 3, 3, 2}));
  EXPECT_TRUE(layers_of_stages(Era::march_2025, 8, 9).empty());
}

TEST(Stages, LieLoopedOrInAV) {
  EXPECT_EQ(stages_of_rank(1, 4, 8, false), (std::vector<std::int64_t>{1, 5}));
  EXPECT_EQ(stages_of_rank(1, 4, 8, true), (std::vector<std::int64_t>{1, 6}));
}

}  // namespace
}  // namespace tt::titan
