#include "tt/sweep/late_conditions.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/text.hpp"
#include "tt/sweep/run_estimate.hpp"

namespace tt::sweep {

namespace {

bool asks_for_estimates(const Expression& expression) {
  return std::any_of(expression.keys.begin(), expression.keys.end(),
                     [](const Expression::Key& key) { return is_figure(key.key); });
}

bool is_known_figure(const std::string& key) {
  return std::any_of(figure_names().begin(), figure_names().end(),
                     [&](const FigureName& figure) { return figure.name == key; });
}

void refuse_figure(const Expression::Key& key, Problems& problems) {
  std::vector<std::string> names;
  for (const FigureName& figure : figure_names()) names.emplace_back(figure.name);
  const auto near = nearest(key.key, names);
  problems.add(key.place, fmt::format("'{}' is no estimate", key.spelled),
               near ? fmt::format("did you mean '{}'?", *near) : "there are " + join(names, ", "));
}

}  // namespace

std::vector<Expression> take_late_conditions(Spec& spec) {
  std::vector<Expression> late;
  const auto first = std::stable_partition(spec.where.begin(), spec.where.end(),
                                           [](const Expression& one) { return !asks_for_estimates(one); });
  std::move(first, spec.where.end(), std::back_inserter(late));
  spec.where.erase(first, spec.where.end());
  return late;
}

LateConditions::LateConditions(std::vector<Expression> conditions, Problems& problems) : problems_(problems) {
  for (Expression& expression : conditions) {
    bool good = true;
    for (const Expression::Key& key : expression.keys) {
      if (!is_figure(key.key) || is_known_figure(key.key)) continue;
      refuse_figure(key, problems);
      good = false;
    }
    if (!good) continue;
    Condition made{std::move(expression), std::nullopt, false};
    made.program = sandbox_.compile(made.expression);
    conditions_.push_back(std::move(made));
  }
}

Computed LateConditions::compute(const Condition& condition, const ValueOf& value_of) {
  std::vector<Value> values;
  for (const Expression::Key& key : condition.expression.keys) {
    auto value = value_of(key.key);
    if (!value || value->is_null()) return {{}, fmt::format("'{}' is not known there", key.spelled)};
    values.push_back(std::move(*value));
  }
  std::vector<const Value*> arguments;
  for (const Value& value : values) arguments.push_back(&value);
  return sandbox_.compute(*condition.program, arguments);
}

bool LateConditions::keep(const ValueOf& value_of) {
  std::vector<std::pair<Condition*, std::string>> failed;
  for (Condition& condition : conditions_) {
    if (!condition.program) continue;
    const Computed computed = compute(condition, value_of);
    if (computed.trouble.empty() && computed.value.is_boolean()) {
      if (!computed.value.as_boolean()) return false;
      continue;
    }
    failed.emplace_back(&condition, computed.trouble.empty() ? "it is neither true nor false" : computed.trouble);
  }
  for (const auto& [condition, trouble] : failed) {
    if (std::exchange(condition->reported, true)) continue;
    problems_.add(condition->expression.text.place,
                  fmt::format("this condition cannot be computed at a point that stays: {}", trouble),
                  "times and verdicts need a site whose hardware is known; sizes a model that is");
  }
  return true;
}

}  // namespace tt::sweep
