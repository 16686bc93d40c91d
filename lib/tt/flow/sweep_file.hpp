// tt/flow/sweep_file.hpp: a sweep file loaded with everything it names, and planned.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tt/config/document.hpp"
#include "tt/flow/surroundings.hpp"
#include "tt/sweep/plan.hpp"
#include "tt/sweep/spec.hpp"

namespace tt::flow {

// A base of a sweep, loaded.
struct LoadedBase {
  std::optional<config::Document> document;  // none in the registry era
  std::filesystem::path file;                // absolute; empty in the registry era
  std::string fingerprint;
};

// What a sweep trains with: a checkout, or the wheel of the environment (then the folder and the script are empty: the
// training works in its run folder, with the script of ours that the submission carries).
struct LoadedRoot {
  std::filesystem::path folder;  // working directory of the training, absolute
  std::filesystem::path script;  // run_train.sh, absolute
  std::string script_fingerprint;
};

struct LoadedSweep {
  std::filesystem::path file;  // absolute
  std::string shown;           // as the user named it
  sweep::Spec spec;
  std::vector<LoadedBase> bases;  // of Spec::bases
  std::vector<LoadedRoot> roots;  // of Spec::torchtitan.roots; one when there are none
  std::string file_fingerprint;   // of the sweep file and the bases: has one of them changed since the last expand?
  sweep::Plan plan;
  std::optional<titan::Architecture> architecture;  // what Spec::architecture describes
  std::string wheel_version;  // of the TorchTitan that is trained with, as far as it is known without a Python

  const LoadedBase& base_of(const sweep::PlannedRun& run) const { return bases[plan.ground_of(run).base]; }
  const LoadedRoot& root_of(const sweep::PlannedRun& run) const { return roots[plan.ground_of(run).root]; }
};

struct PlanOptions {
  bool allow_new_keys = false;
  std::optional<double> max_gpu_hours;  // a plan that may cost more is refused
};

// A sweep file with what planning needs, before it is planned.
struct SweepInput {
  LoadedSweep sweep;  // without its plan
  sweep::PlanInput input;
};
SweepInput load_input(const std::string& file, const Surroundings& around, const PlanOptions& options = {});
// Throws BadInput with every problem of the sweep file; reads only.
LoadedSweep load_sweep(const std::string& file, const Surroundings& around, const PlanOptions& options = {});

}  // namespace tt::flow
