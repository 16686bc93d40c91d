// tt/sweep/run_estimate.hpp: what the communication model says of a planned run; unknown where it cannot say.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "tt/sweep/plan.hpp"
#include "tt/titan/architecture.hpp"
#include "tt/titan/settings.hpp"

namespace tt::sweep {

class RunEstimator {
 public:
  RunEstimate estimate(const titan::TrainingShape& shape);
  // What the numbers are by, for the footnote of a table: "model published".
  static std::string model();

 private:
  const std::optional<titan::Architecture>& architecture(const titan::TrainingShape& shape);

  std::map<std::pair<std::string, std::string>, std::optional<titan::Architecture>> architectures_;
};

}  // namespace tt::sweep
