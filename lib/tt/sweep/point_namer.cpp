#include "tt/sweep/point_namer.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "tt/sweep/cell.hpp"
#include "tt/sweep/resources.hpp"

namespace tt::sweep {

namespace {

// A path is named by its last part.
Value shown(const Assignment& assignment) {
  if (!is_ground_key(assignment.key)) return assignment.value;
  const std::filesystem::path path(assignment.value.as_string());
  return assignment.key == "base" ? path.stem().string() : path.filename().string();
}

}  // namespace

PointNamer::PointNamer(const PlanInput& input, const std::vector<std::string>& varying, Problems& problems)
    : problems_(problems) {
  const auto names = short_names(varying, input.spec);
  for (std::size_t i = 0; i < varying.size(); ++i) short_[varying[i]] = names[i];
  for (const Derivation& derivation : input.spec.late.derive) late_.insert(derivation.key);
  Problems known;
  if (input.spec.name_template) template_ = read_name_template(*input.spec.name_template, input.spec, known);
}

std::string PointNamer::name(const Draft& draft, const titan::Settings& settings,
                             const std::optional<Resources>& resources) {
  return template_ ? by_template(draft, settings, resources) : by_what_varies(draft);
}

std::string PointNamer::by_what_varies(const Draft& draft) const {
  std::string name;
  for (const Assignment& assignment : draft.varies) {
    name += "_" + named_value(short_.at(assignment.key), shown(assignment));
  }
  return name.empty() ? "_base" : name;
}

std::string PointNamer::by_template(const Draft& draft, const titan::Settings& settings,
                                    const std::optional<Resources>& resources) {
  std::string name;
  for (const auto& part : template_->parts) {
    name += part.literal;
    if (part.key.empty()) continue;
    const auto value = value_of(part.key, draft, settings, resources);
    if (value)
      name += name_part(*value);
    else if (late_.contains(part.key))
      name += "unknown";  // of a point that is refused before it is estimated
    else
      refuse_once(part);
  }
  return name;
}

std::optional<Value> PointNamer::value_of(const std::string& key, const Draft& draft, const titan::Settings& settings,
                                          const std::optional<Resources>& resources) {
  for (const Overrides* set : {&draft.varies, &draft.overrides}) {
    for (const Assignment& assignment : *set) {
      if (assignment.key == key) return shown(assignment);
    }
  }
  if (is_environment_key(key)) {
    const auto variable = draft.environment.find(environment_name(key));
    return variable == draft.environment.end() ? std::nullopt : std::optional<Value>(variable->second);
  }
  if (is_resource_key(key)) return resources ? resource_value(key, *resources) : Value();
  const auto setting = settings.find(key);
  return setting ? std::optional<Value>(setting->value) : std::nullopt;
}

void PointNamer::refuse_once(const NameTemplate::Part& part) {
  if (!refused_.insert(part.key).second) return;
  problems_.add(part.place, fmt::format("'{}' has no value in every run", part.key),
                "neither the sweep nor the base nor the era says one");
}

}  // namespace tt::sweep
