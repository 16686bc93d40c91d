// Context, expert and pipeline parallelism, and the control collectives.
#include <cmath>

#include "tt/comm/event_parts.hpp"

namespace tt::comm {

namespace {

using enum Op;
using enum Phase;
using Checkpointing = titan::Checkpointing;

}  // namespace

void list_context_parallel(const Step& step, const RankLayers& held, EventSink& sink) {
  const ModelSizes& model = step.model;
  const std::int64_t m = step.m(), c = step.c, layers = held.layers;
  const std::int64_t k_width = step.kv_heads_in_context * model.head_dim;
  const std::int64_t v_width = model.is_latent() ? model.heads * model.v_head : k_width;
  const std::int64_t keys = step.tokens * k_width / step.t, values = step.tokens * v_width / step.t;
  const DType dtype = activation_dtype(step);
  const auto add = [&](Op op, Phase phase, std::string_view name, std::int64_t calls, std::int64_t bytes, DType type) {
    if (calls > 0) sink.add({Dim::cp, op, phase, name, calls * m, bytes, type});
  };
  // The output of attention is on the save list of op-level checkpointing; what allgather-kv gathered is not.
  const std::int64_t whole_again = step.checkpointing == Checkpointing::by_operation ? 0 : held.recomputed;
  const std::int64_t pair = (keys + values) * step.w;
  switch (step.context) {
    case Step::ContextMethod::ring_all_gather:
      add(all_gather, fwd, "keys and values", layers, c * pair, dtype);
      add(all_gather, bwd, "keys and values", layers, c * pair, dtype);
      add(permute, bwd, "gradients of keys and values", layers * c, (keys + values) * 4, DType::float32);
      add(all_gather, recompute, "keys and values", whole_again, c * pair, dtype);
      break;
    case Step::ContextMethod::ring_all_to_all:
      add(permute, fwd, "keys and values", layers * (c - 1), pair, dtype);
      add(permute, bwd, "keys and values", layers * (c - 1), pair, dtype);
      add(permute, bwd, "gradients of keys and values", layers * c, (keys + values) * 4, DType::float32);
      add(permute, recompute, "keys and values", whole_again * (c - 1), pair, dtype);
      break;
    case Step::ContextMethod::all_gather_kv:
      for (const std::int64_t one : {keys, values}) {
        add(all_gather, fwd, "keys and values", layers, c * one * step.w, dtype);
        add(reduce_scatter, bwd, "gradients of keys and values", layers, c * one * step.w, dtype);
        add(all_gather, recompute, "keys and values", held.recomputed, c * one * step.w, dtype);
      }
      break;
  }
}

void list_expert_parallel(const Step& step, const RankLayers& held, EventSink& sink) {
  const ModelSizes& model = step.model;
  const std::int64_t m = step.m(), blocks = held.expert_layers;
  const std::int64_t balanced = step.routed_tokens() * model.top_k * model.hidden * step.w;
  const std::int64_t payload =
      step.expert_imbalance == 1.0
          ? balanced
          : static_cast<std::int64_t>(std::llround(static_cast<double>(balanced) * step.expert_imbalance));
  const auto add = [&](Phase phase, std::string_view name, std::int64_t calls, std::int64_t bytes, DType dtype) {
    if (calls > 0) sink.add({Dim::ep, all_to_all, phase, name, calls * m, bytes, dtype});
  };
  const bool saved = step.checkpointing == Checkpointing::by_operation && step.saves_all_to_all;
  const std::int64_t again = saved ? 0 : held.recomputed_expert_layers;
  add(fwd, "token counts", blocks, model.experts * 8, DType::int64);
  add(fwd, "dispatch and combine", 2 * blocks, payload, activation_dtype(step));
  add(bwd, "gradients of dispatch and combine", 2 * blocks, payload, activation_dtype(step));
  add(recompute, "token counts", again, model.experts * 8, DType::int64);
  add(recompute, "dispatch and combine", 2 * again, payload, activation_dtype(step));
}

void list_pipeline(const Step& step, const RankLayers& held, EventSink& sink) {
  const std::int64_t rows = step.sequence_parallel ? step.seq_len / step.c / step.t : step.seq_len / step.c;
  const std::int64_t message = step.microbatch * rows * step.model.hidden * step.w;
  const auto add = [&](Op op, Phase phase, std::string_view name, std::int64_t calls) {
    if (calls > 0) sink.add({Dim::pp, op, phase, name, calls * step.m(), message, activation_dtype(step)});
  };
  add(send, fwd, "activation", held.sends_forward);
  add(send, bwd, "gradient of activation", held.sends_backward);
  add(recv, fwd, "activation", held.sends_backward);
  add(recv, bwd, "gradient of activation", held.sends_forward);
}

namespace {

class Control {
 public:
  Control(const Step& step, const RankLayers& held) : step_(step), held_(held) {}

  std::vector<ControlEvent> list() {
    gradient_norm();
    if (step_.t > 1 && !step_.fsdp_on) norm_weights();
    const std::int64_t data = step_.R * step_.D;
    if (step_.profile != Profile::titan_0_2_1) add("valid tokens", "dp_replicate*dp_shard", data, 8, 1, DType::int64);
    const std::string readers = "dp_replicate*dp_shard*cp";
    add("loss (logging step)", readers, data * step_.c, 4);
    add("maximum of loss (logging step)", readers, data * step_.c, 4);
    add("tokens (logging step)", readers, data * step_.c, 8, 1, DType::int64);
    const bool balances = step_.is_new() || !step_.model.is_qwen3;
    if (held_.expert_layers > 0 && balances) {
      const std::int64_t bytes = held_.expert_layers * step_.model.experts * 4;
      add("load balance of experts", readers, data * step_.c, bytes);
      if (step_.is_new() && step_.e > 1) add("load balance of experts", "tp", step_.t, bytes);
    }
    return std::move(events_);
  }

 private:
  void add(std::string_view what, std::string group, std::int64_t size, std::int64_t bytes, std::int64_t calls = 1,
           DType dtype = DType::float32) {
    if (size > 1 && bytes > 0 && calls > 0) events_.push_back({what, std::move(group), size, calls, bytes, dtype});
  }

  void gradient_norm() {
    const std::int64_t dense = held_.layers - held_.expert_layers;
    std::int64_t tensors = dense * tensors_of_block(step_, false) + held_.expert_layers * tensors_of_block(step_, true);
    tensors += (held_.has_first ? 1 : 0) + (held_.has_last ? (step_.model.tied ? 1 : 2) : 0);
    if (step_.model.tied && held_.has_last && step_.fsdp_on) ++tensors;  // sharding breaks the tie
    std::int64_t experts = 3 * held_.expert_layers;
    if (step_.model.biases_everywhere) experts += 2 * held_.expert_layers;
    const bool apart = step_.e > 1;
    if (!apart) tensors += experts;
    add("gradient norm", "fsdp", step_.F, 4 * tensors);
    add("gradient norm", "tp", step_.t, 4 * tensors);
    if (apart && step_.is_new() && step_.t == 1) {
      add("gradient norm of experts", "fsdp", step_.F, 4 * experts);  // efsdp x ep are the same ranks
    } else if (apart) {
      add("gradient norm of experts", "efsdp", step_.efsdp, 4 * experts);
      add("gradient norm of experts", "ep", step_.e, 4 * experts);
      add("gradient norm of experts", "etp", step_.et, 4 * experts);
    }
    add("gradient norm", "pp", step_.p, 4);
  }

  // Gradients stay partial: each use sums them, two in clipping and one in the fused optimizer.
  void norm_weights() {
    const std::int64_t norms = 2 * held_.layers + (held_.has_last ? 1 : 0);
    add("norm weights", "tp", step_.t, step_.model.hidden * step_.w, 3 * norms,
        step_.w == 4 ? DType::float32 : DType::bfloat16);
    if (step_.model.qk_norm)
      add("q and k norm weights", "tp", step_.t, step_.model.head_dim * step_.w, 6 * held_.layers,
          step_.w == 4 ? DType::float32 : DType::bfloat16);
  }

  const Step& step_;
  const RankLayers& held_;
  std::vector<ControlEvent> events_;
};

}  // namespace

std::vector<ControlEvent> control_events(const Step& step, const RankLayers& held) {
  return Control(step, held).list();
}

}  // namespace tt::comm
