#include "tt/comm/step_time.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/comm/groups.hpp"

namespace tt::comm {

namespace {

constexpr std::size_t index_of(Dim dim) { return static_cast<std::size_t>(dim); }

// Adds up link time, and that of tensor parallelism by phase.
class LinkClock : public EventSink {
 public:
  LinkClock(const Step& step, const Fabric& fabric) : step_(step), fabric_(fabric) {
    for (std::size_t dim = 0; dim < dims; ++dim)
      placements_[dim] = place(step, static_cast<Dim>(dim), fabric.gpus_per_node);
  }
  void add(const Event& event) override {
    const std::size_t dim = index_of(event.dim);
    const double one = call_seconds(event.op, event.logical, placements_[dim], fabric_);
    const double all = one * static_cast<double>(event.calls);
    link[dim] += all;
    if (event.dim == Dim::tp) {
      if (step_.async_tp && (event.op == Op::all_gather || event.op == Op::reduce_scatter)) hideable_tp += all;
      if (event.phase == Phase::fwd) forward_tp += all;
    }
    if (event.dim == Dim::cp) (event.phase == Phase::fwd ? forward_cp : backward_cp) = one;
  }
  const Placement& placement(Dim dim) const { return placements_[index_of(dim)]; }

  std::array<double, dims> link{};
  double forward_tp = 0, hideable_tp = 0;
  double forward_cp = 0, backward_cp = 0;  // of one call, the last kind of the phase

 private:
  const Step& step_;
  const Fabric& fabric_;
  std::array<Placement, dims> placements_;
};

class StepClock {
 public:
  StepClock(const Step& step, const RankLayers& held, const Work& work, const Fabric& fabric)
      : step_(step), held_(held), work_(work), fabric_(fabric), links_(step, fabric) {
    list_events(step, held, links_);
  }

  StepTime read() {
    time_.link = links_.link;
    compute();
    tensor();
    context();
    time_.exposed[index_of(Dim::ep)] =
        links_.link[index_of(Dim::ep)] * (step_.schedule == titan::ScheduleKind::dual_pipe_v ? 0.5 : 1.0);
    parameters();
    pipeline();
    return time_;
  }

 private:
  double m() const { return static_cast<double>(step_.m()); }
  double layers() const { return static_cast<double>(std::max<std::int64_t>(1, held_.layers)); }

  void compute() {
    time_.efficiency = step_.compiled ? fabric_.efficiency_compiled : fabric_.efficiency_eager;
    flops_ = fabric_.peak_flops * time_.efficiency;
    const double r = recompute_factor(step_);
    time_.compute = work_.flops_per_token(step_.seq_len) * static_cast<double>(step_.tokens) * m() /
                    static_cast<double>(step_.t * step_.p) * r / flops_;
    const double one = time_.compute / (m() * layers());
    forward_ = one / (3 * r);
    backward_ = one - forward_;
  }

  // All of it is exposed, unless products and transfers are cut into pieces that overlap.
  void tensor() {
    const double all = links_.link[index_of(Dim::tp)];
    double& exposed = time_.exposed[index_of(Dim::tp)];
    exposed = all;
    if (step_.async_tp && all > 0) {
      const auto t = static_cast<double>(step_.t);
      const double products = (1 - 1 / t) * time_.compute;
      const double hideable = links_.hideable_tp;
      exposed = all - hideable + std::max(hideable - products, hideable / t);
    }
    const double share = all > 0 ? exposed / all : 0;
    forward_ += links_.forward_tp * share / (m() * layers());
    backward_ += (all - links_.forward_tp) * share / (m() * layers());
  }

  void context() {
    if (step_.c == 1) return;
    double& exposed = time_.exposed[index_of(Dim::cp)];
    if (step_.context == Step::ContextMethod::all_gather_kv) {
      exposed = links_.link[index_of(Dim::cp)];
      return;
    }
    const auto c = static_cast<double>(step_.c), calls = m() * layers();
    const double attention = static_cast<double>(work_.attention_flops) /
                             static_cast<double>(3 * step_.model.layers * step_.t) *
                             static_cast<double>(step_.seq_len) * static_cast<double>(step_.tokens) / flops_;
    const auto hidden = [&](double one, double behind) { return std::max(0.0, one - behind / c); };
    const double forwards = step_.context == Step::ContextMethod::ring_all_gather ? 1 : c - 1;
    exposed = calls * (forwards * hidden(links_.forward_cp, attention) + c * hidden(links_.backward_cp, 2 * attention));
  }

  double shard_seconds(Op op, std::int64_t elements, std::int64_t width) const {
    return step_.F > 1 ? call_seconds(op, elements * width, links_.placement(Dim::fsdp), fabric_) : 0;
  }

  // Gathers run one group ahead, reductions one behind.
  void parameters() {
    const GroupSizes groups = padded_groups(step_);
    const std::int64_t block = std::max(groups.dense_block, groups.expert_block);
    const std::int64_t end = groups.norm + groups.head;
    const double gather = shard_seconds(Op::all_gather, block, step_.parameter_bytes);
    const double reduce = shard_seconds(Op::reduce_scatter, block, 4);
    const double gather_first = shard_seconds(Op::all_gather, groups.embedding, step_.parameter_bytes);
    const double reduce_end = shard_seconds(Op::reduce_scatter, end, 4);
    const double reduce_first = shard_seconds(Op::reduce_scatter, groups.embedding, 4);
    const double again = step_.reshard == titan::Reshard::never || step_.pipelined() ? 0 : gather;
    const auto over = [](double transfer, double behind) { return std::max(0.0, transfer - behind); };
    const double passes = step_.pipelined() ? static_cast<double>(step_.accumulation) : m();
    if (step_.F > 1)
      time_.exposed[index_of(Dim::fsdp)] =
          passes * (gather_first + layers() * over(gather, forward_) + over(again + reduce_end, backward_) +
                    (layers() - 1) * over(again + reduce, backward_) + reduce_first);
    if (groups.experts > 0 && step_.efsdp > 1) {
      const Placement& placed = links_.placement(Dim::efsdp);
      const double in = call_seconds(Op::all_gather, groups.experts * step_.parameter_bytes, placed, fabric_);
      const double out = call_seconds(Op::reduce_scatter, groups.experts * 4, placed, fabric_);
      time_.exposed[index_of(Dim::efsdp)] =
          passes * static_cast<double>(held_.expert_layers) * (over(in, forward_) + over(in + out, backward_));
    }
    if (step_.R > 1) {
      const Placement& placed = links_.placement(Dim::dp_replicate);
      const auto sum = [&](std::int64_t elements) {
        return call_seconds(Op::all_reduce, elements / step_.F * 4, placed, fabric_);
      };
      time_.exposed[index_of(Dim::dp_replicate)] =
          passes * (layers() * over(sum(block), backward_) + sum(groups.embedding));
    }
  }

  void pipeline() {
    double busy = time_.compute;
    for (const Dim dim : {Dim::tp, Dim::cp, Dim::ep}) busy += time_.exposed[index_of(dim)];
    if (step_.pipelined()) {
      const auto fill = static_cast<double>(step_.p - 1);
      time_.bubble = busy * fill / static_cast<double>(held_.stages * step_.per_schedule);
      const std::int64_t rows = step_.sequence_parallel ? step_.seq_len / step_.c / step_.t : step_.seq_len / step_.c;
      const double message = call_seconds(Op::send, step_.microbatch * rows * step_.model.hidden * step_.w,
                                          links_.placement(Dim::pp), fabric_);
      time_.exposed[index_of(Dim::pp)] = 2 * fill * message * static_cast<double>(step_.accumulation);
    }
    time_.total = busy + time_.bubble;
    for (const Dim dim : {Dim::fsdp, Dim::efsdp, Dim::dp_replicate, Dim::pp})
      time_.total += time_.exposed[index_of(dim)];
  }

  const Step& step_;
  const RankLayers& held_;
  const Work& work_;
  const Fabric& fabric_;
  LinkClock links_;
  StepTime time_;
  double flops_ = 0;
  double forward_ = 0, backward_ = 0;  // of one layer and microbatch, exposed tensor parallelism included
};

}  // namespace

double recompute_factor(const Step& step) {
  const ModelSizes& model = step.model;
  switch (step.checkpointing) {
    case titan::Checkpointing::full:
      return 4.0 / 3;
    case titan::Checkpointing::every_nth_block:
      return 1 + 1.0 / (3 * static_cast<double>(step.checkpoint_every));
    case titan::Checkpointing::by_operation: {  // every second product again
      const auto kd = static_cast<double>(model.kv_heads * model.head_dim);
      const auto ad = static_cast<double>(model.heads * model.head_dim);
      const auto inner =
          static_cast<double>(model.experts > 0 ? (model.top_k + model.shared_experts) * model.expert_ffn : model.ffn);
      return 1 + (kd + ad + inner) / (2 * ad + 2 * kd + 3 * inner) / 3;
    }
    case titan::Checkpointing::none:
    case titan::Checkpointing::by_budget:
      break;
  }
  return 1;
}

StepTime time_of(const Step& step, const RankLayers& held, const Work& work, const Fabric& fabric) {
  return StepClock(step, held, work, fabric).read();
}

std::string_view bound_by(const StepTime& time) {
  constexpr std::array<std::string_view, dims> names{
      "tp communication",    "cp communication",           "ep communication", "fsdp communication",
      "efsdp communication", "dp_replicate communication", "pp communication"};
  std::string_view name = "compute";
  double most = time.compute;
  if (time.bubble > most) {
    name = "pipeline bubble";
    most = time.bubble;
  }
  for (std::size_t dim = 0; dim < dims; ++dim) {
    if (time.exposed[dim] <= most) continue;
    name = names[dim];
    most = time.exposed[dim];
  }
  return name;
}

std::vector<std::string> assumptions_of(const Step& step, const StepTime& time, const Fabric& fabric) {
  std::vector<std::string> list;
  std::string source = "what published runs of an 8B model reached";
  if (!fabric.calibration.empty()) source = "calibrated by " + fabric.calibration;
  if (fabric.efficiency_is_given) source = "as given";
  list.push_back(fmt::format("compute reaches {:.1f} % of {:.0f} TFLOPS ({})", 100 * time.efficiency,
                             fabric.peak_flops / 1e12, source));
  list.push_back(fmt::format(
      "rings on {}: {:.0f} GB/s inside a node, {:.1f} GB/s a network card, one card a GPU, {} "
      "GPUs a node; idle network, 10-20 % for large messages",
      fabric.title, fabric.link_bytes_per_second / 1e9, fabric.nic_bytes_per_second / 1e9, fabric.gpus_per_node));
  if (step.t > 1)
    list.push_back(step.async_tp ? "tensor parallelism is hidden behind its own matrix products in pieces"
                                 : "tensor parallelism is not hidden at all");
  if (step.F > 1) list.push_back("FSDP gathers one group ahead and reduces one behind, beside the compute of a block");
  if (step.R > 1) list.push_back("sums over replicas run beside the backward of the next block");
  if (step.c > 1)
    list.push_back(step.context == Step::ContextMethod::all_gather_kv
                       ? "gathering keys and values is not hidden"
                       : "the exchange of keys and values hides behind a part of attention");
  if (step.e > 1) list.push_back("the exchange of tokens between experts is not hidden; routing is balanced");
  if (step.p > 1) list.push_back("the pipeline's bubble is (pp - 1) / (stages a rank * microbatches) of what is busy");
  return list;
}

Figures figures_of(const Step& step, const Work& work, const Fabric* fabric, std::int64_t gpus_per_node) {
  Figures figures;
  // Of a dense model the ends and the second rank are the extremes: no rank between holds more layers or microbatches
  // than the second.
  const std::int64_t second = std::min<std::int64_t>(1, step.p - 1);
  for (std::int64_t rank = 0; rank < step.p; ++rank) {
    if (step.model.experts == 0 && rank > second && rank + 1 < step.p) continue;
    const RankLayers held = layers_of_rank(step, rank);
    Totals totals(step);
    list_events(step, held, totals);
    const std::int64_t wire = totals.all().wire;
    if (rank == 0 || wire > figures.wire_bytes) {
      figures.wire_bytes = wire;
      figures.wire_bytes_between_nodes = 0;
      for (std::size_t dim = 0; dim < dims; ++dim) {
        figures.wire_by_dim[dim] = totals.of(static_cast<Dim>(dim)).wire;
        if (gpus_per_node > 0 && place(step, static_cast<Dim>(dim), gpus_per_node).nodes > 1)
          figures.wire_bytes_between_nodes += figures.wire_by_dim[dim];
      }
    }
    const Memory memory = memory_of(step, held, fabric ? fabric->memory_slack : 1.13);
    if (rank == 0 || memory.peak() > figures.memory.peak()) figures.memory = memory;
    if (!fabric) continue;
    const StepTime time = time_of(step, held, work, *fabric);
    if (time.total > figures.time.total) figures.time = time;
  }
  return figures;
}

}  // namespace tt::comm
