#include "tt/flow/overview.hpp"

#include <future>
#include <utility>

#include "tt/flow/explain.hpp"
#include "tt/flow/heard.hpp"

namespace tt::flow {

Overview look_over(const Surroundings& around, Schedulers& schedulers, const std::vector<std::string>& sweeps) {
  const LastLook last(around, sweeps);
  if (auto unchanged = last.again(schedulers)) {
    const std::string& site = around.site.profile.name;
    return {{{site, true, "", note_heard(around, site)}}, std::move(unchanged), {}, std::nullopt};
  }
  auto planned = std::async(std::launch::async, [&] { return look_at_plans(around.workspace, sweeps); });
  RefreshReport report = refresh_with_lost_journals(around, schedulers, sweeps, Unwritable::is_told);
  std::vector<RunView> runs = look_at_runs(around, report.ledger, sweeps, planned.get());
  // What is to be told beside the rows is found anew each time.
  if (not_kept_off(schedulers, report.ledger, runs).empty()) last.keep(runs, report, schedulers);
  return {std::move(report.sites), std::nullopt, std::move(runs), std::move(report.ledger)};
}

}  // namespace tt::flow
