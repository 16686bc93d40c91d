#include "tt/titan/rules.hpp"

#include <iterator>

#include "tt/titan/rule_groups.hpp"

namespace tt::titan {

std::span<const Rule> rules() {
  static const std::vector<Rule> all = [] {
    std::vector<Rule> joined;
    for (auto* group : {world_rules, pipeline_rules, model_rules, settings_rules}) {
      std::vector<Rule> some = group();
      joined.insert(joined.end(), std::make_move_iterator(some.begin()), std::make_move_iterator(some.end()));
    }
    return joined;
  }();
  return all;
}

std::vector<Refusal> refusals(const Settings& settings, std::int64_t world, const Architectures& architectures) {
  const TrainingShape shape = shape_of(settings, world, architectures);
  const RuleInput input{settings, shape, world, architectures.find(shape.era, shape.model, shape.flavor)};
  std::vector<Refusal> refused;
  for (const Rule& rule : rules()) {
    if (shape.era < rule.first || rule.last < shape.era) continue;
    if (auto reason = rule.refuse(input)) refused.push_back({rule.name, std::move(*reason)});
  }
  return refused;
}

}  // namespace tt::titan
