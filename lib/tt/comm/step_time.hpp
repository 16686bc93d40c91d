// tt/comm/step_time.hpp: how long a step takes: compute, what of the communication compute cannot hide, the pipeline's
// bubble. Rough: for ordering layouts, not for promises. Each figure's assumptions are in `assumptions_of`.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "tt/comm/fabric.hpp"
#include "tt/comm/memory.hpp"
#include "tt/comm/work.hpp"

namespace tt::comm {

struct StepTime {
  double compute = 0;
  std::array<double, dims> link{};     // sum over calls, as if nothing overlapped
  std::array<double, dims> exposed{};  // what compute does not hide; pp: filling and draining messages
  double bubble = 0;
  double total = 0;
  double efficiency = 0;  // share of the peak that was assumed
};
StepTime time_of(const Step& step, const RankLayers& held, const Work& work, const Fabric& fabric);
// "compute", "tp communication", "pipeline bubble", ...: the largest part.
std::string_view bound_by(const StepTime& time);
std::vector<std::string> assumptions_of(const Step& step, const StepTime& time, const Fabric& fabric);

// More matrix products than without recomputation: 1, 4/3 (full), between (op-level).
double recompute_factor(const Step& step);

// The numbers of a plan: of the pipeline rank that is worst in each. Nothing is allocated.
struct Figures {
  std::int64_t wire_bytes = 0;                // sent by one GPU in a step
  std::int64_t wire_bytes_between_nodes = 0;  // of them, in groups that span nodes
  std::array<std::int64_t, dims> wire_by_dim{};
  Memory memory;  // of the rank with the largest peak
  StepTime time;  // of the slowest rank; total 0 without a fabric
};
Figures figures_of(const Step& step, const Work& work, const Fabric* fabric, std::int64_t gpus_per_node);

}  // namespace tt::comm
