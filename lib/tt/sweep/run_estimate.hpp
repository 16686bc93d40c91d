// tt/sweep/run_estimate.hpp: what the communication model says of a planned run; unknown where it cannot say.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "tt/sweep/plan.hpp"
#include "tt/titan/architectures.hpp"
#include "tt/titan/settings.hpp"

namespace tt::sweep {

class RunEstimator {
 public:
  // `architectures` must live as long.
  explicit RunEstimator(const titan::Architectures& known) : known_(known) {}
  RunEstimate estimate(const titan::TrainingShape& shape);
  // What the numbers are by, for the footnote of a table: "model published".
  static std::string model();

 private:
  const std::optional<titan::Architecture>& architecture(const titan::TrainingShape& shape);

  const titan::Architectures& known_;
  std::map<std::tuple<titan::Era, std::string, std::string>, std::optional<titan::Architecture>> architectures_;
};

}  // namespace tt::sweep
