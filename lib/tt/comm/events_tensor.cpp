// Tensor and sequence parallelism, the ends of the model, and the gradients of what tensor parallelism leaves whole.
#include "tt/comm/event_parts.hpp"

namespace tt::comm {

namespace {

using enum Op;
using enum Phase;

class TensorParallel {
 public:
  TensorParallel(const Step& step, const RankLayers& held, EventSink& sink)
      : step_(step), held_(held), sink_(sink), dense_(held.layers - held.expert_layers) {}

  void list() {
    step_.sequence_parallel ? blocks() : blocks_without_sequence_parallel();
    if (held_.expert_layers > 0) step_.is_new() ? experts_of_the_new_profile() : experts_of_0_2();
    ends();
    if (held_.has_last) loss();
  }

 private:
  void add(Op op, Phase phase, std::string_view name, std::int64_t calls_per_microbatch, std::int64_t logical,
           DType dtype) {
    if (calls_per_microbatch > 0)
      sink_.add({Dim::tp, op, phase, name, calls_per_microbatch * step_.m(), logical, dtype});
  }
  void add(Op op, Phase phase, std::string_view name, std::int64_t calls) {
    add(op, phase, name, calls, step_.T(), activation_dtype(step_));
  }

  bool by_operation() const { return step_.checkpointing == titan::Checkpointing::by_operation; }
  std::int64_t recomputed_dense() const { return held_.recomputed - held_.recomputed_expert_layers; }

  // Attention and FFN of dense blocks, attention of blocks with experts.
  void blocks() {
    const std::int64_t halves = 2 * dense_ + held_.expert_layers;
    add(all_gather, fwd, "block input", halves);
    add(reduce_scatter, fwd, "block output", halves);
    add(all_gather, bwd, "gradient of block output", halves);
    add(reduce_scatter, bwd, "gradient of block input", halves);
    const std::int64_t again = 2 * recomputed_dense() + held_.recomputed_expert_layers;
    add(all_gather, recompute, "block input", again);
    if (by_operation())
      add(reduce_scatter, recompute, "block output", step_.saves_collectives ? 0 : again);
    else
      add(reduce_scatter, recompute, "block output", again - (stops_early(step_) ? recomputed_dense() : 0));
  }

  void blocks_without_sequence_parallel() {
    const std::int64_t halves = 2 * held_.layers;
    add(all_reduce, fwd, "block output", halves);
    add(all_reduce, bwd, "gradient of block input", halves);
    if (by_operation())
      add(all_reduce, recompute, "block output", step_.saves_collectives ? 0 : 2 * held_.recomputed);
    else
      add(all_reduce, recompute, "block output", held_.recomputed * (stops_early(step_) ? 1 : 2));
  }

  void experts_of_0_2() {
    const std::int64_t blocks = held_.expert_layers, again = held_.recomputed_expert_layers;
    add(all_gather, fwd, "experts input", blocks);
    add(reduce_scatter, fwd, "experts output", blocks);
    add(all_gather, bwd, "gradient of experts output", blocks);
    if (step_.model.shared_experts > 0) add(all_reduce, bwd, "gradient of shared experts input", 2 * blocks);
    if (step_.experts_split_by_tp())
      add(all_reduce, bwd, "gradient of routed input", blocks,
          step_.tokens * step_.model.top_k * step_.model.hidden * step_.w, activation_dtype(step_));
    add(all_gather, recompute, "experts input", again);
    if (!by_operation()) add(reduce_scatter, recompute, "experts output", stops_early(step_) ? 0 : again);
  }

  void experts_of_the_new_profile() {
    if (!step_.sequence_parallel) return;
    const std::int64_t blocks = held_.expert_layers, again = held_.recomputed_expert_layers;
    const std::int64_t shared = step_.model.shared_experts > 0 ? 1 : 0;
    const std::int64_t gathers = step_.e > 1 ? shared : 1;
    const std::int64_t scatters = step_.e > 1 ? shared : 1 + shared;
    add(all_gather, fwd, "experts input", blocks * gathers);
    add(reduce_scatter, fwd, "experts output", blocks * scatters);
    add(all_gather, bwd, "gradient of experts output", blocks * scatters);
    add(reduce_scatter, bwd, "gradient of experts input", blocks * gathers);
    add(all_gather, recompute, "experts input", again * gathers);
    if (by_operation())
      add(reduce_scatter, recompute, "experts output", step_.saves_collectives ? 0 : again * scatters);
    else
      add(reduce_scatter, recompute, "experts output",
          again * (scatters - (scatters > 0 && stops_early(step_) ? 1 : 0)));
  }

  void ends() {
    if (step_.sequence_parallel) {
      add(reduce_scatter, fwd, "embedding", held_.has_first);
      add(all_gather, bwd, "gradient of embedding", held_.has_first);
      add(all_gather, fwd, "head input", held_.has_last);
      add(reduce_scatter, bwd, "gradient of head input", held_.has_last);
    } else {
      add(all_reduce, fwd, "embedding", held_.has_first);
      add(all_reduce, bwd, "gradient of head input", held_.has_last);
    }
  }

  void loss() {
    if (step_.loss_parallel) {  // maximum, sum of exponentials, picked logit
      const std::int64_t pieces = step_.loss_chunks > 0 ? step_.loss_chunks : 1;
      add(all_reduce, fwd, "loss", 3 * pieces, step_.tokens * 4 / pieces, DType::float32);
    } else {
      const std::int64_t padded = (step_.model.vocab + step_.t - 1) / step_.t * step_.t;
      add(all_gather, fwd, "logits", 1, step_.tokens * padded * step_.w, activation_dtype(step_));
    }
  }

  const Step& step_;
  const RankLayers& held_;
  EventSink& sink_;
  std::int64_t dense_;
};

}  // namespace

void list_tensor_parallel(const Step& step, const RankLayers& held, EventSink& sink) {
  TensorParallel(step, held, sink).list();
}

void list_gradients_of_norms(const Step& step, const RankLayers& held, EventSink& sink) {
  if (!step.fsdp_on || !step.sequence_parallel) return;
  const ModelSizes& model = step.model;
  // With a pipeline gradients gather in the reduce dtype until the last microbatch.
  const std::int64_t syncs = step.pipelined() ? step.accumulation : step.m();
  const std::int64_t width = step.is_new() || step.pipelined() ? 4 : step.w;
  const DType dtype = width == 4 ? DType::float32 : DType::bfloat16;
  const auto add = [&](std::string_view name, std::int64_t calls, std::int64_t elements) {
    if (calls > 0 && elements > 0) sink.add({Dim::tp, all_reduce, grad_sync, name, calls, elements * width, dtype});
  };
  std::int64_t final_norm = held.has_last ? syncs : 0;
  if (held.has_last && step.pipelined() && step.loss_chunks > 0) {
    final_norm = step.accumulation * (forwards_first(step) ? 1 : step.per_schedule);
    if (step.schedule == titan::ScheduleKind::zbv_zero_bubble) final_norm = 0;  // a defect: it gets no gradient
  }
  add("gradient of norms", 2 * held.layers * syncs + final_norm, model.hidden);
  if (model.qk_norm) add("gradient of q and k norms", 2 * held.layers * syncs, model.head_dim);
  if (model.is_latent()) {
    add("gradient of latent projections", held.layers * syncs, (model.kv_lora + model.qk_rope) * model.hidden);
    add("gradient of latent norms", held.layers * syncs, model.kv_lora);
    add("gradient of latent projections", held.layers * syncs, model.q_lora * model.hidden);
    add("gradient of latent norms", held.layers * syncs, model.q_lora);
  }
  if (step.is_new()) add("gradient of router", held.expert_layers * syncs, model.experts * model.hidden);
}

}  // namespace tt::comm
