#include "tt/sweep/cell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "tt/base/clock.hpp"
#include "tt/base/text.hpp"
#include "tt/config/document.hpp"
#include "tt/titan/schema.hpp"

namespace tt::sweep {
namespace {

constexpr std::string_view env_prefix = "env.";
constexpr std::string_view resource_prefix = "resources.";
constexpr std::int64_t most_gpus = 1'000'000;
constexpr double longest_walltime = 366.0 * 24 * 3600;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_variable_name(std::string_view name) {
  return !name.empty() && !is_digit(name[0]) &&
         std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

// By whole words, so that TOKENIZERS_PARALLELISM is welcome and HF_TOKEN is not.
bool looks_secret(std::string_view name) {
  constexpr std::array<std::string_view, 6> words{"token", "secret", "password", "passwd", "credential", "credentials"};
  const std::string small = lower(name);
  for (const std::string& part : split(small, '_')) {
    for (const std::string_view word : words) {
      if (part.ends_with(word) || part == std::string(word) + "s") return true;
    }
  }
  return small.find("api_key") != std::string::npos || small.find("apikey") != std::string::npos ||
         small.find("access_key") != std::string::npos;
}

void check_variable_name(const std::string& name, const Place& place, Problems& problems) {
  constexpr std::array<std::string_view, 2> ours{"NGPU", "CONFIG_FILE"};
  if (!is_variable_name(name)) {
    problems.add(place, fmt::format("'{}' cannot be the name of an environment variable", printable(name)),
                 "letters, digits and '_', not beginning with a digit");
  } else if (looks_secret(name)) {
    problems.add(place, fmt::format("'{}' looks like a secret, and what a sweep file says is written into files", name),
                 "leave it out: jobs read the libraries' own token files, or the file the site profile names");
  } else if (std::find(ours.begin(), ours.end(), name) != ours.end() || name.starts_with("TT_")) {
    problems.add(place, fmt::format("'{}' is set by tt for every run", name), "leave it out");
  }
}

std::optional<WrittenValue> environment_value(const Node& node, Problems& problems) {
  if (!node.is_scalar()) {
    problems.add(node.place, fmt::format("an environment variable is a text or a number, not {}", kind_name(node)),
                 node.is_null() ? "write \"\" for an empty text" : "");
    return std::nullopt;
  }
  if (has_control_character(node.spelled)) {
    problems.add(node.place, "an environment variable cannot hold a control character or a line end");
    return std::nullopt;
  }
  return WrittenValue{node.spelled, node.spelled, node.place};
}

std::optional<WrittenValue> walltime_value(const Node& node, Problems& problems) {
  const auto seconds = node.is_scalar() ? parse_walltime(node.spelled) : std::nullopt;
  if (!seconds || seconds->count() < 1 || seconds->count() > longest_walltime) {
    problems.add(node.place, "this is not a wall time", "write \"HH:MM:SS\", \"D-HH:MM:SS\" or a number of minutes");
    return std::nullopt;
  }
  return WrittenValue{walltime_text(*seconds), node.spelled, node.place};
}

std::optional<WrittenValue> count_value(const std::string& key, const Node& node, Problems& problems) {
  const bool integer = node.is_scalar() && node.value.is_integer();
  if (!integer || node.value.as_integer() < 1 || node.value.as_integer() > most_gpus) {
    problems.add(node.place, fmt::format("'{}' is a whole number from 1 to {}", key, with_thousands(most_gpus)));
    return std::nullopt;
  }
  return WrittenValue{node.value, node.spelled, node.place};
}

std::optional<std::string> read_resource_key(const std::string& key, const Place& place, Problems& problems) {
  static const std::vector<std::string> known{"resources.gpus", "resources.nodes", "resources.walltime"};
  if (std::find(known.begin(), known.end(), key) != known.end()) return key;
  const auto near = nearest(key, known);
  problems.add(place, fmt::format("'{}' is not a resource", printable(key)),
               near ? fmt::format("did you mean '{}'?", *near) : "there are gpus, nodes and walltime");
  return std::nullopt;
}

// dump_folder, hf_assets_path: the registry era has keys that stand in no section.
bool is_key_of_the_registry(std::string_view key) { return titan::find_key(titan::Era::v0_3_0, key) != nullptr; }

std::optional<std::string> read_bare_key(const std::string& spelled, const Place& place, const Aliases& aliases,
                                         Problems& problems) {
  std::vector<std::string> names;
  for (const auto& [name, key] : aliases) names.push_back(name);
  const auto near = nearest(spelled, names);
  problems.add(place, fmt::format("'{}' is neither a key (section.name) nor an alias", printable(spelled)),
               near ? fmt::format("did you mean the alias '{}'?", *near) : "short names are given under 'alias:'");
  return std::nullopt;
}

}  // namespace

bool is_environment_key(std::string_view key) { return key.starts_with(env_prefix); }
bool is_resource_key(std::string_view key) { return key.starts_with(resource_prefix); }
bool is_ground_key(std::string_view key) { return key == "base" || key == "torchtitan.root"; }
bool is_config_key(std::string_view key) {
  return !is_environment_key(key) && !is_resource_key(key) && !is_ground_key(key);
}
std::string environment_name(std::string_view key) { return std::string(key.substr(env_prefix.size())); }

std::optional<std::string> read_key(const std::string& spelled, const Place& place, const Aliases& aliases,
                                    Problems& problems) {
  const auto alias = aliases.find(spelled);
  const std::string& key = alias == aliases.end() ? spelled : alias->second.text;
  if (is_environment_key(key)) {
    check_variable_name(environment_name(key), place, problems);
    return key;
  }
  if (is_resource_key(key)) return read_resource_key(key, place, problems);
  if (is_ground_key(key)) return key;
  if (key.find('.') == std::string::npos && !is_key_of_the_registry(key))
    return read_bare_key(key, place, aliases, problems);
  if (!config::split_key(key)) {
    problems.add(place, fmt::format("'{}' is not a key: parts are joined by single dots", printable(key)));
    return std::nullopt;
  }
  return key;
}

std::optional<WrittenValue> read_cell(const std::string& key, const Node& node, Problems& problems) {
  if (is_environment_key(key)) return environment_value(node, problems);
  if (key == "resources.walltime") return walltime_value(node, problems);
  if (is_resource_key(key)) return count_value(key, node, problems);
  if (node.is_null() && node.spelled.empty()) {
    problems.add(node.place, fmt::format("'{}' gets no value here", key), "write \"\" for an empty text");
    return std::nullopt;
  }
  return WrittenValue{to_value(node), node.spelled, node.place};
}

std::optional<BaseReference> read_base_reference(const Node& node, Problems& problems) {
  BaseReference base;
  base.place = node.place;
  const auto text = [&](const Node& from, const std::string& key) -> std::optional<Written> {
    if (from.is_scalar() && !trim(from.spelled).empty() && !has_control_character(from.spelled))
      return Written{from.spelled, from.place};
    problems.add(from.place, from.is_scalar() ? fmt::format("'{}' is empty or holds a control character", key)
                                              : fmt::format("'{}' is a text, not {}", key, kind_name(from)));
    return std::nullopt;
  };
  if (!node.is_map()) {
    base.file = text(node, "base");
    if (!base.file) return std::nullopt;
    base.spelled = base.file->text;
    return base;
  }
  const std::vector<std::string> known{"module", "config"};
  for (const Entry& part : node.entries) {
    if (part.key == "module") {
      base.module = text(part.value, "module");
    } else if (part.key == "config") {
      base.config = text(part.value, "config");
    } else {
      const auto near = nearest(part.key, known);
      problems.add(part.place, fmt::format("'{}' is not a key of 'base'", printable(part.key)),
                   near ? fmt::format("did you mean '{}'?", *near) : "its keys are module, config");
    }
  }
  if (!node.find("module") || !node.find("config")) {
    problems.add(node.place, "a base in TorchTitan's registry needs 'module' and 'config'",
                 "such as {module: llama3, config: llama3_8b}");
  }
  if (!base.module || !base.config) return std::nullopt;
  base.spelled = base.module->text + "/" + base.config->text;
  return base;
}

std::optional<std::string> unsafe_title(std::string_view name) {
  constexpr std::size_t longest = 120;
  if (name.empty()) return "it is empty";
  if (name.size() > longest) return fmt::format("it has {} bytes, at most {} are allowed", name.size(), longest);
  if (!is_letter(name[0]) && !is_digit(name[0])) return "it must begin with a letter or a digit";
  if (name.find("..") != std::string_view::npos) return "it must not contain '..'";
  const auto bad = std::find_if(name.begin(), name.end(), [](char c) {
    return !is_letter(c) && !is_digit(c) && std::string_view("._+-").find(c) == std::string_view::npos;
  });
  if (bad != name.end()) return "only letters, digits and . _ + - are allowed";
  return std::nullopt;
}

}  // namespace tt::sweep
