// tt/flow/run_files.hpp: what the folder of a planned run holds before it is started.
#pragma once

#include <string>

#include "tt/flow/sweep_file.hpp"

namespace tt::flow {

struct RunFiles {
  RunRecord record;    // run.json
  Value architecture;  // in run.json too: the model as the sweep describes it; null: TorchTitan's own sizes
  std::string config;  // config.toml
};
// run.json.
std::string record_text(const RunRecord& record, const Value& architecture);
// Pure. Throws BadInput for a value the base has no room for, Error for one that no command line can say.
RunFiles files_of(const LoadedSweep& sweep, const sweep::PlannedRun& run, const Surroundings& around);

}  // namespace tt::flow
