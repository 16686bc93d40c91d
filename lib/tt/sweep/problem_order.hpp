// tt/sweep/problem_order.hpp: what is wrong with a sweep file, told as a person reads the file.
#pragma once

#include <vector>

#include "tt/base/error.hpp"

namespace tt::sweep {

// File after file as they came up, each from its first line to its last; what was found twice is said once.
std::vector<Problem> in_order_of_lines(std::vector<Problem> problems);
// Throws BadInput when there is at least one error.
void throw_in_order_if_any(const Problems& problems);

}  // namespace tt::sweep
