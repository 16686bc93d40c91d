#include "tt/sweep/fingerprint.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/hash.hpp"
#include "tt/titan/schema.hpp"

namespace tt::sweep {
namespace {

std::string line_of(const std::string& key, const Value& value) { return key + "=" + to_json(value) + "\n"; }

}  // namespace

SettingsPrinter::SettingsPrinter(titan::Era era, const Overrides& resolved)
    : dump_folder_key_(titan::key_of(era, titan::Knob::dump_folder).value_or("")) {
  for (const Assignment& assignment : resolved) {
    if (assignment.key != dump_folder_key_)
      lines_.emplace_back(assignment.key, line_of(assignment.key, assignment.value));
  }
  std::sort(lines_.begin(), lines_.end());
}

std::string SettingsPrinter::print(const Overrides& overrides, const Variables& environment, const Resources& resources,
                                   std::optional<int> repeat, const std::string& root) const {
  std::vector<const Assignment*> set;
  for (const Assignment& assignment : overrides) {
    if (assignment.key != dump_folder_key_) set.push_back(&assignment);
  }
  std::sort(set.begin(), set.end(), [](const auto* a, const auto* b) { return a->key < b->key; });
  std::string text;
  text.reserve(8192);
  auto next = set.begin();
  for (const auto& [key, line] : lines_) {
    for (; next != set.end() && (*next)->key < key; ++next) text += line_of((*next)->key, (*next)->value);
    if (next != set.end() && (*next)->key == key) continue;  // written when its turn comes
    text += line;
  }
  for (; next != set.end(); ++next) text += line_of((*next)->key, (*next)->value);
  for (const auto& [name, value] : environment) text += line_of("env." + name, value);
  text += fmt::format("nodes={}\ngpus={}\nwalltime={}\n", resources.nodes, resources.gpus, resources.walltime.count());
  if (repeat) text += fmt::format("repeat={}\n", *repeat);
  if (!root.empty()) text += line_of("torchtitan.root", root);
  return fingerprint(text);
}

RunId run_id(const std::string& sweep, const std::string& settings_fingerprint) {
  return {"r" + fingerprint(sweep + "\n" + settings_fingerprint).substr(0, 16)};
}

}  // namespace tt::sweep
