#include "tt/titan/settings.hpp"

#include <cmath>

#include "tt/titan/presets.hpp"

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
