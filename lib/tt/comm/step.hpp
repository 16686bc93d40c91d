// tt/comm/step.hpp: one training step, resolved: every number the formulas of model `titan` ask for, and nothing else.
//
// Plain data, made once from a shape and an architecture, so that counting allocates nothing. Names of the formulas:
//   H hidden, I ffn, V vocab, a heads, k kv_heads, d head_dim, S seq_len, b local batch; t c p e et the degrees of
//   tensor, context, pipeline, expert and expert-tensor parallelism; R dp_replicate, D dp_shard; F = D*c;
//   w bytes of an activation element; s = microbatch * S / c tokens; T = s*H*w, the unit of tensor parallelism.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tt/comm/profile.hpp"
#include "tt/titan/architecture.hpp"
#include "tt/titan/training_shape.hpp"

namespace tt::comm {

struct ModelSizes {
  std::int64_t hidden = 0, layers = 0, heads = 0, kv_heads = 0, head_dim = 0, ffn = 0, vocab = 0;
  bool tied = false, qk_norm = false, qkv_bias = false;
  bool biases_everywhere = false;  // gpt_oss: every projection and expert has one, and each head a sink
  std::int64_t experts = 0, shared_experts = 0, top_k = 0, expert_ffn = 0, dense_layers = 0, expert_step = 1;
  bool router_bias = false;
  std::int64_t kv_lora = 0, q_lora = 0, qk_nope = 0, qk_rope = 0, v_head = 0;  // kv_lora 0: no latent attention
  bool is_qwen3 = false;

  bool is_latent() const { return kv_lora > 0; }
  bool has_experts(std::int64_t layer) const {
    if (experts == 0) return false;
    return expert_step > 1 ? (layer + 1) % expert_step == 0 : layer >= dense_layers;
  }
  // Layers with experts among [begin, end).
  std::int64_t expert_layers(std::int64_t begin, std::int64_t end) const;
};

ModelSizes sizes_of(const titan::Architecture& architecture);

struct Step {
  Profile profile = Profile::titan_0_3;
  ModelSizes model;

  std::int64_t t = 1, c = 1, p = 1, e = 1, et = 1;
  std::int64_t R = 1, D = 1;
  std::int64_t F = 1;      // ranks of an FSDP group
  std::int64_t efsdp = 1;  // ranks that share an expert's parameters

  std::int64_t seq_len = 0;
  std::int64_t local_batch = 0;
  std::int64_t microbatch = 0;    // sequences of one
  std::int64_t accumulation = 1;  // schedule steps (or plain forwards and backwards) of an optimizer step
  std::int64_t per_schedule = 1;  // microbatches of one pipeline step; 1 without a pipeline
  std::int64_t tokens = 0;        // s: of one microbatch on one context rank
  std::int64_t w = 2;             // bytes of an activation element
  std::int64_t m() const { return accumulation * per_schedule; }
  std::int64_t T() const { return tokens * model.hidden * w; }

  bool fsdp_on = true;  // parameters are wrapped: mixed precision, reduced gradients
  bool replicated_by_ddp = false;
  std::int64_t parameter_bytes = 2;  // of a gathered parameter

  titan::Checkpointing checkpointing = titan::Checkpointing::none;
  std::int64_t checkpoint_every = 1;
  bool early_stop = false, compiled = false, async_tp = false;
  titan::Reshard reshard = titan::Reshard::by_default;
  bool loss_parallel = true, sequence_parallel = true;
  std::int64_t loss_chunks = 0;
  bool saves_collectives = true;  // op-level checkpointing keeps what reduce-scatter and all-to-all gave
  bool saves_all_to_all = true;

  enum class ContextMethod : std::uint8_t { ring_all_gather, ring_all_to_all, all_gather_kv };
  ContextMethod context = ContextMethod::ring_all_gather;
  std::int64_t kv_heads_in_context = 0;  // k_eff

  titan::ScheduleKind schedule = titan::ScheduleKind::unknown;
  std::int64_t stages = 1;
  std::int64_t first_less = 1, last_less = 1;
  bool old_stage_cut = false;  // before 0.1.0: embedding and head weighed nothing
  double expert_imbalance = 1.0;

  bool is_new() const { return profile == Profile::titan_0_3; }
  bool pipelined() const { return p > 1; }
  bool v_shaped() const {
    return pipelined() &&
           (schedule == titan::ScheduleKind::zbv_zero_bubble || schedule == titan::ScheduleKind::dual_pipe_v);
  }
  std::int64_t stages_per_rank() const { return stages / p; }
  // Routed experts are split over tensor parallelism as well.
  bool experts_split_by_tp() const { return t > 1 && (is_new() ? e == 1 : (e == 1 || et == t)); }
  // Tokens of a microbatch one rank routes: with et 1 they are split over tp first.
  std::int64_t routed_tokens() const { return t > 1 && e > 1 && et == 1 ? tokens / t : tokens; }
};

// What the model cannot see in the settings, from flags of a tool.
struct StepChoices {
  std::optional<Step::ContextMethod> context;
  double expert_imbalance = 1.0;
};

// Fast: no checks but those that keep the arithmetic sound. `what_stops` says whether the answer means anything.
Step make_step(const titan::TrainingShape& shape, const ModelSizes& model, Profile profile,
               const StepChoices& choices = {});

// Why there can be no estimate, in sentences; empty when there can.
std::vector<std::string> what_stops(const titan::TrainingShape& shape,
                                    const std::optional<titan::Architecture>& architecture, Profile profile);
// What is approximated or assumed in it, each with its name.
std::vector<std::string> what_is_approximate(const titan::TrainingShape& shape, const titan::Architecture& architecture,
                                             Profile profile);

// What one pipeline rank holds.
struct RankLayers {
  std::int64_t rank = 0;
  std::int64_t layers = 0, expert_layers = 0;
  std::int64_t recomputed = 0, recomputed_expert_layers = 0;  // by the checkpointing of this training
  bool has_first = true, has_last = true;
  std::int64_t stages = 1;
  std::int64_t sends_forward = 0, sends_backward = 0;  // stages with a foreign successor, predecessor
};
RankLayers layers_of_rank(const Step& step, std::int64_t rank);

}  // namespace tt::comm
