// tt/titan/rules.hpp: what TorchTitan refuses, as named rules keyed by era. A point that a rule refuses is never
// queued.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tt/titan/architectures.hpp"
#include "tt/titan/settings.hpp"

namespace tt::titan {

struct RuleInput {
  const Settings& settings;
  const TrainingShape& shape;
  std::int64_t world;
  const Architecture* architecture = nullptr;  // null: the model is not known, rules about it hold
};

// Two rules of one name are one rule that changed: their eras do not overlap.
struct Rule {
  std::string name;      // kebab-case, stable: "world-size"
  std::string summary;   // one sentence: what must hold
  std::string evidence;  // TorchTitan's own words when it refuses, or what happens instead
  // What is not known never refuses: a rule speaks only about values somebody has set or the era defines.
  Era first = Era::early_2025;
  Era last = Era::v0_3_0;
  // The reason in numbers ("2 * 3 * 1 = 6, but there are 8 GPUs"); nullopt when the rule holds.
  std::optional<std::string> (*refuse)(const RuleInput&) = nullptr;
};

std::span<const Rule> rules();

struct Refusal {
  std::string rule;
  std::string reason;
};
// Every rule of the era that refuses, in the order of rules().
std::vector<Refusal> refusals(const Settings& settings, std::int64_t world,
                              const Architectures& architectures = shipped_architectures());

}  // namespace tt::titan
