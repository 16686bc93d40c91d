#include "tt/titan/hugging_face.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "tt/base/text.hpp"
#include "tt/titan/fields.hpp"
#include "tt/titan/parameters.hpp"

namespace tt::titan {

namespace {

// What the hub's configuration classes assume when a file is silent is used only where every release agrees on it.

void read_common(Fields& from, Architecture& model) {
  model.hidden_size = from.size("hidden_size");
  model.layers = from.size("num_hidden_layers");
  model.heads = from.size("num_attention_heads");
  model.vocab_size = from.size("vocab_size");
  model.max_seq_len = from.size_if_there("max_position_embeddings");
}

void read_heads(Fields& from, Architecture& model) {
  model.kv_heads = from.size_or("num_key_value_heads", model.heads);
  if (from.value("num_attention_heads").is_integer() && model.heads % *model.kv_heads != 0)
    from.problem(
        "num_key_value_heads",
        fmt::format("{} heads cannot be shared by num_key_value_heads {}: every key-value head serves the same "
                    "number of heads",
                    model.heads, *model.kv_heads));
  model.head_dim = from.size_if_there("head_dim");
  if (model.head_dim || from.has("head_dim")) return;
  const bool both_given = from.value("hidden_size").is_integer() && from.value("num_attention_heads").is_integer();
  if (both_given && model.hidden_size % model.heads != 0)
    from.problem("head_dim", fmt::format("'head_dim' is missing, and hidden_size {} is no multiple of the {} heads",
                                         model.hidden_size, model.heads));
  model.head_dim = std::max<std::int64_t>(1, model.hidden_size / model.heads);
}

// A setting that would add parameters this model is not known to have.
void refuse(Fields& from, std::string_view key) {
  if (from.flag_or(key, false)) from.problem(key, fmt::format("'{}' = true is not known for this model", key));
}

void read_llama(Fields& from, Architecture& model) {
  model.family = "llama3";
  read_heads(from, model);
  model.ffn_size = from.size("intermediate_size");
  model.tied_embeddings = from.flag_or("tie_word_embeddings", false);
  refuse(from, "attention_bias");
  refuse(from, "mlp_bias");
}

void read_qwen2(Fields& from, Architecture& model) {
  model.family = "qwen2";
  read_heads(from, model);
  model.ffn_size = from.size("intermediate_size");
  model.tied_embeddings = from.flag_or("tie_word_embeddings", false);
  model.qkv_bias = true;
}

void read_qwen3(Fields& from, Architecture& model) {
  model.family = "qwen3";
  read_heads(from, model);
  model.ffn_size = from.size("intermediate_size");
  model.tied_embeddings = from.flag_or("tie_word_embeddings", false);
  model.qk_norm = true;
  refuse(from, "attention_bias");
}

void read_qwen3_moe(Fields& from, Architecture& model) {
  model.family = "qwen3";
  read_heads(from, model);
  model.tied_embeddings = from.flag_or("tie_word_embeddings", false);
  model.qk_norm = true;
  refuse(from, "attention_bias");
  Experts experts;
  experts.experts = from.size("num_experts");
  experts.top_k = from.size("num_experts_per_tok");
  experts.ffn_size = from.size("moe_intermediate_size");
  model.experts = experts;
  if (from.size_or("decoder_sparse_step", 1) != 1)
    from.problem("decoder_sparse_step", "'decoder_sparse_step' other than 1 is not known for this model");
  const Value& dense = from.value("mlp_only_layers");
  if (dense.is_list() && !dense.as_list().empty())
    from.problem("mlp_only_layers", "'mlp_only_layers' is not known for this model unless it is empty");
}

void read_deepseek(Fields& from, Architecture& model) {
  model.family = "deepseek_v3";
  model.ffn_size = from.size("intermediate_size");
  model.tied_embeddings = from.flag_or("tie_word_embeddings", false);
  refuse(from, "attention_bias");
  Experts experts;
  experts.experts = from.size("n_routed_experts");
  experts.shared_experts = from.count_or("n_shared_experts", 0);
  experts.top_k = from.size("num_experts_per_tok");
  experts.ffn_size = from.size("moe_intermediate_size");
  experts.dense_layers = from.count_or("first_k_dense_replace", 0);
  model.experts = experts;
  if (from.size_or("moe_layer_freq", 1) != 1)
    from.problem("moe_layer_freq", "'moe_layer_freq' other than 1 is not known for this model");
  model.latent = LatentAttention{from.size("kv_lora_rank"), from.count_or("q_lora_rank", 0),
                                 from.size("qk_nope_head_dim"), from.size("qk_rope_head_dim"), from.size("v_head_dim")};
}

void read_gpt_oss(Fields& from, Architecture& model) {
  model.family = "gpt_oss";
  read_heads(from, model);
  model.tied_embeddings = from.flag_or("tie_word_embeddings", false);
  model.qkv_bias = true;
  Experts experts;
  experts.experts = from.size("num_local_experts");
  experts.top_k = from.size("num_experts_per_tok");
  experts.ffn_size = from.size("intermediate_size");
  experts.router_bias = true;
  model.experts = experts;
  if (!from.flag_or("attention_bias", true))
    from.problem("attention_bias", "'attention_bias' = false is not known for this model");
}

void read_llama4(Fields& from, Architecture& model) {
  model.family = "llama4";
  read_heads(from, model);
  model.tied_embeddings = from.flag_or("tie_word_embeddings", false);
  refuse(from, "attention_bias");
  Experts experts;
  experts.experts = from.size("num_local_experts");
  experts.shared_experts = 1;
  experts.top_k = from.size("num_experts_per_tok");
  experts.ffn_size = from.size("intermediate_size");
  experts.step = from.size("interleave_moe_layer_step");
  experts.dense_layers = model.layers - model.layers / experts.step;
  if (experts.dense_layers > 0) model.ffn_size = from.size("intermediate_size_mlp");
  model.experts = experts;
}

struct Reader {
  std::string_view model_type;
  void (*read)(Fields&, Architecture&);
};
constexpr std::array<Reader, 9> readers{{{"llama", read_llama},
                                         {"qwen2", read_qwen2},
                                         {"qwen3", read_qwen3},
                                         {"qwen3_moe", read_qwen3_moe},
                                         {"deepseek_v2", read_deepseek},
                                         {"deepseek_v3", read_deepseek},
                                         {"gpt_oss", read_gpt_oss},
                                         {"llama4", read_llama4},
                                         {"llama4_text", read_llama4}}};

std::string known_types() {
  std::vector<std::string> names;
  for (const Reader& reader : readers) names.emplace_back(reader.model_type);
  return join(names, ", ");
}

}  // namespace

Architecture read_hugging_face(const Value& config, const std::string& file, std::string flavor) {
  Problems problems;
  const auto place = [&](std::string_view) { return whole_file(file); };
  Fields whole(config, place, problems);
  const std::string type = whole.text("model_type");
  problems.throw_if_any();
  const auto reader =
      std::find_if(readers.begin(), readers.end(), [&](const Reader& each) { return each.model_type == type; });
  if (reader == readers.end())
    throw BadInput({whole_file(file), fmt::format("model_type '{}' is not known", printable(type)),
                    "known are " + known_types(), Severity::error});

  const Value& text_config = config.at("text_config");
  Fields fields(type == "llama4" && text_config.is_table() ? text_config : config, place, problems);
  Architecture model;
  model.flavor = std::move(flavor);
  read_common(fields, model);
  reader->read(fields, model);
  problems.throw_if_any();
  if (!count_parameters(model))
    fields.problem("num_hidden_layers", "a model of these sizes has too many parameters to count");
  problems.throw_if_any();
  return model;
}

}  // namespace tt::titan
