#include "tt/titan/settings.hpp"

#include <algorithm>
#include <cmath>

#include "tt/titan/pipeline.hpp"
#include "tt/titan/presets.hpp"
#include "tt/titan/product.hpp"

namespace tt::titan {

Settings::Settings(Era era, BaseLookup base, const Overrides& overrides) : era_(era), base_(std::move(base)) {
  for (const Assignment& assignment : overrides) overrides_.insert_or_assign(assignment.key, assignment.value);
}

std::optional<Setting> Settings::find(std::string_view key) const {
  if (const auto set = overrides_.find(key); set != overrides_.end()) return Setting{set->second, Origin::sweep};
  return without_sweep(key);
}

std::optional<Setting> Settings::without_sweep(std::string_view key) const {
  if (base_)
    if (auto value = base_(key)) return Setting{std::move(*value), Origin::base};
  if (!has_toml(era_))
    if (const auto config = base_text("config")) {
      auto value = preset_value(*config, key);
      return value ? std::optional(Setting{std::move(*value), Origin::preset}) : std::nullopt;
    }
  if (const KeyInfo* info = find_key(era_, key)) return Setting{info->default_value, Origin::era_default};
  return std::nullopt;
}

std::optional<Setting> Settings::find(Knob knob) const {
  const auto key = spelling_of(era_, knob);
  return key.empty() ? std::nullopt : find(key);
}

std::optional<std::int64_t> Settings::integer(Knob knob) const {
  const auto setting = find(knob);
  if (!setting) return std::nullopt;
  if (setting->value.is_integer()) return setting->value.as_integer();
  if (!setting->value.is_floating()) return std::nullopt;
  const double number = setting->value.as_number();
  if (std::trunc(number) != number || std::abs(number) > 9e15) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::optional<std::string> Settings::text(Knob knob) const {
  const auto setting = find(knob);
  if (!setting || !setting->value.is_string()) return std::nullopt;
  return setting->value.as_string();
}

std::optional<bool> Settings::boolean(Knob knob) const {
  const auto setting = find(knob);
  if (!setting || !setting->value.is_boolean()) return std::nullopt;
  return setting->value.as_boolean();
}

std::optional<std::string> Settings::base_text(std::string_view key) const {
  if (!base_) return std::nullopt;
  const auto value = base_(key);
  if (!value || !value->is_string()) return std::nullopt;
  return value->as_string();
}

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
  return shape;
}

std::optional<std::int64_t> gpus_from_degrees(const Settings& settings) {
  std::int64_t product = 1;
  for (const Knob knob : {Knob::data_parallel_replicate, Knob::data_parallel_shard, Knob::context_parallel,
                          Knob::tensor_parallel, Knob::pipeline_parallel}) {
    const auto degree = settings.integer(knob);
    if (!degree || *degree < 1 || product > (std::int64_t{1} << 40) / *degree) return std::nullopt;
    product *= *degree;
  }
  return product;
}

}  // namespace tt::titan
