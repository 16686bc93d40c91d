#include "tt/sweep/formulas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tt/base/text.hpp"
#include "tt/sweep/asked_key.hpp"
#include "tt/sweep/cell.hpp"

namespace tt::sweep {
namespace {

constexpr std::uint64_t most_remembered = 4'000'000;  // verdicts of one condition
constexpr std::size_t most_derived = 100'000;         // values of one derived key

void add_group(std::vector<std::size_t>& groups, std::size_t group) {
  const auto at = std::lower_bound(groups.begin(), groups.end(), group);
  if (at == groups.end() || *at != group) groups.insert(at, group);
}

}  // namespace

Formulas::Formulas(const Grid& grid, const PlanInput& input, Problems& problems)
    : grid_(grid),
      input_(input),
      problems_(problems),
      base_(grid.source_of("base")),
      root_(grid.source_of("torchtitan.root")) {
  for (const Derivation& derivation : input.spec.derive) {
    Derived& made = derivations_.emplace_back();
    made.place = derivation.expression ? derivation.expression->text.place : derivation.constant.place;
    if (derivation.expression) compile(made, *derivation.expression, problems);
  }
  std::vector<int> state(derivations_.size(), 0);
  std::vector<std::size_t> path;
  for (std::size_t i = 0; i < derivations_.size(); ++i) follow(i, state, path, problems);
  for (const Expression& expression : input.spec.where) {
    Condition made;
    made.place = expression.text.place;
    if (!compile(made, expression, problems)) continue;
    finish(made);
    if (made.combinations && *made.combinations <= most_remembered) made.known.resize(*made.combinations);
    conditions_.push_back(std::move(made));
  }
}

bool Formulas::compile(Formula& formula, const Expression& expression, Problems& problems) {
  bool good = true;
  for (const Expression::Key& key : expression.keys) {
    Parameter parameter{grid_.source_of(key.key), key.key, key.spelled, {}};
    if (!may_be_asked(grid_, input_, key, problems))
      good = false;
    else if (is_config_key(key.key))
      for (const Ground& ground : grid_.grounds) parameter.silent.push_back(grid_.silent_value(ground, key.key));
    formula.parameters.push_back(std::move(parameter));
  }
  if (good) formula.program = sandbox_.compile(expression);
  return good;
}

// Depth first: a derived key after those it asks for; a key met again on the way is a cycle.
void Formulas::follow(std::size_t derivation, std::vector<int>& state, std::vector<std::size_t>& path,
                      Problems& problems) {
  constexpr int open = 1, done = 2;
  if (state[derivation] == done) return;
  if (state[derivation] == open) {
    std::string circle;
    for (auto at = std::find(path.begin(), path.end(), derivation); at != path.end(); ++at) {
      circle += fmt::format("'{}' needs ", input_.spec.derive[*at].spelled);
    }
    problems.add(derivations_[derivation].place,
                 fmt::format("derived keys in a circle: {}'{}'", circle, input_.spec.derive[derivation].spelled));
    return;
  }
  state[derivation] = open;
  path.push_back(derivation);
  for (const Parameter& parameter : derivations_[derivation].parameters) {
    if (parameter.source.kind == KeySource::Kind::derived) follow(parameter.source.derivation, state, path, problems);
  }
  finish(derivations_[derivation]);
  path.pop_back();
  state[derivation] = done;
}

void Formulas::finish(Formula& formula) const {
  for (const Parameter& parameter : formula.parameters) {
    if (parameter.source.kind == KeySource::Kind::axis) add_group(formula.groups, parameter.source.group);
    if (parameter.source.kind == KeySource::Kind::derived) {
      for (const std::size_t group : derivations_[parameter.source.derivation].groups) add_group(formula.groups, group);
    }
    if (parameter.source.kind != KeySource::Kind::silent) continue;
    for (const KeySource* ground : {&base_, &root_}) {
      if (ground->kind == KeySource::Kind::axis) add_group(formula.groups, ground->group);
    }
  }
  std::uint64_t product = 1;
  for (const std::size_t group : formula.groups) {
    if (__builtin_mul_overflow(product, grid_.groups[group].rows.size(), &product)) return;
  }
  formula.combinations = product;
}

std::uint64_t Formulas::combination(const Formula& formula, const At& at) const {
  std::uint64_t number = 0;
  for (const std::size_t group : formula.groups) number = number * grid_.groups[group].rows.size() + at.index[group];
  return number;
}

std::size_t Formulas::ground(const At& at) const {
  const auto option = [&](const KeySource& source, std::string_view key) -> std::size_t {
    if (at.row != nullptr) {
      const auto named =
          std::find_if(at.row->begin(), at.row->end(), [&](const GridCell& cell) { return cell.said.key == key; });
      return named == at.row->end() ? 0 : named->option;
    }
    if (source.kind != KeySource::Kind::axis) return 0;
    return grid_.groups[source.group].rows[at.index[source.group]][source.column].option;
  };
  return grid_.ground_of(option(base_, "base"), option(root_, "torchtitan.root"));
}

Formulas::Found Formulas::value_of(const Parameter& parameter, const At& at) {
  const KeySource& source = parameter.source;
  const auto silent = [&]() -> Found {
    const std::size_t number = ground(at);
    if (number < parameter.silent.size() && parameter.silent[number]) return {&*parameter.silent[number], {}, {}};
    return {nullptr, fmt::format("'{}' has no value there", parameter.spelled), {}};
  };
  const auto given = [&](const Value& value) -> Found {
    if (value.is_null()) return {nullptr, fmt::format("'{}' is none there", parameter.spelled), {}};
    if (value.is_table()) return {nullptr, fmt::format("'{}' is a table", parameter.spelled), {}};
    return {&value, {}, {}};
  };
  if (source.kind == KeySource::Kind::derived) {
    const auto cell = derived(source.derivation, at);
    if (!cell) return {nullptr, fmt::format("'{}' cannot be derived there", parameter.spelled), {}};
    Found found = given(cell->said.value);
    found.owner = cell;
    return found;
  }
  if (at.row != nullptr) {
    const auto named = std::find_if(at.row->begin(), at.row->end(),
                                    [&](const GridCell& cell) { return cell.said.key == parameter.key; });
    if (named != at.row->end()) return given(named->said.value);
    return source.kind == KeySource::Kind::constant ? given(source.value) : silent();
  }
  if (source.kind == KeySource::Kind::axis)
    return given(grid_.groups[source.group].rows[at.index[source.group]][source.column].said.value);
  return source.kind == KeySource::Kind::constant ? given(source.value) : silent();
}

Computed Formulas::compute(const Formula& formula, const At& at) {
  std::vector<Found> found;
  std::vector<const Value*> values;
  found.reserve(formula.parameters.size());
  values.reserve(formula.parameters.size());
  for (const Parameter& parameter : formula.parameters) {
    found.push_back(value_of(parameter, at));
    if (!found.back().value) return {{}, found.back().trouble};
    values.push_back(found.back().value);
  }
  return sandbox_.compute(*formula.program, values);
}

std::string Formulas::seen(const Formula& formula, const At& at) {
  std::string text;
  for (const Parameter& parameter : formula.parameters) {
    const Found found = value_of(parameter, at);
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", parameter.spelled,
                        found.value ? printable(plain_text(*found.value), 60) : "?");
  }
  return text;
}

std::string Formulas::seen_by_condition(std::size_t condition, const At& at) {
  return seen(conditions_[condition], at);
}

std::string Formulas::seen_by_derivation(std::size_t derivation, const At& at) {
  return seen(derivations_[derivation], at);
}

Verdict Formulas::compute_condition(const Condition& condition, const At& at) {
  const Computed computed = compute(condition, at);
  if (!computed.trouble.empty() || !computed.value.is_boolean()) return Verdict::fails;
  return computed.value.as_boolean() ? Verdict::holds : Verdict::cuts;
}

Verdict Formulas::judge(std::size_t number, const At& at) {
  Condition& condition = conditions_[number];
  if (at.row != nullptr || condition.known.empty()) return compute_condition(condition, at);
  const std::uint64_t where = combination(condition, at);
  if (condition.known[where] == Verdict::unknown) {
    const Verdict verdict = compute_condition(condition, at);
    condition.known[where] = verdict;
  }
  return condition.known[where];
}

DerivedCell Formulas::compute_derived(std::size_t number, const At& at) {
  const Derivation& derivation = input_.spec.derive[number];
  if (!derivation.expression) return derived_constant(grid_, input_, derivation);
  Computed computed = compute(derivations_[number], at);
  if (!computed.trouble.empty()) return {std::nullopt, std::move(computed.trouble), {}};
  return derived_cell(grid_, input_, derivation, std::move(computed.value));
}

std::shared_ptr<const DerivedCell> Formulas::result_of(std::size_t number, const At& at) {
  Derived& formula = derivations_[number];
  const bool remembered = at.row == nullptr && formula.combinations;
  const std::uint64_t where = remembered ? combination(formula, at) : 0;
  if (remembered) {
    if (const auto known = formula.known.find(where); known != formula.known.end()) return known->second;
  }
  auto result = std::make_shared<const DerivedCell>(compute_derived(number, at));
  if (!remembered) return result;
  if (formula.known.size() >= most_derived) formula.known.clear();
  formula.known.emplace(where, result);
  return result;
}

std::shared_ptr<const GridCell> Formulas::derived(std::size_t number, const At& at) {
  auto result = result_of(number, at);
  if (!result->cell) return nullptr;
  const GridCell* cell = &*result->cell;
  return {std::move(result), cell};
}

void Formulas::report_condition(std::size_t number, const At& at) {
  Condition& condition = conditions_[number];
  if (std::exchange(condition.reported, true)) return;
  const Computed computed = compute(condition, at);
  const std::string what =
      computed.trouble.empty()
          ? fmt::format("this condition gives {}, not true or false", printable(plain_text(computed.value), 60))
          : fmt::format("this condition cannot be computed: {}", computed.trouble);
  const std::string with = seen(condition, at);
  problems_.add(condition.place, what, with.empty() ? "" : "with " + with);
}

void Formulas::report_derivation(std::size_t number, const At& at) {
  Derived& formula = derivations_[number];
  if (std::exchange(formula.reported, true)) return;
  const auto result = result_of(number, at);
  const std::string with = seen(formula, at);
  problems_.add(formula.place,
                fmt::format("'{}' cannot be derived: {}", input_.spec.derive[number].spelled, result->trouble),
                (with.empty() ? "" : "with " + with) + (result->hint.empty() ? "" : "   " + result->hint));
}

}  // namespace tt::sweep
