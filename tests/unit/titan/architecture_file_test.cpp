#include "tt/titan/architecture_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "support/temp_folder.hpp"
#include "tt/base/error.hpp"
#include "tt/titan/parameters.hpp"

namespace tt::titan {
namespace {

Architecture read(const std::string& text, const std::string& name = "mine.toml") {
  return read_architecture(std::make_shared<const SourceText>(name, text), "mine");
}
std::vector<std::string> sentences(const std::string& text, const std::string& name = "mine.toml") {
  std::vector<std::string> found;
  try {
    read(text, name);
  } catch (const BadInput& bad) {
    for (const Problem& problem : bad.problems()) {
      std::string where;
      if (problem.place.line > 0)
        where = ":" + std::to_string(problem.place.line) + ":" + std::to_string(problem.place.column);
      found.push_back(problem.place.file + where + ": " + problem.message +
                      (problem.hint.empty() ? "" : " (" + problem.hint + ")"));
    }
  }
  return found;
}
using Sentences = std::vector<std::string>;

std::int64_t parameters(const std::string& text) { return count_parameters(read(text, "config.json")).value().total; }

// The files of the hub, cut to the keys that count. Totals are those of the published weights.
TEST(HuggingFace, LlamaAndItsDefaults) {
  const std::string text = R"({"model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32,
    "num_attention_heads": 32, "num_key_value_heads": 8, "intermediate_size": 14336, "vocab_size": 128256,
    "max_position_embeddings": 131072, "attention_bias": false, "mlp_bias": false, "tie_word_embeddings": false,
    "rope_theta": 500000.0, "torch_dtype": "bfloat16"})";
  const Architecture model = read(text, "config.json");
  EXPECT_EQ(model.family, "llama3");
  EXPECT_EQ(model.flavor, "mine");
  EXPECT_EQ(model.head_dim, 128);
  EXPECT_EQ(model.max_seq_len, 131072);
  EXPECT_EQ(parameters(text), 8'030'261'248);
}

TEST(HuggingFace, Qwen2HasBiasesAndTiedEmbeddings) {
  EXPECT_EQ(parameters(R"({"model_type": "qwen2", "hidden_size": 896, "num_hidden_layers": 24,
    "num_attention_heads": 14, "num_key_value_heads": 2, "intermediate_size": 4864, "vocab_size": 151936,
    "tie_word_embeddings": true})"),
            494'032'768);
}

TEST(HuggingFace, Qwen3DenseAndWithExperts) {
  EXPECT_EQ(parameters(R"({"model_type": "qwen3", "hidden_size": 1024, "num_hidden_layers": 28, "head_dim": 128,
    "num_attention_heads": 16, "num_key_value_heads": 8, "intermediate_size": 3072, "vocab_size": 151936,
    "attention_bias": false, "tie_word_embeddings": true})"),
            596'049'920);
  EXPECT_EQ(parameters(R"({"model_type": "qwen3_moe", "hidden_size": 2048, "num_hidden_layers": 48, "head_dim": 128,
    "num_attention_heads": 32, "num_key_value_heads": 4, "intermediate_size": 6144, "moe_intermediate_size": 768,
    "num_experts": 128, "num_experts_per_tok": 8, "decoder_sparse_step": 1, "mlp_only_layers": [],
    "vocab_size": 151936, "tie_word_embeddings": false})"),
            30'532'122'624);
}

TEST(HuggingFace, DeepSeekWithAndWithoutCompressedQueries) {
  EXPECT_EQ(parameters(R"({"model_type": "deepseek_v3", "hidden_size": 7168, "num_hidden_layers": 61,
    "num_attention_heads": 128, "num_key_value_heads": 128, "intermediate_size": 18432, "moe_intermediate_size": 2048,
    "n_routed_experts": 256, "n_shared_experts": 1, "num_experts_per_tok": 8, "first_k_dense_replace": 3,
    "moe_layer_freq": 1, "q_lora_rank": 1536, "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64,
    "v_head_dim": 128, "vocab_size": 129280})"),
            671'026'404'352);
  EXPECT_EQ(parameters(R"({"model_type": "deepseek_v2", "hidden_size": 2048, "num_hidden_layers": 27,
    "num_attention_heads": 16, "intermediate_size": 10944, "moe_intermediate_size": 1408, "n_routed_experts": 64,
    "n_shared_experts": 2, "num_experts_per_tok": 6, "first_k_dense_replace": 1, "q_lora_rank": null,
    "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128, "vocab_size": 102400})"),
            15'706'484'224);
}

TEST(HuggingFace, GptOssHasBiasesAndSinks) {
  EXPECT_EQ(parameters(R"({"model_type": "gpt_oss", "hidden_size": 2880, "num_hidden_layers": 24, "head_dim": 64,
    "num_attention_heads": 64, "num_key_value_heads": 8, "intermediate_size": 2880, "num_local_experts": 32,
    "num_experts_per_tok": 4, "attention_bias": true, "vocab_size": 201088})"),
            20'914'757'184);
}

TEST(HuggingFace, Llama4StandsInItsTextConfig) {
  const Architecture model = read(R"({"model_type": "llama4", "vision_config": {"hidden_size": 1408}, "text_config": {
    "model_type": "llama4_text", "hidden_size": 5120, "num_hidden_layers": 48, "num_attention_heads": 40,
    "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 8192, "intermediate_size_mlp": 16384,
    "interleave_moe_layer_step": 2, "num_local_experts": 128, "num_experts_per_tok": 1, "vocab_size": 202048,
    "max_position_embeddings": 1048576}})",
                                  "config.json");
  Architecture expected = find_architecture(Era::v0_2_2, "llama4", "17bx128e").value();
  expected.flavor = "mine";
  expected.attention = "";
  EXPECT_EQ(model, expected);
}

TEST(HuggingFace, SaysEverythingThatIsMissingOrWrong) {
  EXPECT_EQ(sentences(R"({"model_type": "llama", "hidden_size": "big", "num_attention_heads": 32, "mlp_bias": true})",
                      "config.json"),
            (Sentences{"config.json: 'hidden_size' is a whole number from 1 to 100,000,000, got \"big\"",
                       "config.json: 'num_hidden_layers' is missing", "config.json: 'vocab_size' is missing",
                       "config.json: 'intermediate_size' is missing",
                       "config.json: 'mlp_bias' = true is not known for this model"}));
  EXPECT_EQ(sentences(R"({"model_type": "mamba"})", "config.json"),
            (Sentences{"config.json: model_type 'mamba' is not known (known are llama, qwen2, qwen3, qwen3_moe, "
                       "deepseek_v2, deepseek_v3, gpt_oss, llama4, llama4_text)"}));
  EXPECT_EQ(sentences(R"({"model_type": 7})", "config.json"),
            (Sentences{"config.json: 'model_type' is a text, got 7"}));
}

constexpr const char* small = R"(family = "llama3"
hidden_size = 256
layers = 6
heads = 16
ffn_size = 768
vocab_size = 2048
)";

TEST(ArchitectureFile, InTomlWithItsDefaults) {
  const Architecture model = read(small);
  EXPECT_EQ(model.kv_heads, 16);
  EXPECT_EQ(model.head_dim, 16);
  EXPECT_FALSE(model.experts);
  EXPECT_EQ(count_parameters(model)->total, 6'163'712);
  EXPECT_EQ(read(std::string(small) + "name = \"tiny\"\n").flavor, "tiny");
}

TEST(ArchitectureFile, InJsonWithTheSameKeys) {
  const Architecture model = read(R"(
    {"family": "qwen3", "hidden_size": 2048, "layers": 48, "heads": 32, "kv_heads": 4, "head_dim": 128,
     "vocab_size": 151936, "tied_embeddings": false, "qk_norm": true, "qkv_bias": false, "experts": 128, "top_k": 8,
     "expert_ffn_size": 768, "shared_experts": 0, "dense_layers": 0})",
                                  "mine.json");
  EXPECT_EQ(count_parameters(model)->total, 30'532'122'624);
}

TEST(ArchitectureFile, WithLatentAttention) {
  const Architecture model = read(R"(family = "deepseek_v3"
hidden_size = 2048
layers = 27
heads = 16
ffn_size = 10944
vocab_size = 102400
experts = 64
top_k = 6
expert_ffn_size = 1408
shared_experts = 2
dense_layers = 1
kv_lora = 512
qk_nope = 128
qk_rope = 64
v_head = 128
)");
  EXPECT_EQ(count_parameters(model)->total, 15'706'484'224);
}

TEST(ArchitectureFile, EveryKeyValueHeadServesTheSameNumberOfHeads) {
  EXPECT_EQ(sentences(std::string(small) + "kv_heads = 3\n"),
            (Sentences{"mine.toml:7:12: 16 heads cannot be shared by kv_heads 3: every key-value head serves the same "
                       "number of heads"}));
}

TEST(ArchitectureFile, WhatIsWrittenOfAModelIsReadAsTheSameModel) {
  for (const Architecture* shipped : shipped_in(Era::v0_2_2)) {
    if (!shipped->experts_known || !shipped->vocab_size) continue;
    Architecture expected = *shipped;
    expected.attention.clear();  // of the flavor, not of the sizes
    if (!expected.ffn_size && (!expected.experts || expected.experts->dense_layers > 0)) continue;
    EXPECT_EQ(read(to_json(architecture_value(expected)), "run.json"), expected) << shipped->flavor;
  }
}

TEST(ArchitectureFile, SaysEverythingThatIsWrongWithItsPlace) {
  EXPECT_EQ(sentences("family = \"lama3\"\nhidden_sise = 256\nlayers = 0\nheads = 16\nffn_size = 1.5\n"),
            (Sentences{"mine.toml:2:15: 'hidden_sise' is not a key of an architecture (did you mean 'hidden_size'?)",
                       "mine.toml:1:10: family 'lama3' is not known (known are llama3, llama4, qwen2, qwen3, "
                       "deepseek_v3, gpt_oss)",
                       "mine.toml: 'hidden_size' is missing",
                       "mine.toml:3:10: 'layers' is a whole number from 1 to 100,000,000, got 0",
                       "mine.toml:5:12: 'ffn_size' is a whole number from 1 to 100,000,000, got 1.5",
                       "mine.toml: 'vocab_size' is missing"}));
  EXPECT_EQ(sentences(std::string(small) + "experts = 4\ntop_k = 5\nexpert_ffn_size = 8\ndense_layers = 7\n"),
            (Sentences{"mine.toml:10:16: 'dense_layers' 7 is more than the 6 layers",
                       "mine.toml:8:9: 'top_k' 5 is more than the 4 experts"}));
}

TEST(ArchitectureFile, DoesNotGuessAHeadDimension) {
  EXPECT_EQ(sentences("family = \"llama3\"\nhidden_size = 100\nlayers = 6\nheads = 16\nffn_size = 768\n"
                      "vocab_size = 2048\n"),
            (Sentences{"mine.toml: 'head_dim' is missing, and hidden_size 100 is no multiple of heads 16"}));
}

TEST(ArchitectureFile, RefusesSizesBeyondCounting) {
  EXPECT_EQ(sentences("family = \"llama3\"\nhidden_size = 10000000\nlayers = 10000000\nheads = 10000000\n"
                      "ffn_size = 10000000\nvocab_size = 10000000\n"),
            (Sentences{"mine.toml:3:10: a model of these sizes has too many parameters to count"}));
}

TEST(ArchitectureFile, IsCalledAfterItsFileOrTheFolderOfAConfigJson) {
  const test::TempFolder folder;
  write_file(folder.path() / "tiny.toml", small);
  EXPECT_EQ(load_architecture(folder.path() / "tiny.toml").flavor, "tiny");
  make_folders(folder.path() / "Qwen2.5-0.5B");
  write_file(folder.path() / "Qwen2.5-0.5B" / "config.json",
             R"({"model_type": "qwen2", "hidden_size": 896, "num_hidden_layers": 24, "num_attention_heads": 14,
                 "num_key_value_heads": 2, "intermediate_size": 4864, "vocab_size": 151936})");
  const Architecture model = load_architecture(folder.path() / "Qwen2.5-0.5B" / "config.json");
  EXPECT_EQ(model.flavor, "Qwen2.5-0.5B");
  EXPECT_EQ(architecture_name(model), "qwen2_qwen2_5_0_5b");
}

TEST(ArchitectureFile, ThatIsNotThereIsSaid) {
  try {
    load_architecture("/nowhere/model.toml");
    FAIL() << "was read";
  } catch (const BadInput& bad) {
    ASSERT_EQ(bad.problems().size(), 1U);
    EXPECT_EQ(bad.problems()[0].message, "there is no such file");
    EXPECT_EQ(bad.problems()[0].place.file, "/nowhere/model.toml");
  }
}

}  // namespace
}  // namespace tt::titan
