// tt/comm/estimate.hpp: what one training moves per step, as a record (schema tt.comm.estimate/1) and its main numbers.
//
// Two models answer this question side by side and are never mixed in one number: `published`, the small calculator
// carried on to a whole step, and `titan`, which counts what TorchTitan does. Every record names its model.
#pragma once

#include <optional>
#include <string>

#include "tt/base/value.hpp"
#include "tt/titan/architecture.hpp"
#include "tt/titan/settings.hpp"

namespace tt::comm {

enum class Model { published, titan };
std::string to_string(Model model);

struct Estimate {
  Value record;
  std::optional<double> block_total_mib;          // model `published` only
  std::optional<double> wire_bytes_per_step_max;  // sent by one GPU of the worst pipeline rank; nullopt: unknown
  std::string verdict = "unknown";                // of memory: fits, tight, likely-out-of-memory, unknown
};

// A model nobody knows, or a size nobody set, makes everything null and is named in the warnings.
Estimate estimate_published(const titan::TrainingShape& shape, const std::optional<titan::Architecture>& architecture);

// The shape as every estimate records it; sizes that are not known are null.
Value shape_record(const titan::TrainingShape& shape);

}  // namespace tt::comm
