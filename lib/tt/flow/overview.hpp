// tt/flow/overview.hpp: where everything stands now: the schedulers are asked, what ended is settled, and every run
// gets a row. What `status` shows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tt/flow/last_look.hpp"
#include "tt/flow/refresh.hpp"
#include "tt/flow/views.hpp"

namespace tt::flow {

struct Overview {
  std::vector<SiteAnswer> sites;
  std::optional<KeptRuns> unchanged;     // all is as the last look left it, and the journals were not read; else
  std::vector<RunView> runs;             // of the sweeps, as look_at_runs() lists them
  std::optional<ledger::Ledger> ledger;  // as of this look
};

// Journals that were lost are written anew before.
Overview look_over(const Surroundings& around, Schedulers& schedulers, const std::vector<std::string>& sweeps);

}  // namespace tt::flow
