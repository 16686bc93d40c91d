// shape_of: from keys to the shape of a training.
#include "tt/titan/training_shape.hpp"

#include <algorithm>

#include "tt/base/text.hpp"
#include "tt/titan/pipeline.hpp"
#include "tt/titan/presets.hpp"
#include "tt/titan/product.hpp"
#include "tt/titan/settings.hpp"

namespace tt::titan {

namespace {

void name_model(const Settings& settings, TrainingShape& shape) {
  if (has_toml(settings.era())) {
    shape.model = settings.text(Knob::model_name).value_or("");
    shape.flavor = settings.text(Knob::model_flavor).value_or("");
    return;
  }
  shape.model = settings.base_text("module").value_or("");
  const std::string config = settings.base_text("config").value_or("");
  shape.flavor = settings.text(Knob::model_flavor).value_or(std::string(flavor_of_config(config).value_or(config)));
}

// -1 takes what the others leave of the world, rounded down as TorchTitan does; its product is checked afterwards.
void resolve_sharding(const Settings& settings, TrainingShape& shape) {
  shape.dp_shard = settings.integer(Knob::data_parallel_shard).value_or(1);
  shape.dp_shard_automatic = shape.dp_shard == -1;
  if (!shape.dp_shard_automatic) return;
  const std::int64_t others = product({shape.dp_replicate, shape.cp, shape.tp, shape.pp});
  shape.dp_shard = others > 0 ? shape.world / others : 0;
}

void count_accumulation(TrainingShape& shape) {
  const std::int64_t rows_at_once = product({shape.local_batch_size, shape.dp_replicate, shape.dp_shard});
  if (shape.global_batch_size > 0 && rows_at_once > 0)
    shape.accumulation_steps = std::max<std::int64_t>(1, shape.global_batch_size / rows_at_once);
}

// The size is set since 0.1.0, the count before; the other one follows.
void count_microbatches(const Settings& settings, const Architectures& architectures, TrainingShape& shape) {
  shape.microbatch_size = shape.local_batch_size;
  shape.microbatches = 1;
  if (shape.pp <= 1) return;
  if (shape.era >= Era::v0_1_0) {
    shape.microbatch_size = settings.integer(Knob::pipeline_microbatch_size).value_or(1);
    shape.microbatches = shape.microbatch_size > 0 ? shape.local_batch_size / shape.microbatch_size : 0;
    return;
  }
  const Architecture* architecture = architectures.find(shape.era, shape.model, shape.flavor);
  const auto stages = stage_count(settings, shape.pp, architecture);
  shape.microbatches = settings.integer(Knob::pipeline_microbatches).value_or(stages.value_or(shape.pp));
  shape.microbatch_size = shape.microbatches > 0 ? shape.local_batch_size / shape.microbatches : 0;
}

int bytes_of_dtype(const std::optional<std::string>& name, int fallback) {
  if (!name) return fallback;
  return *name == "float32" ? 4 : *name == "bfloat16" || *name == "float16" ? 2 : fallback;
}

// Era 0.3.0 has one selective mode: by operation.
void read_checkpointing(const Settings& settings, TrainingShape& shape) {
  const std::string mode = settings.text(Knob::ac_mode).value_or("none");
  // Before 0.2.0 nothing was said to PyTorch, which stops early unless told otherwise.
  shape.early_stop = has_toml(shape.era) && settings.boolean(Knob::ac_early_stop).value_or(shape.era < Era::v0_2_0);
  if (mode == "full") shape.checkpointing = Checkpointing::full;
  if (mode == "memory_budget" || mode == "memory-budget") shape.checkpointing = Checkpointing::by_budget;
  if (mode != "selective") return;
  shape.checkpointing = Checkpointing::by_operation;
  const auto every = to_integer(has_toml(shape.era) ? settings.text(Knob::ac_option).value_or("2") : "op");
  if (!every) return;
  shape.checkpointing = Checkpointing::every_nth_block;
  shape.checkpoint_every = *every;
}

bool compiles_the_model(const Settings& settings) {
  if (!settings.boolean(Knob::compile_enable).value_or(false)) return false;
  const auto components = settings.find(Knob::compile_components);
  if (!components || !components->value.is_list()) return true;
  const auto& list = components->value.as_list();
  return std::find(list.begin(), list.end(), Value("model")) != list.end();
}

// The loss of the shipped config functions of era 0.3.0 works on pieces of a row, but for those that say otherwise.
std::int64_t chunks_of_loss(const Settings& settings) {
  if (has_toml(settings.era())) return 0;
  if (const auto set = settings.integer(Knob::loss_chunks)) return *set;
  return settings.base_text("config").value_or("").ends_with("_ce_loss") ? 0 : 8;
}

void read_sharding_details(const Settings& settings, TrainingShape& shape) {
  const std::string reshard = settings.text(Knob::reshard_after_forward).value_or("default");
  shape.reshard = reshard == "always" ? Reshard::always : reshard == "never" ? Reshard::never : Reshard::by_default;
  shape.loss_parallel = !settings.boolean(Knob::disable_loss_parallel).value_or(false);
  shape.sequence_parallel = settings.boolean(Knob::sequence_parallel).value_or(true);
  if (settings.text(Knob::rotate_method) == "alltoall") shape.rotate_method = RotateMethod::all_to_all;
  const std::string backend = settings.text(Knob::spmd_backend).value_or("spmd_types");
  if (backend == "partial_dtensor") shape.spmd_backend = SpmdBackend::partial_dtensor;
  if (backend == "full_dtensor") shape.spmd_backend = SpmdBackend::full_dtensor;
  shape.training_bytes = bytes_of_dtype(settings.text(Knob::training_dtype), 4);
  shape.mixed_precision_bytes = bytes_of_dtype(settings.text(Knob::mixed_precision_param), 2);
  shape.loss_chunks = chunks_of_loss(settings);
}

void count_stages(const Settings& settings, const Architectures& architectures, TrainingShape& shape) {
  shape.stages = 1;
  if (shape.pp <= 1) return;
  if (const auto schedule = find_schedule(shape.pipeline_schedule)) shape.schedule = schedule->kind;
  const Architecture* architecture = architectures.find(shape.era, shape.model, shape.flavor);
  shape.stages = stage_count(settings, shape.pp, architecture).value_or(0);
  const auto modules = settings.find(Knob::pipeline_modules);
  shape.stages_by_hand = modules && ((modules->value.is_list() && !modules->value.as_list().empty()) ||
                                     (modules->value.is_string() && !modules->value.as_string().empty()));
  shape.first_stage_less = settings.integer(Knob::pipeline_first_less_layers).value_or(1);
  shape.last_stage_less = settings.integer(Knob::pipeline_last_less_layers).value_or(1);
}

}  // namespace

TrainingShape shape_of(const Settings& settings, std::int64_t world, const Architectures& architectures) {
  TrainingShape shape;
  shape.era = settings.era();
  shape.world = world;
  name_model(settings, shape);
  shape.dp_replicate = settings.integer(Knob::data_parallel_replicate).value_or(1);
  shape.cp = settings.integer(Knob::context_parallel).value_or(1);
  shape.tp = settings.integer(Knob::tensor_parallel).value_or(1);
  shape.pp = settings.integer(Knob::pipeline_parallel).value_or(1);
  shape.ep = settings.integer(Knob::expert_parallel).value_or(1);
  shape.etp = settings.integer(Knob::expert_tensor_parallel).value_or(1);
  resolve_sharding(settings, shape);
  shape.seq_len = settings.integer(Knob::seq_len).value_or(0);
  shape.local_batch_size = settings.integer(Knob::local_batch_size).value_or(0);
  shape.global_batch_size = settings.integer(Knob::global_batch_size).value_or(-1);
  shape.pipeline_schedule = settings.text(Knob::pipeline_schedule).value_or("");
  count_accumulation(shape);
  count_microbatches(settings, architectures, shape);
  count_stages(settings, architectures, shape);
  read_checkpointing(settings, shape);
  shape.compiled_model = compiles_the_model(settings);
  shape.async_tensor_parallel = settings.boolean(Knob::async_tensor_parallel).value_or(false);
  read_sharding_details(settings, shape);
  return shape;
}

}  // namespace tt::titan
