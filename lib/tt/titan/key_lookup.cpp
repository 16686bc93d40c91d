#include "tt/titan/key_lookup.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/text.hpp"
#include "tt/titan/aliases.hpp"
#include "tt/titan/schema.hpp"

namespace tt::titan {

namespace {

constexpr std::string_view group_prefix = "optimizer.param_groups.";

// Sections that only an extension module brings: TorchTitan takes them with job.custom_config_module.
constexpr std::string_view extension_sections[] = {"encoder", "eval", "inference", "data", "hf_transformers"};

std::vector<Era> all_eras() {
  std::vector<Era> eras;
  for (const std::string& name : era_names()) eras.push_back(*parse_era(name));
  return eras;
}

// A key of 0.3.0 for a group of parameters other than the first: older eras have one group.
bool is_later_group(std::string_view key) {
  return find_key(Era::v0_3_0, key) && key.starts_with(group_prefix) &&
         !key.substr(group_prefix.size()).starts_with("0.");
}

std::string renamed_advice(Era era, const std::vector<Step>& steps) {
  const Step& last = steps.back();
  if (last.forward)
    return fmt::format("since {} this key is '{}'", to_string(*last.move->first_with_new), last.move->new_key);
  return fmt::format("{} calls it '{}'", to_string(era), last.move->old_key);
}

std::string gone_advice(Era era, std::string_view key, const Move& gone) {
  const std::string what = gone.mapping.empty() ? "" : ": " + gone.mapping;
  if (gone.old_key == key) return fmt::format("{} has no such key any more{}", to_string(era), what);
  return fmt::format("it became '{}', which {} does not have any more{}", gone.old_key, to_string(era), what);
}

// A name that stood between two releases, or came after the newest era: known from the moves only.
const Move* move_naming(std::string_view key) {
  for (const Move& move : moves())
    if (!key.empty() && (move.old_key == key || move.new_key == key)) return &move;
  return nullptr;
}

std::string foreign_advice(Era era, std::string_view key) {
  const auto eras = all_eras();
  const auto has_it = [&](Era other) { return find_key(other, key) != nullptr; };
  const auto first = std::find_if(eras.begin(), eras.end(), has_it);
  if (first == eras.end()) {
    const Move* move = move_naming(key);
    if (!move) return {};
    if (move->new_key == key) return fmt::format("the key is newer than {}", to_string(eras.back()));
    return fmt::format("the key stood only between two releases before {}; {} has nothing like it",
                       move->first_with_new ? to_string(*move->first_with_new) : "now", to_string(era));
  }
  if (is_later_group(key))
    return fmt::format("{} has one group of parameters, with the keys of [optimizer]", to_string(era));
  if (*first > era) return fmt::format("the key exists since {}, this is {}", to_string(*first), to_string(era));
  return fmt::format("the key does not exist any more in {}", to_string(era));
}

// The right name in the wrong section, or in none: "training.log_freq" is "metrics.log_freq". Empty when several have
// that name.
std::string in_another_section(const std::vector<std::string>& names, std::string_view key) {
  const std::string leaf = "." + std::string(key.substr(key.rfind('.') + 1));
  std::vector<std::string> twins;
  for (const std::string& name : names)
    if (name.ends_with(leaf)) twins.push_back(name);
  return twins.size() == 1 ? twins.front() : std::string();
}

bool is_of_an_extension(std::string_view key) {
  const std::string_view section = key.substr(0, key.find('.'));
  return section != key && std::find(std::begin(extension_sections), std::end(extension_sections), section) !=
                               std::end(extension_sections);
}

std::string guess(Era era, std::string_view key) {
  std::vector<std::string> names;
  for (const KeyInfo& known : keys(era)) names.push_back(known.key);
  if (has_toml(era) && is_of_an_extension(key))
    return fmt::format("[{}] belongs to an extension module; allow_new_keys: true lets its keys through",
                       key.substr(0, key.find('.')));
  if (const auto twin = in_another_section(names, key); !twin.empty()) return fmt::format("did you mean '{}'?", twin);
  if (const auto near = nearest(key, names)) return fmt::format("did you mean '{}'?", *near);
  if (key.find('.') != std::string_view::npos || key.empty()) return {};
  std::vector<std::string> leaves;  // a name without its section, mistyped
  for (const std::string& name : names) leaves.push_back(name.substr(name.rfind('.') + 1));
  const auto leaf = nearest(key, leaves);
  const std::string twin = leaf ? in_another_section(names, *leaf) : std::string();
  return twin.empty() ? std::string() : fmt::format("did you mean '{}'?", twin);
}

}  // namespace

bool is_known_in_some_era(std::string_view key) {
  const auto eras = all_eras();
  return move_naming(key) != nullptr ||
         std::any_of(eras.begin(), eras.end(), [&](Era era) { return find_key(era, key) != nullptr; });
}

KeyVerdict judge_key(Era era, std::string_view key) {
  if (find_key(era, key)) return {KeyStanding::known, std::string(key), ""};
  if (const auto steps = way(era, key); !steps.empty())
    return {KeyStanding::renamed, steps.back().to(), renamed_advice(era, steps)};
  if (const Move* gone = removal(era, key)) return {KeyStanding::untranslatable, "", gone_advice(era, key, *gone)};
  if (is_known_in_some_era(key)) return {KeyStanding::untranslatable, "", foreign_advice(era, key)};
  return {KeyStanding::unknown, "", guess(era, key)};
}

std::string advice_for_unknown_key(Era era, std::string_view key) { return judge_key(era, key).advice; }

std::vector<NameInEra> names_of(std::string_view key) {
  std::vector<NameInEra> names;
  for (const Era era : all_eras()) names.push_back({era, judge_key(era, key).name});
  return names;
}

}  // namespace tt::titan
