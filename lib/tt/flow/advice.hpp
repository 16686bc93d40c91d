// tt/flow/advice.hpp: advice about layouts that TorchTitan's rules agree with, and as a sweep that tries the best.
#pragma once

#include <optional>
#include <string>

#include "tt/comm/advise.hpp"
#include "tt/flow/estimate_input.hpp"

namespace tt::flow {

// A layout in the keys of an era.
Overrides keys_of_layout(const titan::TrainingShape& shape);

// The request for what a config or flags describe; `is_legal` asks the rules.
comm::AdviceRequest make_advice_request(const EstimateInput& input, const comm::Fabric& fabric, std::int64_t gpus,
                                        std::int64_t global_batch, std::size_t best);

// A sweep of the layouts and of their neighbours (half and twice the microbatch, the other mode of checkpointing).
// `base`: a config file as the sweep should name it; nullopt: TorchTitan 0.3 by module and config function.
// Throws BadInput where neither is there.
std::string advice_sweep(const comm::Advice& advice, const comm::AdviceRequest& request,
                         const std::optional<std::string>& base);

}  // namespace tt::flow
