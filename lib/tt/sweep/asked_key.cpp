#include "tt/sweep/asked_key.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/sweep/cell.hpp"
#include "tt/sweep/judge.hpp"

namespace tt::sweep {

bool may_be_asked(const Grid& grid, const PlanInput& input, const Expression::Key& key, Problems& problems) {
  const KeySource source = grid.source_of(key.key);
  const auto refuse = [&](const std::string& message, const std::string& hint) {
    problems.add(key.place, message, hint);
    return false;
  };
  if (source.kind == KeySource::Kind::repeated)
    return refuse(fmt::format("'{}' is repeated: an expression cannot ask for it", key.spelled),
                  "repeats come after every condition; make it an axis of 'matrix'");
  // What was set, and could not be understood, was told.
  const auto says = [&](const Setting& setting) { return setting.key == key.key; };
  const auto& fixed = input.spec.fixed;
  if (source.kind == KeySource::Kind::silent && problems.has_errors() &&
      (is_resource_key(key.key) || std::any_of(fixed.begin(), fixed.end(), says)))
    return false;
  if (!is_config_key(key.key) && source.kind == KeySource::Kind::silent)
    return refuse(fmt::format("'{}' is not set in this sweep", key.spelled),
                  "an expression can only ask for what is set");
  if (!Judge{grid.eras, input, problems}.knows(key.key, key.spelled, key.place)) return false;
  const bool has_a_value = source.kind != KeySource::Kind::silent ||
                           std::any_of(grid.grounds.begin(), grid.grounds.end(), [&](const Ground& ground) {
                             return grid.silent_value(ground, key.key).has_value();
                           });
  return has_a_value ||
         refuse(fmt::format("'{}' has no value: neither the sweep nor the base nor TorchTitan's default gives one",
                            key.spelled),
                "set it under 'fixed:' or in the base");
}

}  // namespace tt::sweep
