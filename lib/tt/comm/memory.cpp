#include "tt/comm/memory.hpp"

#include <algorithm>
#include <utility>

#include "tt/comm/event_parts.hpp"
#include "tt/comm/groups.hpp"

namespace tt::comm {

namespace {

// Bytes one token of one layer leaves, for activations of two bytes.
struct PerToken {
  double none = 0, by_operation = 0, full = 0;
};

PerToken dense_token(const Step& step) {
  const ModelSizes& model = step.model;
  const auto H = static_cast<double>(model.hidden), t = static_cast<double>(step.t);
  const auto ad = static_cast<double>(model.heads * model.head_dim), I = static_cast<double>(model.ffn);
  const auto kd = static_cast<double>(model.kv_heads * model.head_dim);
  const auto kept_kd = static_cast<double>(
      (step.profile == Profile::titan_0_2_1 ? model.heads : step.kv_heads_in_context) * model.head_dim);
  PerToken bytes;
  bytes.none = 4 * H / t + 4 * H + (4 * ad + 4 * kept_kd) / t + 8 * I / t;
  bytes.by_operation = 2 * H / t + 2 * ad / t + 2 * kd / t + 2 * ad / t + 2 * I / t + 2 * H + (t > 1 ? 4 * H / t : 0);
  bytes.full = 2 * H / t;
  return bytes;
}

// Routing decides: a balanced one is assumed.
PerToken expert_token(const Step& step, const PerToken& dense) {
  const ModelSizes& model = step.model;
  const auto t = static_cast<double>(step.t), I = static_cast<double>(model.ffn);
  const auto shared = static_cast<double>(model.expert_ffn * model.shared_experts);
  const auto H = static_cast<double>(model.hidden), Im = static_cast<double>(model.expert_ffn);
  const double share =
      static_cast<double>(step.routed_tokens()) / static_cast<double>(std::max<std::int64_t>(1, step.tokens));
  const double routed = share * static_cast<double>(model.top_k) * step.expert_imbalance;
  PerToken bytes = dense;
  bytes.none += 8 * (shared - I) / t + routed * (4 * H + 8 * Im / static_cast<double>(step.et));
  bytes.by_operation += 2 * (shared - I) / t + routed * 4 * H;
  return bytes;
}

// Microbatches whose activations live at the same time.
double in_flight(const Step& step, const RankLayers& held) {
  if (!step.pipelined()) return 1;
  const auto m = static_cast<double>(step.per_schedule);
  const auto p = static_cast<double>(step.p), rank = static_cast<double>(held.rank);
  if (forwards_first(step)) return m;
  if (held.stages == 1) return std::min(m, p - rank);
  if (step.v_shaped()) return std::min(m, p);
  const auto v = static_cast<double>(held.stages);
  return std::min(m, ((v - 1) * p + 2 * (p - rank - 1) + 1) / v);
}

struct Kept {
  double dense = 0, experts = 0;
};

Kept kept_of(const Step& step, const RankLayers& held, const PerToken& dense, const PerToken& experts) {
  const auto plain = static_cast<double>(held.layers - held.expert_layers);
  const auto sparse = static_cast<double>(held.expert_layers);
  switch (step.checkpointing) {
    case titan::Checkpointing::full:
      return {plain * dense.full, sparse * experts.full};
    case titan::Checkpointing::by_operation:
      return {plain * dense.by_operation, sparse * experts.by_operation};
    case titan::Checkpointing::every_nth_block: {
      const auto full_sparse = static_cast<double>(held.recomputed_expert_layers);
      const auto full_plain = static_cast<double>(held.recomputed) - full_sparse;
      return {full_plain * dense.full + (plain - full_plain) * dense.none,
              full_sparse * experts.full + (sparse - full_sparse) * experts.none};
    }
    case titan::Checkpointing::none:
    case titan::Checkpointing::by_budget:
      break;
  }
  return {plain * dense.none, sparse * experts.none};
}

}  // namespace

Memory memory_of(const Step& step, const RankLayers& held, double slack) {
  const GroupSizes groups = padded_groups(step);
  Memory memory;
  memory.slack = slack;
  memory.shard = shard_of_rank(step, held, groups);
  memory.state = 16 * memory.shard;
  const std::int64_t all = elements_of_rank(step, held, groups);
  if (step.F > 1 || (step.e > 1 && step.efsdp > 1)) {
    const std::int64_t largest =
        std::max(held.layers > held.expert_layers ? groups.dense_block : 0,
                 held.expert_layers > 0 ? groups.expert_block + groups.experts : std::int64_t{0});
    memory.buffers = step.pipelined() ? 6 * all : 16 * largest + 2 * (groups.norm + groups.head);
  }
  const PerToken dense = dense_token(step);
  const PerToken experts = step.model.experts > 0 ? expert_token(step, dense) : PerToken{};
  const auto tokens = static_cast<double>(step.tokens);
  const double width = static_cast<double>(step.w) / 2;
  const Kept kept = kept_of(step, held, dense, experts);
  memory.activations = static_cast<std::int64_t>(tokens * width * (kept.dense + kept.experts) * in_flight(step, held));
  const std::int64_t gathered = step.t > 1 ? 1 : 0;
  if (held.has_last) {
    const std::int64_t columns = (step.model.vocab + step.t - 1) / step.t;
    memory.logits = step.tokens * (columns * 12 + gathered * 4 * step.model.hidden);
  }
  if (held.recomputed > 0) {
    const double one = held.expert_layers > 0 ? std::max(experts.none, dense.none) : dense.none;
    memory.recompute =
        static_cast<std::int64_t>(tokens * (width * one + static_cast<double>(gathered * 6 * step.model.hidden)));
  }
  return memory;
}

std::string_view verdict(const Memory& memory, const std::optional<double>& capacity) {
  if (!capacity || *capacity <= 0) return "unknown";
  if (memory.reserved() <= 0.85 * *capacity) return "fits";
  return memory.reserved() <= *capacity ? "tight" : "likely-out-of-memory";
}

std::string_view largest_part(const Memory& memory) {
  const std::pair<std::int64_t, std::string_view> parts[] = {
      {memory.state, "parameters and optimizer state"},
      {memory.buffers, "gathered parameters and gradients"},
      {memory.activations, "activations"},
      {std::max(memory.logits, memory.recompute), memory.logits >= memory.recompute ? "logits" : "a recomputed block"}};
  return std::max_element(std::begin(parts), std::end(parts),
                          [](const auto& a, const auto& b) { return a.first < b.first; })
      ->second;
}

}  // namespace tt::comm
