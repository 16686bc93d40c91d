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
Explanation explain(const Surroundings& around, Schedulers& schedulers, const ledger::Ledger& ledger,
                    const RunView& run, const std::vector<SiteAnswer>& sites);

// For a table of these runs: bad nodes that their next attempts cannot keep off, and what a person can do; "" for none.
std::string not_kept_off(Schedulers& schedulers, const ledger::Ledger& ledger, const std::vector<RunView>& runs);

}  // namespace tt::flow
