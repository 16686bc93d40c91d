#include "tt/comm/groups.hpp"

namespace tt::comm {

namespace {

std::int64_t up(std::int64_t number, std::int64_t divisor) { return (number + divisor - 1) / divisor; }

class Padding {
 public:
  Padding(std::int64_t ranks, std::int64_t t) : n_(ranks), t_(t) {}
  std::int64_t whole(std::int64_t rows, std::int64_t width) const { return up(rows, n_) * n_ * width; }
  std::int64_t by_column(std::int64_t rows, std::int64_t width) const { return whole(up(rows, t_), width); }
  std::int64_t by_row(std::int64_t rows, std::int64_t width) const { return whole(rows, up(width, t_)); }

 private:
  std::int64_t n_, t_;
};

std::int64_t latent_attention(const ModelSizes& model, const Padding& pad) {
  const std::int64_t H = model.hidden, qk = model.qk_nope + model.qk_rope;
  std::int64_t sum = pad.whole(model.kv_lora + model.qk_rope, H) + pad.whole(model.kv_lora, 1) +
                     pad.by_column(model.heads * (model.qk_nope + model.v_head), model.kv_lora) +
                     pad.by_row(H, model.heads * model.v_head);
  if (model.q_lora == 0) return sum + pad.by_column(model.heads * qk, H);
  return sum + pad.whole(model.q_lora, H) + pad.whole(model.q_lora, 1) + pad.by_column(model.heads * qk, model.q_lora);
}

std::int64_t attention(const Step& step, const Padding& pad) {
  const ModelSizes& model = step.model;
  if (model.is_latent()) return latent_attention(model, pad);
  const std::int64_t H = model.hidden, qd = model.heads * model.head_dim, kd = model.kv_heads * model.head_dim;
  const bool fused = step.is_new();  // one matrix of (a + 2k)*d rows
  const auto qkv = [&](std::int64_t width) {
    return fused ? pad.by_column(qd + 2 * kd, width) : pad.by_column(qd, width) + 2 * pad.by_column(kd, width);
  };
  std::int64_t sum = qkv(H) + pad.by_row(H, qd);
  if (model.qkv_bias) sum += qkv(1);
  if (model.qk_norm) sum += 2 * pad.whole(model.head_dim, 1);
  if (model.biases_everywhere) sum += pad.whole(H, 1) + pad.by_column(model.heads, 1);
  return sum;
}

std::int64_t feed_forward(const ModelSizes& model, std::int64_t inner, const Padding& pad) {
  return 2 * pad.by_column(inner, model.hidden) + pad.by_row(model.hidden, inner);
}

// Routed experts: (experts, rows, width) each. Sharded by expert, or, where there are more ranks than experts, inside.
std::int64_t routed_experts(const Step& step) {
  const ModelSizes& model = step.model;
  const std::int64_t here = model.experts / step.e;
  const std::int64_t inner = step.experts_split_by_tp() ? up(model.expert_ffn, step.t) : model.expert_ffn;
  std::int64_t one = 3 * inner * model.hidden;
  if (model.biases_everywhere) one += 2 * inner + model.hidden;
  const std::int64_t ranks = step.e > 1 ? step.efsdp : step.F;
  bool inside = step.e > 1 && step.efsdp * step.e > model.experts;
  if (step.e == 1 && step.is_new()) inside = step.R * step.F * step.t > model.experts;
  return inside ? here * one : up(here, ranks) * ranks * one;
}

}  // namespace

GroupSizes padded_groups(const Step& step) {
  const ModelSizes& model = step.model;
  const Padding pad(step.F, step.t);
  GroupSizes sizes;
  sizes.embedding = pad.by_column(model.vocab, model.hidden);
  sizes.head = sizes.embedding;
  sizes.norm = pad.whole(model.hidden, 1);
  const std::int64_t common = attention(step, pad) + 2 * pad.whole(model.hidden, 1);
  if (model.ffn > 0) sizes.dense_block = common + feed_forward(model, model.ffn, pad);
  if (model.experts == 0) return sizes;
  sizes.expert_block = common + pad.whole(model.experts, model.hidden);
  if (model.router_bias) sizes.expert_block += pad.whole(model.experts, 1);
  if (model.shared_experts > 0) sizes.expert_block += feed_forward(model, model.expert_ffn * model.shared_experts, pad);
  if (step.e > 1)
    sizes.experts = routed_experts(step);
  else
    sizes.expert_block += routed_experts(step);
  return sizes;
}

namespace {

std::int64_t without_experts(const Step&, const RankLayers& held, const GroupSizes& groups) {
  std::int64_t sum = (held.layers - held.expert_layers) * groups.dense_block + held.expert_layers * groups.expert_block;
  if (held.has_first) sum += groups.embedding;
  if (held.has_last) sum += groups.norm + groups.head;
  return sum;
}

}  // namespace

std::int64_t elements_of_rank(const Step& step, const RankLayers& held, const GroupSizes& groups) {
  return without_experts(step, held, groups) + held.expert_layers * groups.experts;
}

std::int64_t shard_of_rank(const Step& step, const RankLayers& held, const GroupSizes& groups) {
  return without_experts(step, held, groups) / step.F + held.expert_layers * (groups.experts / step.efsdp);
}

std::int64_t tensors_of_block(const Step& step, bool with_experts) {
  const ModelSizes& model = step.model;
  std::int64_t count = step.is_new() ? 2 : 4;  // q, k, v (one matrix in the newest profile) and output
  if (model.is_latent()) count = model.q_lora > 0 ? 7 : 5;
  count += 2;  // norms
  if (model.qk_norm) count += 2;
  if (model.qkv_bias) count += step.is_new() ? 1 : 3;
  if (model.biases_everywhere) count += 2;
  if (!with_experts) return count + 3;
  count += 1;  // router
  if (model.router_bias) count += 1;
  return count + (model.shared_experts > 0 ? 3 : 0);
}

}  // namespace tt::comm
