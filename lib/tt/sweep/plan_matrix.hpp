// tt/sweep/plan_matrix.hpp: a plan as a table of two keys: one in the rows, one in the columns, a third as pages.
#pragma once

#include <string>
#include <vector>

#include "tt/base/terminal.hpp"
#include "tt/sweep/plan.hpp"

namespace tt::sweep {

// What stands in a cell that holds one run. Several runs are counted, refused points show the rule, cut ones a dot.
enum class MatrixCell { gpus, hours, comm };

// `keys`: row, column and page, resolved; fewer are filled with the first keys that vary. Too wide for the terminal:
// the columns are split into blocks. Throws Error when a key does not vary.
std::string plan_matrix(const Plan& plan, const std::vector<std::string>& keys, MatrixCell cell,
                        const Terminal& terminal);

}  // namespace tt::sweep
