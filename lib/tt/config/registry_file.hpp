// tt/config/registry_file.hpp: the config.toml of a run of TorchTitan's registry era, which has no TOML of its own: the
// config function and what the run sets in its result. templates/torchtitan/tt_run.py reads it when the training
// starts.
//
//   module = "llama3"
//   config = "llama3_debugmodel"
//   none = ["checkpoint.initial_load_path"]      # keys set to None, when there are any
//
//   [set]
//   "training.seq_len" = 256
#pragma once

#include <string>
#include <string_view>

#include "tt/job/run.hpp"

namespace tt::config {

std::string registry_file(std::string_view module, std::string_view function, const Overrides& settings);

// "set.'training.seq_len'" of such a file → "training.seq_len"; any other key as it is.
std::string registry_key(const std::string& key);

}  // namespace tt::config
