#include "tt/comm/estimate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tt/base/text.hpp"
#include "tt/base/units.hpp"
#include "tt/comm/published.hpp"
#include "tt/titan/pipeline.hpp"
#include "tt/titan/product.hpp"

namespace tt::comm {

namespace {

using titan::Architecture;
using titan::TrainingShape;

Value known_size(std::int64_t size) { return size > 0 ? Value(size) : Value(nullptr); }

// What one pipeline rank does in a step, as far as this model sees it.
struct RankStep {
  std::int64_t rank = 0;
  std::int64_t layers = 0;
  std::int64_t sends = 0;  // activations and gradients to other ranks
  double tensor_parallel_mib = 0;
  double pipeline_mib = 0;
  double total_mib() const { return tensor_parallel_mib + pipeline_mib; }
};

// Every stage sends its activation to the next stage and its gradient to the one before, unless that is the same rank.
std::int64_t sends_of(const std::vector<std::vector<std::int64_t>>& held, std::size_t rank, std::int64_t stages) {
  const auto is_here = [&](std::int64_t stage) {
    return std::find(held[rank].begin(), held[rank].end(), stage) != held[rank].end();
  };
  std::int64_t sends = 0;
  for (const std::int64_t stage : held[rank]) {
    if (stage + 1 < stages && !is_here(stage + 1)) ++sends;
    if (stage > 0 && !is_here(stage - 1)) ++sends;
  }
  return sends;
}

std::optional<RankStep> worst_rank(const TrainingShape& shape, const Architecture& model, const BlockTraffic& traffic) {
  const auto stages = titan::usual_stage_count(shape);
  if (!stages) return std::nullopt;
  const auto layers = titan::layers_of_stages(shape.era, model.layers, *stages);
  if (layers.empty()) return std::nullopt;
  const auto schedule = titan::find_schedule(shape.pipeline_schedule);
  const bool v_shaped = shape.pp > 1 && schedule && schedule->v_shaped;
  std::vector<std::vector<std::int64_t>> held;
  for (std::int64_t rank = 0; rank < std::max<std::int64_t>(1, shape.pp); ++rank)
    held.push_back(titan::stages_of_rank(rank, std::max<std::int64_t>(1, shape.pp), *stages, v_shaped));

  std::optional<RankStep> worst;
  for (std::size_t rank = 0; rank < held.size(); ++rank) {
    RankStep step;
    step.rank = static_cast<std::int64_t>(rank);
    for (const std::int64_t stage : held[rank]) step.layers += layers[static_cast<std::size_t>(stage)];
    step.sends = sends_of(held, rank, *stages) * shape.accumulation_steps;
    step.tensor_parallel_mib =
        traffic.total_mib * static_cast<double>(step.layers) * static_cast<double>(shape.accumulation_steps);
    step.pipeline_mib = traffic.pipeline_block_mib * static_cast<double>(step.sends);
    if (!worst || step.total_mib() > worst->total_mib()) worst = step;
  }
  return worst;
}

Value block_part(const std::optional<BlockTraffic>& traffic) {
  Value part = Value::object();
  const Value record = block_record(traffic.value_or(BlockTraffic{}));
  for (const auto& [key, number] : record.as_table())
    if (key.ends_with("_mib")) part.set(key, traffic ? number : Value(nullptr));
  return part;
}

Value step_part(const TrainingShape& shape, const std::optional<RankStep>& step) {
  const auto known = [&](auto number) { return step ? Value(number) : Value(nullptr); };
  const RankStep values = step.value_or(RankStep{});
  Value part = Value::object();
  part.set("pp_rank", known(values.rank))
      .set("layers", known(values.layers))
      .set("accumulation_steps", known(shape.accumulation_steps))
      .set("tensor_parallel_mib", known(values.tensor_parallel_mib))
      .set("pipeline_sends", known(values.sends))
      .set("pipeline_mib", known(values.pipeline_mib))
      .set("total_mib", known(values.total_mib()))
      .set("wire_bytes_max", known(static_cast<std::int64_t>(std::llround(values.total_mib() * mib))));
  return part;
}

Value assumptions(const TrainingShape& shape) {
  Value list = Value::array();
  list.push(
      "one block as the published calculator counts it, 2 bytes an element, the whole local batch as one microbatch");
  list.push(
      "a step is that block times the layers of the worst pipeline rank times the accumulation steps: carried on by "
      "this tool, not part of the published figures");
  if (shape.pp > 1)
    list.push(
        "stages as TorchTitan cuts them; each sends one activation forward and one gradient back per accumulation "
        "step");
  return list;
}

Value not_counted(const TrainingShape& shape) {
  Value list = Value::array();
  list.push("embedding, head and loss");
  const std::int64_t sharded = titan::product({shape.dp_shard, shape.cp});
  if (sharded > 1)
    list.push(fmt::format("FSDP over {} ranks (dp_shard {} * cp {})", sharded, shape.dp_shard, shape.cp));
  if (shape.dp_replicate > 1) list.push(fmt::format("gradients of {} replicas (dp_replicate)", shape.dp_replicate));
  if (shape.cp > 1) list.push(fmt::format("context parallelism over {} ranks", shape.cp));
  if (shape.ep > 1) list.push(fmt::format("expert parallelism over {} ranks", shape.ep));
  if (shape.etp > 1) list.push(fmt::format("tensor parallelism inside experts over {} ranks", shape.etp));
  return list;
}

struct Basis {
  std::optional<BlockTraffic> traffic;
  std::optional<RankStep> step;
  Value warnings = Value::array();
};

std::string model_name(const TrainingShape& shape) {
  if (shape.model.empty() && shape.flavor.empty()) return "the model";
  return fmt::format("model '{}' flavor '{}'", printable(shape.model), printable(shape.flavor));
}

Basis look_at(const TrainingShape& shape, const std::optional<Architecture>& architecture) {
  Basis basis;
  if (!architecture)
    basis.warnings.push(fmt::format("the sizes of {} are not known in {}: no estimate", model_name(shape),
                                    titan::to_string(shape.era)));
  if (shape.seq_len < 1) basis.warnings.push("training.seq_len is not known: no estimate");
  if (shape.local_batch_size < 1) basis.warnings.push("the local batch size is not known: no estimate");
  if (shape.tp < 1) basis.warnings.push(fmt::format("the tensor parallel degree is {}: no estimate", shape.tp));
  if (!basis.warnings.as_list().empty()) return basis;
  basis.traffic = block({architecture->hidden_size, architecture->ffn_size.value_or(0), shape.seq_len,
                         shape.local_batch_size, shape.tp, 2});
  basis.step = worst_rank(shape, *architecture, *basis.traffic);
  if (!basis.step)
    basis.warnings.push(fmt::format("{} layers cannot be put on pp {} with schedule '{}': no estimate of a step",
                                    architecture->layers, shape.pp, printable(shape.pipeline_schedule)));
  if (architecture->experts) basis.warnings.push("experts are taken for a plain block");
  return basis;
}

}  // namespace

std::string to_string(Model model) { return model == Model::published ? "published" : "titan"; }

Value shape_record(const TrainingShape& shape) {
  Value record = Value::object();
  record.set("era", titan::to_string(shape.era))
      .set("model", shape.model)
      .set("flavor", shape.flavor)
      .set("world", shape.world)
      .set("dp_replicate", shape.dp_replicate)
      .set("dp_shard", shape.dp_shard)
      .set("cp", shape.cp)
      .set("tp", shape.tp)
      .set("pp", shape.pp)
      .set("ep", shape.ep)
      .set("etp", shape.etp)
      .set("seq_len", known_size(shape.seq_len))
      .set("local_batch_size", known_size(shape.local_batch_size))
      .set("global_batch_size", shape.global_batch_size)
      .set("accumulation_steps", shape.accumulation_steps)
      .set("microbatch_size", known_size(shape.microbatch_size))
      .set("microbatches", known_size(shape.microbatches))
      .set("pipeline_schedule", shape.pp > 1 ? Value(shape.pipeline_schedule) : Value(nullptr));
  return record;
}

Estimate estimate_published(const TrainingShape& shape, const std::optional<Architecture>& architecture) {
  const Basis basis = look_at(shape, architecture);
  Estimate estimate;
  if (basis.traffic) estimate.block_total_mib = basis.traffic->total_mib;
  if (basis.step) estimate.wire_bytes_per_step_max = std::round(basis.step->total_mib() * mib);
  estimate.record.set("schema", "tt.comm.estimate/1")
      .set("model", to_string(Model::published))
      .set("profile", nullptr)
      .set("arch", architecture ? Value(titan::architecture_name(*architecture)) : Value(nullptr))
      .set("shape", shape_record(shape))
      .set("block", block_part(basis.traffic))
      .set("per_step", step_part(shape, basis.step))
      .set("step_seconds", nullptr)
      .set("memory_verdict", estimate.verdict)
      .set("convention", "wire bytes sent per GPU (ring), MiB = 2^20 bytes")
      .set("assumptions", assumptions(shape))
      .set("not_counted", not_counted(shape))
      .set("warnings", basis.warnings);
  return estimate;
}

}  // namespace tt::comm
