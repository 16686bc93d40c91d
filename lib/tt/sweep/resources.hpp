// tt/sweep/resources.hpp: what a point asks of the site: GPUs, whole nodes, wall time; and whether the site has it.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "tt/base/error.hpp"
#include "tt/job/run.hpp"
#include "tt/sweep/grid.hpp"
#include "tt/sweep/plan.hpp"
#include "tt/titan/rules.hpp"

namespace tt::sweep {

class ResourcePlanner {
 public:
  ResourcePlanner(const PlanInput& input, Problems& problems) : input_(input), problems_(problems) {}

  struct Answer {
    std::optional<Resources> resources;     // none: refused, or a problem was noted
    std::optional<titan::Refusal> refusal;  // this point cannot be placed, others may
  };
  // What is written wrongly becomes a problem, once; what follows from degrees becomes a refusal of the point.
  Answer place(const GridCells& asked, const titan::Settings& settings);

 private:
  struct Gpus {
    std::int64_t count = 0;
    const GridCell* written = nullptr;  // null: product of the degrees
  };
  std::optional<Gpus> gpus(const GridCells& asked, const titan::Settings& settings);
  std::optional<Seconds> walltime(const GridCells& asked);
  std::optional<std::string> misfit(const Resources& resources) const;
  void problem_once(const Place& place, const std::string& message, const std::string& hint);

  const PlanInput& input_;
  Problems& problems_;
  std::set<std::string> said_;
};

// What a key "resources.gpus", "resources.nodes" or "resources.walltime" is worth.
Value resource_value(const std::string& key, const Resources& resources);

}  // namespace tt::sweep
