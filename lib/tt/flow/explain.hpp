// tt/flow/explain.hpp: why a run is where it is, the evidence, and what to do next.
#pragma once

#include <string>
#include <vector>

#include "tt/base/value.hpp"
#include "tt/flow/refresh.hpp"
#include "tt/flow/surroundings.hpp"
#include "tt/flow/views.hpp"

namespace tt::flow {

struct Explanation {
  Value record;      // tt.explanation/1
  std::string text;  // for people
};
// `sites`: whether the schedulers could be asked just now.
Explanation explain(const Surroundings& around, const ledger::Ledger& ledger, const RunView& run,
                    const std::vector<SiteAnswer>& sites);

}  // namespace tt::flow
