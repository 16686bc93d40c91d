// Rules about heads, experts and context parallelism. What needs the model's sizes holds for a model nobody knows.
#include <fmt/format.h>

#include "tt/titan/product.hpp"
#include "tt/titan/rule_groups.hpp"

namespace tt::titan {

namespace {

using Reason = std::optional<std::string>;

Reason heads_not_shared_evenly(const RuleInput& in) {
  if (in.architecture == nullptr || in.shape.tp <= 1) return std::nullopt;
  const Architecture& model = *in.architecture;
  if (model.kv_heads && *model.kv_heads % in.shape.tp != 0)
    return fmt::format("tp {} does not divide the {} key-value heads of {}", in.shape.tp, *model.kv_heads,
                       architecture_name(model));
  if (model.heads % in.shape.tp != 0)
    return fmt::format("tp {} does not divide the {} heads of {}", in.shape.tp, model.heads, architecture_name(model));
  return std::nullopt;
}

Reason wrong_expert_tensor_degree(const RuleInput& in) {
  const TrainingShape& shape = in.shape;
  if (shape.ep <= 1 || shape.etp == 1 || shape.etp == shape.tp) return std::nullopt;
  return fmt::format("expert_tensor_parallel_degree {} is neither 1 nor tp {}", shape.etp, shape.tp);
}

bool sharding_degrees_make_sense(const TrainingShape& shape) {
  return shape.dp_shard >= 1 && shape.cp >= 1 && shape.tp >= 1 && shape.ep >= 1 && shape.etp >= 1;
}

// 0.2.0: experts borrow whole dimensions: cp (and tp with etp 1), then a part of dp_shard.
Reason experts_do_not_borrow(const RuleInput& in) {
  const TrainingShape& shape = in.shape;
  if (!sharding_degrees_make_sense(shape) || shape.ep <= 1) return std::nullopt;
  const bool with_tp = shape.etp != shape.tp;
  const std::int64_t whole = with_tp ? product({shape.cp, shape.tp}) : shape.cp;
  const std::int64_t ranks = product({shape.dp_shard, whole});
  const char* const of = with_tp ? "cp * tp" : "cp";
  if (shape.ep % whole != 0) return fmt::format("ep {} is no multiple of {} = {}", shape.ep, of, whole);
  if (ranks % shape.ep == 0) return std::nullopt;
  return fmt::format("ep {} does not divide dp_shard * {} = {}", shape.ep, of, ranks);
}

Reason experts_do_not_fit_mesh(const RuleInput& in) {
  const TrainingShape& shape = in.shape;
  if (!sharding_degrees_make_sense(shape)) return std::nullopt;
  const std::int64_t ranks = product({shape.dp_shard, shape.cp, shape.tp});
  const std::int64_t experts = product({shape.ep, shape.etp});
  if (ranks % experts == 0) return std::nullopt;
  if (shape.etp > 1)
    return fmt::format("dp_shard {} * cp {} * tp {} = {} is no multiple of ep {} * etp {} = {}", shape.dp_shard,
                       shape.cp, shape.tp, ranks, shape.ep, shape.etp, experts);
  return fmt::format("dp_shard {} * cp {} * tp {} = {} is no multiple of ep {}", shape.dp_shard, shape.cp, shape.tp,
                     ranks, shape.ep);
}

Reason experts_not_shared_evenly(const RuleInput& in) {
  if (in.architecture == nullptr || !in.architecture->experts || in.shape.ep <= 1) return std::nullopt;
  const std::int64_t experts = in.architecture->experts->experts;
  if (experts % in.shape.ep == 0) return std::nullopt;
  return fmt::format("ep {} does not divide the {} experts of {}", in.shape.ep, experts,
                     architecture_name(*in.architecture));
}

Reason tokens_not_shared_evenly(const RuleInput& in) {
  const TrainingShape& shape = in.shape;
  if (shape.ep <= 1 || shape.etp != 1 || shape.tp <= 1 || shape.cp < 1 || shape.microbatch_size < 1 ||
      shape.seq_len < 1)
    return std::nullopt;
  const std::int64_t tokens = product({shape.microbatch_size, shape.seq_len}) / shape.cp;
  if (tokens % shape.tp == 0) return std::nullopt;
  return fmt::format("{} tokens of a microbatch cannot be shared by tp {} before they go to the experts", tokens,
                     shape.tp);
}

Reason deepep_alone(const RuleInput& in) {
  if (in.settings.text(Knob::expert_backend) != "deepep") return std::nullopt;
  if (in.shape.ep > 1 && in.shape.etp == 1) return std::nullopt;
  return fmt::format("the deepep backend wants ep > 1 and etp 1, got ep {} and etp {}", in.shape.ep, in.shape.etp);
}

// The shipped configurations whose experts wait for the CPU: every one with experts that does not name another way.
bool waits_for_cpu(const RuleInput& in) {
  const std::string config = in.settings.base_text("config").value_or("");
  return in.architecture != nullptr && in.architecture->experts && config.find("_ep") == std::string::npos &&
         config.find("hybridep") == std::string::npos && config.find("deepep") == std::string::npos;
}

Reason graphs_on_with_experts(const RuleInput& in) {
  if (in.shape.ep <= 1 || in.settings.boolean(Knob::disable_cuda_graphs) != false || !waits_for_cpu(in))
    return std::nullopt;
  return "CUDA graphs are on unless switched off, and the standard expert exchange waits for the CPU; set "
         "training.disable_cuda_graphs = true";
}

Reason context_of_gpt_oss(const RuleInput& in) {
  if (in.shape.model != "gpt_oss" || in.shape.cp <= 1) return std::nullopt;
  return fmt::format("gpt_oss has no context parallelism, got cp {}", in.shape.cp);
}

Reason context_with_other_attention(const RuleInput& in) {
  if (in.shape.cp <= 1 || in.shape.model == "gpt_oss") return std::nullopt;  // which has a rule of its own
  // The sizes say which attention a flavor has; a flavor nobody knows says it in its name.
  const std::string kind = in.architecture ? in.architecture->attention : "";
  const bool flex = kind == "flex" || in.shape.flavor.find("_flex") != std::string::npos ||
                    in.shape.flavor.find("_irope") != std::string::npos;
  const bool varlen = kind == "varlen" || in.shape.flavor.find("_varlen") != std::string::npos;
  // FlexAttention shards its context since 0.2.2, in llama3 only.
  const bool flex_fails = flex && (in.shape.era < Era::v0_2_2 || in.shape.model != "llama3");
  if (!varlen && !flex_fails) return std::nullopt;
  return fmt::format("flavor {} uses {} attention, which has no context parallelism, got cp {}", in.shape.flavor,
                     varlen ? "varlen" : "flex", in.shape.cp);
}

}  // namespace

std::vector<Rule> model_rules() {
  std::vector<Rule> rules;
  rules.push_back({"tp-divides-heads", "tp divides the attention heads and the key-value heads.",
                   "not checked at start: RuntimeError: shape '[.., .., -1, 128]' is invalid for input of size ..",
                   Era::early_2025, Era::v0_2_2, heads_not_shared_evenly});
  rules.push_back({"tp-divides-heads", "tp divides the attention heads and the key-value heads.",
                   "ValueError: tensor_parallel_degree (16) must divide n_kv_heads (8).", Era::v0_3_0, Era::v0_3_0,
                   heads_not_shared_evenly});
  rules.push_back({"etp-one-or-tp", "With ep > 1, expert_tensor_parallel_degree is 1 or tp.",
                   "AssertionError: Currently we only support ETP=TP or ETP=1", Era::v0_2_0, Era::v0_2_2,
                   wrong_expert_tensor_degree});
  rules.push_back({"expert-mesh", "ep takes all of cp (and of tp, with etp 1) and a part of dp_shard.",
                   "AssertionError without words (assert ep % (cp * tp) == 0 and (dp_shard * cp * tp) % ep == 0)",
                   Era::v0_2_0, Era::v0_2_0, experts_do_not_borrow});
  rules.push_back({"expert-mesh", "ep * etp divides dp_shard * cp * tp.",
                   "the device mesh cannot be built: its sizes multiply to another number than the ranks there are",
                   Era::v0_2_1, Era::v0_2_2, experts_do_not_fit_mesh});
  rules.push_back({"expert-mesh", "ep divides dp_shard * cp * tp.",
                   "ValueError: The product of mesh_sizes=(1, 1, 2, 3) is 6, but the original dimension at dim=0 has "
                   "size 8.",
                   Era::v0_3_0, Era::v0_3_0, experts_do_not_fit_mesh});
  rules.push_back({"ep-divides-experts", "ep divides the number of experts.",
                   "not checked at start: fails in step 1, shape '[16, -1]' is invalid for input of size 8",
                   Era::v0_2_0, Era::v0_3_0, experts_not_shared_evenly});
  rules.push_back({"expert-tokens-divisible", "With ep > 1, etp 1 and tp > 1 the tokens of a microbatch split over tp.",
                   "not checked at start: the split of the tokens fails in step 1", Era::v0_2_0, Era::v0_2_2,
                   tokens_not_shared_evenly});
  rules.push_back({"deepep-needs-ep", "The deepep backend comes with ep > 1 and etp 1.",
                   "DeepEP requires expert parallelism (ep_degree > 1).", Era::v0_2_1, Era::v0_2_2, deepep_alone});
  rules.push_back({"cuda-graphs-with-ep", "A run with the standard expert exchange switches CUDA graphs off.",
                   "CUDA graphs support only expert parallel token dispatcher configurations without CPU "
                   "synchronization.",
                   Era::v0_3_0, Era::v0_3_0, graphs_on_with_experts});
  rules.push_back({"cp-support", "gpt_oss runs without context parallelism.",
                   "NotImplementedError: CP support for gpt-oss model is still in progress.", Era::v0_2_0, Era::v0_2_2,
                   context_of_gpt_oss});
  rules.push_back({"cp-attention",
                   "Context parallelism goes with plain attention; in 0.2.2 llama3 also has it with FlexAttention.",
                   "NotImplementedError: CP support for FlexAttention is still in progress.", Era::v0_2_0, Era::v0_2_2,
                   context_with_other_attention});
  return rules;
}

}  // namespace tt::titan
