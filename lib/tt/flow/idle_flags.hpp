// tt/flow/idle_flags.hpp: what flags of a shape say that the shape has no use for.
#pragma once

#include "tt/base/error.hpp"
#include "tt/flow/estimate_input.hpp"

namespace tt::flow {

// A number is a problem: whoever said it would read an estimate of something else. A word that only names a kind, and
// that a loop over degrees says at degree 1 too, is a warning.
void judge_idle_flags(const ShapeFlags& flags, EstimateInput& input, Problems& problems);

}  // namespace tt::flow
