#include "tt/sweep/grid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <unordered_map>
#include <utility>

#include "tt/base/text.hpp"
#include "tt/sweep/cell.hpp"
#include "tt/sweep/era_choice.hpp"
#include "tt/sweep/judge.hpp"
#include "tt/titan/key_lookup.hpp"
#include "tt/titan/schema.hpp"

namespace tt::sweep {
namespace {

using Table = std::unordered_map<std::string, Value>;

// ---- the grounds -------------------------------------------------------------------------------------------------

// Since 2025-08-28 TorchTitan refuses a file with a key it does not know; an extension module may add keys.
bool refuses_unknown_keys(titan::Era era, const config::Document& base) {
  return era >= titan::Era::v0_2_0 && titan::has_toml(era) && !base.find("job.custom_config_module") &&
         !base.find("experimental.custom_args_module");
}

void judge_base_key(const config::Document& base, const std::string& key, titan::Era era, bool allow_new_keys,
                    Problems& problems) {
  const Place place = base.place_of(key).value_or(whole_file(base.source()->name()));
  const titan::KeyInfo* info = titan::find_key(era, key);
  if (!info) {
    const std::string message =
        fmt::format("'{}' is not a key of TorchTitan {}", printable(key), titan::to_string(era));
    const std::string advice = titan::judge_key(era, key).advice;
    if (allow_new_keys || !refuses_unknown_keys(era, base))
      problems.warn(place, message, advice);
    else
      problems.add(place, message + ", which refuses the whole file for it",
                   advice + (advice.empty() ? "" : "   ") + "(--allow-new-keys keeps it all the same)");
    return;
  }
  const auto value = base.find(key);
  if (const auto why = value ? titan::misfit(*info, *value) : std::nullopt) {
    problems.warn(place, fmt::format("'{}' {}", key, *why));
  }
}

Table read_base(const PlanInput& input, const BaseInput& base, titan::Era era, Problems& problems) {
  Table table;
  if (base.module) table["module"] = *base.module;
  if (base.config) table["config"] = *base.config;
  for (const Assignment& asked : base.asked) table[asked.key] = asked.value;
  if (!base.document || !titan::has_toml(era)) return table;  // a file where none is read was refused already
  const bool allow = input.allow_new_keys || input.spec.allow_new_keys;
  for (const std::string& key : base.document->keys()) {
    judge_base_key(*base.document, key, era, allow, problems);
    const auto value = base.document->find(key);
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

class GroundMaker {
 public:
  GroundMaker(const PlanInput& input, Problems& problems, Grid& grid)
      : input_(input), problems_(problems), grid_(grid) {}

  void make() {
    grid_.roots = std::max<std::size_t>(1, input_.roots.size());
    for (std::size_t base = 0; base < input_.bases.size(); ++base) {
      for (std::size_t root = 0; root < grid_.roots; ++root) grid_.grounds.push_back(ground(base, root));
    }
  }

 private:
  Ground ground(std::size_t base, std::size_t root) {
    EraChoice choice =
        choose_era(input_, input_.bases[base], input_.roots.empty() ? nullptr : &input_.roots[root], problems_);
    Ground ground;
    ground.base = base;
    ground.root = root;
    ground.torchtitan = std::move(choice.facts);
    const auto known = std::find(grid_.eras.begin(), grid_.eras.end(), choice.era);
    ground.era = static_cast<std::size_t>(known - grid_.eras.begin());
    if (known == grid_.eras.end()) grid_.eras.push_back(choice.era);
    const auto table = table_of(base, choice.era);
    ground.lookup = [table](std::string_view key) -> std::optional<Value> {
      const auto found = table->find(std::string(key));
      return found == table->end() ? std::nullopt : std::optional<Value>(found->second);
    };
    ground.resolved = resolve_all(choice.era, ground.lookup, *table);
    return ground;
  }

  // A base is judged once for each era it meets.
  std::shared_ptr<const Table> table_of(std::size_t base, titan::Era era) {
    auto& table = tables_[{base, era}];
    if (!table) table = std::make_shared<const Table>(read_base(input_, input_.bases[base], era, problems_));
    return table;
  }

  const PlanInput& input_;
  Problems& problems_;
  Grid& grid_;
  std::map<std::pair<std::size_t, titan::Era>, std::shared_ptr<const Table>> tables_;
};

// ---- the parts of the sweep --------------------------------------------------------------------------------------

class GridMaker {
 public:
  GridMaker(const PlanInput& input, Problems& problems, Grid& grid)
      : spec_(input.spec), problems_(problems), grid_(grid), judge_{grid.eras, input, problems} {}

  void make() {
    for (const auto& [name, target] : spec_.alias) judge_.knows(target.text, target.text, target.place);
    for (const Setting& setting : spec_.fixed) add(setting, grid_.fixed);
    for (const Setting& setting : spec_.resources) add(setting, grid_.resources);
    for (const Setting& setting : spec_.env) {
      grid_.environment[environment_name(setting.key)] = setting.value.value.as_string();
    }
    for (const Derivation& derivation : spec_.derive) {
      judge_.knows(derivation.key, derivation.spelled, derivation.place);
      grid_.derived_keys.push_back(derivation.key);
    }
    for (const Derivation& derivation : spec_.late.derive) {
      judge_.knows(derivation.key, derivation.spelled, derivation.place);
      grid_.late_keys.push_back(derivation.key);
    }
    for (const AxisGroup& group : spec_.groups) grid_.groups.push_back(make_group(group));
    for (const AxisGroup& group : spec_.repeat) make_repeat(group);
    for (const Row& row : spec_.include) grid_.include.push_back(make_row(row));
    for (const Row& row : spec_.exclude) make_exclude(row);
    refuse_two_spellings();
  }

 private:
  std::optional<GridCell> judged(const std::string& key, const Place& key_place, const WrittenValue& value) const {
    auto cell = judge_.cell(key, key_place, value);
    if (!cell || !is_ground_key(key)) return cell;
    const auto& names = key == "base" ? spec_bases() : spec_roots();
    const auto found = std::find(names.begin(), names.end(), value.spelled);
    cell->option = static_cast<std::size_t>(found - names.begin());
    return cell;
  }

  std::vector<std::string> spec_bases() const {
    std::vector<std::string> names;
    for (const BaseReference& base : spec_.bases) names.push_back(base.spelled);
    return names;
  }

  std::vector<std::string> spec_roots() const {
    std::vector<std::string> names;
    for (const Written& root : spec_.torchtitan.roots) names.push_back(root.text);
    return names;
  }

  void add(const Setting& setting, GridCells& cells) {
    if (!judge_.knows(setting.key, setting.spelled, setting.place)) return;
    if (auto cell = judged(setting.key, setting.place, setting.value)) cells.push_back(std::move(*cell));
  }

  GridGroup make_group(const AxisGroup& group) {
    GridGroup made;
    made.rows.resize(group.size());
    for (const Axis& axis : group.axes) {
      made.keys.push_back(axis.key);
      if (!judge_.knows(axis.key, axis.spelled, axis.place)) continue;
      for (std::size_t row = 0; row < axis.values.size(); ++row) {
        if (auto cell = judged(axis.key, axis.place, axis.values[row])) made.rows[row].push_back(std::move(*cell));
      }
    }
    return made;
  }

  void make_repeat(const AxisGroup& group) {
    for (const Axis& axis : group.axes) {
      if (is_resource_key(axis.key) || is_ground_key(axis.key)) {
        problems_.add(axis.place,
                      is_resource_key(axis.key) ? "a repeat cannot change the resources of a run"
                                                : fmt::format("a repeat cannot change '{}'", axis.key),
                      "make it an axis of 'matrix'");
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
      if (is_derived(setting.key)) {
        problems_.add(setting.place, fmt::format("'{}' is derived: an include row cannot set it", setting.spelled));
      }
      add(setting, cells);
    }
    for (const std::string key : {"base", "torchtitan.root"}) {
      const bool named =
          std::any_of(cells.begin(), cells.end(), [&](const auto& cell) { return cell.said.key == key; });
      if (!named && is_axis(key)) {
        problems_.add(row.place, fmt::format("'{}' is an axis and this row does not say which one it takes", key),
                      fmt::format("write {{{}: ..., ...}}", key));
      }
    }
    return cells;
  }

  bool is_axis(const std::string& key) const { return grid_.source_of(key).kind == KeySource::Kind::axis; }
  bool is_derived(const std::string& key) const {
    const KeySource::Kind kind = grid_.source_of(key).kind;
    return kind == KeySource::Kind::derived || kind == KeySource::Kind::late;
  }
  bool is_repeated(const std::string& key) const {
    return std::find(grid_.repeat.keys.begin(), grid_.repeat.keys.end(), key) != grid_.repeat.keys.end();
  }

  void make_exclude(const Row& row) {
    GridExclude exclude;
    exclude.place = row.place;
    std::vector<std::vector<bool>> matches(grid_.groups.size());
    for (const Setting& setting : row.cells) {
      if (!judge_.knows(setting.key, setting.spelled, setting.place)) return;
      const auto cell = judged(setting.key, setting.place, setting.value);
      if (!cell) return;
      const KeySource source = grid_.source_of(setting.key);
      if (source.kind == KeySource::Kind::derived) {
        exclude.derived.push_back({source.derivation, cell->said.value});
      } else if (!match(setting, *cell, source, matches)) {
        return;
      }
    }
    for (std::size_t group = 0; group < matches.size(); ++group) {
      if (matches[group].empty()) continue;
      if (std::none_of(matches[group].begin(), matches[group].end(), [](bool yes) { return yes; })) {
        if (!is_whole(grid_.groups[group])) return;
        problems_.add(row.place, "no combination of this sweep matches this row",
                      "keys of one zip entry move together: the row asks for values that never meet");
        return;
      }
      exclude.parts.push_back({group, std::move(matches[group])});
    }
    grid_.exclude.push_back(std::move(exclude));
  }

  // Was every value of it understood?
  static bool is_whole(const GridGroup& group) {
    return std::all_of(group.rows.begin(), group.rows.end(),
                       [&](const GridCells& row) { return row.size() == group.keys.size(); });
  }

  // Is a value of this key set that could not be understood?
  bool is_misunderstood(const std::string& key, const KeySource& source) const {
    const auto says = [&](const Setting& setting) { return setting.key == key; };
    return source.kind == KeySource::Kind::silent && problems_.has_errors() &&
           (is_resource_key(key) || std::any_of(spec_.fixed.begin(), spec_.fixed.end(), says));
  }

  // Narrows the matching rows of the key's group; false after a problem.
  bool match(const Setting& setting, const GridCell& wanted, const KeySource& source,
             std::vector<std::vector<bool>>& matches) {
    if (source.kind == KeySource::Kind::axis) {
      const GridGroup& axes = grid_.groups[source.group];
      return match_rows(
          setting, wanted, axes, matches[source.group], [&](const GridCells& row) -> std::optional<Value> {
            const auto cell =
                std::find_if(row.begin(), row.end(), [&](const GridCell& one) { return one.said.key == setting.key; });
            return cell == row.end() ? std::nullopt : std::optional(cell->said.value);
          });
    }
    const KeySource base = grid_.source_of("base");
    if (source.kind == KeySource::Kind::silent && base.kind == KeySource::Kind::axis) {
      return match_rows(setting, wanted, grid_.groups[base.group], matches[base.group], [&](const GridCells& row) {
        const std::size_t option = base.column < row.size() ? row[base.column].option : 0;
        return grid_.silent_value(grid_.grounds[grid_.ground_of(option, 0)], setting.key);
      });
    }
    return match_constant(setting, wanted, source);
  }

  template <class ValueOf>
  bool match_rows(const Setting& setting, const GridCell& wanted, const GridGroup& axes, std::vector<bool>& matches,
                  const ValueOf& value_of) {
    if (matches.empty()) matches.assign(axes.rows.size(), true);
    bool any = false, all_known = !axes.rows.empty();
    for (std::size_t row = 0; row < axes.rows.size(); ++row) {
      const auto value = value_of(axes.rows[row]);
      all_known = all_known && value;
      const bool same = value && same_value(*value, wanted.said.value);
      any = any || same;
      matches[row] = matches[row] && same;
    }
    // A value that is itself wrong may have been meant to match.
    if (!any && (all_known || !problems_.has_errors()))
      never(setting, fmt::format("'{}' never has the value {} in this sweep", setting.spelled,
                                 printable(plain_text(wanted.said.value))));
    return any;
  }

  bool match_constant(const Setting& setting, const GridCell& wanted, const KeySource& source) {
    if (source.kind == KeySource::Kind::repeated) {
      never(setting, fmt::format("'{}' is repeated: a row cannot exclude by it", setting.spelled));
      return false;
    }
    if (source.kind == KeySource::Kind::late) {
      problems_.add(setting.place,
                    fmt::format("'{}' is derived from an estimate: a row cannot exclude by it", setting.spelled),
                    "write it as a condition of 'where'");
      return false;
    }
    if (is_misunderstood(setting.key, source)) return false;
    const auto value = source.kind == KeySource::Kind::constant ? std::optional(source.value)
                       : grid_.grounds.empty()                  ? std::nullopt
                                               : grid_.silent_value(grid_.grounds.front(), setting.key);
    if (value && same_value(*value, wanted.said.value)) return true;
    never(setting, value ? fmt::format("'{}' does not vary in this sweep and is always {}", setting.spelled,
                                       printable(plain_text(*value)))
                         : fmt::format("'{}' does not vary in this sweep", setting.spelled));
    return false;
  }

  void never(const Setting& setting, std::string why) {
    problems_.add(setting.value.place, std::move(why), "an exclude row that matches nothing is taken for a mistake");
  }

  // Two spellings of one key of an era would set it twice.
  void refuse_two_spellings() {
    std::map<std::pair<std::size_t, std::string>, std::string> said;
    const auto note = [&](const GridCell& cell) {
      for (std::size_t era = 0; era < cell.settings.size(); ++era) {
        const auto [first, is_new] = said.emplace(std::pair(era, cell.settings[era].key), cell.said.key);
        if (is_new || first->second == cell.said.key) continue;
        problems_.add(cell.place,
                      fmt::format("'{}' and '{}' are the same key of TorchTitan {}, '{}'", first->second, cell.said.key,
                                  titan::to_string(grid_.eras[era]), cell.settings[era].key),
                      "keep one of them");
        return;
      }
    };
    for (const GridCell& cell : grid_.fixed) note(cell);
    for (const GridGroup& group : grid_.groups) {
      if (!group.rows.empty()) std::for_each(group.rows.front().begin(), group.rows.front().end(), note);
    }
    if (!grid_.repeat.rows.empty()) std::for_each(grid_.repeat.rows[0].begin(), grid_.repeat.rows[0].end(), note);
  }

  const Spec& spec_;
  Problems& problems_;
  Grid& grid_;
  Judge judge_;
};

}  // namespace

KeySource Grid::source_of(std::string_view key) const {
  KeySource source;
  for (std::size_t group = 0; group < groups.size(); ++group) {
    const auto& keys = groups[group].keys;
    const auto found = std::find(keys.begin(), keys.end(), key);
    if (found == keys.end()) continue;
    source.kind = KeySource::Kind::axis;
    source.group = group;
    source.column = static_cast<std::size_t>(found - keys.begin());
    return source;
  }
  if (const auto found = std::find(derived_keys.begin(), derived_keys.end(), key); found != derived_keys.end()) {
    source.kind = KeySource::Kind::derived;
    source.derivation = static_cast<std::size_t>(found - derived_keys.begin());
    return source;
  }
  if (std::find(late_keys.begin(), late_keys.end(), key) != late_keys.end()) {
    source.kind = KeySource::Kind::late;
    return source;
  }
  if (std::find(repeat.keys.begin(), repeat.keys.end(), key) != repeat.keys.end()) {
    source.kind = KeySource::Kind::repeated;
    return source;
  }
  const auto constant = [&](const Value& value) {
    source.kind = KeySource::Kind::constant;
    source.value = value;
    return source;
  };
  for (const GridCells* cells : {&fixed, &resources}) {
    for (const GridCell& cell : *cells) {
      if (cell.said.key == key) return constant(cell.said.value);
    }
  }
  if (is_environment_key(key)) {
    if (const auto variable = environment.find(environment_name(key)); variable != environment.end())
      return constant(variable->second);
  }
  return source;
}

std::optional<Value> Grid::silent_value(const Ground& ground, const std::string& key) const {
  if (!is_config_key(key)) return std::nullopt;
  const auto setting = titan::Settings(era_of(ground), ground.lookup, {}).find(key);
  return setting && !setting->value.is_null() ? std::optional<Value>(setting->value) : std::nullopt;
}

Grid make_grid(const PlanInput& input, Problems& problems, std::vector<std::string>& notes) {
  Grid grid;
  GroundMaker(input, problems, grid).make();
  if (!input.spec.torchtitan.version) {
    for (const Ground& ground : grid.grounds) {
      std::string note = fmt::format("TorchTitan {}, by {}", ground.torchtitan.era, ground.torchtitan.source);
      if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(std::move(note));
    }
  }
  GridMaker(input, problems, grid).make();
  return grid;
}

}  // namespace tt::sweep
