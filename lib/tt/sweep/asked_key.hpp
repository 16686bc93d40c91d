// tt/sweep/asked_key.hpp: which keys an expression of a sweep may ask for.
#pragma once

#include "tt/base/error.hpp"
#include "tt/sweep/grid.hpp"
#include "tt/sweep/plan.hpp"
#include "tt/sweep/spec.hpp"

namespace tt::sweep {

// Every key that has a value somewhere at the time expressions are computed. Else a problem, which says what to do.
bool may_be_asked(const Grid& grid, const PlanInput& input, const Expression::Key& key, Problems& problems);

}  // namespace tt::sweep
