// tt/logs/number_value.hpp: numbers that may be unknown, nan or inf, in records of ours. JSON has no nan: such numbers
// travel as the words "nan", "inf" and "-inf", so that a state read back is the state that was written.
#pragma once

#include <optional>

#include "tt/base/value.hpp"

namespace tt::logs {

Value number_value(const std::optional<double>& number);
std::optional<double> number_of(const Value& value);

}  // namespace tt::logs
