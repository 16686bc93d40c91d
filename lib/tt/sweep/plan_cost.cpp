#include "tt/sweep/plan_cost.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <tuple>

#include "tt/base/clock.hpp"
#include "tt/base/text.hpp"

namespace tt::sweep {
namespace {

struct Group {
  std::int64_t runs = 0;
  std::int64_t gpus = 0;
  Seconds walltime{0};
};

std::string duration_text(Seconds time) {
  if (time < Seconds{60}) return fmt::format("{} s", std::llround(time.count()));
  if (time < Seconds{2 * 3600}) return fmt::format("{} min", std::llround(time.count() / 60));
  return hours_text(time.count() / 3600) + " h";
}

}  // namespace

std::string hours_text(double hours) {
  return hours >= 100 ? with_thousands(std::llround(hours)) : fmt::format("{:.3g}", hours);
}

double gpu_hours_of(const PlannedRun& run) { return run.resources.gpus * run.resources.walltime.count() / 3600; }

PlanCost cost_of(const Plan& plan, const site::Profile& site, int gpus_per_node,
                 std::optional<std::int64_t> gpus_at_once) {
  std::map<std::tuple<int, int, double>, Group> groups;
  for (const PlannedRun& run : plan.runs) {
    const Resources& r = run.resources;
    Group& group = groups[{r.nodes, r.gpus_per_node, r.walltime.count()}];
    ++group.runs;
    group.gpus = r.gpus;
    group.walltime = r.walltime;
  }
  PlanCost cost;
  cost.arrays = static_cast<std::int64_t>(groups.size());
  cost.gpus_at_once = gpus_at_once;
  if (!gpus_at_once && site.max_nodes) cost.gpus_at_once = std::int64_t{*site.max_nodes} * gpus_per_node;
  if (!cost.gpus_at_once) return cost;
  for (const auto& [shape, group] : groups) {
    const std::int64_t together = *cost.gpus_at_once / group.gpus;
    if (together == 0) {
      cost.too_large += group.runs;
      continue;
    }
    const std::int64_t waves = (group.runs + together - 1) / together;
    cost.waves += waves;
    cost.longest += group.walltime * static_cast<double>(waves);
  }
  return cost;
}

std::string cost_text(const Plan& plan, const PlanCost& cost) {
  std::string text = plural(plan.totals.runs, "run");
  if (plan.runs.empty()) return text;
  text += fmt::format(", {}, {} GPU hours at most", plural(cost.arrays, "array"), hours_text(plan.totals.gpu_hours));
  if (!cost.gpus_at_once) return text;
  if (cost.waves > 0) {
    const bool alike = cost.arrays == 1;
    text += fmt::format("; at {} about {} of {}", plural(*cost.gpus_at_once, "GPU"), plural(cost.waves, "wave"),
                        alike ? duration_text(plan.runs.front().resources.walltime)
                              : "different lengths, " + duration_text(cost.longest) + " in all");
  }
  if (cost.too_large > 0)
    text += fmt::format("; {} more than {}", plural(cost.too_large, "run needs", "runs need"),
                        plural(*cost.gpus_at_once, "GPU"));
  return text;
}

}  // namespace tt::sweep
