#include "tt/flow/job_environment.hpp"

#include <algorithm>
#include <array>

#include "tt/base/text.hpp"

namespace tt::flow {
namespace {

constexpr std::array<std::string_view, 29> kKept{"PATH",
                                                 "HOME",
                                                 "USER",
                                                 "LOGNAME",
                                                 "SHELL",
                                                 "LANG",
                                                 "LANGUAGE",
                                                 "LC_*",
                                                 "TZ",
                                                 "TMPDIR",
                                                 "LD_LIBRARY_PATH",
                                                 "LIBRARY_PATH",
                                                 "VIRTUAL_ENV",
                                                 "CONDA_*",
                                                 "PYTHONPATH",
                                                 "PYTHONHOME",
                                                 "PYTHONUSERBASE",
                                                 "CUDA_HOME",
                                                 "CUDA_PATH",
                                                 "CUDA_VISIBLE_DEVICES",
                                                 "ROCM_*",
                                                 "HF_HOME",
                                                 "HF_HUB_OFFLINE",
                                                 "HF_DATASETS_OFFLINE",
                                                 "TORCH_HOME",
                                                 "TRITON_CACHE_DIR",
                                                 "XDG_CACHE_HOME",
                                                 "MODULEPATH",
                                                 "SSL_CERT_*"};

}  // namespace

bool looks_secret(std::string_view name) {
  const std::string lowered = lower(name);
  for (const std::string_view word :
       {"token", "secret", "password", "passwd", "api_key", "apikey", "credential", "private_key"}) {
    if (lowered.find(word) != std::string::npos) return true;
  }
  return false;
}

Environment job_environment(const Environment& ours) {
  Environment built;
  for (const auto& variable : ours.all()) {
    const std::string& name = variable.first;
    const bool kept = std::any_of(kKept.begin(), kKept.end(),
                                  [&](std::string_view pattern) { return matches_pattern(pattern, name); });
    if (kept && !looks_secret(name)) built.set(name, variable.second);
  }
  return built;
}

}  // namespace tt::flow
