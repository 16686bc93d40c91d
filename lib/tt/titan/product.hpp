// tt/titan/product.hpp: products of degrees and batches that stop at the largest integer instead of overflowing.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>

namespace tt::titan {

inline std::int64_t product(std::initializer_list<std::int64_t> factors) {
  std::int64_t result = 1;
  for (const std::int64_t factor : factors)
    if (__builtin_mul_overflow(result, factor, &result)) return std::numeric_limits<std::int64_t>::max();
  return result;
}

}  // namespace tt::titan
