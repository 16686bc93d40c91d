// tt/comm/fabric.hpp: what GPUs, links and networks are worth, and how long one collective takes on them.
//
// Alpha-beta on a ring with the constants of NCCL's tuner for ring and Simple protocol: a base, a time for each step
// inside a node and each across nodes, and bytes over bandwidth. 10-20 % for large messages on an idle network.
// Bandwidths are decimal (GB/s = 10^9 bytes a second).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tt/comm/events.hpp"

namespace tt::comm {

struct Fabric {
  std::string name;                  // "h100", or the site's
  std::string title;                 // for people
  double link_bytes_per_second = 0;  // inside a node, reached
  double nic_bytes_per_second = 0;   // one network card, reached; one a GPU
  double peak_flops = 0;             // bf16, dense
  std::optional<double> memory_bytes;
  std::int64_t gpus_per_node = 8;
  double base_seconds = 8.4e-6, link_step_seconds = 3.4e-6, network_step_seconds = 14e-6;
  // Of the peak, what compute reaches. The defaults are what published runs of an 8B model reached on 500 W H100s.
  double efficiency_eager = 0.378, efficiency_compiled = 0.438;
  bool efficiency_is_given = false;  // by a flag
  double memory_slack = 1.13;        // reserved over active: fitted to published runs
  std::string calibration;           // whose measurements are in here; empty: none
  struct Measured {                  // bus bandwidth a site measured for one operation on so many nodes
    Op op;
    std::int64_t nodes;
    double bytes_per_second;
  };
  std::vector<Measured> measured;
};

// data/hardware.tsv. nullopt: no such name.
std::optional<Fabric> find_hardware(std::string_view name);
// By the name a log prints: "NVIDIA H100 80GB HBM3" → h100.
std::optional<Fabric> hardware_of_device(std::string_view device);
std::vector<std::string> hardware_names();

// How a group lies on the nodes, seen from rank 0.
struct Placement {
  std::int64_t size = 1;
  std::int64_t nodes = 1;
  std::int64_t per_node = 1;  // on the node with the fewest, where they do not spread evenly
  bool even = true;
};
Placement place(std::int64_t size, std::int64_t stride, std::int64_t gpus_per_node);
Placement place(const Step& step, Dim dim, std::int64_t gpus_per_node);

// One call of `logical` bytes.
double call_seconds(Op op, std::int64_t logical, const Placement& placement, const Fabric& fabric);

// The peak TorchTitan takes for a device (data/devices.tsv, first word that fits): 312e12 for one it does not know.
struct Peak {
  double flops = 0;
  bool is_known = true;
};
Peak peak_of_device(std::string_view device, titan::Era era, std::int64_t compute_units = 0);

}  // namespace tt::comm
