// tt/flow/software.hpp: what is installed here, for run.json: read from files, and git asked about a checkout.
#pragma once

#include <filesystem>

#include "tt/base/environment.hpp"
#include "tt/base/process.hpp"
#include "tt/job/run.hpp"

namespace tt::flow {

struct SoftwarePlaces {
  Environment environment;         // VIRTUAL_ENV or CONDA_PREFIX: where the wheels are
  std::filesystem::path checkout;  // empty: none
  std::filesystem::path driver = "/proc/driver/nvidia/version";
};
Software look_at_software(const SoftwarePlaces& places, ProcessRunner& runner);

}  // namespace tt::flow
