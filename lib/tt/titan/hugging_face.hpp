// tt/titan/hugging_face.hpp: the config.json of a model on the Hugging Face hub as an architecture.
#pragma once

#include <string>

#include "tt/base/value.hpp"
#include "tt/titan/architecture.hpp"

namespace tt::titan {

// By "model_type": llama, qwen2, qwen3, qwen3_moe, deepseek_v2, deepseek_v3, gpt_oss, llama4 (its text_config),
// llama4_text. `flavor` is what the model will be called. Throws BadInput with everything that is missing, wrong, or
// would make it another model than the one we know.
Architecture read_hugging_face(const Value& config, const std::string& file, std::string flavor);

}  // namespace tt::titan
