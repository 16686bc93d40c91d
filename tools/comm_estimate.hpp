// comm_estimate.hpp: tt-comm estimate: what one training moves, holds and takes per step.
#pragma once

#include "tool_main.hpp"
#include "tt/flow/estimate_input.hpp"

namespace tt::tool {

void add_estimate_command(Tool& tool);

// CONFIG, --arch, --profile and the flags of a shape.
void add_shape_flags(CLI::App& command, flow::ShapeFlags& flags);

// Where it trains. `calibrate` and `time` take no --efficiency, which would change nothing there.
struct HardwareFlags {
  std::optional<std::string> hardware;
  std::optional<std::int64_t> gpus_per_node;
  std::optional<double> efficiency;
};
void add_hardware_flag(CLI::App& command, HardwareFlags& flags);       // --hardware
void add_gpus_per_node_flag(CLI::App& command, HardwareFlags& flags);  // --gpus-per-node
void add_hardware_flags(CLI::App& command, HardwareFlags& flags);      // both, and --efficiency
// What the flags name, else the site's; nullopt: neither says.
std::optional<comm::Fabric> hardware_of(const HardwareFlags& flags, const flow::Surroundings& around);

}  // namespace tt::tool
