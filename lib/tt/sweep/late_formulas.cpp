#include "tt/sweep/late_formulas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "tt/base/text.hpp"
#include "tt/sweep/asked_key.hpp"
#include "tt/sweep/derived_cell.hpp"
#include "tt/sweep/judge.hpp"
#include "tt/sweep/run_estimate.hpp"

namespace tt::sweep {

namespace {

using LateKeys = std::set<std::string>;

bool is_late(const std::optional<Expression>& expression, const LateKeys& late) {
  return expression && std::any_of(expression->keys.begin(), expression->keys.end(), [&](const Expression::Key& key) {
           return is_figure(key.key) || late.contains(key.key);
         });
}

LateKeys late_keys(const std::vector<Derivation>& derivations) {
  LateKeys late;
  for (bool grew = true; grew;) {
    grew = false;
    for (const Derivation& derivation : derivations)
      if (is_late(derivation.expression, late)) grew = late.insert(derivation.key).second || grew;
  }
  return late;
}

bool asks_for_any(const Derivation& derivation, const std::vector<Derivation>& others) {
  const auto& keys = derivation.expression->keys;
  return std::any_of(keys.begin(), keys.end(), [&](const Expression::Key& key) {
    return std::any_of(others.begin(), others.end(), [&](const Derivation& other) { return other.key == key.key; });
  });
}

// Each after those it asks for. What is left over asks for itself in a circle, or for what does.
std::vector<Derivation> in_order(std::vector<Derivation> waiting, Problems& problems) {
  std::vector<Derivation> ordered;
  while (!waiting.empty()) {
    const auto ready = std::find_if(waiting.begin(), waiting.end(),
                                    [&](const Derivation& one) { return !asks_for_any(one, waiting); });
    if (ready == waiting.end()) break;
    ordered.push_back(std::move(*ready));
    waiting.erase(ready);
  }
  if (waiting.empty()) return ordered;
  std::vector<std::string> names;
  for (const Derivation& derivation : waiting) names.push_back(fmt::format("'{}'", derivation.spelled));
  problems.add(waiting.front().place,
               fmt::format("derived keys in a circle: each of {} asks for another of them", join(names, ", ")));
  return ordered;
}

// Those for which `goes` is true leave `from`; both keep their order.
template <class T, class Goes>
std::vector<T> taken_from(std::vector<T>& from, Goes goes) {
  const auto first = std::stable_partition(from.begin(), from.end(), [&](const T& one) { return !goes(one); });
  std::vector<T> taken(std::make_move_iterator(first), std::make_move_iterator(from.end()));
  from.erase(first, from.end());
  return taken;
}

void refuse_figure(const Expression::Key& key, Problems& problems) {
  std::vector<std::string> names;
  for (const FigureName& figure : figure_names()) names.emplace_back(figure.name);
  const auto near = nearest(key.key, names);
  problems.add(key.place, fmt::format("'{}' is no estimate", key.spelled),
               near ? fmt::format("did you mean '{}'?", *near) : "there are " + join(names, ", "));
}

bool is_known_figure(const std::string& key) {
  return std::any_of(figure_names().begin(), figure_names().end(),
                     [&](const FigureName& figure) { return figure.name == key; });
}

constexpr std::string_view what_estimates_need =
    "times and verdicts need a site whose hardware is known, or 'hardware:'; sizes a model that is";

}  // namespace

void split_late(Spec& spec, Problems& problems) {
  const LateKeys late = late_keys(spec.derive);
  spec.late.derive =
      in_order(taken_from(spec.derive, [&](const Derivation& one) { return late.contains(one.key); }), problems);
  spec.late.where = taken_from(spec.where, [&](const Expression& one) { return is_late(one, late); });
}

LateFormulas::LateFormulas(const Grid& grid, const PlanInput& input, Problems& problems)
    : grid_(grid), input_(input), problems_(problems) {
  for (const Derivation& derivation : input.spec.late.derive) derivations_.push_back(compile(*derivation.expression));
  for (const Expression& condition : input.spec.late.where) conditions_.push_back(compile(condition));
}

bool LateFormulas::may_ask(const Expression::Key& key) const {
  if (!is_figure(key.key)) return may_be_asked(grid_, input_, key, problems_);
  if (is_known_figure(key.key)) return true;
  refuse_figure(key, problems_);
  return false;
}

LateFormulas::Formula LateFormulas::compile(const Expression& expression) {
  const bool good = std::count_if(expression.keys.begin(), expression.keys.end(),
                                  [&](const Expression::Key& key) { return !may_ask(key); }) == 0;
  return {&expression, good ? std::optional(sandbox_.compile(expression)) : std::nullopt, false};
}

LateFormulas::Seen LateFormulas::compute(const Formula& formula, const ValueOf& value_of) {
  Seen seen;
  std::vector<Value> values;
  for (const Expression::Key& key : formula.expression->keys) {
    auto value = value_of(key.key);
    if (!value || value->is_null()) return {{{}, fmt::format("'{}' is not known there", key.spelled)}, {}};
    seen.text +=
        fmt::format("{}{} = {}", seen.text.empty() ? "" : ", ", key.spelled, printable(plain_text(*value), 60));
    values.push_back(std::move(*value));
  }
  std::vector<const Value*> arguments;
  for (const Value& value : values) arguments.push_back(&value);
  seen.computed = sandbox_.compute(*formula.program, arguments);
  return seen;
}

std::shared_ptr<const GridCell> LateFormulas::derive_one(std::size_t number, const ValueOf& value_of) {
  const Derivation& derivation = input_.spec.late.derive[number];
  Formula& formula = derivations_[number];
  Seen seen = compute(formula, value_of);
  DerivedCell made;
  if (seen.computed.trouble.empty())
    made = derived_cell(grid_, input_, derivation, std::move(seen.computed.value));
  else
    made = {std::nullopt, std::move(seen.computed.trouble), std::string(what_estimates_need)};
  if (made.cell) return std::make_shared<const GridCell>(std::move(*made.cell));
  if (!std::exchange(formula.reported, true)) {
    problems_.add(formula.expression->text.place,
                  fmt::format("'{}' cannot be derived: {}", derivation.spelled, made.trouble),
                  (seen.text.empty() ? "" : "with " + seen.text + (made.hint.empty() ? "" : "   ")) + made.hint);
  }
  return nullptr;
}

std::optional<std::vector<std::shared_ptr<const GridCell>>> LateFormulas::derive(const ValueOf& value_of) {
  std::vector<std::shared_ptr<const GridCell>> cells;
  const auto with_those_made = [&](const std::string& key) -> std::optional<Value> {
    for (const auto& cell : cells)
      if (cell->said.key == key) return cell->said.value;
    return value_of(key);
  };
  for (std::size_t i = 0; i < derivations_.size(); ++i) {
    auto cell = derive_one(i, with_those_made);
    if (!cell) return std::nullopt;
    cells.push_back(std::move(cell));
  }
  return cells;
}

std::optional<LateFormulas::Cut> LateFormulas::cut(const ValueOf& value_of) {
  std::vector<std::pair<Formula*, std::string>> failed;
  for (Formula& condition : conditions_) {
    const Seen seen = compute(condition, value_of);
    const Computed& computed = seen.computed;
    if (computed.trouble.empty() && computed.value.is_boolean()) {
      if (!computed.value.as_boolean()) return Cut{condition.expression, seen.text};
      continue;
    }
    failed.emplace_back(&condition, computed.trouble.empty() ? "it is neither true nor false" : computed.trouble);
  }
  for (const auto& [condition, trouble] : failed) {
    if (std::exchange(condition->reported, true)) continue;
    problems_.add(condition->expression->text.place,
                  fmt::format("this condition cannot be computed at a point that stays: {}", trouble),
                  std::string(what_estimates_need));
  }
  return std::nullopt;
}

}  // namespace tt::sweep
