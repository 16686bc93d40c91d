// Settings for tests of the titan and comm modules, written as a few keys.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "tt/titan/rules.hpp"
#include "tt/titan/settings.hpp"

namespace tt::test {

// A base that knows these keys and no others.
inline titan::BaseLookup base_with(Overrides keys) {
  return [keys = std::move(keys)](std::string_view key) -> std::optional<Value> {
    for (const Assignment& known : keys)
      if (known.key == key) return known.value;
    return std::nullopt;
  };
}

inline titan::Settings settings_of(titan::Era era, const Overrides& sweep, const Overrides& base = {}) {
  return {era, base_with(base), sweep};
}

// The reason one rule gives; empty when it holds.
inline std::string reason_of(const std::string& rule, titan::Era era, std::int64_t world, const Overrides& sweep,
                             const Overrides& base = {}) {
  const auto settings = settings_of(era, sweep, base);
  for (const titan::Refusal& refusal : titan::refusals(settings, world))
    if (refusal.rule == rule) return refusal.reason;
  return {};
}

}  // namespace tt::test
