#include "tt/flow/advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tt/base/text.hpp"
#include "tt/titan/presets.hpp"

namespace tt::flow {
namespace {

using titan::Checkpointing;
using titan::Era;
using titan::Knob;
using titan::TrainingShape;

// The rules speak of the layout in the keys it would be run with.
bool rules_agree(const TrainingShape& shape, const titan::Architecture& model) {
  titan::Architectures known;
  known.add(model);
  Overrides keys = keys_of_layout(shape);
  if (titan::has_toml(shape.era)) keys.push_back({"model.name", model.family});
  keys.push_back({*titan::key_of(shape.era, Knob::model_flavor), model.flavor});
  const titan::BaseLookup base = [&](std::string_view key) -> std::optional<Value> {
    if (key == "module") return Value(model.family);
    return std::nullopt;
  };
  const auto refusals = titan::refusals(titan::Settings(shape.era, base, keys), shape.world, known);
  return std::none_of(refusals.begin(), refusals.end(),
                      [](const titan::Refusal& refusal) { return is_about_the_shape(refusal.rule); });
}

// Beside a layout: another microbatch, another mode of checkpointing.
std::vector<TrainingShape> neighbours(const TrainingShape& shape) {
  std::vector<TrainingShape> found;
  const auto with_piece = [&](std::int64_t piece) {
    const std::int64_t rows = shape.pp > 1 ? shape.local_batch_size : shape.local_batch_size * shape.accumulation_steps;
    if (piece < 1 || rows % piece != 0) return;
    TrainingShape other = shape;
    other.microbatch_size = piece;
    if (shape.pp > 1) {
      other.microbatches = rows / piece;
      if (other.microbatches < other.pp) return;
    } else {
      other.local_batch_size = piece;
      other.accumulation_steps = rows / piece;
    }
    found.push_back(other);
  };
  with_piece(shape.microbatch_size * 2);
  if (shape.microbatch_size % 2 == 0) with_piece(shape.microbatch_size / 2);
  TrainingShape other = shape;
  other.checkpointing = shape.checkpointing == Checkpointing::full ? Checkpointing::by_operation : Checkpointing::full;
  found.push_back(other);
  return found;
}

std::string row_of(const Overrides& keys) {
  std::string row;
  for (const Assignment& one : keys) {
    const bool quoted = one.value.is_string();
    row += fmt::format("{}{}: {}{}{}", row.empty() ? "" : ", ", one.key, quoted ? "\"" : "", plain_text(one.value),
                       quoted ? "\"" : "");
  }
  return "  - {" + row + "}\n";
}

std::string base_line(const comm::AdviceRequest& request, const std::optional<std::string>& base) {
  if (base) return fmt::format("base: {}\n", to_json(Value(*base)));
  const std::string function = titan::architecture_name(request.architecture);
  if (request.profile != comm::Profile::titan_0_3 || !titan::is_preset(function))
    throw BadInput(Problem{Place{}, "a sweep needs a base: this model and profile have no config of their own",
                           "give the config the sweep stands on: tt-comm advise CONFIG.toml --write FILE"});
  return fmt::format("base: {{module: {}, config: {}}}\n", request.architecture.family, function);
}

}  // namespace

Overrides keys_of_layout(const TrainingShape& shape) {
  Overrides keys;
  const auto set = [&](Knob knob, Value value) {
    if (const auto key = titan::key_of(shape.era, knob)) keys.push_back({*key, std::move(value)});
  };
  set(Knob::data_parallel_replicate, shape.dp_replicate);
  set(Knob::data_parallel_shard, shape.dp_shard);
  set(Knob::context_parallel, shape.cp);
  set(Knob::tensor_parallel, shape.tp);
  set(Knob::pipeline_parallel, shape.pp);
  set(Knob::expert_parallel, shape.ep);
  set(Knob::local_batch_size, shape.local_batch_size);
  set(Knob::global_batch_size, shape.global_batch_size);
  set(Knob::seq_len, shape.seq_len);
  if (shape.pp > 1) {
    set(Knob::pipeline_schedule, shape.pipeline_schedule);
    set(Knob::pipeline_microbatch_size, shape.microbatch_size);
    set(Knob::disable_cuda_graphs, true);
  } else if (shape.ep > 1) {
    set(Knob::disable_cuda_graphs, true);
  }
  const bool selective = shape.checkpointing == Checkpointing::by_operation;
  set(Knob::ac_mode, selective ? "selective" : shape.checkpointing == Checkpointing::full ? "full" : "none");
  if (selective) set(Knob::ac_option, "op");
  return keys;
}

comm::AdviceRequest make_advice_request(const EstimateInput& input, const comm::Fabric& fabric, std::int64_t gpus,
                                        std::int64_t global_batch, std::size_t best) {
  if (!input.architecture) throw BadInput(Problem{Place{}, "no advice: the sizes of the model are not known", ""});
  comm::AdviceRequest request;
  request.architecture = *input.architecture;
  request.profile = input.profile;
  request.fabric = fabric;
  request.gpus = gpus;
  request.seq_len = input.shape.seq_len;
  request.global_batch = global_batch;
  request.like = input.shape;
  request.best = best;
  request.is_legal = [model = *input.architecture](const TrainingShape& shape) { return rules_agree(shape, model); };
  return request;
}

std::string advice_sweep(const comm::Advice& advice, const comm::AdviceRequest& request,
                         const std::optional<std::string>& base) {
  std::string text = fmt::format(
      "# The {} layouts of {} on {} GPUs that are estimated to be the fastest, and their neighbours.\n"
      "# Estimated by model titan, profile {}, on {}.\n"
      "sweep: advice\n",
      advice.layouts.size(), titan::architecture_name(request.architecture), request.gpus, to_string(request.profile),
      request.fabric.title);
  text += base_line(request, base);
  text += fmt::format("torchtitan: {{version: {}}}\n", titan::to_string(comm::era_of(request.profile)));
  text += "\ninclude:\n";
  std::set<std::string> written;
  for (const comm::Layout& layout : advice.layouts)
    if (std::string row = row_of(keys_of_layout(layout.shape)); written.insert(row).second) text += row;
  text += "  # neighbours\n";
  for (const comm::Layout& layout : advice.layouts)
    for (const TrainingShape& beside : neighbours(layout.shape)) {
      if (!request.is_legal(beside)) continue;
      if (std::string row = row_of(keys_of_layout(beside)); written.insert(row).second) text += row;
    }
  text += fmt::format("\nresources: {{gpus: {}, walltime: \"01:00:00\"}}\n", request.gpus);
  return text;
}

}  // namespace tt::flow
