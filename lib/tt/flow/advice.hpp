// tt/flow/advice.hpp: advice about layouts that TorchTitan's rules agree with.
#pragma once

#include <set>
#include <string>

#include "tt/comm/advise.hpp"
#include "tt/flow/estimate_input.hpp"

namespace tt::flow {

// A layout in the keys of an era.
Overrides keys_of_layout(const titan::TrainingShape& shape);

// The request for what a config or flags describe; `is_legal` asks every rule of the config's own era. What the rules
// refuse whatever the layout is a warning and counts for no layout.
comm::AdviceRequest make_advice_request(const ModelInput& model, const comm::Fabric& fabric, std::int64_t gpus,
                                        std::int64_t global_batch, std::size_t best);

}  // namespace tt::flow
