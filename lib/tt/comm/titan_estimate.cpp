#include "tt/comm/titan_estimate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"
#include "tt/base/units.hpp"

namespace tt::comm {

namespace {

int severity(std::string_view verdict) {
  return verdict == "likely-out-of-memory" ? 3 : verdict == "tight" ? 2 : verdict == "fits" ? 1 : 0;
}

std::string uneven(const Step& step, Dim dim, std::int64_t gpus_per_node) {
  const Placement placed = place(step, dim, gpus_per_node);
  if (placed.size <= 1 || placed.even) return {};
  return fmt::format("groups of {} ({} ranks, {} apart) do not lie evenly on nodes of {}: the worst is taken",
                     to_string(dim), placed.size, group_stride(step, dim), plural(gpus_per_node, "GPU"));
}

void refuse(const std::vector<std::string>& reasons) {
  Problems problems;
  for (const std::string& reason : reasons) problems.add(Place{}, "no estimate: " + reason);
  problems.throw_if_any();
}

}  // namespace

const RankEstimate& TitanEstimate::largest() const {
  return *std::max_element(ranks.begin(), ranks.end(), [](const RankEstimate& a, const RankEstimate& b) {
    return a.totals.all().wire < b.totals.all().wire;
  });
}

const RankEstimate& TitanEstimate::slowest() const {
  if (!ranks.front().time) return largest();
  return *std::max_element(ranks.begin(), ranks.end(),
                           [](const RankEstimate& a, const RankEstimate& b) { return a.time->total < b.time->total; });
}

std::string_view TitanEstimate::verdict() const {
  std::string_view worst = "unknown";
  if (!options.fabric) return worst;
  for (const RankEstimate& rank : ranks) {
    const std::string_view one = comm::verdict(rank.memory, options.fabric->memory_bytes);
    if (severity(one) > severity(worst)) worst = one;
  }
  return worst;
}

std::int64_t TitanEstimate::gpus_per_node() const {
  if (options.gpus_per_node > 0) return options.gpus_per_node;
  return options.fabric ? options.fabric->gpus_per_node : 0;
}

TitanEstimate make_titan_estimate(const titan::TrainingShape& shape,
                                  const std::optional<titan::Architecture>& architecture, const TitanOptions& options) {
  refuse(what_stops(shape, architecture, options.profile));
  const ModelSizes sizes = sizes_of(*architecture);
  TitanEstimate made{make_step(shape, sizes, options.profile, options.choices),
                     shape,
                     titan::architecture_name(*architecture),
                     work_of(*architecture, options.profile).value(),
                     options,
                     {},
                     options.warnings};
  if (options.gpus_per_node > 0 && made.options.fabric) made.options.fabric->gpus_per_node = options.gpus_per_node;
  for (std::string& note : what_is_approximate(shape, *architecture, options.profile))
    made.warnings.push_back(std::move(note));
  if (made.gpus_per_node() > 0)
    for (std::size_t dim = 0; dim < dims; ++dim)
      if (std::string note = uneven(made.step, static_cast<Dim>(dim), made.gpus_per_node()); !note.empty())
        made.warnings.push_back(std::move(note));
  if (options.rank && (*options.rank < 0 || *options.rank >= made.step.p))
    refuse({fmt::format("there is no pipeline rank {}: pp {} has ranks 0 to {}", *options.rank, made.step.p,
                        made.step.p - 1)});
  for (std::int64_t rank = 0; rank < made.step.p; ++rank) {
    if (options.rank && *options.rank != rank) continue;
    const RankLayers held = layers_of_rank(made.step, rank);
    RankEstimate one{held,
                     rows_of(made.step, held),
                     control_events(made.step, held),
                     totals_of(made.step, rank),
                     memory_of(made.step, held, options.fabric ? options.fabric->memory_slack : 1.13),
                     std::nullopt};
    if (made.options.fabric) one.time = time_of(made.step, held, made.work, *made.options.fabric);
    made.ranks.push_back(std::move(one));
  }
  return made;
}

namespace {

Value sum_record(const Sum& sum) {
  return Value::object().set("count", sum.calls).set("logical_bytes", sum.logical).set("wire_bytes", sum.wire);
}

Value groups_record(const TitanEstimate& made) {
  Value groups = Value::object();
  for (std::size_t i = 0; i < dims; ++i) {
    const Dim dim = static_cast<Dim>(i);
    const std::int64_t per_node = made.gpus_per_node();
    Value group = Value::object().set("size", group_size(made.step, dim));
    if (per_node > 0) {
      const Placement placed = place(made.step, dim, per_node);
      group.set("nodes", placed.nodes).set("ranks_per_node", placed.per_node).set("even", placed.even);
    } else {
      group.set("nodes", nullptr).set("ranks_per_node", nullptr).set("even", nullptr);
    }
    groups.set(to_string(dim), std::move(group));
  }
  return groups;
}

Value memory_record(const Memory& memory, const TitanEstimate& made) {
  return Value::object()
      .set("sharded_params", memory.shard)
      .set("state_bytes", memory.state)
      .set("fsdp_buffers_bytes", memory.buffers)
      .set("activations_bytes", memory.activations)
      .set("logits_bytes", memory.logits)
      .set("recompute_bytes", memory.recompute)
      .set("peak_active_bytes", memory.peak())
      .set("predicted_reserved_gib", memory.reserved() / gib)
      .set("largest", largest_part(memory))
      .set("verdict", made.options.fabric ? verdict(memory, made.options.fabric->memory_bytes) : "unknown");
}

Value rows_record(const TitanEstimate& made, const RankEstimate& rank) {
  Value rows = Value::array();
  const std::int64_t per_node = made.gpus_per_node();
  for (const Row& row : rank.rows) {
    Value record = Value::object()
                       .set("dim", to_string(row.dim))
                       .set("op", to_string(row.op))
                       .set("phase", to_string(row.phase))
                       .set("name", row.name)
                       .set("group_size", row.group);
    const Placement placed = per_node > 0 ? place(made.step, row.dim, per_node) : Placement{};
    record.set("nodes", per_node > 0 ? Value(placed.nodes) : Value())
        .set("ranks_per_node", per_node > 0 ? Value(placed.per_node) : Value())
        .set("count", row.calls)
        .set("logical_bytes_per_call", row.logical)
        .set("logical_bytes", row.logical_total())
        .set("wire_bytes", row.wire_total())
        .set("dtype", to_string(row.dtype))
        .set("seconds", made.options.fabric ? Value(static_cast<double>(row.calls) *
                                                    call_seconds(row.op, row.logical, placed, *made.options.fabric))
                                            : Value());
    rows.push(std::move(record));
  }
  return rows;
}

Value control_record(const RankEstimate& rank) {
  Value list = Value::array();
  for (const ControlEvent& event : rank.control)
    list.push(Value::object()
                  .set("pp_rank", rank.held.rank)
                  .set("what", event.what)
                  .set("op", "all_reduce")
                  .set("group", event.group)
                  .set("group_size", event.size)
                  .set("count", event.calls)
                  .set("bytes", event.bytes)
                  .set("dtype", to_string(event.dtype)));
  return list;
}

Value rank_record(const TitanEstimate& made, const RankEstimate& rank) {
  Value total = Value::object(), by_phase = Value::object(), by_dim = Value::object();
  for (std::size_t i = 0; i < dims; ++i) {
    const Dim dim = static_cast<Dim>(i);
    bool any = false;
    for (std::size_t j = 0; j < ops; ++j) {
      const Sum& sum = rank.totals.of(dim, static_cast<Op>(j));
      if (sum.calls == 0) continue;
      any = true;
      total.set(fmt::format("{}.{}", to_string(dim), to_string(static_cast<Op>(j))), sum_record(sum));
      for (std::size_t k = 0; k < phases; ++k) {
        Sum part;
        for (const Row& row : rank.rows)
          if (row.dim == dim && row.op == static_cast<Op>(j) && row.phase == static_cast<Phase>(k))
            part += {row.calls, row.logical_total(), row.wire_total()};
        if (part.calls > 0)
          by_phase.set(
              fmt::format("{}.{}.{}", to_string(dim), to_string(static_cast<Op>(j)), to_string(static_cast<Phase>(k))),
              sum_record(part));
      }
    }
    if (any) by_dim.set(to_string(dim), sum_record(rank.totals.of(dim)));
  }
  Value links;
  if (rank.time) {
    links = Value::object();
    for (std::size_t i = 0; i < dims; ++i)
      if (group_size(made.step, static_cast<Dim>(i)) > 1) links.set(to_string(static_cast<Dim>(i)), rank.time->link[i]);
  }
  return Value::object()
      .set("pp_rank", rank.held.rank)
      .set("layers", rank.held.layers)
      .set("expert_layers", rank.held.expert_layers)
      .set("stages", rank.held.stages)
      .set("microbatches", made.step.m())
      .set("tokens_per_microbatch", made.step.tokens)
      .set("activation_dtype_bytes", made.step.w)
      .set("wire_bytes_per_step", rank.totals.all().wire)
      .set("total", std::move(total))
      .set("by_dim", std::move(by_dim))
      .set("by_phase", std::move(by_phase))
      .set("rows", rows_record(made, rank))
      .set("control", control_record(rank))
      .set("link_seconds", std::move(links))
      .set("memory", memory_record(rank.memory, made));
}

Value time_record(const TitanEstimate& made) {
  const RankEstimate& slowest = made.slowest();
  if (!slowest.time) return Value();
  Value exposed = Value::object(), assumptions = Value::array();
  for (std::size_t i = 0; i < dims; ++i)
    if (group_size(made.step, static_cast<Dim>(i)) > 1)
      exposed.set(to_string(static_cast<Dim>(i)), slowest.time->exposed[i]);
  for (std::string& sentence : assumptions_of(made.step, *slowest.time, *made.options.fabric))
    assumptions.push(std::move(sentence));
  return Value::object()
      .set("compute", slowest.time->compute)
      .set("exposed", std::move(exposed))
      .set("bubble", slowest.time->bubble)
      .set("total", slowest.time->total)
      .set("bound_by", bound_by(*slowest.time))
      .set("pp_rank", slowest.held.rank)
      .set("assumptions", std::move(assumptions));
}

Value understood(const TitanEstimate& made) {
  constexpr std::string_view modes[] = {"none", "full", "selective-op", "selective", "memory-budget"};
  constexpr std::string_view reshard[] = {"default", "always", "never"};
  constexpr std::string_view methods[] = {"ring-allgather", "ring-alltoall", "allgather-kv"};
  constexpr std::string_view backends[] = {"spmd_types", "partial_dtensor", "full_dtensor"};
  const Step& step = made.step;
  std::string mode(modes[static_cast<std::size_t>(step.checkpointing)]);
  if (step.checkpointing == titan::Checkpointing::every_nth_block) mode += fmt::format("-{}", step.checkpoint_every);
  Value shape = shape_record(made.shape);
  shape.set("ac", mode)
      .set("early_stop", step.early_stop)
      .set("compile", step.compiled)
      .set("async_tp", step.async_tp)
      .set("reshard", reshard[static_cast<std::size_t>(step.reshard)])
      .set("loss_parallel", step.loss_parallel)
      .set("sequence_parallel", step.sequence_parallel)
      .set("cp_method", step.c > 1 ? Value(methods[static_cast<std::size_t>(step.context)]) : Value())
      .set("stages", step.stages)
      .set("loss_chunks", step.is_new() ? Value(step.loss_chunks) : Value())
      .set("spmd_backend", step.is_new() ? Value(backends[static_cast<std::size_t>(made.shape.spmd_backend)]) : Value())
      .set("expert_imbalance", step.expert_imbalance);
  return shape;
}

}  // namespace

Value titan_record(const TitanEstimate& made) {
  Value ranks = Value::array(), warnings = Value::array(), control = Value::array();
  for (const RankEstimate& rank : made.ranks) {
    ranks.push(rank_record(made, rank));
    const Value list = control_record(rank);
    for (const Value& event : list.as_list()) control.push(event);
  }
  for (const std::string& warning : made.warnings) warnings.push(warning);
  Value hardware;
  if (const auto& fabric = made.options.fabric)
    hardware = Value::object()
                   .set("name", fabric->name)
                   .set("gpus_per_node", fabric->gpus_per_node)
                   .set("link_gb_per_second", fabric->link_bytes_per_second / 1e9)
                   .set("nic_gb_per_second", fabric->nic_bytes_per_second / 1e9)
                   .set("peak_tflops", fabric->peak_flops / 1e12)
                   .set("memory_gib", fabric->memory_bytes ? Value(*fabric->memory_bytes / gib) : Value())
                   .set("calibration", fabric->calibration.empty() ? Value() : Value(fabric->calibration));
  return Value::object()
      .set("schema", "tt.comm.estimate/1")
      .set("model", to_string(Model::titan))
      .set("profile", to_string(made.step.profile))
      .set("arch", made.arch)
      .set("shape", understood(made))
      .set("hardware", std::move(hardware))
      .set("groups", groups_record(made))
      .set("ranks", std::move(ranks))
      .set("max", Value::object()
                      .set("pp_rank", made.largest().held.rank)
                      .set("wire_bytes_per_step", made.largest().totals.all().wire))
      .set("control", std::move(control))
      .set("step_seconds", time_record(made))
      .set("memory_verdict", made.verdict())
      .set("parameters", made.work.parameters)
      .set("flops_per_token", static_cast<std::int64_t>(made.work.flops_per_token(made.step.seq_len)))
      .set("convention", "wire bytes sent per GPU (ring), MiB = 2^20 bytes")
      .set("warnings", std::move(warnings));
}

Estimate to_estimate(const TitanEstimate& made) {
  Estimate estimate;
  estimate.record = titan_record(made);
  estimate.wire_bytes_per_step_max = static_cast<double>(made.largest().totals.all().wire);
  estimate.verdict = made.verdict();
  return estimate;
}

}  // namespace tt::comm
