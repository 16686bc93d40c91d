// tt/sweep/scalar.hpp: what an unquoted YAML scalar means here: YAML 1.2, and what YAML 1.1 read differently is
// refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tt/base/value.hpp"

namespace tt::sweep {

struct Scalar {
  Value value;
  std::string trouble;  // why it is refused; empty: value holds
  std::string hint;
};

// "8" → 8, "1e-4" → 0.0001, "true" → true, "null" → null, "12:30:00" → text; "010", "0x10", "1_000", "yes" are refused.
Scalar read_plain_scalar(std::string_view text);

}  // namespace tt::sweep
