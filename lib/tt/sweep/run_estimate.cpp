#include "tt/sweep/run_estimate.hpp"

#include <algorithm>
#include <array>

#include "tt/base/units.hpp"
#include "tt/titan/schema.hpp"

namespace tt::sweep {

namespace {

constexpr auto names = std::to_array<FigureName>({
    {"comm.mib", "MiB one GPU of the worst pipeline rank sends in a step"},
    {"comm.between_nodes_mib", "of them, in groups that span nodes"},
    {"comm.between_nodes_share", "the same as a share, 0 to 1"},
    {"comm.tp_mib", "MiB of tensor parallelism"},
    {"comm.cp_mib", "MiB of context parallelism"},
    {"comm.ep_mib", "MiB of expert parallelism"},
    {"comm.fsdp_mib", "MiB of FSDP"},
    {"comm.efsdp_mib", "MiB of FSDP of experts"},
    {"comm.dp_replicate_mib", "MiB of replicas"},
    {"comm.pp_mib", "MiB of the pipeline"},
    {"mem.gib", "GiB reserved on the fullest GPU"},
    {"mem.state_gib", "of them, parameters, gradients and optimizer"},
    {"mem.activations_gib", "of them, activations"},
    {"mem.verdict", "'fits', 'tight' or 'likely-out-of-memory'"},
    {"time.step_seconds", "seconds of a step"},
    {"time.compute_seconds", "of them, compute"},
    {"time.gpu_hours", "GPU hours of all steps"},
    {"time.tokens_per_second", "tokens a second of one GPU"},
    {"time.mfu_percent", "model FLOPs utilisation"},
});

}  // namespace

std::span<const FigureName> figure_names() { return names; }

bool is_figure(std::string_view key) {
  if (key.starts_with("mem.") || key.starts_with("time.")) return true;
  if (!key.starts_with("comm.")) return false;
  const std::vector<std::string> eras = titan::era_names();
  return std::none_of(eras.begin(), eras.end(), [&](const std::string& era) {
    return titan::find_key(titan::parse_era(era).value(), key) != nullptr;
  });
}

RunEstimator::RunEstimator(const titan::Architectures& known, titan::Era era, const std::optional<comm::Fabric>& fabric)
    : known_(known), profile_(comm::profile_of(era)), fabric_(fabric) {}

// A sweep names one model, mostly, and has thousands of runs.
const RunEstimator::Known& RunEstimator::model_of(const titan::TrainingShape& shape) {
  const auto [entry, is_new] = models_.try_emplace({shape.model, shape.flavor});
  Known& model = entry->second;
  if (!is_new) return model;
  if (const titan::Architecture* found = known_.find(shape.era, shape.model, shape.flavor)) {
    model.architecture = *found;
    model.sizes = comm::sizes_of(*found);
    model.work = comm::work_of(*found, profile_);
  }
  return model;
}

const comm::Fabric* RunEstimator::fabric_on(int gpus_per_node) {
  if (!fabric_) return nullptr;
  const auto [entry, is_new] = fabrics_.try_emplace(gpus_per_node, *fabric_);
  if (is_new && gpus_per_node > 0) entry->second.gpus_per_node = gpus_per_node;
  return &entry->second;
}

std::optional<RunEstimator::Point> RunEstimator::look(const titan::TrainingShape& shape, int gpus_per_node) {
  const Known& model = model_of(shape);
  if (!model.work || !comm::what_stops(shape, model.architecture, profile_).empty()) return std::nullopt;
  for (std::string& note : comm::what_is_approximate(shape, *model.architecture, profile_))
    notes_.insert(std::move(note));
  const comm::Step step = comm::make_step(shape, model.sizes, profile_);
  Point point;
  point.fabric = fabric_on(gpus_per_node);
  point.figures = comm::figures_of(step, *model.work, point.fabric, gpus_per_node);
  point.flops_per_token = model.work->flops_per_token(shape.seq_len);
  point.tokens_per_gpu =
      static_cast<double>(step.tokens) * static_cast<double>(step.m()) / static_cast<double>(step.t * step.p);
  return point;
}

namespace {

double share_between_nodes(const comm::Figures& figures) {
  if (figures.wire_bytes == 0) return 0;
  return static_cast<double>(figures.wire_bytes_between_nodes) / static_cast<double>(figures.wire_bytes);
}

double hours(double step_seconds, std::int64_t steps, std::int64_t world) {
  return step_seconds * static_cast<double>(steps) * static_cast<double>(world) / 3600;
}

}  // namespace

RunEstimate RunEstimator::estimate(const titan::TrainingShape& shape, int gpus_per_node,
                                   std::optional<std::int64_t> steps) {
  RunEstimate said;
  const auto point = look(shape, gpus_per_node);
  if (!point) return said;
  said.comm_wire_bytes_per_step_max = static_cast<double>(point->figures.wire_bytes);
  said.between_nodes_share = share_between_nodes(point->figures);
  said.memory_gib = point->figures.memory.reserved() / gib;
  if (!point->fabric) return said;
  said.memory_verdict = comm::verdict(point->figures.memory, point->fabric->memory_bytes);
  said.step_seconds = point->figures.time.total;
  if (steps && *steps > 0) said.gpu_hours = hours(*said.step_seconds, *steps, shape.world);
  return said;
}

std::optional<Value> RunEstimator::figure(std::string_view name, const titan::TrainingShape& shape, int gpus_per_node,
                                          std::optional<std::int64_t> steps) {
  const auto point = look(shape, gpus_per_node);
  if (!point) return std::nullopt;
  const comm::Figures& figures = point->figures;
  const auto in_mib = [](std::int64_t bytes) { return Value(static_cast<double>(bytes) / mib); };
  const auto in_gib = [](double bytes) { return Value(bytes / gib); };
  if (name == "comm.mib") return in_mib(figures.wire_bytes);
  if (name == "comm.between_nodes_mib") return in_mib(figures.wire_bytes_between_nodes);
  if (name == "comm.between_nodes_share") return Value(share_between_nodes(figures));
  for (std::size_t dim = 0; dim < comm::dims; ++dim) {
    const std::string_view word = comm::to_string(static_cast<comm::Dim>(dim));
    if (name.starts_with("comm.") && name.ends_with("_mib") && name.substr(5, name.size() - 9) == word)
      return in_mib(figures.wire_by_dim[dim]);
  }
  if (name == "mem.gib") return in_gib(figures.memory.reserved());
  if (name == "mem.state_gib") return in_gib(static_cast<double>(figures.memory.state));
  if (name == "mem.activations_gib") return in_gib(static_cast<double>(figures.memory.activations));
  if (!point->fabric) return std::nullopt;
  const double total = figures.time.total;
  const double speed = point->tokens_per_gpu / total;
  if (name == "mem.verdict") return Value(comm::verdict(figures.memory, point->fabric->memory_bytes));
  if (name == "time.step_seconds") return Value(total);
  if (name == "time.compute_seconds") return Value(figures.time.compute);
  if (name == "time.tokens_per_second") return Value(speed);
  if (name == "time.mfu_percent")
    return Value(comm::mfu_percent(point->flops_per_token, speed, point->fabric->peak_flops));
  if (name == "time.gpu_hours" && steps && *steps > 0) return Value(hours(total, *steps, shape.world));
  return std::nullopt;
}

}  // namespace tt::sweep
