#include "tt/sweep/run_estimate.hpp"

#include "tt/comm/estimate.hpp"

namespace tt::sweep {

// A sweep names one model, mostly, and has thousands of runs.
const std::optional<titan::Architecture>& RunEstimator::architecture(const titan::TrainingShape& shape) {
  const auto [entry, is_new] = architectures_.try_emplace({shape.era, shape.model, shape.flavor});
  if (!is_new) return entry->second;
  if (const titan::Architecture* found = known_.find(shape.era, shape.model, shape.flavor)) entry->second = *found;
  return entry->second;
}

RunEstimate RunEstimator::estimate(const titan::TrainingShape& shape) {
  const comm::Estimate found = comm::estimate_published(shape, architecture(shape));
  return {found.wire_bytes_per_step_max, found.verdict};
}

std::string RunEstimator::model() {
  return "model " + comm::to_string(comm::Model::published) + " (tensor and pipeline parallel traffic only)";
}

}  // namespace tt::sweep
