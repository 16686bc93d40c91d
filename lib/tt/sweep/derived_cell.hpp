// tt/sweep/derived_cell.hpp: what an expression of derive gave, as a cell of the sweep.
#pragma once

#include <optional>
#include <string>

#include "tt/base/value.hpp"
#include "tt/sweep/grid.hpp"
#include "tt/sweep/plan.hpp"
#include "tt/sweep/spec.hpp"

namespace tt::sweep {

struct DerivedCell {
  std::optional<GridCell> cell;
  std::string trouble;  // why there is none
  std::string hint;
};

// Judged by the schema as if it were written. A number of GPUs may be 16.0; a wall time is a number of minutes, and is
// rounded up to whole seconds.
DerivedCell derived_cell(const Grid& grid, const PlanInput& input, const Derivation& derivation, Value value);
// The same of a derivation that is a constant.
DerivedCell derived_constant(const Grid& grid, const PlanInput& input, const Derivation& derivation);

}  // namespace tt::sweep
