#include "tt/titan/parameters.hpp"

namespace tt::titan {

namespace {

// gpt_oss adds a bias to every projection but the head, and one sink a head.
bool has_biases_everywhere(const Architecture& model) { return model.family == "gpt_oss"; }

// An upper bound that cannot overflow: a file may claim any size.
bool is_countable(const Architecture& model) {
  const auto wide = [](std::int64_t size) { return static_cast<double>(size); };
  const LatentAttention latent = model.latent.value_or(LatentAttention{});
  const Experts experts = model.experts.value_or(Experts{});
  const double head =
      wide(model.head_dim.value_or(0)) + wide(latent.qk_nope) + wide(latent.qk_rope) + wide(latent.v_head);
  const double heads = wide(model.heads) + 2 * wide(model.kv_heads.value_or(0));
  const double inner = wide(model.ffn_size.value_or(0)) +
                       (wide(experts.ffn_size) + 1) * (wide(experts.experts) + wide(experts.shared_experts));
  const double across = wide(model.hidden_size) + wide(latent.kv_lora) + wide(latent.q_lora) + 1;
  const double block = 4 * across * (2 * heads * head + inner + across + 1);
  return wide(model.layers) * block + 2 * across * wide(model.vocab_size.value_or(0)) < 4e18;
}

std::int64_t latent_attention(const Architecture& model, const LatentAttention& latent) {
  const std::int64_t qk_dim = latent.qk_nope + latent.qk_rope;
  const std::int64_t queries =
      latent.q_lora == 0 ? model.hidden_size * model.heads * qk_dim
                         : model.hidden_size * latent.q_lora + latent.q_lora + latent.q_lora * model.heads * qk_dim;
  const std::int64_t compressed = model.hidden_size * (latent.kv_lora + latent.qk_rope) + latent.kv_lora;
  const std::int64_t expanded = latent.kv_lora * model.heads * (latent.qk_nope + latent.v_head);
  return queries + compressed + expanded + model.heads * latent.v_head * model.hidden_size;
}

std::optional<std::int64_t> attention(const Architecture& model) {
  if (model.latent) return latent_attention(model, *model.latent);
  if (!model.kv_heads || !model.head_dim) return std::nullopt;
  const std::int64_t query_width = model.heads * *model.head_dim;
  const std::int64_t qkv_width = query_width + 2 * *model.kv_heads * *model.head_dim;
  std::int64_t sum = model.hidden_size * (qkv_width + query_width);
  if (model.qkv_bias) sum += qkv_width;
  if (model.qk_norm) sum += 2 * *model.head_dim;
  if (has_biases_everywhere(model)) sum += model.hidden_size + model.heads;
  return sum;
}

std::optional<BlockParameters> block_without_ffn(const Architecture& model) {
  if (!is_countable(model)) return std::nullopt;
  const auto of_attention = attention(model);
  if (!of_attention) return std::nullopt;
  BlockParameters block;
  block.attention = *of_attention;
  block.norms = 2 * model.hidden_size;
  return block;
}

// Gate, up and down projection.
std::int64_t feed_forward(const Architecture& model, std::int64_t inner) { return 3 * model.hidden_size * inner; }

}  // namespace

std::optional<BlockParameters> dense_block(const Architecture& model) {
  auto block = block_without_ffn(model);
  if (!block || !model.ffn_size) return std::nullopt;
  block->feed_forward = feed_forward(model, *model.ffn_size);
  return block;
}

std::optional<BlockParameters> expert_block(const Architecture& model) {
  auto block = block_without_ffn(model);
  if (!block || !model.experts) return std::nullopt;
  const Experts& experts = *model.experts;
  block->router = model.hidden_size * experts.experts + (experts.router_bias ? experts.experts : 0);
  block->shared_experts = feed_forward(model, experts.ffn_size * experts.shared_experts);
  std::int64_t one = feed_forward(model, experts.ffn_size);
  if (has_biases_everywhere(model)) one += 2 * experts.ffn_size + model.hidden_size;
  block->routed_experts = experts.experts * one;
  return block;
}

std::int64_t expert_layers(const Architecture& model) {
  return model.experts ? model.layers - model.experts->dense_layers : 0;
}

bool has_experts(const Architecture& model, std::int64_t layer) {
  if (!model.experts) return false;
  if (model.experts->step > 1) return (layer + 1) % model.experts->step == 0;
  return layer >= model.experts->dense_layers;
}

std::optional<ParameterCount> count_parameters(const Architecture& model) {
  if (!model.vocab_size || !model.experts_known || !is_countable(model)) return std::nullopt;
  const std::int64_t with_experts = expert_layers(model);
  const std::int64_t dense = model.layers - with_experts;
  const auto plain = dense_block(model);
  const auto sparse = expert_block(model);
  if ((dense > 0 && !plain) || (with_experts > 0 && !sparse)) return std::nullopt;

  ParameterCount count;
  count.embedding = *model.vocab_size * model.hidden_size;
  count.head = model.tied_embeddings ? 0 : count.embedding;
  count.total = count.embedding + count.head + model.hidden_size;
  if (dense > 0) count.total += dense * plain->total();
  if (with_experts > 0) count.total += with_experts * sparse->total();
  count.active = count.total;
  if (with_experts > 0) {
    const std::int64_t routed = with_experts * sparse->routed_experts;
    count.active -= routed - routed / model.experts->experts * model.experts->top_k;
  }
  return count;
}

}  // namespace tt::titan
