// tt/comm/groups.hpp: the parameters of one rank, before FSDP cuts them: what each group of tensors has, padded or not.
//
// FSDP2 pads the first dimension of a tensor of shape (r, x...): Q = ceil(r/n)*n*x elements. Tensor parallelism cuts
// before: column-parallel r = ceil(rows/t), row-parallel the second dimension; norms and routers stay whole.
#pragma once

#include <cstdint>

#include "tt/comm/step.hpp"

namespace tt::comm {

struct GroupSizes {
  std::int64_t embedding = 0;
  std::int64_t dense_block = 0;
  std::int64_t expert_block = 0;  // routed experts included where they are no group of their own
  std::int64_t experts = 0;       // routed experts of one block, on efsdp (0: in the block)
  std::int64_t norm = 0;
  std::int64_t head = 0;
};
// Padded for n = F (experts: efsdp) ranks.
GroupSizes padded_groups(const Step& step);
// One after another: what all groups of a rank hold. `shard`: divided by n.
std::int64_t elements_of_rank(const Step& step, const RankLayers& held, const GroupSizes& groups);
std::int64_t shard_of_rank(const Step& step, const RankLayers& held, const GroupSizes& groups);

// Tensors the gradient norm looks at: of a block, and the routed experts of one (3).
std::int64_t tensors_of_block(const Step& step, bool with_experts);

// Calls `see(elements)` for every parameter in the order gradients become ready: head, norm, blocks from the last,
// embedding. Whole tensors: for plain replication.
template <class See>
void in_backward_order(const ModelSizes& model, See&& see) {
  const std::int64_t H = model.hidden, qd = model.heads * model.head_dim, kd = model.kv_heads * model.head_dim;
  if (!model.tied) see(model.vocab * H);
  see(H);
  for (std::int64_t layer = model.layers; layer-- > 0;) {
    see(H);
    see(H);
    if (model.has_experts(layer)) {
      for (int tensor = 0; model.shared_experts > 0 && tensor < 3; ++tensor)
        see(H * model.expert_ffn * model.shared_experts);
      see(model.experts * H);
      for (int tensor = 0; tensor < 3; ++tensor) see(model.experts * H * model.expert_ffn);
    } else {
      for (int tensor = 0; tensor < 3; ++tensor) see(H * model.ffn);
    }
    if (model.qk_norm) {
      see(model.head_dim);
      see(model.head_dim);
    }
    see(H * qd);
    if (model.qkv_bias) {
      see(kd);
      see(kd);
      see(qd);
    }
    see(H * kd);
    see(H * kd);
    see(H * qd);
  }
  see(model.vocab * H);
}

}  // namespace tt::comm
