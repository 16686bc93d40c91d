#include "tt/sweep/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "tt/base/text.hpp"
#include "tt/sweep/cell.hpp"
#include "tt/sweep/formulas.hpp"
#include "tt/sweep/grid.hpp"
#include "tt/sweep/points.hpp"
#include "tt/sweep/resources.hpp"
#include "tt/sweep/search.hpp"

namespace tt::sweep {
namespace {

struct Wanted {
  std::string key;
  std::string value;
};

class Explainer {
 public:
  Explainer(const PlanInput& input, const Grid& grid, const Plan& plan, Problems& problems)
      : input_(input),
        grid_(grid),
        plan_(plan),
        formulas_(grid, input, problems),
        search_(grid, formulas_),
        drafter_(grid) {}

  std::vector<ExplainedPoint> explain(const std::vector<Wanted>& wanted, std::size_t most) {
    for (const Wanted& one : wanted) refuse_what_never_is(one);
    std::vector<std::vector<std::size_t>> rows;
    for (const GridGroup& group : grid_.groups) rows.push_back(matching_rows(group, wanted));
    const bool in_product = has_product() && std::all_of(wanted.begin(), wanted.end(), [&](const Wanted& one) {
                              return grid_.source_of(one.key).kind == KeySource::Kind::axis;
                            });
    std::vector<std::size_t> index(grid_.groups.size());
    if (in_product) walk(rows, 0, index, most);
    for (const GridCells& row : grid_.include) {
      if (points_.size() < most && row_has(row, wanted)) add({{}, &row});
    }
    return std::move(points_);
  }

 private:
  bool has_product() const { return !grid_.groups.empty() || grid_.include.empty(); }

  static bool is(const GridCell& cell, const Wanted& wanted) {
    return cell.said.key == wanted.key && plain_text(cell.said.value) == wanted.value;
  }

  static bool row_has(const GridCells& row, const std::vector<Wanted>& wanted) {
    return std::all_of(wanted.begin(), wanted.end(), [&](const Wanted& one) {
      return std::any_of(row.begin(), row.end(), [&](const GridCell& cell) { return is(cell, one); });
    });
  }

  void refuse_what_never_is(const Wanted& wanted) const {
    std::vector<std::string> values;
    const auto note = [&](const GridCells& cells) {
      for (const GridCell& cell : cells) {
        const std::string text = plain_text(cell.said.value);
        if (cell.said.key == wanted.key && std::find(values.begin(), values.end(), text) == values.end())
          values.push_back(text);
      }
    };
    for (const GridGroup& group : grid_.groups) std::for_each(group.rows.begin(), group.rows.end(), note);
    std::for_each(grid_.include.begin(), grid_.include.end(), note);
    if (std::find(values.begin(), values.end(), wanted.value) != values.end()) return;
    const std::size_t shown = std::min<std::size_t>(values.size(), 20);
    throw BadInput(Problem{
        {},
        values.empty() ? fmt::format("'{}' does not vary in this sweep", printable(wanted.key))
                       : fmt::format("'{}' never has the value {} in this sweep", wanted.key, printable(wanted.value)),
        values.empty() ? ""
                       : "its values are " + join(std::span<const std::string>(values.data(), shown), ", ") +
                             (shown < values.size() ? ", ..." : "")});
  }

  static std::vector<std::size_t> matching_rows(const GridGroup& group, const std::vector<Wanted>& wanted) {
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < group.rows.size(); ++row) {
      const bool matches = std::all_of(wanted.begin(), wanted.end(), [&](const Wanted& one) {
        return std::find(group.keys.begin(), group.keys.end(), one.key) == group.keys.end() ||
               std::any_of(group.rows[row].begin(), group.rows[row].end(),
                           [&](const auto& cell) { return is(cell, one); });
      });
      if (matches) rows.push_back(row);
    }
    return rows;
  }

  void walk(const std::vector<std::vector<std::size_t>>& rows, std::size_t group, std::vector<std::size_t>& index,
            std::size_t most) {
    if (points_.size() == most) return;
    if (group == rows.size()) {
      add({index, nullptr});
      return;
    }
    for (const std::size_t row : rows[group]) {
      index[group] = row;
      walk(rows, group + 1, index, most);
    }
  }

  void add(const At& at) {
    ExplainedPoint explained;
    const auto point = point_at(grid_, formulas_, at);
    if (!point) return;
    for (const GridCell& cell : grid_.fixed) value(explained, cell, "fixed");
    for (const Setting& setting : input_.spec.env)
      explained.values.push_back({setting.key, setting.value.spelled, "env", setting.value.place, {}});
    for (const GridCell& cell : grid_.resources) value(explained, cell, "resources");
    for (const GridCell* cell : point->cells)
      value(explained, *cell, point->is_row ? "include" : section_of(cell->said.key));
    for (std::size_t i = 0; i < point->derived.size(); ++i) derived(explained, i, *point->derived[i], at);
    conditions(explained, at);
    if (explained.cuts.empty()) outcome(explained, *point);
    points_.push_back(std::move(explained));
  }

  std::string section_of(const std::string& key) const {
    const KeySource source = grid_.source_of(key);
    return source.kind == KeySource::Kind::axis && grid_.groups[source.group].keys.size() > 1 ? "zip" : "matrix";
  }

  static void value(ExplainedPoint& explained, const GridCell& cell, const std::string& section) {
    explained.values.push_back({cell.said.key, plain_text(cell.said.value), section, cell.place, {}});
  }

  void derived(ExplainedPoint& explained, std::size_t number, const GridCell& cell, const At& at) {
    const Derivation& derivation = input_.spec.derive[number];
    std::string by;
    if (derivation.expression) {
      const std::string with = formulas_.seen_by_derivation(number, at);
      by = derivation.expression->text.text + (with.empty() ? "" : " with " + with);
    }
    explained.values.push_back({cell.said.key, plain_text(cell.said.value), "derive", cell.place, std::move(by)});
  }

  void conditions(ExplainedPoint& explained, const At& at) {
    if (at.row == nullptr) {
      for (const std::size_t row : search_.excluded_by(at)) {
        explained.cuts.push_back({"exclude", "this row", "all of its values match", grid_.exclude[row].place});
      }
    }
    for (std::size_t i = 0; i < formulas_.conditions(); ++i) {
      if (formulas_.judge(i, at) != Verdict::cuts) continue;
      const Written& text = input_.spec.where[i].text;
      explained.cuts.push_back({"where", text.text, formulas_.seen_by_condition(i, at), text.place});
    }
  }

  // What the plan made of a point that where and exclude leave: looked up by what varies.
  void outcome(ExplainedPoint& explained, const Point& point) {
    const Draft draft = drafter_.draft(point, nullptr);
    const auto is_same = [&](const Overrides& overrides, const Overrides& varies) {
      return std::equal(
                 draft.overrides.begin(), draft.overrides.end(), overrides.begin(),
                 overrides.begin() + static_cast<std::ptrdiff_t>(std::min(draft.overrides.size(), overrides.size()))) &&
             varies.size() >= draft.varies.size() &&
             std::equal(draft.varies.begin(), draft.varies.end(), varies.begin());
    };
    for (const SkippedPoint& skipped : plan_.skipped) {
      if (!is_same(skipped.overrides, skipped.varies)) continue;
      explained.name = skipped.name;
      explained.cuts.push_back({"rule", skipped.rule, skipped.reason, {}});
      return;
    }
    for (const PlannedRun& run : plan_.runs) {
      if (!is_same(run.overrides, run.varies)) continue;
      explained.name = run.repeat ? run.repeat_group : run.name;
      for (const Derivation& derivation : input_.spec.late.derive) derived_late(explained, derivation, run);
      return;
    }
    for (const SkippedPoint& cut : plan_.cut_late) {
      if (!is_same(cut.overrides, cut.varies)) continue;
      explained.name = cut.name;
      explained.cuts.push_back({"where", cut.rule, cut.reason, place_of_late(cut.rule)});
      return;
    }
    if (plan_.sampled_out > 0 && input_.spec.sample)
      explained.cuts.push_back(
          {"sample", "sample", "it could run, and is not among those kept", input_.spec.sample->place});
    else
      explained.cuts.push_back(
          {"rule", "a rule", "'tt-sweep plan --json' counts it; only the first points are listed", {}});
  }

  Place place_of_late(const std::string& condition) const {
    const auto& where = input_.spec.late.where;
    const auto found =
        std::find_if(where.begin(), where.end(), [&](const auto& one) { return one.text.text == condition; });
    return found == where.end() ? Place{} : found->text.place;
  }

  // A run has what was derived from its estimate; a point that is none has it not.
  static void derived_late(ExplainedPoint& explained, const Derivation& derivation, const PlannedRun& run) {
    std::string value;
    for (const Assignment& assignment : run.overrides)
      if (assignment.key == derivation.key) value = plain_text(assignment.value);
    if (is_environment_key(derivation.key)) value = run.environment.at(environment_name(derivation.key));
    if (is_resource_key(derivation.key)) value = plain_text(resource_value(derivation.key, run.resources));
    const Written& text = derivation.expression->text;
    explained.values.push_back({derivation.key, value, "derive", text.place, text.text});
  }

  const PlanInput& input_;
  const Grid& grid_;
  const Plan& plan_;
  Formulas formulas_;
  PointSearch search_;
  Drafter drafter_;
  std::vector<ExplainedPoint> points_;
};

std::vector<Wanted> read_wanted(const std::vector<std::string>& words, const Spec& spec) {
  std::vector<Wanted> wanted;
  Problems problems;
  for (const std::string& word : words) {
    const std::size_t sign = word.find('=');
    if (sign == std::string::npos) {
      problems.add({}, fmt::format("'{}' is neither a run of this sweep nor key=value", printable(word)),
                   "name a run as 'tt-sweep plan' shows it, or say what the point has: tp=8 pp=4");
      continue;
    }
    if (const auto key = read_key(word.substr(0, sign), {}, spec.alias, problems))
      wanted.push_back({*key, word.substr(sign + 1)});
  }
  problems.throw_if_any();
  return wanted;
}

// A run's name stands for what varies in it.
std::vector<std::string> values_of_run(const std::vector<std::string>& words, const Plan& plan) {
  if (words.size() != 1) return words;
  const auto values = [](const Overrides& varies, std::size_t count) {
    std::vector<std::string> list;
    for (std::size_t i = 0; i < count; ++i) list.push_back(varies[i].key + "=" + plain_text(varies[i].value));
    return list;
  };
  for (const PlannedRun& run : plan.runs) {
    if (run.name == words[0] || run.repeat_group == words[0]) return values(run.varies, run.varies.size());
  }
  for (const SkippedPoint& point : plan.skipped) {
    if (point.name == words[0]) return values(point.varies, point.varies.size());
  }
  return words;
}

std::string where_it_stands(const Place& place) {
  return place.line == 0 ? "" : fmt::format("{}:{}:{}", place.file, place.line, place.column);
}

}  // namespace

std::vector<ExplainedPoint> explain_points(const PlanInput& input, const std::vector<std::string>& wanted,
                                           std::size_t most) {
  const Plan plan = make_plan(input);  // what is wrong with the sweep is said by it
  Problems problems;
  std::vector<std::string> notes;
  const Grid grid = make_grid(input, problems, notes);
  std::vector<Wanted> values = read_wanted(values_of_run(wanted, plan), input.spec);
  // A repeat is no part of a point.
  std::erase_if(values, [&](const Wanted& one) { return grid.source_of(one.key).kind == KeySource::Kind::repeated; });
  return Explainer(input, grid, plan, problems).explain(values, most);
}

std::string explanation_text(const std::vector<ExplainedPoint>& points) {
  std::string text;
  for (const ExplainedPoint& point : points) {
    if (!text.empty()) text += "\n";
    text += point.cuts.empty() ? fmt::format("{}: a run\n", point.name)
                               : fmt::format("{}: no run\n", point.name.empty() ? "this point" : point.name);
    for (const ExplainedCut& cut : point.cuts) {
      const std::string place = where_it_stands(cut.place);
      text += fmt::format("  {} {}: {}{}{}\n", cut.what == "rule" ? "refused by rule" : "cut by " + cut.what, cut.said,
                          cut.why.empty() ? "(no keys)" : cut.why, place.empty() ? "" : "   ", place);
    }
    std::size_t width = 0;
    for (const ExplainedValue& value : point.values) width = std::max(width, value.key.size() + value.value.size() + 3);
    for (const ExplainedValue& value : point.values) {
      text += fmt::format("  {:<{}}  {} {}{}{}\n", value.key + " = " + value.value, width, value.section,
                          where_it_stands(value.place), value.by.empty() ? "" : "  ", value.by);
    }
  }
  return text;
}

Value explanation_record(const std::vector<ExplainedPoint>& points) {
  const auto line = [](const Place& place) { return place.line == 0 ? Value() : Value(place.line); };
  Value list = Value::array();
  for (const ExplainedPoint& point : points) {
    Value values = Value::array(), cuts = Value::array();
    for (const ExplainedValue& value : point.values) {
      values.push(Value::object()
                      .set("key", value.key)
                      .set("value", value.value)
                      .set("section", value.section)
                      .set("line", line(value.place))
                      .set("by", value.by.empty() ? Value() : Value(value.by)));
    }
    for (const ExplainedCut& cut : point.cuts) {
      cuts.push(
          Value::object().set("what", cut.what).set("said", cut.said).set("why", cut.why).set("line", line(cut.place)));
    }
    list.push(Value::object()
                  .set("name", point.name.empty() ? Value() : Value(point.name))
                  .set("values", std::move(values))
                  .set("cuts", std::move(cuts)));
  }
  return Value::object().set("schema", "tt.explain/1").set("points", std::move(list));
}

}  // namespace tt::sweep
