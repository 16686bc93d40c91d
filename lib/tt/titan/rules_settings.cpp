// Rules about compile, checkpoints, logging and profiling: what needs no look at the shape of the training.
#include <fmt/format.h>

#include <algorithm>

#include "tt/titan/rule_groups.hpp"

namespace tt::titan {

namespace {

using Reason = std::optional<std::string>;

bool compiles_model(const Settings& settings) {
  if (!settings.boolean(Knob::compile_enable).value_or(true)) return false;
  const auto components = settings.find(Knob::compile_components);
  if (!components || !components->value.is_list()) return true;
  const auto& list = components->value.as_list();
  return std::find(list.begin(), list.end(), Value("model")) != list.end();
}

Reason async_without_compile(const RuleInput& in) {
  if (!in.settings.boolean(Knob::async_tensor_parallel).value_or(false) || compiles_model(in.settings))
    return std::nullopt;
  // 0.3.0 refuses while it reads the configuration, the eras before when they shard the model.
  if (has_toml(in.shape.era) && in.shape.tp <= 1) return std::nullopt;
  return fmt::format("{} needs the compiled model: set {} = true{}", *key_of(in.shape.era, Knob::async_tensor_parallel),
                     *key_of(in.shape.era, Knob::compile_enable),
                     in.shape.era >= Era::v0_2_0 ? " with 'model' among compile.components" : "");
}

Reason budget_without_compile(const RuleInput& in) {
  const auto mode = in.settings.text(Knob::ac_mode);
  if ((mode != "memory_budget" && mode != "memory-budget") || compiles_model(in.settings)) return std::nullopt;
  return "activation_checkpoint.mode memory_budget needs the compiled model: set compile.enable = true with 'model' "
         "among compile.components";
}

Reason no_steps(const RuleInput& in) {
  const auto steps = in.settings.integer(Knob::steps);
  if (!steps || *steps >= 1) return std::nullopt;
  return fmt::format("training.steps is {}, it must be 1 or more", *steps);
}

Reason negative_rate(const RuleInput& in) {
  const auto rate = in.settings.find(Knob::learning_rate);
  if (!rate || !rate->value.is_number() || rate->value.as_number() >= 0) return std::nullopt;
  return fmt::format("{} is {}, it must be 0 or more", *key_of(in.shape.era, Knob::learning_rate),
                     plain_text(rate->value));
}

Reason log_never(const RuleInput& in) {
  if (in.settings.integer(Knob::log_freq) != 0) return std::nullopt;
  return "metrics.log_freq is 0, it must be 1 or more";
}

Reason one_checkpoint(const RuleInput& in) {
  if (in.settings.integer(Knob::keep_latest_k) != 1) return std::nullopt;
  // 0.3.0 refuses while it reads the configuration, checkpointing or not.
  if (has_toml(in.shape.era) && !in.settings.boolean(Knob::checkpoint_enable).value_or(false)) return std::nullopt;
  return "checkpoint.keep_latest_k is 1; keep 2 or more, or 0 for all";
}

Reason seed_of_many(const RuleInput& in) {
  if (!in.settings.boolean(Knob::seed_checkpoint).value_or(false)) return std::nullopt;
  if (in.world != 1) return fmt::format("a seed checkpoint is written by 1 GPU, there are {}", in.world);
  if (in.settings.boolean(Knob::checkpoint_enable).value_or(true)) return std::nullopt;
  return fmt::format("a seed checkpoint needs {} = true", *key_of(in.shape.era, Knob::checkpoint_enable));
}

Reason profile_window(const RuleInput& in) {
  if (!in.settings.boolean(Knob::profile_enable).value_or(false)) return std::nullopt;
  const auto freq = in.settings.integer(Knob::profile_freq);
  const auto warmup = in.settings.integer(Knob::profile_warmup).value_or(3);
  const auto active = in.settings.integer(Knob::profile_active).value_or(1);
  if (!freq || *freq >= warmup + active) return std::nullopt;
  return fmt::format("{} {} is less than {} warm-up steps + {} recorded ones",
                     *key_of(in.shape.era, Knob::profile_freq), *freq, warmup, active);
}

Reason odd_validation_steps(const RuleInput& in) {
  const auto steps = in.settings.integer(Knob::validation_steps);
  if (!steps || *steps > 0 || *steps == -1) return std::nullopt;
  return fmt::format("{} is {}, it must be 1 or more, or -1 for the whole data set",
                     *key_of(in.shape.era, Knob::validation_steps), *steps);
}

Reason old_converter(const RuleInput& in) {
  const auto converters = in.settings.find(Knob::converters);
  if (!converters || !converters->value.is_list()) return std::nullopt;
  for (const Value& name : converters->value.as_list())
    if (name == Value("float8") || name == Value("mx"))
      return fmt::format("model.converters names '{}', which {} calls 'quantize.linear.{}'", name.as_string(),
                         to_string(in.shape.era), name.as_string());
  return std::nullopt;
}

}  // namespace

std::vector<Rule> settings_rules() {
  constexpr Era start = Era::early_2025;
  constexpr Era newest = Era::v0_3_0;
  std::vector<Rule> rules;
  rules.push_back({"async-tp-needs-compile", "Async tensor parallelism runs with the compiled model.",
                   "RuntimeError: Async TP requires --training.compile", start, Era::v0_2_0, async_without_compile});
  rules.push_back({"async-tp-needs-compile", "Async tensor parallelism runs with the compiled model.",
                   "Async TP requires 'model' in --compile.components and --compile.enable", Era::v0_2_1, newest,
                   async_without_compile});
  rules.push_back({"memory-budget-needs-compile", "Checkpointing by memory budget runs with the compiled model.",
                   "AssertionError: Memory budget mode requires model to be compiled", Era::v0_2_0, Era::v0_2_2,
                   budget_without_compile});
  rules.push_back({"memory-budget-needs-compile", "Checkpointing by memory budget runs with the compiled model.",
                   "Error parsing Config: Memory budget activation checkpointing requires the model to be compiled",
                   newest, newest, budget_without_compile});
  rules.push_back({"steps-positive", "A run has at least one step.", "nothing is trained, and the run exits 0", start,
                   newest, no_steps});
  rules.push_back({"learning-rate-not-negative", "The learning rate is not below zero.",
                   "ValueError: Invalid learning rate: -1.0", start, newest, negative_rate});
  rules.push_back({"log-freq-positive", "metrics.log_freq is not 0.",
                   "ZeroDivisionError: integer modulo by zero, after step 1", start, newest, log_never});
  rules.push_back({"keep-two-checkpoints", "checkpoint.keep_latest_k is 0 (all) or 2 and more.",
                   "ValueError: We need to maintain at least 2 checkpoint replicas, as the last one may be in the "
                   "process of being saved.",
                   Era::march_2025, newest, one_checkpoint});
  rules.push_back({"seed-checkpoint-one-gpu", "A seed checkpoint is written by one GPU, with checkpointing enabled.",
                   "AssertionError: Must create seed checkpoint using a single device, to disable sharding.", start,
                   newest, seed_of_many});
  rules.push_back({"profile-window", "profile_freq holds the warm-up steps and the recorded ones.",
                   "profile_freq must be greater than or equal to warmup + active", start, newest, profile_window});
  rules.push_back({"validation-steps", "Validation steps are 1 or more, or -1.",
                   "AssertionError: validation steps must be positive or -1", Era::v0_2_0, newest,
                   odd_validation_steps});
  rules.push_back({"converter-name", "model.converters uses the names of the era.",
                   "KeyError: 'float8'; the llama3_405b.toml these releases ship does it", Era::v0_2_0, Era::v0_2_2,
                   old_converter});
  return rules;
}

}  // namespace tt::titan
