// tt/comm/memory.hpp: what one GPU has to hold. Rough: within 1 % of published runs it was fitted to, within 16 % with
// tensor and pipeline parallelism, approximate for experts.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tt/comm/fabric.hpp"
#include "tt/comm/step.hpp"

namespace tt::comm {

struct Memory {
  std::int64_t shard = 0;        // elements of parameters held
  std::int64_t state = 0;        // bytes: float32 parameter, gradient, two moments
  std::int64_t buffers = 0;      // gathered parameters, gradients before they are reduced
  std::int64_t activations = 0;  // kept for the backward pass
  std::int64_t logits = 0;       // log-probabilities and two float32 gradients, on the last stage
  std::int64_t recompute = 0;    // a block computed again
  double slack = 1.13;
  std::int64_t peak() const { return state + buffers + activations + (logits > recompute ? logits : recompute); }
  double reserved() const { return slack * static_cast<double>(peak()); }
};
Memory memory_of(const Step& step, const RankLayers& held, double slack = 1.13);

// "fits" up to 0.85 of what the card has, "tight" up to all of it, "likely-out-of-memory", "unknown" without a card.
std::string_view verdict(const Memory& memory, const std::optional<double>& capacity);
// The largest part: "parameters and optimizer state", ...
std::string_view largest_part(const Memory& memory);

}  // namespace tt::comm
