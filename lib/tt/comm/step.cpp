#include "tt/comm/step.hpp"

#include <algorithm>

namespace tt::comm {

std::int64_t ModelSizes::expert_layers(std::int64_t begin, std::int64_t end) const {
  if (experts == 0 || end <= begin) return 0;
  if (expert_step > 1) return end / expert_step - begin / expert_step;
  return std::max<std::int64_t>(0, end - std::max(begin, dense_layers));
}

ModelSizes sizes_of(const titan::Architecture& architecture) {
  ModelSizes sizes;
  sizes.hidden = architecture.hidden_size;
  sizes.layers = architecture.layers;
  sizes.heads = architecture.heads;
  sizes.kv_heads = architecture.kv_heads.value_or(architecture.heads);
  sizes.head_dim = architecture.head_dim.value_or(0);
  sizes.ffn = architecture.ffn_size.value_or(0);
  sizes.vocab = architecture.vocab_size.value_or(0);
  sizes.tied = architecture.tied_embeddings;
  sizes.qk_norm = architecture.qk_norm;
  sizes.qkv_bias = architecture.qkv_bias;
  sizes.biases_everywhere = architecture.family == "gpt_oss";
  sizes.is_qwen3 = architecture.family == "qwen3";
  if (const auto& experts = architecture.experts) {
    sizes.experts = experts->experts;
    sizes.shared_experts = experts->shared_experts;
    sizes.top_k = experts->top_k;
    sizes.expert_ffn = experts->ffn_size;
    sizes.dense_layers = experts->dense_layers;
    sizes.expert_step = experts->step;
    sizes.router_bias = experts->router_bias;
  }
  if (const auto& latent = architecture.latent) {
    sizes.kv_lora = latent->kv_lora;
    sizes.q_lora = latent->q_lora;
    sizes.qk_nope = latent->qk_nope;
    sizes.qk_rope = latent->qk_rope;
    sizes.v_head = latent->v_head;
    sizes.head_dim = latent->qk_nope + latent->qk_rope;
  }
  return sizes;
}

namespace {

// Layers of a stage and the first of them. Embedding and head weigh `first_less` and `last_less` layers.
struct Stage {
  std::int64_t begin = 0;
  std::int64_t layers = 0;
};

// Before 0.1.0 the middle stages took what a plain division leaves over, the last one the rest of it.
Stage old_stage(const Step& step, std::int64_t stage) {
  const std::int64_t each = step.model.layers / step.stages;
  const std::int64_t extra = step.model.layers % step.stages;
  const std::int64_t middle = std::max<std::int64_t>(0, step.stages - 2);
  const std::int64_t before = std::min(std::max<std::int64_t>(0, stage - 1), std::min(extra, middle));
  const bool is_middle = stage > 0 && stage + 1 < step.stages;
  std::int64_t more = is_middle && stage <= extra ? 1 : 0;
  if (stage + 1 == step.stages) more = std::max<std::int64_t>(0, extra - middle);
  return {stage * each + before, each + more};
}

Stage stage_of(const Step& step, std::int64_t stage) {
  if (step.stages == 1) return {0, step.model.layers};
  if (step.old_stage_cut) return old_stage(step, stage);
  const std::int64_t effective = step.model.layers + step.first_less + step.last_less;
  const std::int64_t each = effective / step.stages;
  const std::int64_t extra = effective % step.stages;
  Stage found{stage * each + std::min(stage, extra), each + (stage < extra ? 1 : 0)};
  if (stage == 0)
    found.layers -= step.first_less;
  else
    found.begin -= step.first_less;
  if (stage + 1 == step.stages) found.layers -= step.last_less;
  return found;
}

}  // namespace

RankLayers layers_of_rank(const Step& step, std::int64_t rank) {
  RankLayers held;
  held.rank = rank;
  held.stages = step.stages_per_rank();
  held.has_first = rank == 0;
  held.has_last = step.v_shaped() ? rank == 0 : rank + 1 == step.p;
  const bool every = step.checkpointing == titan::Checkpointing::every_nth_block;
  for (std::int64_t i = 0; i < held.stages; ++i) {
    const std::int64_t number = i == 0 ? rank : step.v_shaped() ? 2 * step.p - 1 - rank : rank + i * step.p;
    const Stage stage = stage_of(step, number);
    // In a V the turn is inside the last rank; a lone rank sends nothing.
    const auto is_here = [&](std::int64_t other) {
      if (step.v_shaped()) return other == rank || other == 2 * step.p - 1 - rank;
      return other % step.p == rank;
    };
    if (number + 1 < step.stages && !is_here(number + 1)) ++held.sends_forward;
    if (number > 0 && !is_here(number - 1)) ++held.sends_backward;
    if (every && step.model.experts > 0) {
      for (std::int64_t layer = 0; layer < stage.layers; ++layer)
        if ((held.layers + layer + 1) % step.checkpoint_every == 0 && step.model.has_experts(stage.begin + layer))
          ++held.recomputed_expert_layers;
    }
    held.expert_layers += step.model.expert_layers(stage.begin, stage.begin + stage.layers);
    held.layers += stage.layers;
  }
  switch (step.checkpointing) {
    case titan::Checkpointing::none:
    case titan::Checkpointing::by_budget:
      break;
    case titan::Checkpointing::every_nth_block:
      held.recomputed = held.layers / step.checkpoint_every;
      break;
    case titan::Checkpointing::full:
    case titan::Checkpointing::by_operation:
      held.recomputed = held.layers;
      held.recomputed_expert_layers = held.expert_layers;
      break;
  }
  return held;
}

Step make_step(const titan::TrainingShape& shape, const ModelSizes& model, Profile profile,
               const StepChoices& choices) {
  Step step;
  step.profile = profile;
  step.model = model;
  const auto at_least_one = [](std::int64_t number) { return std::max<std::int64_t>(1, number); };
  step.t = at_least_one(shape.tp);
  step.c = at_least_one(shape.cp);
  step.p = at_least_one(shape.pp);
  step.e = model.experts > 0 ? at_least_one(shape.ep) : 1;
  step.et = step.is_new() ? 1 : at_least_one(shape.etp);
  step.R = at_least_one(shape.dp_replicate);
  step.D = at_least_one(shape.dp_shard);
  step.F = step.D * step.c;
  step.efsdp = at_least_one(step.F * step.t / (step.et * step.e));
  step.seq_len = shape.seq_len;
  step.local_batch = shape.local_batch_size;
  step.accumulation = at_least_one(shape.accumulation_steps);
  step.microbatch = step.p > 1 ? at_least_one(shape.microbatch_size) : shape.local_batch_size;
  step.per_schedule = step.p > 1 ? at_least_one(shape.microbatches) : 1;
  step.tokens = step.microbatch * step.seq_len / step.c;

  const bool wrapped = step.D > 1 || step.c > 1 || (model.experts > 0 && step.e > 1);
  step.fsdp_on = step.is_new() || wrapped;
  step.replicated_by_ddp = !step.fsdp_on && step.R > 1;
  // Without FSDP, with TP or PP, nothing lowers the precision; alone or under DDP autocast does.
  const bool lowered = step.fsdp_on || (step.t == 1 && step.p == 1);
  step.w = lowered ? shape.mixed_precision_bytes : shape.training_bytes;
  step.parameter_bytes = shape.mixed_precision_bytes;

  step.checkpointing = shape.checkpointing;
  step.checkpoint_every = at_least_one(shape.checkpoint_every);
  step.early_stop = shape.early_stop && !step.is_new();
  step.compiled = shape.compiled_model;
  step.async_tp = shape.async_tensor_parallel && shape.compiled_model;
  step.reshard = shape.reshard;
  step.loss_parallel = step.is_new() || shape.loss_parallel;
  step.sequence_parallel = !step.is_new() || shape.sequence_parallel;
  step.loss_chunks = step.is_new() ? shape.loss_chunks : 0;
  const bool plain_calls = step.is_new() && shape.spmd_backend == titan::SpmdBackend::spmd_types && !step.compiled;
  step.saves_collectives = !plain_calls;
  step.saves_all_to_all = step.is_new() ? !plain_calls : !model.is_qwen3;

  using Method = Step::ContextMethod;
  step.context = step.is_new() ? Method::all_gather_kv : Method::ring_all_gather;
  if (profile == Profile::titan_0_2_1 && shape.rotate_method == titan::RotateMethod::all_to_all)
    step.context = Method::ring_all_to_all;
  if (choices.context) step.context = *choices.context;
  step.kv_heads_in_context = profile == Profile::titan_0_2_1 || model.is_latent() ? model.heads : model.kv_heads;

  step.schedule = shape.schedule;
  step.stages = step.p > 1 ? std::max(step.p, shape.stages) : 1;
  step.first_less = shape.first_stage_less;
  step.last_less = shape.last_stage_less;
  step.old_stage_cut = shape.era < titan::Era::v0_1_0;
  if (step.e > 1) step.expert_imbalance = choices.expert_imbalance;  // one rank alone holds all experts' tokens
  return step;
}

}  // namespace tt::comm
