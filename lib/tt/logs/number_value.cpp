#include "tt/logs/number_value.hpp"

#include <cmath>
#include <limits>

namespace tt::logs {

Value number_value(const std::optional<double>& number) {
  if (!number) return nullptr;
  return std::isfinite(*number) ? Value(*number) : Value(shortest(*number));
}

std::optional<double> number_of(const Value& value) {
  if (value.is_number()) return value.as_number();
  if (!value.is_string()) return std::nullopt;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (value.as_string() == "inf") return infinity;
  if (value.as_string() == "-inf") return -infinity;
  if (value.as_string() == "nan") return std::numeric_limits<double>::quiet_NaN();
  return std::nullopt;
}

}  // namespace tt::logs
