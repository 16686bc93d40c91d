#include "tt/flow/sweep_cases.hpp"

#include <algorithm>

#include "tt/flow/sweep_file.hpp"

namespace tt::flow {

SweepCases cases_of_sweep(const std::string& file, const Surroundings& around) {
  const std::optional<titan::Architecture> own = load_input(file, around).input.architecture;
  const LoadedSweep sweep = load_sweep(file, around);
  SweepCases found;
  for (const sweep::PlannedRun& run : sweep.plan.runs) {
    const auto model = own ? own : titan::find_architecture(run.shape.era, run.shape.model, run.shape.flavor);
    if (!model || run.shape.seq_len < 1 || run.shape.local_batch_size < 1) {
      found.left_out.push_back(run.name);
      continue;
    }
    const comm::Case one{titan::architecture_name(*model),
                         model->hidden_size,
                         model->ffn_size.value_or(0),
                         run.shape.seq_len,
                         run.shape.local_batch_size,
                         run.shape.tp,
                         run.shape.pp};
    if (std::find(found.cases.begin(), found.cases.end(), one) == found.cases.end()) found.cases.push_back(one);
  }
  return found;
}

}  // namespace tt::flow
