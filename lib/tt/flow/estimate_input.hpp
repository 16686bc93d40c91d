// tt/flow/estimate_input.hpp: what is estimated: a TorchTitan config, a run folder or flags, as a validated shape.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tt/base/files.hpp"
#include "tt/comm/fabric.hpp"
#include "tt/comm/titan_estimate.hpp"
#include "tt/flow/surroundings.hpp"
#include "tt/job/run_folder.hpp"
#include "tt/site/profile.hpp"
#include "tt/titan/architectures.hpp"
#include "tt/titan/rules.hpp"

namespace tt::flow {

// As the flags of `tt-comm estimate` say it; what is not said comes from the config, or is TorchTitan's default.
struct ShapeFlags {
  std::string target;                       // a config file or a run folder; empty: flags only
  std::optional<std::string> architecture;  // a name, or a file that describes one
  std::optional<std::string> profile;
  std::optional<std::int64_t> gpus, tp, cp, pp, ep, etp, dp_shard, dp_replicate, seq_len, local_batch_size, grad_accum,
      pp_microbatch_size, stages_per_rank, loss_chunks;
  std::optional<std::string> pp_schedule, ac, early_stop, compile, reshard, loss_parallel, train_dtype, cp_method,
      spmd_backend;
  std::vector<std::string> sets;  // section.key=value
  double imbalance = 1.0;
};

struct EstimateInput {
  titan::TrainingShape shape;
  std::optional<titan::Architecture> architecture;
  comm::Profile profile = comm::Profile::titan_0_3;
  comm::StepChoices choices;
  std::vector<std::string> warnings;
};

// Throws BadInput with everything that is wrong, what TorchTitan would refuse included.
EstimateInput make_estimate_input(const ShapeFlags& flags, const Surroundings& around);

// A model and all its settings but the layout: the degrees and batches a config (or flags) hold are put aside, so that
// any layout can be tried on it.
struct ModelGround {
  titan::Era era = titan::Era::v0_3_0;
  titan::BaseLookup base;
  Overrides overrides;  // what flags set
  titan::Architectures architectures;
  std::optional<fs::path> architecture_file;  // a flag's, that describes the model
  std::optional<fs::path> config;             // the TOML file behind `base`
};
struct ModelInput {
  EstimateInput input;  // on one GPU
  ModelGround ground;
};
// Throws BadInput as above; what TorchTitan refuses whatever the layout is a warning.
ModelInput make_model_input(const ShapeFlags& flags, const Surroundings& around);

// The same of a run folder, whatever the rules say. Throws Error when its files cannot be read.
EstimateInput estimate_input_of(const RunFolder& folder, const RunRecord& record);

// Does a rule speak of the size of what moves? Others (logging, CUDA graphs, ...) stop a run, but no estimate.
bool is_about_the_shape(const std::string& rule);

// By a flag: a name of the table, or a site's name or file. Throws BadInput naming what there is.
comm::Fabric fabric_named(const std::string& name);

}  // namespace tt::flow
