// tt/sweep/era_choice.hpp: which generation of TorchTitan a base is for, and by what that is known.
#pragma once

#include "tt/base/error.hpp"
#include "tt/job/run.hpp"
#include "tt/sweep/plan.hpp"
#include "tt/titan/era.hpp"

namespace tt::sweep {

struct EraChoice {
  titan::Era era = titan::Era::v0_2_2;
  TorchTitanFacts facts;
};
// `torchtitan: {version}`, else what the checkout or wheel says, else what the keys of the base look like.
// `root`: null where there is no checkout.
EraChoice choose_era(const PlanInput& input, const BaseInput& base, const RootInput* root, Problems& problems);

}  // namespace tt::sweep
