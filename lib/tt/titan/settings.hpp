// tt/titan/settings.hpp: what a run's keys are worth: the sweep's value, else the base's, else the era's default.
//
// Era 0.3.0 has no base file: its base is a config function, which the lookup answers as the keys "module" and
// "config". For a shipped function its known values stand in for the base (presets.hpp). What any other function sets
// is not known, and neither is a key that was left out then. Without a config function the class defaults hold.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tt/base/value.hpp"
#include "tt/job/run.hpp"
#include "tt/titan/architectures.hpp"
#include "tt/titan/era.hpp"
#include "tt/titan/schema.hpp"
#include "tt/titan/training_shape.hpp"

namespace tt::titan {

enum class Origin { sweep, base, preset, era_default };

struct Setting {
  Value value;
  Origin origin;
};

// Looks a key up in a base file; nullopt when the base is silent.
using BaseLookup = std::function<std::optional<Value>(std::string_view key)>;

class Settings {
 public:
  Settings(Era era, BaseLookup base, const Overrides& overrides);
  Era era() const { return era_; }
  std::optional<Setting> find(std::string_view key) const;
  std::optional<Setting> find(Knob knob) const;
  // nullopt when unknown, None, or not an integer (8.0 is one).
  std::optional<std::int64_t> integer(Knob knob) const;
  std::optional<std::string> text(Knob knob) const;
  std::optional<bool> boolean(Knob knob) const;
  // A string of the base itself, such as "config", the name of the config function in era 0.3.0.
  std::optional<std::string> base_text(std::string_view key) const;

 private:
  std::optional<Setting> without_sweep(std::string_view key) const;

  Era era_;
  BaseLookup base_;
  std::map<std::string, Value, std::less<>> overrides_;
};

// Product of the explicit degrees; nullopt when dp_shard is -1 (then nobody but the sweep can say how many GPUs).
std::optional<std::int64_t> gpus_from_degrees(const Settings& settings);

TrainingShape shape_of(const Settings& settings, std::int64_t world,
                       const Architectures& architectures = shipped_architectures());

}  // namespace tt::titan
