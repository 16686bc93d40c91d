// tt/titan/installation.hpp: which TorchTitan lies in a folder, told from its files. No Python is executed.
//
// A checkout's assets/version.txt cannot be trusted (development says 0.2.2 for half a year after), so the
// configuration keys are read out of the Python sources and compared with the key tables of the eras.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "tt/titan/era.hpp"

namespace tt::titan {

struct Installation {
  std::optional<Era> era;  // nullopt: a TorchTitan, but of none of the eras known here; `version` says which then
  std::string version;     // "0.2.2"; "near 0.2.1" (between releases); "newer than 0.3.0"; "between 0.2.2 and 0.3.0"
  std::string source;      // by what, a phrase: "the checkout's torchtitan/config/job_config.py (its 149 keys)"
  bool is_exact = false;   // the keys (or the wheel's number) are exactly those of the era
};

// A checkout: its root folder. nullopt: no TorchTitan is recognised there.
std::optional<Installation> recognise_installation(const std::filesystem::path& root);
// A wheel: site-packages, or the root of a virtual environment. An editable install leads to its checkout.
std::optional<Installation> recognise_wheel(const std::filesystem::path& folder);

// Of any distribution, by the name of its folder: distribution_version(folder, "torch") is "2.15.0". `folder` as above.
std::optional<std::string> distribution_version(const std::filesystem::path& folder, std::string_view name);

}  // namespace tt::titan
