// tt/sweep/range.hpp: {from, to, step} and {from, to, times} written out, in exact decimals: 0.1 three times is 0.3.
#pragma once

#include <vector>

#include "tt/base/error.hpp"
#include "tt/base/value.hpp"
#include "tt/sweep/yaml.hpp"

namespace tt::sweep {

inline constexpr std::size_t longest_axis = 100'000;

// Is this map meant as a range? (It has one of the four keys.)
bool is_range(const Node& node);
// The values, `to` included: it must be hit. Integers when all of them are whole and both ends were written so.
// Empty after a problem.
std::vector<Value> read_range(const Node& node, Problems& problems);

}  // namespace tt::sweep
