// tt/titan/architecture_file.hpp: a model a person describes in a file: our own keys in TOML or JSON, or a config.json
// of the Hugging Face hub.
//
// Keys: family, hidden_size, layers, heads, kv_heads (else heads), head_dim (else hidden_size / heads), ffn_size,
// vocab_size, tied_embeddings, qk_norm, qkv_bias, experts, top_k, expert_ffn_size, shared_experts, dense_layers,
// expert_step, max_seq_len; for latent attention kv_lora, q_lora, qk_nope, qk_rope, v_head; and name, the flavor.
#pragma once

#include <string>
#include <string_view>

#include "tt/base/files.hpp"
#include "tt/base/source_text.hpp"
#include "tt/base/value.hpp"
#include "tt/titan/architecture.hpp"

namespace tt::titan {

// What it is, is decided by the text: "{" first is JSON, with "model_type" in it a config.json. `flavor` is what the
// model is called when the file does not say. Throws BadInput with every problem.
Architecture read_architecture(const SourceRef& source, const std::string& flavor);
// The description of a model in our own keys: what read_architecture makes the same model of.
Value architecture_value(const Architecture& model);
// Called after the file, or after the folder of a config.json.
Architecture load_architecture(const fs::path& path);

}  // namespace tt::titan
