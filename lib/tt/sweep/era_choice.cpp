#include "tt/sweep/era_choice.hpp"

#include <fmt/format.h>

#include "tt/base/text.hpp"

namespace tt::sweep {
namespace {

EraChoice known(titan::Era era, const std::string& version, const std::string& source) {
  return {era, {version, titan::to_string(era), source}};
}

EraChoice recognised(const PlanInput& input) {
  if (!input.base) return known(titan::Era::v0_3_0, "unknown", "a base in TorchTitan's registry");
  const titan::Recognised found = titan::recognise(input.base->keys(), input.base->source()->name());
  return known(found.era, "unknown", found.source);
}

EraChoice unchecked_era(const PlanInput& input, Problems& problems) {
  if (const auto& version = input.spec.torchtitan.version) {
    if (const auto era = titan::parse_era(version->text)) return known(*era, version->text, "the sweep file");
    problems.add(version->place,
                 fmt::format("'{}' is no version of TorchTitan that is known here", printable(version->text)),
                 "known are " + join(titan::era_names(), ", "));
    return recognised(input);
  }
  if (input.installed_version) {
    if (const auto era = titan::parse_era(*input.installed_version)) {
      return known(*era, *input.installed_version, "the installed TorchTitan");
    }
    problems.warn(whole_file(input.spec.source->name()),
                  fmt::format("the installed TorchTitan says it is {}, which is not known here",
                              printable(*input.installed_version)),
                  "give torchtitan: {version: ...} to choose the nearest of " + join(titan::era_names(), ", "));
  }
  return recognised(input);
}

}  // namespace

EraChoice choose_era(const PlanInput& input, Problems& problems) {
  EraChoice choice = unchecked_era(input, problems);
  const bool registry = input.spec.base.is_registry();
  if (registry == titan::has_toml(choice.era)) {
    problems.add(input.spec.base.place,
                 registry ? fmt::format("TorchTitan {} reads TOML files and has no registry", choice.facts.era)
                          : fmt::format("TorchTitan {} reads no TOML files", choice.facts.era),
                 registry ? "write base: PATH.toml" : "write base: {module: llama3, config: llama3_8b}");
  }
  return choice;
}

}  // namespace tt::sweep
