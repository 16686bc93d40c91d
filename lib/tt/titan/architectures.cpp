#include "tt/titan/architectures.hpp"

#include <algorithm>
#include <utility>

#include "tt/titan/presets.hpp"

namespace tt::titan {

const Architectures::Own* Architectures::find_own(std::string_view family, std::string_view flavor) const {
  for (const Own& own : own_)
    if (own.flavor == flavor && own.family == family) return &own;
  return nullptr;
}

void Architectures::put(Own own) {
  const auto same = std::find_if(own_.begin(), own_.end(), [&](const Own& other) {
    return other.family == own.family && other.flavor == own.flavor;
  });
  if (same != own_.end())
    *same = std::move(own);
  else
    own_.push_back(std::move(own));
}

void Architectures::add(const Architecture& architecture) {
  put({architecture.family, architecture.flavor, architecture_name(architecture),
       std::make_shared<const Architecture>(architecture)});
}

void Architectures::add_unknown(std::string family, std::string flavor) {
  Architecture unknown;
  unknown.family = family;
  unknown.flavor = flavor;
  put({std::move(family), std::move(flavor), architecture_name(unknown), nullptr});
}

const Architecture* Architectures::find(Era era, std::string_view model, std::string_view flavor) const {
  if (!own_.empty()) {
    const std::string_view family = family_of_model(model);
    if (const Own* own = find_own(family, flavor)) return own->architecture.get();
    if (!has_toml(era))
      if (const auto of_config = flavor_of_config(flavor))
        if (const Own* own = find_own(family, *of_config)) return own->architecture.get();
  }
  return find_shipped_architecture(era, model, flavor);
}

const Architecture* Architectures::find_named(Era era, std::string_view name) const {
  for (const Own& own : own_)
    if (own.name == name) return own.architecture.get();
  for (const Architecture* each : shipped_in(era))
    if (architecture_name(*each) == name) return each;
  return nullptr;
}

std::vector<std::string> Architectures::names(Era era) const {
  std::vector<std::string> all;
  const auto add_once = [&](const std::string& name) {
    if (std::find(all.begin(), all.end(), name) == all.end() && find_named(era, name) != nullptr) all.push_back(name);
  };
  for (const Own& own : own_) add_once(own.name);
  for (const Architecture* each : shipped_in(era)) add_once(architecture_name(*each));
  return all;
}

const Architectures& shipped_architectures() {
  static const Architectures none_of_our_own;
  return none_of_our_own;
}

}  // namespace tt::titan
