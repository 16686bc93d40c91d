#include "tt/sweep/era_choice.hpp"

#include <fmt/format.h>

#include "tt/base/text.hpp"

namespace tt::sweep {
namespace {

EraChoice known(titan::Era era, const std::string& version, const std::string& source) {
  return {era, {version, titan::to_string(era), source}};
}

EraChoice recognised(const BaseInput& base) {
  if (!base.document) return known(titan::Era::v0_3_0, "unknown", "a base in TorchTitan's registry");
  const titan::Recognised found = titan::recognise(base.document->keys(), base.document->source()->name());
  return known(found.era, "unknown", found.source);
}

void warn_about_another(const Written& version, titan::Era era, const RootInput* root, Problems& problems) {
  if (!root || !root->era || *root->era == era) return;
  problems.warn(version.place,
                fmt::format("this sweep is judged as TorchTitan {}, but {} says it is {}", titan::to_string(era),
                            root->source, root->version),
                "leave 'version' out to believe the checkout");
}

EraChoice unchecked_era(const PlanInput& input, const BaseInput& base, const RootInput* root, Problems& problems) {
  if (const auto& version = input.spec.torchtitan.version) {
    if (const auto era = titan::parse_era(version->text)) {
      warn_about_another(*version, *era, root, problems);
      return known(*era, version->text, "the sweep file");
    }
    problems.add(version->place,
                 fmt::format("'{}' is no version of TorchTitan that is known here", printable(version->text)),
                 "known are " + join(titan::era_names(), ", "));
    return recognised(base);
  }
  if (root && root->era) return known(*root->era, root->version, root->source);
  if (root && !root->version.empty()) {
    problems.warn(
        whole_file(input.spec.source->name()),
        fmt::format("{} says it is TorchTitan {}, which is not known here", root->source, printable(root->version)),
        "give torchtitan: {version: ...} to choose the nearest of " + join(titan::era_names(), ", "));
  }
  return recognised(base);
}

}  // namespace

EraChoice choose_era(const PlanInput& input, const BaseInput& base, const RootInput* root, Problems& problems) {
  EraChoice choice = unchecked_era(input, base, root, problems);
  const bool registry = base.config.has_value();
  if (registry == titan::has_toml(choice.era)) {
    problems.add(base.place,
                 registry ? fmt::format("TorchTitan {} reads TOML files and has no registry", choice.facts.era)
                          : fmt::format("TorchTitan {} reads no TOML files", choice.facts.era),
                 registry ? "write base: PATH.toml" : "write base: {module: llama3, config: llama3_8b}");
  }
  return choice;
}

}  // namespace tt::sweep
