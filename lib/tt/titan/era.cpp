#include "tt/titan/era.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "tt/titan/schema.hpp"

namespace tt::titan {

namespace {

struct EraName {
  Era era;
  std::string_view text;
};
constexpr std::array<EraName, 7> era_table{{{Era::early_2025, "2025-01"},
                                            {Era::march_2025, "2025-03"},
                                            {Era::v0_1_0, "0.1.0"},
                                            {Era::v0_2_0, "0.2.0"},
                                            {Era::v0_2_1, "0.2.1"},
                                            {Era::v0_2_2, "0.2.2"},
                                            {Era::v0_3_0, "0.3.0"}}};

// Other things people call them. A family stands for its newest member.
constexpr std::array<EraName, 5> release_families{{{Era::early_2025, "early-2025"},
                                                   {Era::march_2025, "march-2025"},
                                                   {Era::v0_1_0, "0.1"},
                                                   {Era::v0_2_2, "0.2"},
                                                   {Era::v0_3_0, "0.3"}}};

bool has_key(const std::vector<std::string>& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

}  // namespace

std::string to_string(Era era) {
  for (const auto& name : era_table)
    if (name.era == era) return std::string(name.text);
  return "unknown";
}

std::optional<Era> parse_era(std::string_view version) {
  if (!version.empty() && (version.front() == 'v' || version.front() == 'V')) version.remove_prefix(1);
  version = version.substr(0, version.find('+'));  // a wheel's local part: 0.2.2+cu128
  for (const auto& name : era_table)
    if (name.text == version) return name.era;
  for (const auto& name : release_families)
    if (name.text == version) return name.era;
  return std::nullopt;
}

std::vector<std::string> era_names() {
  std::vector<std::string> all;
  for (const auto& name : era_table) all.emplace_back(name.text);
  return all;
}

bool has_toml(Era era) { return era < Era::v0_3_0; }

Recognised recognise(const std::vector<std::string>& keys, const std::string& file) {
  // The registry era has no TOML of its own; a base of two names is how a run of that era is written down.
  if (has_key(keys, "module") && has_key(keys, "config")) return {Era::v0_3_0, "module and config in " + file};
  Era best = Era::v0_2_2;
  std::ptrdiff_t known_by_best = 0;
  for (const auto& [era, text] : era_table) {
    if (!has_toml(era)) continue;
    const auto known = std::count_if(keys.begin(), keys.end(),
                                     [era = era](const std::string& key) { return find_key(era, key) != nullptr; });
    if (known >= known_by_best) std::tie(best, known_by_best) = std::pair(era, known);
  }
  if (known_by_best == 0) return {best, fmt::format("no key of {} is known; the last release with TOML", file)};
  return {best, "keys of " + file};
}

}  // namespace tt::titan
