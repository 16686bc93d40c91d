// tt/flow/advice_sweep.hpp: advice as a sweep that tries it: the best layouts and their neighbours.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "tt/flow/advice.hpp"

namespace tt::flow {

struct AdviceSweep {
  std::string text;
  // A base of its own, where the model comes from flags and the release reads TOML; `text` names it beside itself.
  std::optional<std::string> base_name, base_text;
  bool wants_root = false;  // ${TORCHTITAN_ROOT} has to be set: the base lies in no checkout
};

// `file`: where the sweep will lie. Neighbours are half and twice the microbatch, and another mode of checkpointing,
// as far as they are legal and fit.
// Throws BadInput where nothing of TorchTitan's trains the model.
AdviceSweep advice_sweep(const comm::Advice& advice, const comm::AdviceRequest& request, const ModelGround& ground,
                         const std::filesystem::path& file);

}  // namespace tt::flow
