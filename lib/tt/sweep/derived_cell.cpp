#include "tt/sweep/derived_cell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "tt/base/clock.hpp"
#include "tt/base/text.hpp"
#include "tt/sweep/cell.hpp"
#include "tt/sweep/judge.hpp"

namespace tt::sweep {
namespace {

Place place_of(const Derivation& derivation) {
  return derivation.expression ? derivation.expression->text.place : derivation.constant.place;
}

Value as_resource(const std::string& key, const Value& value) {
  if (key == "resources.walltime" && value.is_number() && value.as_number() > 0 && value.as_number() < 1e12)
    return walltime_text(Seconds(std::ceil(value.as_number() * 60)));
  const bool whole =
      value.is_floating() &&
      value.as_number() == static_cast<double>(static_cast<std::int64_t>(std::clamp(value.as_number(), -1e15, 1e15)));
  return whole ? Value(static_cast<std::int64_t>(value.as_number())) : value;
}

// A computed value as its key wants it before the schema is asked: text for env.*, as written for resources.*.
std::optional<WrittenValue> as_written(const std::string& key, Value value, const Place& place, std::string& trouble) {
  const std::string spelled = plain_text(value);
  if (!is_environment_key(key) && !is_resource_key(key)) return WrittenValue{std::move(value), spelled, place};
  Node node;
  node.kind = value.is_list() ? Node::Kind::list : Node::Kind::scalar;
  node.value = is_resource_key(key) ? as_resource(key, value) : std::move(value);
  node.spelled = plain_text(node.value);
  node.place = place;
  Problems wrong;
  auto written = read_cell(key, node, wrong);
  if (!written) trouble = wrong.all().front().message + fmt::format(", got {}", printable(spelled));
  return written;
}

DerivedCell judged(const Grid& grid, const PlanInput& input, const Derivation& derivation,
                   const WrittenValue& written) {
  Problems wrong;
  DerivedCell made;
  made.cell = Judge{grid.eras, input, wrong}.cell(derivation.key, place_of(derivation), written);
  if (made.cell) return made;
  made.trouble = wrong.all().front().message;
  made.hint = wrong.all().front().hint;
  return made;
}

}  // namespace

DerivedCell derived_cell(const Grid& grid, const PlanInput& input, const Derivation& derivation, Value value) {
  DerivedCell made;
  const auto written = as_written(derivation.key, std::move(value), place_of(derivation), made.trouble);
  return written ? judged(grid, input, derivation, *written) : made;
}

DerivedCell derived_constant(const Grid& grid, const PlanInput& input, const Derivation& derivation) {
  return judged(grid, input, derivation, derivation.constant);
}

}  // namespace tt::sweep
