// tt/flow/job_environment.hpp: the environment a job starts with: built from a list of what matters, not inherited.
#pragma once

#include <string_view>

#include "tt/base/environment.hpp"

namespace tt::flow {

// Kept: who and where the user is, paths, locale, Python and CUDA installations, caches. Dropped: scheduler variables
// (SLURM_*, SBATCH_*, PBS_*), everything that looks like a secret (it would end in a file), and all else.
Environment job_environment(const Environment& ours);

bool looks_secret(std::string_view name);

}  // namespace tt::flow
