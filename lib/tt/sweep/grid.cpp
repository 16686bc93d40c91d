#include "tt/sweep/grid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tt/base/text.hpp"
#include "tt/sweep/cell.hpp"
#include "tt/sweep/era_choice.hpp"
#include "tt/titan/aliases.hpp"
#include "tt/titan/schema.hpp"

namespace tt::sweep {
namespace {

using Table = std::unordered_map<std::string, Value>;

// Is this the key that decides where a training writes? tt sets it for every run.
bool is_dump_folder(titan::Era era, std::string_view key) {
  return titan::key_of(era, titan::Knob::dump_folder) == std::optional<std::string>(key);
}

// ---- the base --------------------------------------------------------------------------------------------------

void warn_about_base(const config::Document& base, const std::string& key, titan::Era era, Problems& problems) {
  const Place place = base.place_of(key).value_or(whole_file(base.source()->name()));
  const titan::KeyInfo* info = titan::find_key(era, key);
  if (!info) {
    problems.warn(place, fmt::format("'{}' is not a key of TorchTitan {}", printable(key), titan::to_string(era)),
                  titan::advice_for_unknown_key(era, key));
    return;
  }
  const auto value = base.find(key);
  if (const auto why = value ? titan::misfit(*info, *value) : std::nullopt) {
    problems.warn(place, fmt::format("'{}' {}", key, *why));
  }
}

Table read_base(const PlanInput& input, titan::Era era, Problems& problems) {
  Table table;
  if (input.spec.base.module) table["module"] = input.spec.base.module->text;
  if (input.spec.base.config) table["config"] = input.spec.base.config->text;
  for (const Assignment& asked : input.asked) table[asked.key] = asked.value;
  if (!input.base) return table;
  for (const std::string& key : input.base->keys()) {
    warn_about_base(*input.base, key, era, problems);
    const auto value = input.base->find(key);
    if (!value) continue;
    const titan::KeyInfo* info = titan::find_key(era, key);
    table[key] = info && !titan::misfit(*info, *value) ? titan::fitted(*info, *value) : *value;
  }
  return table;
}

Overrides resolve_all(titan::Era era, const titan::BaseLookup& lookup, const Table& base) {
  const titan::Settings silent(era, lookup, {});
  Overrides resolved;
  for (const titan::KeyInfo& info : titan::keys(era)) {
    const auto setting = silent.find(info.key);
    resolved.push_back({info.key, setting ? setting->value : Value()});
  }
  for (const auto& [key, value] : base) {
    if (!titan::find_key(era, key)) resolved.push_back({key, value});
  }
  return resolved;
}

// ---- the parts of the sweep --------------------------------------------------------------------------------------

class GridMaker {
 public:
  GridMaker(const PlanInput& input, Problems& problems, Grid& grid)
      : spec_(input.spec), problems_(problems), grid_(grid), judge_{grid.era, input, problems} {}

  void make() {
    for (const auto& [name, target] : spec_.alias) judge_.knows(target.text, target.text, target.place);
    for (const Setting& setting : spec_.fixed) add(setting, grid_.fixed);
    for (const Setting& setting : spec_.resources) add(setting, grid_.resources);
    for (const Setting& setting : spec_.env) {
      grid_.environment[environment_name(setting.key)] = setting.value.value.as_string();
    }
    for (const AxisGroup& group : spec_.groups) grid_.groups.push_back(make_group(group));
    for (const AxisGroup& group : spec_.repeat) make_repeat(group);
    for (const Row& row : spec_.include) grid_.include.push_back(make_row(row));
    for (const Row& row : spec_.exclude) make_exclude(row);
  }

 private:
  void add(const Setting& setting, GridCells& cells) {
    if (!judge_.knows(setting.key, setting.spelled, setting.place)) return;
    if (auto cell = judge_.cell(setting.key, setting.place, setting.value)) cells.push_back(std::move(*cell));
  }

  GridGroup make_group(const AxisGroup& group) {
    GridGroup made;
    made.rows.resize(group.size());
    for (const Axis& axis : group.axes) {
      made.keys.push_back(axis.key);
      if (!judge_.knows(axis.key, axis.spelled, axis.place)) continue;
      for (std::size_t row = 0; row < axis.values.size(); ++row) {
        if (auto cell = judge_.cell(axis.key, axis.place, axis.values[row])) made.rows[row].push_back(std::move(*cell));
      }
    }
    return made;
  }

  void make_repeat(const AxisGroup& group) {
    for (const Axis& axis : group.axes) {
      if (is_resource_key(axis.key)) {
        problems_.add(axis.place, "a repeat cannot change the resources of a run", "make it an axis of 'matrix'");
      }
    }
    grid_.repeat = make_group(group);
  }

  GridCells make_row(const Row& row) {
    GridCells cells;
    for (const Setting& setting : row.cells) {
      if (is_repeated(setting.key)) {
        problems_.add(setting.place, fmt::format("'{}' is repeated: an include row cannot set it", setting.spelled));
      }
      add(setting, cells);
    }
    return cells;
  }

  bool is_repeated(const std::string& key) const {
    return std::find(grid_.repeat.keys.begin(), grid_.repeat.keys.end(), key) != grid_.repeat.keys.end();
  }

  void make_exclude(const Row& row) {
    std::vector<std::vector<bool>> matches(grid_.groups.size());
    for (const Setting& setting : row.cells) {
      if (!judge_.knows(setting.key, setting.spelled, setting.place)) return;
      const auto cell = judge_.cell(setting.key, setting.place, setting.value);
      if (!cell || !match(setting, *cell, matches)) return;
    }
    GridExclude exclude;
    for (std::size_t group = 0; group < matches.size(); ++group) {
      if (matches[group].empty()) continue;
      if (std::none_of(matches[group].begin(), matches[group].end(), [](bool yes) { return yes; })) {
        problems_.add(row.place, "no combination of this sweep matches this row",
                      "keys of one zip entry move together: the row asks for values that never meet");
        return;
      }
      exclude.parts.push_back({group, std::move(matches[group])});
    }
    grid_.exclude.push_back(std::move(exclude));
  }

  // Narrows the matching rows of the key's group; false after a problem.
  bool match(const Setting& setting, const GridCell& wanted, std::vector<std::vector<bool>>& matches) {
    for (std::size_t group = 0; group < grid_.groups.size(); ++group) {
      const GridGroup& axes = grid_.groups[group];
      const auto key = std::find(axes.keys.begin(), axes.keys.end(), setting.key);
      if (key == axes.keys.end()) continue;
      return match_group(setting, wanted, axes, static_cast<std::size_t>(key - axes.keys.begin()), matches[group]);
    }
    return match_constant(setting, wanted);
  }

  bool match_group(const Setting& setting, const GridCell& wanted, const GridGroup& axes, std::size_t column,
                   std::vector<bool>& matches) {
    if (matches.empty()) matches.assign(axes.rows.size(), true);
    bool any = false;
    for (std::size_t row = 0; row < axes.rows.size(); ++row) {
      if (column >= axes.rows[row].size()) return false;  // the axis itself has problems
      const bool same = same_value(axes.rows[row][column].said.value, wanted.said.value);
      any = any || same;
      matches[row] = matches[row] && same;
    }
    if (!any)
      never(setting, fmt::format("'{}' never has the value {} in this sweep", setting.spelled,
                                 printable(plain_text(wanted.said.value))));
    return any;
  }

  bool match_constant(const Setting& setting, const GridCell& wanted) {
    if (is_repeated(setting.key)) {
      never(setting, fmt::format("'{}' is repeated: a row cannot exclude by it", setting.spelled));
      return false;
    }
    const auto value = constant(setting.key);
    if (value && same_value(*value, wanted.said.value)) return true;
    never(setting, value ? fmt::format("'{}' does not vary in this sweep and is always {}", setting.spelled,
                                       printable(plain_text(*value)))
                         : fmt::format("'{}' does not vary in this sweep", setting.spelled));
    return false;
  }

  std::optional<Value> constant(const std::string& key) const {
    for (const GridCells* cells : {&grid_.fixed, &grid_.resources}) {
      for (const GridCell& cell : *cells) {
        if (cell.said.key == key) return cell.said.value;
      }
    }
    if (is_environment_key(key)) {
      const auto variable = grid_.environment.find(environment_name(key));
      return variable == grid_.environment.end() ? std::nullopt : std::optional<Value>(variable->second);
    }
    return grid_.silent_value(key);
  }

  void never(const Setting& setting, std::string why) {
    problems_.add(setting.value.place, std::move(why), "an exclude row that matches nothing is taken for a mistake");
  }

  const Spec& spec_;
  Problems& problems_;
  Grid& grid_;
  Judge judge_;
};

}  // namespace

bool Judge::knows(const std::string& key, const std::string& spelled, const Place& place) const {
  if (!is_config_key(key)) return true;
  if (is_dump_folder(era, key)) {
    problems.add(place, fmt::format("'{}' is set by tt: every run writes into the out/ of its own folder", spelled));
    return false;
  }
  if (titan::find_key(era, key) || input.allow_new_keys) return true;
  // The registry era has no files, so its sweeps may use the words of the file eras.
  if (!titan::has_toml(era) && (titan::newer_name(era, key) || titan::removal(era, key))) return true;
  std::string advice = titan::advice_for_unknown_key(era, key);
  advice += advice.empty() ? "--allow-new-keys sets it all the same" : "   (--allow-new-keys sets it all the same)";
  problems.add(place, fmt::format("'{}' is not a key of TorchTitan {}", printable(spelled), titan::to_string(era)),
               advice);
  return false;
}

std::optional<GridCell> Judge::cell(const std::string& key, const Place& key_place, const WrittenValue& value) const {
  GridCell cell{{key, value.value}, {key, value.value}, value.place};
  if (!is_config_key(key)) return cell;
  try {
    if (!titan::find_key(era, key) && !titan::has_toml(era)) cell.setting = titan::in_words_of(era, cell.said);
  } catch (const Error& error) {
    problems.add(key_place, error.what());
    return std::nullopt;
  }
  const titan::KeyInfo* info = titan::find_key(era, cell.setting.key);
  if (!info) return cell;
  if (const auto why = titan::misfit(*info, cell.setting.value, input.spec.torchtitan.apply)) {
    problems.add(value.place, fmt::format("'{}' {}", cell.setting.key, *why));
    return std::nullopt;
  }
  cell.setting.value = titan::fitted(*info, cell.setting.value);
  if (cell.setting.key == key) cell.said.value = cell.setting.value;
  return cell;
}

std::optional<Value> Grid::silent_value(const std::string& key) const {
  const auto setting = titan::Settings(era, base, {}).find(key);
  return setting && !setting->value.is_null() ? std::optional<Value>(setting->value) : std::nullopt;
}

Grid make_grid(const PlanInput& input, Problems& problems, std::vector<std::string>& notes) {
  Grid grid;
  EraChoice choice = choose_era(input, problems);
  grid.era = choice.era;
  grid.torchtitan = std::move(choice.facts);
  if (!input.spec.torchtitan.version && !input.installed_version) {
    notes.push_back(fmt::format("TorchTitan {}, by {}", grid.torchtitan.era, grid.torchtitan.source));
  }
  const auto table = std::make_shared<const Table>(read_base(input, grid.era, problems));
  grid.base = [table](std::string_view key) -> std::optional<Value> {
    const auto found = table->find(std::string(key));
    return found == table->end() ? std::nullopt : std::optional<Value>(found->second);
  };
  grid.resolved = resolve_all(grid.era, grid.base, *table);
  GridMaker(input, problems, grid).make();
  return grid;
}

}  // namespace tt::sweep
