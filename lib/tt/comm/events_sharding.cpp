// FSDP2, HSDP and DDP: parameters gathered, gradients reduced.
#include <algorithm>

#include "tt/comm/event_parts.hpp"

namespace tt::comm {

namespace {

using enum Op;
using enum Phase;

// With "always" in a pipeline: a forward finds its groups whole only after a backward, a backward after a backward.
std::int64_t gathers_of_schedule(const Step& step, std::int64_t rank) {
  const std::int64_t m = step.per_schedule;
  if (forwards_first(step)) return m + 1;
  const std::int64_t ahead = std::min(m, step.p - rank - 1);
  std::int64_t gathers = 0;
  bool after_forward = true;  // at the start nothing is gathered: as after a forward
  const auto forward = [&] {
    gathers += after_forward ? 1 : 0;
    after_forward = true;
  };
  const auto backward = [&] {
    gathers += after_forward ? 1 : 0;
    after_forward = false;
  };
  for (std::int64_t i = 0; i < ahead; ++i) forward();
  for (std::int64_t i = ahead; i < m; ++i) {
    forward();
    backward();
  }
  for (std::int64_t i = 0; i < ahead; ++i) backward();
  return gathers;
}

class Sharding {
 public:
  Sharding(const Step& step, const RankLayers& held, EventSink& sink)
      : step_(step), held_(held), sink_(sink), groups_(padded_groups(step)) {
    using titan::Reshard;
    if (step.pipelined()) {
      gathers_ = step.accumulation *
                 (step.reshard == Reshard::always ? gathers_of_schedule(step, held.rank) : std::int64_t{1});
      reductions_ = step.accumulation;
    } else {
      gathers_ = step.m() * (step.reshard == Reshard::never ? 1 : 2);
      reductions_ = step.m();
    }
  }

  void list() {
    if (held_.has_first && !tied_together()) group("embedding", groups_.embedding);
    const std::int64_t dense = held_.layers - held_.expert_layers;
    if (dense > 0) group("block", groups_.dense_block, dense);
    if (held_.expert_layers > 0) group("block with experts", groups_.expert_block, held_.expert_layers);
    if (held_.has_last) step_.loss_chunks > 0 ? end_of_chunked_loss() : end();
    if (held_.expert_layers > 0 && groups_.experts > 0) {
      gather(Dim::efsdp, "experts", groups_.experts, gathers_ * held_.expert_layers);
      reduce(Dim::efsdp, "experts", groups_.experts, reductions_ * held_.expert_layers);
    }
  }

 private:
  // The newest profile puts embedding, norm and head into one group; the tie is broken by sharding.
  bool tied_together() const { return step_.is_new() && step_.model.tied; }
  std::int64_t ends() const {
    return groups_.norm + groups_.head + (tied_together() ? groups_.embedding : std::int64_t{0});
  }
  std::string_view end_name() const { return tied_together() ? "embedding + norm + head" : "norm + head"; }

  void gather(Dim dim, std::string_view name, std::int64_t elements, std::int64_t calls) {
    if (calls > 0 && group_size(step_, dim) > 1)
      sink_.add({dim, all_gather, fwd_bwd, name, calls, elements * step_.parameter_bytes,
                 step_.parameter_bytes == 2 ? DType::bfloat16 : DType::float32});
  }
  // Over the shards, and then over the replicas.
  void reduce(Dim dim, std::string_view name, std::int64_t elements, std::int64_t calls) {
    if (calls == 0) return;
    const std::int64_t ranks = group_size(step_, dim);
    if (ranks > 1) sink_.add({dim, reduce_scatter, grad_sync, name, calls, elements * 4, DType::float32});
    if (step_.R > 1)
      sink_.add({Dim::dp_replicate, all_reduce, grad_sync, name, calls, elements / ranks * 4, DType::float32});
  }
  void group(std::string_view name, std::int64_t elements, std::int64_t count = 1) {
    gather(Dim::fsdp, name, elements, gathers_ * count);
    reduce(Dim::fsdp, name, elements, reductions_ * count);
  }

  void end() {
    // Not freed after the forward pass, as the backward pass begins with it.
    const bool once = !step_.pipelined() && step_.reshard == titan::Reshard::by_default;
    gather(Dim::fsdp, end_name(), ends(), once ? step_.m() : gathers_);
    reduce(Dim::fsdp, end_name(), ends(), reductions_);
  }

  // The head runs in pieces and reduces alone; what is left of the group follows.
  void end_of_chunked_loss() {
    const std::string_view rest_name = tied_together() ? "embedding + norm" : "norm";
    const std::int64_t rest = ends() - groups_.head;
    if (!step_.pipelined()) {
      gather(Dim::fsdp, end_name(), ends(), 3 * step_.m());
      reduce(Dim::fsdp, "head", groups_.head, step_.m());
      reduce(Dim::fsdp, rest_name, rest, step_.m());
      return;
    }
    const std::int64_t m = step_.per_schedule, steps = step_.accumulation;
    gather(Dim::fsdp, end_name(), ends(), steps * (2 * m + 1));
    if (step_.schedule == titan::ScheduleKind::zbv_zero_bubble) {
      reduce(Dim::fsdp, "head", groups_.head, steps * m);
    } else if (forwards_first(step_)) {
      reduce(Dim::fsdp, "head", groups_.head, steps * m);
      reduce(Dim::fsdp, rest_name, rest, steps);
    } else {
      reduce(Dim::fsdp, "head", groups_.head, steps);
      reduce(Dim::fsdp, end_name(), ends(), steps * (m - 1));
      reduce(Dim::fsdp, rest_name, rest, steps);
    }
  }

  const Step& step_;
  const RankLayers& held_;
  EventSink& sink_;
  GroupSizes groups_;
  std::int64_t gathers_ = 1, reductions_ = 1;
};

}  // namespace

void list_sharding(const Step& step, const RankLayers& held, EventSink& sink) {
  if (step.F > 1 || step.R > 1 || (step.e > 1 && step.efsdp > 1)) Sharding(step, held, sink).list();
}

void list_replication_by_ddp(const Step& step, EventSink& sink) {
  constexpr std::int64_t full = std::int64_t{100} * 1024 * 1024;
  std::int64_t bucket = 0;
  const auto close = [&] {
    if (bucket > 0)
      sink.add({Dim::dp_replicate, all_reduce, grad_sync, "bucket of gradients", step.m(), bucket, DType::float32});
    bucket = 0;
  };
  in_backward_order(step.model, [&](std::int64_t elements) {
    bucket += elements * 4;
    if (bucket >= full) close();
  });
  close();
}

}  // namespace tt::comm
