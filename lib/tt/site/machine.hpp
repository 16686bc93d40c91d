// tt/site/machine.hpp: what this machine has, read below a root so that tests can build one.
#pragma once

#include <filesystem>
#include <vector>

#include "tt/base/environment.hpp"

namespace tt::site {

// Indices of the NVIDIA GPUs in <root>/dev, ascending; CUDA_VISIBLE_DEVICES (indices or UUIDs) chooses among them and,
// as CUDA does, ends at its first entry that names no GPU.
std::vector<int> find_gpus(const std::filesystem::path& root, const Environment& environment);

}  // namespace tt::site
