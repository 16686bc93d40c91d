#include "tt/sweep/spec.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/files.hpp"
#include "tt/base/text.hpp"
#include "tt/sweep/axes.hpp"
#include "tt/sweep/cell.hpp"
#include "tt/sweep/yaml.hpp"

namespace tt::sweep {
namespace {

const std::vector<std::string>& known_keys() {
  static const std::vector<std::string> keys{"sweep", "base",   "model",     "torchtitan", "fixed",
                                             "env",   "matrix", "zip",       "exclude",    "include",
                                             "alias", "repeat", "resources", "name"};
  return keys;
}

struct Unsupported {
  std::string_view key;
  std::string_view instead;
};
constexpr Unsupported unsupported[] = {
    {"where", "cut points with 'exclude:' rows"},
    {"derive", "let keys move together with 'zip:'"},
    {"sample", "write the points as 'include:' rows"},
};

class SpecReader {
 public:
  SpecReader(const SourceRef& source, Problems& problems) : problems_(problems), root_(read_yaml(source, problems_)) {
    spec_.source = source;
  }

  Spec read() {
    if (!root_.is_map()) {
      problems_.add(root_.is_null() ? whole_file(spec_.source->name()) : root_.place,
                    root_.is_null() ? "this sweep file is empty"
                                    : fmt::format("a sweep file is a map of keys, not {}", kind_name(root_)),
                    "'tt-sweep init BASE' writes a small one to begin with");
      problems_.throw_if_any();
    }
    check_keys();
    read_aliases();
    read_base();
    read_names();
    read_torchtitan();
    read_points();
    return std::move(spec_);
  }

 private:
  const Node* find(std::string_view key) const {
    const Entry* entry = root_.find(key);
    return entry ? &entry->value : nullptr;
  }

  void unknown_key(const Entry& entry, const std::string& what, const std::vector<std::string>& known) {
    const auto near = nearest(entry.key, known);
    problems_.add(entry.place, fmt::format("'{}' is not a key of {}", printable(entry.key), what),
                  near ? fmt::format("did you mean '{}'?", *near) : "its keys are " + join(known, ", "));
  }

  void check_keys() {
    for (const Entry& entry : root_.entries) {
      const auto* refused = std::find_if(std::begin(unsupported), std::end(unsupported),
                                         [&](const Unsupported& u) { return u.key == entry.key; });
      if (refused != std::end(unsupported)) {
        problems_.add(entry.place, fmt::format("'{}' is not supported by this version", entry.key),
                      std::string(refused->instead));
      } else if (std::find(known_keys().begin(), known_keys().end(), entry.key) == known_keys().end()) {
        unknown_key(entry, "a sweep file", known_keys());
      }
    }
  }

  // A text as written: numbers too (version: 0.2), no lists, not nothing.
  std::optional<Written> text(const Node& node, const std::string& key) {
    if (node.is_scalar() && !trim(node.spelled).empty() && !has_control_character(node.spelled)) {
      return Written{node.spelled, node.place};
    }
    problems_.add(node.place, node.is_scalar() ? fmt::format("'{}' is empty or holds a control character", key)
                                               : fmt::format("'{}' is a text, not {}", key, kind_name(node)));
    return std::nullopt;
  }

  std::optional<Written> text_of(std::string_view key) {
    const Node* node = find(key);
    return node ? text(*node, std::string(key)) : std::nullopt;
  }

  void read_aliases() {
    const Node* node = find("alias");
    if (!node) return;
    if (!node->is_map()) {
      problems_.add(node->place, fmt::format("'alias' is a map of short names to keys, not {}", kind_name(*node)));
      return;
    }
    for (const Entry& entry : node->entries) read_alias(entry);
  }

  void read_alias(const Entry& entry) {
    if (entry.key.empty() || entry.key.find_first_of(".{}\" ") != std::string::npos) {
      problems_.add(entry.place, fmt::format("'{}' cannot be an alias", printable(entry.key)),
                    "an alias is a short name without dots, spaces and braces");
      return;
    }
    const auto target = text(entry.value, entry.key);
    if (!target) return;
    if (target->text.find('.') == std::string::npos) {
      problems_.add(
          entry.value.place,
          fmt::format("the alias '{}' stands for '{}', which is not a key", entry.key, printable(target->text)),
          "an alias stands for a whole key: section.name");
      return;
    }
    if (read_key(target->text, target->place, {}, problems_)) spec_.alias.emplace(entry.key, *target);
  }

  void read_base() {
    const Entry* entry = root_.find("base");
    if (!entry) {
      problems_.add(whole_file(spec_.source->name()), "this sweep file has no 'base'",
                    "write base: PATH.toml, or base: {module: llama3, config: llama3_8b} for TorchTitan 0.3");
      return;
    }
    spec_.base.place = entry->value.place;
    if (!entry->value.is_map()) {
      spec_.base.file = text(entry->value, "base");
      return;
    }
    for (const Entry& part : entry->value.entries) {
      if (part.key == "module")
        spec_.base.module = text(part.value, "module");
      else if (part.key == "config")
        spec_.base.config = text(part.value, "config");
      else
        unknown_key(part, "'base'", {"module", "config"});
    }
    if (!entry->value.find("module") || !entry->value.find("config")) {
      problems_.add(entry->value.place, "a base in TorchTitan's registry needs 'module' and 'config'",
                    "such as {module: llama3, config: llama3_8b}");
    }
  }

  void check_title(const Written& name, const std::string& key) {
    const auto why = unsafe_title(name.text);
    if (!why) return;
    problems_.add(name.place, fmt::format("'{}' cannot be the {} name: {}", printable(name.text), key, *why),
                  key == "model" ? "it names a folder: write model: NAME" : "");
  }

  void read_names() {
    if (const auto name = text_of("sweep")) {
      spec_.name = *name;
      check_title(spec_.name, "sweep");
    } else if (!find("sweep")) {
      problems_.add(whole_file(spec_.source->name()), "this sweep file has no name", "write sweep: NAME");
    }
    if (const auto model = text_of("model"))
      spec_.model = *model;
    else if (!find("model"))
      spec_.model = name_of_base();
    if (!spec_.model.text.empty()) check_title(spec_.model, "model");
    spec_.name_template = text_of("name");
  }

  Written name_of_base() const {
    if (spec_.base.config) return *spec_.base.config;
    if (!spec_.base.file) return {};
    return {std::filesystem::path(spec_.base.file->text).stem().string(), spec_.base.file->place};
  }

  void read_torchtitan() {
    const Node* node = find("torchtitan");
    if (!node) return;
    if (!node->is_map()) {
      problems_.add(node->place, fmt::format("'torchtitan' is a map, not {}", kind_name(*node)),
                    "such as {root: /path/to/torchtitan, version: 0.2.2}");
      return;
    }
    for (const Entry& entry : node->entries) {
      if (entry.key == "root")
        spec_.torchtitan.root = text(entry.value, "root");
      else if (entry.key == "version")
        spec_.torchtitan.version = text(entry.value, "version");
      else if (entry.key == "script")
        spec_.torchtitan.script = text(entry.value, "script").value_or(Written{});
      else if (entry.key == "apply")
        read_apply(entry.value);
      else
        unknown_key(entry, "'torchtitan'", {"root", "version", "script", "apply"});
    }
  }

  void read_apply(const Node& node) {
    const auto word = text(node, "apply");
    if (!word) return;
    for (const Apply apply : {Apply::config, Apply::flags, Apply::both}) {
      if (word->text == to_string(apply)) {
        spec_.torchtitan.apply = apply;
        return;
      }
    }
    problems_.add(node.place, fmt::format("'apply' is config, flags or both, not '{}'", printable(word->text)));
  }

  void read_points() {
    AxesReader axes(spec_.alias, problems_);
    if (const Node* node = find("fixed")) spec_.fixed = axes.settings("fixed", *node);
    if (const Node* node = find("env")) spec_.env = axes.settings("env", *node, "env.");
    if (const Node* node = find("resources")) spec_.resources = axes.settings("resources", *node, "resources.");
    move_to_their_sections();
    if (const Node* node = find("matrix")) spec_.groups = axes.matrix(*node);
    if (const Node* node = find("zip")) {
      for (AxisGroup& group : axes.zip(*node)) {
        if (!group.axes.empty()) spec_.groups.push_back(std::move(group));
      }
    }
    if (const Node* node = find("repeat")) spec_.repeat = axes.repeat(*node);
    if (const Node* node = find("include")) spec_.include = axes.rows("include", *node);
    if (const Node* node = find("exclude")) spec_.exclude = axes.rows("exclude", *node);
    refuse_gpus_and_nodes();
  }

  void move_to_their_sections() {
    for (Setting& setting : spec_.fixed) {
      if (is_environment_key(setting.key)) spec_.env.push_back(setting);
      if (is_resource_key(setting.key)) spec_.resources.push_back(setting);
    }
    std::erase_if(spec_.fixed, [](const Setting& setting) { return !is_config_key(setting.key); });
  }

  void refuse_gpus_and_nodes() {
    std::optional<Place> gpus, nodes;
    const auto note = [&](const std::string& key, const Place& place) {
      if (key == "resources.gpus") gpus = place;
      if (key == "resources.nodes") nodes = place;
    };
    for (const Setting& setting : spec_.resources) note(setting.key, setting.place);
    for (const auto* groups : {&spec_.groups, &spec_.repeat}) {
      for (const AxisGroup& group : *groups) {
        for (const Axis& axis : group.axes) note(axis.key, axis.place);
      }
    }
    if (!gpus || !nodes) return;
    const Place& second =
        gpus->line > nodes->line || (gpus->line == nodes->line && gpus->column > nodes->column) ? *gpus : *nodes;
    problems_.add(second, "'gpus' and 'nodes' are both given",
                  "give one: the other follows from the site's GPUs per node");
  }

  Problems& problems_;
  Node root_;
  Spec spec_;
};

}  // namespace

Spec read_spec(const SourceRef& source, Problems& problems) { return SpecReader(source, problems).read(); }

Spec read_spec(const SourceRef& source) {
  Problems problems;
  Spec spec = read_spec(source, problems);
  problems.throw_if_any();
  return spec;
}

Spec load_spec(const std::string& path) {
  Problems problems;
  Spec spec = load_spec(path, problems);
  problems.throw_if_any();
  return spec;
}

Spec load_spec(const std::string& path, Problems& problems) {
  if (!is_there(path)) {
    throw BadInput(Problem{whole_file(path), "there is no such sweep file", "'tt-sweep init BASE' writes one"});
  }
  if (is_folder(path)) throw BadInput(Problem{whole_file(path), "this is a folder, not a sweep file", ""});
  return read_spec(std::make_shared<const SourceText>(path, read_file(path)), problems);
}

std::filesystem::path resolve_path(const Written& path, const std::filesystem::path& folder,
                                   const Environment& environment) {
  const Expansion expansion = expand_variables(path.text, environment);
  if (expansion.unset) {
    throw BadInput(Problem{path.place, fmt::format("the environment variable {} is not set", *expansion.unset),
                           fmt::format("export {0}=..., or write the path instead of ${{{0}}}", *expansion.unset)});
  }
  return absolute_path(expansion.text, folder);
}

}  // namespace tt::sweep
