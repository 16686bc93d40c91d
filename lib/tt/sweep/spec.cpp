#include "tt/sweep/spec.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/files.hpp"
#include "tt/base/text.hpp"
#include "tt/sweep/axes.hpp"
#include "tt/sweep/cell.hpp"
#include "tt/sweep/expression.hpp"
#include "tt/sweep/late_formulas.hpp"
#include "tt/sweep/yaml.hpp"

namespace tt::sweep {
namespace {

const std::vector<std::string>& known_keys() {
  static const std::vector<std::string> keys{
      "sweep",   "base",    "model", "torchtitan",     "fixed",        "env",     "matrix", "zip",
      "exclude", "include", "alias", "repeat",         "resources",    "name",    "where",  "derive",
      "sample",  "order",   "rules", "allow_new_keys", "architecture", "hardware"};
  return keys;
}

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
      if (std::find(known_keys().begin(), known_keys().end(), entry.key) == known_keys().end())
        unknown_key(entry, "a sweep file", known_keys());
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
      if (varies("base")) return;
      problems_.add(whole_file(spec_.source->name()), "this sweep file has no 'base'",
                    "write base: PATH.toml, or base: {module: llama3, config: llama3_8b} for TorchTitan 0.3");
      return;
    }
    if (auto base = read_base_reference(entry->value, problems_)) spec_.bases.push_back(std::move(*base));
  }

  // Is the key an axis of matrix or zip?
  bool varies(std::string_view key) const {
    if (const Node* matrix = find("matrix"); matrix && matrix->find(key)) return true;
    const Node* zip = find("zip");
    if (!zip) return false;
    return zip->find(key) || std::any_of(zip->items.begin(), zip->items.end(),
                                         [&](const Node& item) { return item.find(key) != nullptr; });
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
    else if (!find("model") && spec_.bases.size() == 1)
      spec_.model = {spec_.bases.front().title(), spec_.bases.front().place};
    if (!spec_.model.text.empty()) check_title(spec_.model, "model");
    spec_.name_template = text_of("name");
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
        read_root(entry.value);
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

  void read_root(const Node& node) {
    if (auto root = text(node, "root")) spec_.torchtitan.roots.push_back(std::move(*root));
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
    if (const Node* node = find("resources")) read_resources(axes, *node);
    move_to_their_sections();
    if (const Node* node = find("matrix")) spec_.groups = axes.matrix(*node);
    if (const Node* node = find("zip")) {
      for (AxisGroup& group : axes.zip(*node)) {
        if (!group.axes.empty()) spec_.groups.push_back(std::move(group));
      }
    }
    if (const Node* node = find("repeat")) spec_.repeat = axes.repeat(*node);
    if (const Node* node = find("derive")) read_derive(axes, *node);
    if (const Node* node = find("include")) spec_.include = axes.rows("include", *node);
    if (const Node* node = find("exclude")) spec_.exclude = axes.rows("exclude", *node);
    if (const Node* node = find("where")) read_where(*node);
    if (const Node* node = find("sample")) read_sample(*node);
    read_order();
    read_rules();
    if (const Node* node = find("allow_new_keys")) {
      if (node->value.is_boolean())
        spec_.allow_new_keys = node->value.as_boolean();
      else
        problems_.add(node->place, "'allow_new_keys' is true or false");
    }
    spec_.architecture = text_of("architecture");
    spec_.hardware = text_of("hardware");
    for (BaseReference& base : axes.take_bases()) spec_.bases.push_back(std::move(base));
    for (Written& root : axes.take_roots()) spec_.torchtitan.roots.push_back(std::move(root));
    refuse_two_places("base", find("base") != nullptr);
    const Node* torchtitan = find("torchtitan");
    refuse_two_places("torchtitan.root", torchtitan && torchtitan->find("root"));
    refuse_gpus_and_nodes();
    split_late(spec_, problems_);
  }

  // A count that is no number is an expression; a wall time is a text anyway.
  void read_resources(AxesReader& axes, const Node& node) {
    Node plain = node;
    for (const Entry& entry : node.entries) {
      const bool counts = entry.key == "gpus" || entry.key == "nodes";
      if (!counts || !entry.value.is_scalar() || !entry.value.value.is_string()) continue;
      std::erase_if(plain.entries, [&](const Entry& other) { return other.key == entry.key; });
      add_derivation(axes, "resources", "resources." + entry.key, entry);
    }
    spec_.resources = axes.settings("resources", plain, "resources.");
  }

  void read_derive(AxesReader& axes, const Node& node) {
    if (!node.is_map()) {
      problems_.add(node.place, fmt::format("'derive' is a map of keys to expressions, not {}", kind_name(node)),
                    "write derive: {training.global_batch_size: bs * 64}");
      return;
    }
    for (const Entry& entry : node.entries) add_derivation(axes, "derive", entry.key, entry);
  }

  void add_derivation(AxesReader& axes, const std::string& section, const std::string& spelled, const Entry& entry) {
    const auto key = axes.claim_key(section, spelled, entry.place);
    if (!key) return;
    if (*key == "base" || *key == "torchtitan.root") {
      problems_.add(entry.place, fmt::format("'{}' cannot be derived", *key), "make it an axis of 'matrix' or 'zip'");
      return;
    }
    Derivation derivation{*key, spelled, entry.place, std::nullopt, {}};
    if (entry.value.is_scalar() && entry.value.value.is_string()) {
      derivation.expression = read_expression({entry.value.spelled, entry.value.place}, spec_.alias, problems_);
      if (!derivation.expression) return;
    } else if (auto constant = read_cell(*key, entry.value, problems_)) {
      derivation.constant = std::move(*constant);
    } else {
      return;
    }
    spec_.derive.push_back(std::move(derivation));
  }

  void read_where(const Node& node) {
    const std::vector<Node> items = node.is_list() ? node.items : std::vector<Node>{node};
    for (const Node& item : items) {
      if (!item.is_scalar()) {
        problems_.add(item.place, fmt::format("'where' is an expression or a list of them, not {}", kind_name(item)),
                      "write where: tp * pp <= 16");
        continue;
      }
      for (Expression& one : read_conditions({item.spelled, item.place}, spec_.alias, problems_))
        spec_.where.push_back(std::move(one));
    }
  }

  std::optional<std::int64_t> whole_number(const Node& map, std::string_view key, std::int64_t least) {
    const Entry* entry = map.find(key);
    if (!entry) return std::nullopt;
    if (entry->value.value.is_integer() && entry->value.value.as_integer() >= least)
      return entry->value.value.as_integer();
    problems_.add(entry->value.place, fmt::format("'{}' of a sample is a whole number from {} on", key, least));
    return std::nullopt;
  }

  void read_sample(const Node& node) {
    if (!node.is_map() || !node.find("count")) {
      problems_.add(node.place, "a sample says how many points it keeps", "write sample: {count: 40, seed: 7}");
      return;
    }
    for (const Entry& entry : node.entries) {
      if (entry.key != "count" && entry.key != "seed") unknown_key(entry, "'sample'", {"count", "seed"});
    }
    const auto count = whole_number(node, "count", 1);
    if (count) spec_.sample = Sample{*count, whole_number(node, "seed", 0).value_or(0), node.place};
  }

  void read_order() {
    const auto word = text_of("order");
    if (!word || word->text == "as-written") return;
    if (word->text == "cheapest-first")
      spec_.order = RunOrder::cheapest_first;
    else
      problems_.add(word->place,
                    fmt::format("'order' is as-written or cheapest-first, not '{}'", printable(word->text)));
  }

  void read_rules() {
    const Node* node = find("rules");
    if (!node) return;
    const Entry* warn = node->is_map() ? node->find("warn") : nullptr;
    if (!warn || !warn->value.is_map() || node->entries.size() != 1) {
      problems_.add(node->place, "'rules' says which rules only warn, and why",
                    "write rules: {warn: {tp-divides-heads: \"our fork pads the heads\"}}");
      return;
    }
    for (const Entry& entry : warn->value.entries) {
      if (const auto reason = text(entry.value, entry.key))
        spec_.waivers.push_back({{entry.key, entry.place}, reason->text});
    }
  }

  // An axis has all the values of its key; one more above it would never be used.
  void refuse_two_places(const std::string& key, bool at_the_top) {
    if (!at_the_top || !varies(key)) return;
    const Entry* top = root_.find(key == "base" ? "base" : "torchtitan");
    problems_.add(top->place, fmt::format("'{}' is set here and is an axis", key), "keep one of them");
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
    for (const Derivation& derivation : spec_.derive) note(derivation.key, derivation.place);
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

std::string BaseReference::title() const {
  return config ? config->text : std::filesystem::path(spelled).stem().string();
}

Place place_within(const Written& text, std::size_t at, std::size_t length) {
  if (!text.place.source || text.place.line == 0) return text.place;
  const std::string& file = text.place.source->text();
  std::size_t begin = text.place.source->offset_of_byte_column(text.place.line, text.place.column);
  if (begin < file.size() && (file[begin] == '"' || file[begin] == '\'')) ++begin;
  if (file.compare(begin, text.text.size(), text.text) != 0) return text.place;
  return place_at(text.place.source, begin + at, length);
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
