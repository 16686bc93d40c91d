#include "tt/sweep/judge.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/text.hpp"
#include "tt/sweep/cell.hpp"
#include "tt/titan/aliases.hpp"
#include "tt/titan/schema.hpp"

namespace tt::sweep {
namespace {

// Did some era have it? Then the alias table says how this one calls it, or why it cannot.
bool known_elsewhere(titan::Era era, const std::string& key) {
  return titan::newer_name(era, key) || titan::older_name(era, key) || titan::removal(era, key) != nullptr;
}

}  // namespace

bool is_dump_folder(titan::Era era, std::string_view key) {
  constexpr std::string_view names[] = {"job.dump_folder", "dump_folder"};
  return titan::key_of(era, titan::Knob::dump_folder) == std::optional<std::string>(key) ||
         std::find(std::begin(names), std::end(names), key) != std::end(names);
}

bool Judge::knows(titan::Era era, const std::string& key, const std::string& spelled, const Place& place) const {
  if (is_dump_folder(era, key)) {
    problems.add(place, fmt::format("'{}' is set by tt: every run writes into the out/ of its own folder", spelled));
    return false;
  }
  if (titan::find_key(era, key) || allows_new_keys() || known_elsewhere(era, key)) return true;
  std::string advice = titan::advice_for_unknown_key(era, key);
  advice += advice.empty() ? "--allow-new-keys sets it all the same" : "   (--allow-new-keys sets it all the same)";
  problems.add(place, fmt::format("'{}' is not a key of TorchTitan {}", printable(spelled), titan::to_string(era)),
               advice);
  return false;
}

bool Judge::knows(const std::string& key, const std::string& spelled, const Place& place) const {
  if (!is_config_key(key)) return true;
  return std::all_of(eras.begin(), eras.end(), [&](titan::Era era) { return knows(era, key, spelled, place); });
}

std::optional<Assignment> Judge::setting(titan::Era era, const Assignment& said, const Place& key_place,
                                         const Place& value_place) const {
  Assignment setting = said;
  try {
    if (!titan::find_key(era, said.key)) setting = titan::in_words_of(era, said);
  } catch (const Error& error) {
    problems.add(key_place, error.what());
    return std::nullopt;
  }
  const titan::KeyInfo* info = titan::find_key(era, setting.key);
  if (!info) return setting;
  if (const auto why = titan::misfit(*info, setting.value, input.spec.torchtitan.apply)) {
    problems.add(value_place, fmt::format("'{}' {}", setting.key, *why));
    return std::nullopt;
  }
  setting.value = titan::fitted(*info, setting.value);
  return setting;
}

std::optional<GridCell> Judge::cell(const std::string& key, const Place& key_place, const WrittenValue& value) const {
  GridCell cell{{key, value.value}, {}, value.place};
  if (!is_config_key(key)) return cell;
  for (const titan::Era era : eras) {
    auto one = setting(era, cell.said, key_place, value.place);
    if (!one) return std::nullopt;
    if (one->key == key) cell.said.value = one->value;
    cell.settings.push_back(std::move(*one));
  }
  return cell;
}

}  // namespace tt::sweep
