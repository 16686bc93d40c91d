#include "tt/titan/architecture_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <utility>

#include "tt/base/text.hpp"
#include "tt/config/document.hpp"
#include "tt/titan/fields.hpp"
#include "tt/titan/hugging_face.hpp"
#include "tt/titan/parameters.hpp"

namespace tt::titan {

namespace {

constexpr std::array<std::string_view, 6> families{"llama3", "llama4", "qwen2", "qwen3", "deepseek_v3", "gpt_oss"};
constexpr std::array<std::string_view, 25> known_keys{
    "name",           "family",       "hidden_size", "layers",      "heads",
    "kv_heads",       "head_dim",     "ffn_size",    "vocab_size",  "tied_embeddings",
    "qk_norm",        "qkv_bias",     "experts",     "top_k",       "expert_ffn_size",
    "shared_experts", "dense_layers", "expert_step", "router_bias", "max_seq_len",
    "kv_lora",        "q_lora",       "qk_nope",     "qk_rope",     "v_head"};

std::vector<std::string> as_names(std::span<const std::string_view> views) { return {views.begin(), views.end()}; }

void refuse_unknown_keys(Fields& from, const Value& table) {
  const auto names = as_names(known_keys);
  for (const auto& [key, value] : table.as_table()) {
    if (std::find(names.begin(), names.end(), key) != names.end()) continue;
    const auto near = nearest(key, names);
    from.problem(key, fmt::format("'{}' is not a key of an architecture", printable(key)),
                 near ? fmt::format("did you mean '{}'?", *near) : "known are " + join(names, ", "));
  }
}

void read_family(Fields& from, Architecture& model) {
  model.family = from.text("family");
  if (model.family.empty() || std::find(families.begin(), families.end(), model.family) != families.end()) return;
  from.problem("family", fmt::format("family '{}' is not known", printable(model.family)),
               "known are " + join(as_names(families), ", "));
}

void read_head_counts(Fields& from, Architecture& model) {
  model.kv_heads = from.size_or("kv_heads", model.heads);
  if (from.value("heads").is_integer() && model.heads % *model.kv_heads != 0)
    from.problem("kv_heads",
                 fmt::format("{} heads cannot be shared by kv_heads {}: every key-value head serves the same "
                             "number of heads",
                             model.heads, *model.kv_heads));
  model.head_dim = from.size_if_there("head_dim");
  if (from.has("head_dim")) return;
  const bool both_given = from.value("hidden_size").is_integer() && from.value("heads").is_integer();
  if (both_given && model.hidden_size % model.heads != 0)
    from.problem("head_dim", fmt::format("'head_dim' is missing, and hidden_size {} is no multiple of heads {}",
                                         model.hidden_size, model.heads));
  model.head_dim = std::max<std::int64_t>(1, model.hidden_size / model.heads);
}

LatentAttention read_latent(Fields& from) {
  return {from.size("kv_lora"), from.count_or("q_lora", 0), from.size("qk_nope"), from.size("qk_rope"),
          from.size("v_head")};
}

Experts read_experts(Fields& from, const Architecture& model) {
  Experts experts;
  experts.experts = from.size("experts");
  experts.top_k = from.size("top_k");
  experts.ffn_size = from.size("expert_ffn_size");
  experts.shared_experts = from.count_or("shared_experts", 0);
  experts.step = from.size_or("expert_step", 1);
  experts.router_bias = from.flag_or("router_bias", model.family == "gpt_oss");
  experts.dense_layers = from.count_or("dense_layers", model.layers - model.layers / experts.step);
  if (experts.dense_layers > model.layers)
    from.problem("dense_layers",
                 fmt::format("'dense_layers' {} is more than the {} layers", experts.dense_layers, model.layers));
  if (experts.top_k > experts.experts)
    from.problem("top_k", fmt::format("'top_k' {} is more than the {} experts", experts.top_k, experts.experts));
  return experts;
}

Architecture read_own_keys(const Value& table, const PlaceOfKey& place_of, const std::string& flavor) {
  Problems problems;
  Fields from(table, place_of, problems);
  refuse_unknown_keys(from, table);
  Architecture model;
  model.flavor = from.has("name") ? from.text("name") : flavor;
  read_family(from, model);
  model.hidden_size = from.size("hidden_size");
  model.layers = from.size("layers");
  model.heads = from.size("heads");
  if (from.has("kv_lora"))
    model.latent = read_latent(from);
  else
    read_head_counts(from, model);
  if (from.has("experts") && from.value("experts") != Value(0)) model.experts = read_experts(from, model);
  if (model.experts && model.experts->dense_layers == 0)
    model.ffn_size = from.size_if_there("ffn_size");
  else
    model.ffn_size = from.size("ffn_size");
  model.vocab_size = from.size("vocab_size");
  model.tied_embeddings = from.flag_or("tied_embeddings", false);
  model.qk_norm = from.flag_or("qk_norm", model.family == "qwen3");
  model.qkv_bias = from.flag_or("qkv_bias", model.family == "qwen2" || model.family == "gpt_oss");
  model.max_seq_len = from.size_if_there("max_seq_len");
  problems.throw_if_any();
  if (!count_parameters(model)) from.problem("layers", "a model of these sizes has too many parameters to count");
  problems.throw_if_any();
  return model;
}

Value parse_table(const SourceRef& source) {
  Value value;
  try {
    value = parse_json(source->text(), source->name());
  } catch (const Error& error) {
    throw BadInput({Place{}, error.what(), "", Severity::error});
  }
  if (!value.is_table())
    throw BadInput({whole_file(source->name()), "an architecture is a table", "", Severity::error});
  return value;
}

Architecture read_toml(const SourceRef& source, const std::string& flavor) {
  const config::Document document = config::Document::parse(source);
  Value table = Value::object();
  for (const std::string& key : document.keys()) table.set(key, document.find(key).value_or(Value()));
  const auto place = [&](std::string_view key) { return document.place_of(key).value_or(whole_file(source->name())); };
  return read_own_keys(table, place, flavor);
}

}  // namespace

Architecture read_architecture(const SourceRef& source, const std::string& flavor) {
  const std::string_view text = trim(source->text());
  if (!text.starts_with('{')) return read_toml(source, flavor);
  const Value table = parse_table(source);
  if (table.find("model_type") != nullptr) return read_hugging_face(table, source->name(), flavor);
  const auto place = [&](std::string_view) { return whole_file(source->name()); };
  return read_own_keys(table, place, flavor);
}

Value architecture_value(const Architecture& model) {
  Value table = Value::object();
  table.set("name", model.flavor).set("family", model.family).set("hidden_size", model.hidden_size);
  table.set("layers", model.layers).set("heads", model.heads);
  const auto set = [&](const char* key, const std::optional<std::int64_t>& size) {
    if (size) table.set(key, *size);
  };
  set("kv_heads", model.kv_heads);
  set("head_dim", model.head_dim);
  set("ffn_size", model.ffn_size);
  set("vocab_size", model.vocab_size);
  set("max_seq_len", model.max_seq_len);
  table.set("tied_embeddings", model.tied_embeddings).set("qk_norm", model.qk_norm).set("qkv_bias", model.qkv_bias);
  if (model.experts)
    table.set("experts", model.experts->experts)
        .set("top_k", model.experts->top_k)
        .set("expert_ffn_size", model.experts->ffn_size)
        .set("shared_experts", model.experts->shared_experts)
        .set("dense_layers", model.experts->dense_layers)
        .set("expert_step", model.experts->step)
        .set("router_bias", model.experts->router_bias);
  if (model.latent)
    table.set("kv_lora", model.latent->kv_lora)
        .set("q_lora", model.latent->q_lora)
        .set("qk_nope", model.latent->qk_nope)
        .set("qk_rope", model.latent->qk_rope)
        .set("v_head", model.latent->v_head);
  return table;
}

Architecture load_architecture(const fs::path& path) {
  const auto text = is_folder(path) ? std::nullopt : read_file_if_there(path);
  if (!text)
    throw BadInput({whole_file(path.string()), "there is no such file", "an architecture is a file in TOML or JSON",
                    Severity::error});
  const fs::path absolute = fs::absolute(path);
  const std::string flavor =
      absolute.filename() == "config.json" ? absolute.parent_path().filename().string() : absolute.stem().string();
  return read_architecture(std::make_shared<const SourceText>(path.string(), *text), flavor);
}

}  // namespace tt::titan
