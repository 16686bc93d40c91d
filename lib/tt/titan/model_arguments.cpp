#include "tt/titan/model_arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace tt::titan {

using python::Expression;
using Kind = Expression::Kind;

namespace {

const python::Names nothing;

// Arguments that change no size. One that is given and neither read nor listed here makes the model unknown.
constexpr std::string_view without_size[] = {"norm_eps",
                                             "output",
                                             "rope_theta",
                                             "depth_init",
                                             "norm_type",
                                             "eos_id",
                                             "attn_mask_type",
                                             "rope_scaling_args",
                                             "every_n_layers_nope",
                                             "fixed_attn_block_size",
                                             "mscale",
                                             "original_seq_len",
                                             "rope_factor",
                                             "beta_fast",
                                             "beta_slow",
                                             "ntk_alpha",
                                             "ntk_beta",
                                             "dtype",
                                             "swiglu_limit",
                                             "sliding_window_size",
                                             "max_batch_size",
                                             "n_expert_groups",
                                             "n_limited_groups",
                                             "num_expert_groups",
                                             "num_limited_groups",
                                             "expert_parallel_comm_backend",
                                             "score_func",
                                             "route_norm",
                                             "route_scale",
                                             "score_before_experts",
                                             "use_grouped_mm",
                                             "load_balance_coeff",
                                             "attn_backend",
                                             "moe_comm_backend",
                                             "non_blocking_capacity_factor",
                                             "fuse_qkv",
                                             "tp_gemm_backend",
                                             "router_score_func",
                                             "router_route_norm",
                                             "router_route_scale",
                                             "router_num_expert_groups",
                                             "router_num_limited_groups",
                                             "param_init",
                                             "tok_embeddings",
                                             "norm",
                                             "lm_head",
                                             "mtp_layers"};

bool is_in(std::string_view name, std::span<const std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void expect_only(const Expression& call, std::span<const std::string_view> read) {
  if (!call.complete || !call.parts.empty()) throw NotReadable{"it is not built from named arguments alone"};
  for (const auto& [name, value] : call.named)
    if (!is_in(name, read) && !is_in(name, without_size))
      throw NotReadable{fmt::format("what {} does is not known", name)};
}

}  // namespace

Arguments::Arguments(const Expression& call, const python::Names& defaults, const python::Names& locals,
                     const python::Names& globals)
    : call_(call), defaults_(defaults), locals_(locals), globals_(globals) {}

bool Arguments::is_given(std::string_view name) const { return call_.find(name) != nullptr; }

bool Arguments::has(std::string_view name) const { return is_given(name) || defaults_.contains(name); }

Expression Arguments::value(std::string_view name) const {
  if (const Expression* given = call_.find(name)) return python::resolve(*given, locals_, globals_);
  if (const auto standard = defaults_.find(name); standard != defaults_.end())
    return python::resolve(standard->second, nothing, globals_);
  throw NotReadable{fmt::format("{} is not there", name)};
}

std::int64_t Arguments::integer(std::string_view name) const {
  const Expression found = value(name);
  if (found.kind != Kind::integer) throw NotReadable{fmt::format("{} is not a number that can be read", name)};
  return found.integer;
}

std::optional<std::int64_t> Arguments::integer_or_none(std::string_view name) const {
  if (!has(name) || value(name).kind == Kind::none) return std::nullopt;
  return integer(name);
}

std::optional<double> Arguments::number_or_none(std::string_view name) const {
  if (!has(name)) return std::nullopt;
  const Expression found = value(name);
  if (found.kind == Kind::none) return std::nullopt;
  if (found.kind == Kind::floating) return found.floating;
  return static_cast<double>(integer(name));
}

bool Arguments::flag(std::string_view name) const {
  const Expression found = value(name);
  if (found.kind != Kind::boolean) throw NotReadable{fmt::format("{} is not True or False", name)};
  return found.integer != 0;
}

std::string Arguments::text(std::string_view name) const {
  const Expression found = value(name);
  if (found.kind != Kind::text) throw NotReadable{fmt::format("{} is not a text that can be read", name)};
  return found.text;
}

Arguments Arguments::call(std::string_view name, const python::Names& defaults) const {
  const Expression found = value(name);
  if (found.kind != Kind::call) throw NotReadable{fmt::format("{} is not a call that can be read", name)};
  return {found, defaults, locals_, globals_};
}

std::int64_t llama_ffn_size(std::int64_t dim, std::int64_t multiple_of, std::optional<double> multiplier) {
  constexpr std::int64_t most = std::int64_t{1} << 30;
  if (dim < 1 || dim > most || multiple_of < 1 || multiple_of > most) throw NotReadable{"its sizes make no model"};
  auto inner = static_cast<std::int64_t>(static_cast<double>(8 * dim) / 3);
  if (multiplier && (*multiplier <= 0 || *multiplier > 1000)) throw NotReadable{"its sizes make no model"};
  if (multiplier) inner = static_cast<std::int64_t>(*multiplier * static_cast<double>(inner));
  return (inner + multiple_of - 1) / multiple_of * multiple_of;
}

namespace {

std::int64_t positive(const Arguments& from, std::string_view name) {
  const std::int64_t size = from.integer(name);
  if (size < 1 || size > 100'000'000) throw NotReadable{fmt::format("{} = {} makes no model", name, size)};
  return size;
}

void read_common(const Arguments& from, Architecture& model) {
  model.hidden_size = positive(from, "dim");
  model.layers = positive(from, "n_layers");
  model.heads = positive(from, "n_heads");
  const std::int64_t vocab = from.integer("vocab_size");  // -1: the tokenizer's
  if (vocab > 0) model.vocab_size = vocab;
  // Before 0.2 the length of the training took its place.
  if (model.vocab_size && from.has("max_seq_len")) model.max_seq_len = positive(from, "max_seq_len");
}

constexpr std::string_view read_of_arguments[] = {"dim",
                                                  "n_layers",
                                                  "n_heads",
                                                  "n_kv_heads",
                                                  "vocab_size",
                                                  "multiple_of",
                                                  "ffn_dim_multiplier",
                                                  "max_seq_len",
                                                  "use_flex_attn",
                                                  "attn_type",
                                                  "moe_args",
                                                  "num_experts",
                                                  "use_shared_expert",
                                                  "top_k",
                                                  "moe_enabled",
                                                  "auto_scale_hidden_dim",
                                                  "interleave_moe_layer_step",
                                                  "head_dim",
                                                  "hidden_dim",
                                                  "qk_norm",
                                                  "enable_weight_tying",
                                                  "moe_inter_dim",
                                                  "inter_dim",
                                                  "n_dense_layers",
                                                  "q_lora_rank",
                                                  "kv_lora_rank",
                                                  "qk_nope_head_dim",
                                                  "qk_rope_head_dim",
                                                  "v_head_dim"};

std::string attention_of(const Arguments& from) {
  if (from.has("attn_type")) return from.text("attn_type");
  if (from.has("use_flex_attn")) return from.flag("use_flex_attn") ? "flex" : "sdpa";
  return "sdpa";
}

void read_llama_heads(const Arguments& from, Architecture& model) {
  model.kv_heads = from.integer_or_none("n_kv_heads").value_or(model.heads);
  model.head_dim = model.hidden_size / model.heads;
}

void read_own_heads(const Arguments& from, Architecture& model) {
  model.kv_heads = positive(from, "n_kv_heads");
  model.head_dim = positive(from, "head_dim");
}

const python::Names& fields_of(const python::Module& classes, const std::string& name) {
  const auto found = classes.classes.find(name);
  return found == classes.classes.end() ? nothing : found->second;
}

constexpr std::string_view read_of_experts[] = {"num_experts", "num_shared_experts", "top_k", "use_shared_expert",
                                                "gate_bias"};

// moe_args=MoEArgs(…), or the default the class has: field(default_factory=MoEArgs).
Experts read_experts(const Arguments& from, const python::Module& classes) {
  Expression call = from.value("moe_args");
  if (call.kind == Kind::call && call.text == "field") {
    const Expression* factory = call.find("default_factory");
    const std::string made = factory != nullptr && factory->kind == Kind::name ? factory->text : "";
    call = Expression{};
    call.kind = made.empty() ? Kind::unknown : Kind::call;
    call.text = made;
  }
  if (call.kind != Kind::call) throw NotReadable{"moe_args is not a call that can be read"};
  expect_only(call, read_of_experts);
  const Arguments experts(call, fields_of(classes, call.text), nothing, classes.assigned);
  Experts found;
  found.experts = positive(experts, "num_experts");
  found.shared_experts = experts.integer("num_shared_experts");
  found.top_k = positive(experts, "top_k");
  found.router_bias = experts.has("gate_bias") && experts.flag("gate_bias");
  return found;
}

void read_llama4_experts(const Arguments& from, const python::Module& classes, Architecture& model) {
  Experts experts;
  if (from.has("moe_args")) {
    experts = read_experts(from, classes);
  } else {  // 0.1.0 had them among its own
    experts.experts = positive(from, "num_experts");
    experts.shared_experts = from.flag("use_shared_expert") ? 1 : 0;
    experts.top_k = positive(from, "top_k");
    if (!from.flag("moe_enabled")) return;
  }
  const std::int64_t multiple_of = positive(from, "multiple_of");
  const std::int64_t whole = llama_ffn_size(model.hidden_size, 1, from.number_or_none("ffn_dim_multiplier"));
  const std::int64_t shares = from.flag("auto_scale_hidden_dim") ? experts.top_k + experts.shared_experts : 1;
  experts.ffn_size = (whole / shares + multiple_of - 1) / multiple_of * multiple_of;
  experts.step = positive(from, "interleave_moe_layer_step");
  experts.dense_layers = model.layers - model.layers / experts.step;
  if (experts.dense_layers == 0) model.ffn_size.reset();
  model.experts = experts;
}

void read_deepseek(const Arguments& from, const python::Module& classes, Architecture& model) {
  model.ffn_size = positive(from, "inter_dim");
  model.experts = read_experts(from, classes);
  model.experts->ffn_size = positive(from, "moe_inter_dim");
  model.experts->dense_layers = from.integer("n_dense_layers");
  model.latent =
      LatentAttention{positive(from, "kv_lora_rank"), from.integer("q_lora_rank"), positive(from, "qk_nope_head_dim"),
                      positive(from, "qk_rope_head_dim"), positive(from, "v_head_dim")};
}

void read_qwen3(const Arguments& from, const python::Module& classes, Architecture& model) {
  read_own_heads(from, model);
  model.qk_norm = from.flag("qk_norm");
  model.tied_embeddings = from.flag("enable_weight_tying");
  if (!from.flag("moe_enabled")) {
    model.ffn_size = positive(from, "hidden_dim");
    return;
  }
  model.experts = read_experts(from, classes);
  model.experts->ffn_size = positive(from, "moe_inter_dim");
}

void read_gpt_oss(const Arguments& from, const python::Module& classes, Architecture& model) {
  read_own_heads(from, model);
  model.qkv_bias = true;
  model.experts = read_experts(from, classes);
  model.experts->ffn_size = positive(from, "moe_inter_dim");
}

}  // namespace

Architecture architecture_of_arguments(std::string_view family, const Arguments& from, const python::Module& classes) {
  expect_only(from.given(), read_of_arguments);
  for (const auto& [name, value] : from.given().named)
    if (!from.defaults().contains(name)) throw NotReadable{fmt::format("its class has no {}", name)};
  Architecture model;
  model.family = family;
  read_common(from, model);
  model.attention = attention_of(from);
  if (family == "llama3" || family == "llama4") {
    read_llama_heads(from, model);
    model.ffn_size =
        llama_ffn_size(model.hidden_size, positive(from, "multiple_of"), from.number_or_none("ffn_dim_multiplier"));
  }
  if (family == "llama4") read_llama4_experts(from, classes, model);
  if (family == "deepseek_v3") read_deepseek(from, classes, model);
  if (family == "qwen3") read_qwen3(from, classes, model);
  if (family == "gpt_oss") read_gpt_oss(from, classes, model);
  return model;
}

namespace {

// The functions of 0.3.0 that build the layers; another one may build anything.
constexpr std::string_view layer_builders[] = {"_build_llama3_layers", "_build_qwen3_layers", "_build_qwen3_moe_layers",
                                               "_build_dsv3_layers", "_build_gptoss_layers"};
constexpr std::string_view read_of_layers[] = {"n_layers",
                                               "n_dense_layers",
                                               "dim",
                                               "n_heads",
                                               "n_kv_heads",
                                               "head_dim",
                                               "hidden_dim",
                                               "moe_hidden_dim",
                                               "dense_hidden_dim",
                                               "num_experts",
                                               "num_shared_experts",
                                               "top_k",
                                               "router_top_k",
                                               "q_lora_rank",
                                               "kv_lora_rank",
                                               "qk_nope_head_dim",
                                               "qk_rope_head_dim",
                                               "v_head_dim",
                                               "rope"};
constexpr std::string_view read_of_model[] = {"dim", "vocab_size", "enable_weight_tying", "layers"};

const python::Names& parameters_of(const python::Module& module, const std::string& name) {
  const auto found = module.functions.find(name);
  return found == module.functions.end() ? nothing : found->second.parameters;
}

// A number, or llama's rule for it.
std::int64_t inner_size(const Arguments& layers, std::string_view name) {
  const Expression found = layers.value(name);
  if (found.kind != Kind::call) return positive(layers, name);
  if (found.text != "compute_ffn_hidden_dim" || !found.complete || found.parts.size() > 1)
    throw NotReadable{fmt::format("{} is not a number that can be read", name)};
  const Arguments rule = layers.call(name, nothing);
  const std::int64_t multiple_of = rule.integer_or_none("multiple_of").value_or(1);
  return llama_ffn_size(positive(layers, "dim"), multiple_of, rule.number_or_none("ffn_dim_multiplier"));
}

void read_built_experts(const Arguments& layers, std::string_view family, Architecture& model) {
  if (!layers.is_given("num_experts")) return;
  Experts experts;
  experts.experts = positive(layers, "num_experts");
  experts.top_k = positive(layers, family == "deepseek_v3" ? "router_top_k" : "top_k");
  experts.ffn_size = positive(layers, family == "gpt_oss" ? "hidden_dim" : "moe_hidden_dim");
  experts.shared_experts = layers.is_given("num_shared_experts") ? layers.integer("num_shared_experts") : 0;
  experts.dense_layers = layers.is_given("n_dense_layers") ? layers.integer("n_dense_layers") : 0;
  experts.router_bias = family == "gpt_oss";
  model.experts = experts;
}

void read_built_attention(const Arguments& layers, const python::Module& module, Architecture& model) {
  if (model.family == "deepseek_v3") {
    model.heads = positive(layers, "n_heads");
    model.latent = LatentAttention{positive(layers, "kv_lora_rank"), layers.integer("q_lora_rank"),
                                   positive(layers, "qk_nope_head_dim"), positive(layers, "qk_rope_head_dim"),
                                   positive(layers, "v_head_dim")};
  } else if (model.family == "gpt_oss") {  // its heads are defaults of another function
    const Arguments attention(Expression{}, parameters_of(module, "_make_gptoss_attn_config"), nothing,
                              module.assigned);
    model.heads = positive(attention, "n_heads");
    read_own_heads(attention, model);
    model.qkv_bias = true;
  } else {
    model.heads = positive(layers, "n_heads");
    model.kv_heads = layers.integer_or_none("n_kv_heads").value_or(model.heads);
    model.head_dim = layers.integer_or_none("head_dim").value_or(model.hidden_size / model.heads);
    model.qk_norm = model.family == "qwen3";
  }
}

}  // namespace

Architecture architecture_of_function(std::string_view family, const python::Function& function,
                                      const python::Module& module) {
  const Expression returned = python::resolve(function.returned, function.locals, module.assigned);
  if (returned.kind != Kind::call) throw NotReadable{"what its function returns cannot be read"};
  expect_only(returned, read_of_model);
  const Arguments whole(returned, nothing, function.locals, module.assigned);
  const Expression built = whole.value("layers");
  if (built.kind != Kind::call || !is_in(built.text, layer_builders))
    throw NotReadable{"how its layers are built is not known"};
  expect_only(built, read_of_layers);
  const Arguments layers = whole.call("layers", parameters_of(module, built.text));

  Architecture model;
  model.family = family;
  model.hidden_size = positive(whole, "dim");
  if (positive(layers, "dim") != model.hidden_size) throw NotReadable{"its layers have another dim than the model"};
  model.layers = positive(layers, "n_layers");
  model.vocab_size = positive(whole, "vocab_size");
  model.tied_embeddings = whole.has("enable_weight_tying") && whole.flag("enable_weight_tying");
  read_built_attention(layers, module, model);
  read_built_experts(layers, family, model);
  if (family == "deepseek_v3") model.ffn_size = positive(layers, "dense_hidden_dim");
  if (!model.experts) model.ffn_size = inner_size(layers, "hidden_dim");
  const Arguments rope = layers.call("rope", nothing);
  if (rope.has("max_seq_len")) model.max_seq_len = positive(rope, "max_seq_len");
  return model;
}

}  // namespace tt::titan
