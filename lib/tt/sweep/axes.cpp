#include "tt/sweep/axes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tt/base/text.hpp"
#include "tt/sweep/cell.hpp"
#include "tt/sweep/range.hpp"

namespace tt::sweep {
namespace {

// Equal values have equal texts here: 8 and 8.0 are one number, "8" is a text.
std::string identity(const Value& value) {
  if (value.is_number()) return "number " + shortest(value.as_number());
  return to_json(value);
}

void refuse_repeated_values(const Axis& axis, Problems& problems) {
  std::map<std::string, const WrittenValue*> seen;
  for (const WrittenValue& value : axis.values) {
    const auto [earlier, is_new] = seen.emplace(identity(value.value), &value);
    if (is_new) continue;
    problems.add(value.place,
                 fmt::format("'{}' has the value {} twice", axis.spelled, printable(plain_text(value.value))),
                 fmt::format("it first stands in line {}, column {}", earlier->second->place.line,
                             earlier->second->place.column));
  }
}

void refuse_repeated_rows(const AxisGroup& group, Problems& problems) {
  std::map<std::string, std::size_t> seen;
  for (std::size_t row = 0; row < group.size(); ++row) {
    std::string text;
    for (const Axis& axis : group.axes) text += identity(axis.values[row].value) + "\n";
    const auto [earlier, is_new] = seen.emplace(text, row);
    if (is_new) continue;
    problems.add(group.axes.front().values[row].place,
                 fmt::format("entries {} and {} of these lists say the same", earlier->second + 1, row + 1));
  }
}

void refuse_unequal_lengths(const AxisGroup& group, const std::string& section, Problems& problems) {
  const Axis& first = group.axes.front();
  for (const Axis& axis : group.axes) {
    if (axis.values.size() == first.values.size() || axis.values.empty() || first.values.empty()) continue;
    problems.add(axis.place,
                 fmt::format("'{}' has {}, '{}' has {}", axis.spelled,
                             plural(static_cast<std::int64_t>(axis.values.size()), "value"), first.spelled,
                             plural(static_cast<std::int64_t>(first.values.size()), "value")),
                 fmt::format("keys of one {} entry move together: give them lists of equal length", section));
  }
}

bool all_equally_long(const AxisGroup& group) {
  return std::all_of(group.axes.begin(), group.axes.end(),
                     [&](const Axis& axis) { return axis.values.size() == group.size(); });
}

}  // namespace

namespace {
bool is_row(const std::string& section) { return section == "include" || section == "exclude"; }
}  // namespace

bool AxesReader::expect_map(const std::string& section, const Node& node) {
  if (node.is_map()) return true;
  problems_.add(node.place, fmt::format("'{}' is a map of keys, not {}", section, kind_name(node)));
  return false;
}

bool AxesReader::claim(const std::string& key, const std::string& spelled, const std::string& section,
                       const Place& place) {
  const auto [earlier, is_new] = owners_.emplace(key, Owner{section, place});
  if (is_new) return true;
  const auto& [other, where] = earlier->second;
  problems_.add(place,
                other == section ? fmt::format("'{}' is set twice in '{}'", spelled, section)
                                 : fmt::format("'{}' is set in '{}' and in '{}'", spelled, other, section),
                fmt::format("it first stands in line {}, column {}", where.line, where.column));
  return false;
}

std::optional<std::string> AxesReader::claim_key(const std::string& section, const std::string& spelled,
                                                 const Place& place) {
  auto key = read_key(spelled, place, aliases_, problems_);
  return key && claim(*key, spelled, section, place) ? key : std::nullopt;
}

// A value of a key; what `base` and `torchtitan.root` take is kept, for whoever loads it.
std::optional<WrittenValue> AxesReader::cell(const std::string& key, const Node& node) {
  if (key == "base") {
    auto base = read_base_reference(node, problems_);
    if (!base) return std::nullopt;
    WrittenValue value{base->spelled, base->spelled, node.place};
    const bool is_new = std::none_of(bases_.begin(), bases_.end(),
                                     [&](const BaseReference& other) { return other.spelled == base->spelled; });
    if (is_new) bases_.push_back(std::move(*base));
    return value;
  }
  if (key != "torchtitan.root") return read_cell(key, node, problems_);
  if (!node.is_scalar() || trim(node.spelled).empty() || has_control_character(node.spelled)) {
    problems_.add(node.place, fmt::format("'torchtitan.root' is a path, not {}", kind_name(node)));
    return std::nullopt;
  }
  const bool is_new =
      std::none_of(roots_.begin(), roots_.end(), [&](const Written& other) { return other.text == node.spelled; });
  if (is_new) roots_.push_back({node.spelled, node.place});
  return WrittenValue{node.spelled, node.spelled, node.place};
}

std::optional<WrittenValue> AxesReader::compared(const Node& node) {
  if (!node.is_map()) return WrittenValue{node.spelled, node.spelled, node.place};
  const auto base = read_base_reference(node, problems_);
  return base ? std::optional(WrittenValue{base->spelled, base->spelled, node.place}) : std::nullopt;
}

std::vector<Setting> AxesReader::cells(const std::string& section, const Node& node, const std::string& prefix) {
  std::vector<Setting> settings;
  if (!expect_map(section, node)) return settings;
  for (const Entry& entry : node.entries) {
    const auto key = read_key(prefix + entry.key, entry.place, prefix.empty() ? aliases_ : Aliases{}, problems_);
    if (!key) continue;
    if (!is_row(section) && (*key == "base" || *key == "torchtitan.root")) {
      problems_.add(entry.place, fmt::format("'{}' does not belong into '{}'", *key, section),
                    *key == "base" ? "write base: at the top of the file" : "write torchtitan: {root: ...}");
      continue;
    }
    // An exclude row only compares; it brings no base of its own.
    const bool brings = section == "include" || !is_ground_key(*key);
    if (auto value = brings ? cell(*key, entry.value) : compared(entry.value)) {
      settings.push_back({*key, entry.key, entry.place, std::move(*value)});
    }
  }
  return settings;
}

std::vector<Setting> AxesReader::settings(const std::string& section, const Node& node, const std::string& prefix) {
  std::vector<Setting> settings = cells(section, node, prefix);
  std::erase_if(settings, [&](const Setting& s) { return !claim(s.key, s.spelled, section, s.place); });
  return settings;
}

void AxesReader::add_value(const std::string& key, const Node& node, std::vector<WrittenValue>& values) {
  if (key == "base" || is_environment_key(key) || is_resource_key(key) || !node.is_map()) {
    if (auto value = cell(key, node)) values.push_back(std::move(*value));
    return;
  }
  problems_.add(node.place, "a value of an axis cannot be a map");
}

std::vector<WrittenValue> AxesReader::axis_values(const std::string& key, const Node& node) {
  std::vector<WrittenValue> values;
  if (is_range(node)) {
    for (Value& value : read_range(node, problems_)) {
      std::string spelled = plain_text(value);
      Node one;
      one.kind = Node::Kind::scalar;
      one.value = std::move(value);
      one.spelled = std::move(spelled);
      one.place = node.place;
      add_value(key, one, values);
    }
    return values;
  }
  if (!node.is_list()) {
    problems_.add(node.place, fmt::format("an axis is a list of values, not {}", kind_name(node)),
                  node.is_scalar()
                      ? fmt::format("write [{}], or put the key under 'fixed:'", printable(node.spelled, 40))
                      : "write [a, b, c], {from: 1, to: 8, step: 1} or {from: 1, to: 8, times: 2}");
    return values;
  }
  if (node.items.empty()) problems_.add(node.place, "this list of values is empty", "a sweep over nothing has no runs");
  for (const Node& item : node.items) add_value(key, item, values);
  return values;
}

std::optional<Axis> AxesReader::axis(const std::string& section, const Entry& entry) {
  const auto key = read_key(entry.key, entry.place, aliases_, problems_);
  if (!key || !claim(*key, entry.key, section, entry.place)) return std::nullopt;
  return Axis{*key, entry.key, entry.place, axis_values(*key, entry.value)};
}

std::vector<AxisGroup> AxesReader::matrix(const Node& node) {
  std::vector<AxisGroup> groups;
  if (!expect_map("matrix", node)) return groups;
  for (const Entry& entry : node.entries) {
    auto read = axis("matrix", entry);
    if (!read) continue;
    refuse_repeated_values(*read, problems_);
    groups.push_back({{std::move(*read)}, entry.place});
  }
  return groups;
}

AxisGroup AxesReader::zipped(const std::string& section, const Node& node) {
  AxisGroup group{{}, node.place};
  if (!expect_map(section, node)) return group;
  for (const Entry& entry : node.entries) {
    if (auto read = axis(section, entry)) group.axes.push_back(std::move(*read));
  }
  if (group.axes.empty()) return group;
  refuse_unequal_lengths(group, section, problems_);
  if (all_equally_long(group)) refuse_repeated_rows(group, problems_);
  return group;
}

std::vector<AxisGroup> AxesReader::zip(const Node& node) {
  std::vector<AxisGroup> groups;
  if (node.is_map()) return {zipped("zip", node)};
  if (!node.is_list()) {
    problems_.add(node.place, fmt::format("'zip' is a list of maps, not {}", kind_name(node)),
                  "write zip: [{key: [1, 2], other.key: [3, 4]}]");
    return groups;
  }
  for (const Node& item : node.items) {
    AxisGroup group = zipped("zip", item);
    if (!group.axes.empty()) groups.push_back(std::move(group));
  }
  return groups;
}

std::vector<AxisGroup> AxesReader::repeat(const Node& node) {
  if (!node.is_map()) {
    problems_.add(node.place, fmt::format("'repeat' is a map of keys, not {}", kind_name(node)),
                  "say what differs from one to the next: repeat: {debug.seed: [1, 2, 3]}");
    return {};
  }
  AxisGroup group = zipped("repeat", node);
  if (group.axes.empty()) return {};
  return {std::move(group)};
}

std::vector<Row> AxesReader::rows(const std::string& section, const Node& node) {
  std::vector<Row> rows;
  if (!node.is_list()) {
    problems_.add(node.place, fmt::format("'{}' is a list of rows, not {}", section, kind_name(node)),
                  fmt::format("write {}: [{{key: value, other.key: value}}]", section));
    return rows;
  }
  for (const Node& item : node.items) {
    Row row{cells(section, item, ""), item.place};
    std::set<std::string> keys;
    for (const Setting& cell : row.cells) {
      if (!keys.insert(cell.key).second) {
        problems_.add(cell.place, fmt::format("'{}' is set twice in this row", cell.spelled));
      }
    }
    if (section == "exclude" && item.is_map() && item.entries.empty()) {
      problems_.add(item.place, "an empty exclude row would cut every point");
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace tt::sweep
