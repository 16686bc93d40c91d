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

// The shape of one training, as TorchTitan would resolve it. Degrees are 1 where the era has no such key or nobody
// knows its value; a size of 0 (or less) stands as it was set, or is not known.
struct TrainingShape {
  Era era = Era::v0_2_2;
  std::string model;   // "llama3"
  std::string flavor;  // "8B"; era 0.3.0: of a shipped config function, else that function's name
  std::int64_t world = 1;
  std::int64_t dp_replicate = 1;
  std::int64_t dp_shard = 1;  // resolved: -1 becomes world / (others), floored as TorchTitan does
  bool dp_shard_automatic = false;
  std::int64_t cp = 1, tp = 1, pp = 1, ep = 1, etp = 1;
  std::int64_t seq_len = 0;
  std::int64_t local_batch_size = 0;
  std::int64_t global_batch_size = -1;  // as set; -1: local * dp
  std::int64_t accumulation_steps = 1;
  std::int64_t microbatch_size = 1;  // sequences of one pipeline microbatch (local_batch_size without pp)
  std::int64_t microbatches = 1;     // per pipeline step
  std::string pipeline_schedule;
  std::int64_t dp() const { return dp_replicate * dp_shard; }
};
TrainingShape shape_of(const Settings& settings, std::int64_t world,
                       const Architectures& architectures = shipped_architectures());

// Product of the explicit degrees; nullopt when dp_shard is -1 (then nobody but the sweep can say how many GPUs).
std::optional<std::int64_t> gpus_from_degrees(const Settings& settings);

}  // namespace tt::titan
