// tt/flow/sweep_file.hpp: a sweep file loaded with everything it names, and planned.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "tt/config/document.hpp"
#include "tt/flow/surroundings.hpp"
#include "tt/sweep/plan.hpp"
#include "tt/sweep/spec.hpp"

namespace tt::flow {

struct LoadedSweep {
  std::filesystem::path file;  // absolute
  std::string shown;           // as the user named it
  sweep::Spec spec;
  config::Document base;
  std::filesystem::path base_file;  // absolute
  std::filesystem::path root;       // working directory of the training, absolute
  std::filesystem::path script;     // run_train.sh, absolute
  std::string script_fingerprint;
  std::string base_fingerprint;
  std::string file_fingerprint;  // of the sweep file and the base: has one of them changed since the last expand?
  sweep::Plan plan;
};

struct PlanOptions {
  bool allow_new_keys = false;
};

// Throws BadInput with every problem of the sweep file; reads only.
LoadedSweep load_sweep(const std::string& file, const Surroundings& around, const PlanOptions& options = {});

}  // namespace tt::flow
