// tt/sweep/nothing_left.hpp: why a sweep has no run: what each condition, exclude row and rule takes away.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/sweep/formulas.hpp"
#include "tt/sweep/grid.hpp"
#include "tt/sweep/plan.hpp"
#include "tt/sweep/search.hpp"

namespace tt::sweep {

// Points a condition over an estimate cut, of those that nothing before it did.
using LateCuts = std::map<const Expression*, std::int64_t>;

// Of a plan without runs: one problem that says so, then one for each that takes points away: a condition or an exclude
// row with how many it takes whatever the others take, a condition over an estimate or a rule with how many it takes of
// those that come to it.
std::vector<Problem> why_nothing_is_left(const PlanInput& input, const Grid& grid, Formulas& formulas,
                                         PointSearch& search, const LateCuts& late, const Plan& plan);

}  // namespace tt::sweep
