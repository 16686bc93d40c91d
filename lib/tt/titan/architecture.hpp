// tt/titan/architecture.hpp: the sizes of a model, and the ones TorchTitan ships, era by era (data/architectures.tsv).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tt/titan/era.hpp"

namespace tt::titan {

// Low-rank attention of DeepSeek: heads read from compressed queries, keys and values.
struct LatentAttention {
  std::int64_t kv_lora = 0;
  std::int64_t q_lora = 0;  // 0: queries are not compressed
  std::int64_t qk_nope = 0;
  std::int64_t qk_rope = 0;
  std::int64_t v_head = 0;

  friend bool operator==(const LatentAttention&, const LatentAttention&) = default;
};

struct Experts {
  std::int64_t experts = 0;  // routed experts of a layer
  std::int64_t shared_experts = 0;
  std::int64_t top_k = 0;
  std::int64_t ffn_size = 0;      // inner size of one expert
  std::int64_t dense_layers = 0;  // layers that have a plain FFN instead
  std::int64_t step = 1;          // 1: the first layers are the dense ones; n: the last of every n layers has experts
  bool router_bias = false;

  friend bool operator==(const Experts&, const Experts&) = default;
};

struct Architecture {
  std::string family;  // TorchTitan's model: "llama3", "llama4", "deepseek_v3", "qwen3", "gpt_oss"; also "qwen2"
  std::string flavor;
  std::int64_t hidden_size = 0;
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  std::optional<std::int64_t> kv_heads;  // nullopt: latent attention
  std::optional<std::int64_t> head_dim;  // nullopt: latent attention
  std::optional<std::int64_t> ffn_size;  // of a dense layer; nullopt: there is none, or it is not known
  std::optional<std::int64_t> vocab_size;
  bool tied_embeddings = false;
  bool qk_norm = false;
  bool qkv_bias = false;
  std::optional<Experts> experts;  // nullopt: dense, or not known (see experts_known)
  bool experts_known = true;
  std::optional<LatentAttention> latent;
  std::optional<std::int64_t> max_seq_len;  // positions the rotary embedding is made for; nullopt: no limit known
  std::string attention;                    // "sdpa", "flex", "varlen"; empty: not known, or the configuration chooses

  friend bool operator==(const Architecture&, const Architecture&) = default;
};

// The model of a flavor as the era ships it. In era 0.3.0 `flavor` may also be the name of a config function
// ("llama3_8b"). Null: not in the table. The answer lives as long as the program.
const Architecture* find_shipped_architecture(Era era, std::string_view model, std::string_view flavor);
// The same as a copy.
std::optional<Architecture> find_architecture(Era era, std::string_view model, std::string_view flavor);
// "llama3_8b", "qwen3_1_7b": how estimates and tables name it. Flavors that differ in their attention kernel only
// ("8B_flex") share a name.
std::string architecture_name(const Architecture& architecture);
// The flavors of a model, in the order of the table.
std::vector<std::string> flavors_of(Era era, std::string_view model);
// Everything the era has, in the order of the table.
std::vector<const Architecture*> shipped_in(Era era);

// The name of a model's family: "torchtitan.models.llama3" and "llama3_ft" are "llama3".
std::string_view family_of_model(std::string_view model);

}  // namespace tt::titan
