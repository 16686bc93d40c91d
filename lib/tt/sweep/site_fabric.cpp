#include "tt/sweep/site_fabric.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/text.hpp"

namespace tt::sweep {

std::optional<comm::Fabric> fabric_of(const site::Profile& profile) {
  auto fabric = comm::find_hardware(profile.hardware);
  if (!fabric) fabric = comm::hardware_of_device(profile.gpu_kind);
  if (!fabric) return std::nullopt;
  if (profile.name != "laptop") fabric->title = fmt::format("{} of {}", fabric->title, profile.name);
  if (profile.gpus_per_node > 0) fabric->gpus_per_node = profile.gpus_per_node;
  if (profile.gpu_memory_gib) fabric->memory_bytes = *profile.gpu_memory_gib * 1024 * 1024 * 1024;
  if (profile.link_gb_per_second) fabric->link_bytes_per_second = *profile.link_gb_per_second * 1e9;
  // A profile says what a node's cards reach together; a GPU has its share.
  if (profile.nic_gb_per_second)
    fabric->nic_bytes_per_second =
        *profile.nic_gb_per_second * 1e9 / static_cast<double>(std::max<std::int64_t>(1, fabric->gpus_per_node));
  if (profile.latency_us) fabric->network_step_seconds = *profile.latency_us * 1e-6;
  const site::Calibration& learnt = profile.calibration;
  fabric->calibration = learnt.from;
  if (learnt.efficiency_eager) fabric->efficiency_eager = *learnt.efficiency_eager;
  if (learnt.efficiency_compiled) fabric->efficiency_compiled = *learnt.efficiency_compiled;
  if (learnt.link_gb_per_second) fabric->link_bytes_per_second = *learnt.link_gb_per_second * 1e9;
  if (learnt.nic_gb_per_second) fabric->nic_bytes_per_second = *learnt.nic_gb_per_second * 1e9;
  if (learnt.memory_slack) fabric->memory_slack = *learnt.memory_slack;
  for (const auto& [name, speed] : profile.busbw_gb_per_second) {
    const auto dot = name.rfind('.');
    const auto nodes = to_integer(name.substr(dot + 1));
    for (std::size_t op = 0; op < comm::ops && nodes; ++op)
      if (name.substr(0, dot) == comm::to_string(static_cast<comm::Op>(op)))
        fabric->measured.push_back({static_cast<comm::Op>(op), *nodes, speed * 1e9});
  }
  return fabric;
}

}  // namespace tt::sweep
