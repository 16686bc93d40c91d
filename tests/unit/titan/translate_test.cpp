// Every row of the alias table at its border, both ways; expectations from TorchTitan's history, written by hand.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "support/error_text.hpp"
#include "tt/base/text.hpp"
#include "tt/titan/aliases.hpp"
#include "tt/titan/schema.hpp"

namespace tt::titan {
namespace {

using test::error_text;

Value list(std::initializer_list<const char*> words) {
  Value::List all;
  for (const char* word : words) all.emplace_back(word);
  return all;
}

// One setting said on both sides of a border.
struct Same {
  Era old_era;
  const char* old_key;
  Value old_value;
  Era new_era;
  const char* new_key;
  Value new_value;
};

constexpr Era e2501 = Era::early_2025, e2503 = Era::march_2025, e010 = Era::v0_1_0, e020 = Era::v0_2_0,
              e021 = Era::v0_2_1, e022 = Era::v0_2_2, e030 = Era::v0_3_0;

Same moved(Era old_era, const char* old_key, Era new_era, const char* new_key, const Value& value) {
  return {old_era, old_key, value, new_era, new_key, value};
}

std::vector<Same> both_ways() {
  return {
      // into [parallelism]
      moved(e2503, "training.data_parallel_replicate_degree", e010, "parallelism.data_parallel_replicate_degree", 2),
      moved(e2503, "training.data_parallel_shard_degree", e010, "parallelism.data_parallel_shard_degree", 4),
      moved(e2503, "training.tensor_parallel_degree", e010, "parallelism.tensor_parallel_degree", 8),
      moved(e2503, "training.disable_loss_parallel", e010, "parallelism.disable_loss_parallel", true),
      moved(e2503, "training.fsdp_reshard_after_forward", e010, "parallelism.fsdp_reshard_after_forward", "never"),
      moved(e2503, "experimental.enable_async_tensor_parallel", e010, "parallelism.enable_async_tensor_parallel", true),
      moved(e2503, "experimental.pipeline_parallel_degree", e010, "parallelism.pipeline_parallel_degree", 2),
      moved(e2503, "experimental.pipeline_parallel_split_points", e010, "parallelism.pipeline_parallel_split_points",
            list({"layers.4", "layers.8"})),
      moved(e2503, "experimental.pipeline_parallel_schedule", e010, "parallelism.pipeline_parallel_schedule", "GPipe"),
      moved(e2503, "experimental.pipeline_parallel_schedule_csv", e010, "parallelism.pipeline_parallel_schedule_csv",
            "a.csv"),
      moved(e2503, "experimental.context_parallel_degree", e010, "parallelism.context_parallel_degree", 2),
      moved(e2503, "experimental.context_parallel_rotate_method", e010, "parallelism.context_parallel_rotate_method",
            "alltoall"),
      moved(e2503, "experimental.enable_compiled_autograd", e010, "parallelism.enable_compiled_autograd", true),
      // renamed
      moved(e2503, "training.batch_size", e010, "training.local_batch_size", 4),
      moved(e2501, "training.warmup_steps", e2503, "lr_scheduler.warmup_steps", 100),
      moved(e010, "lr_scheduler.lr_min", e020, "lr_scheduler.min_lr_factor", 0.1),
      {e2501, "optimizer.fused", true, e2503, "optimizer.implementation", "fused"},
      {e2501, "optimizer.fused", false, e2503, "optimizer.implementation", "foreach"},
      {e2501, "float8.enable_float8_linear", true, e2503, "model.converters", list({"float8"})},
      {e2501, "float8.enable_float8_linear", false, e2503, "model.converters", list({})},
      {e2501, "float8.enable_float8_linear", true, e022, "model.converters", list({"quantize.linear.float8"})},
      {e010, "model.converters", list({"float8", "mx"}), e020, "model.converters",
       list({"quantize.linear.float8", "quantize.linear.mx"})},
      {e010, "model.converters", list({"my.converter"}), e020, "model.converters", list({"my.converter"})},
      moved(e010, "float8.enable_fsdp_float8_all_gather", e020, "quantize.linear.float8.enable_fsdp_float8_all_gather",
            true),
      moved(e010, "float8.precompute_float8_dynamic_scale_for_fsdp", e020,
            "quantize.linear.float8.precompute_float8_dynamic_scale_for_fsdp", true),
      moved(e010, "float8.recipe_name", e020, "quantize.linear.float8.recipe_name", "rowwise"),
      moved(e010, "float8.filter_fqns", e020, "quantize.linear.float8.filter_fqns", list({"output"})),
      moved(e010, "float8.emulate", e020, "quantize.linear.float8.emulate", true),
      {e010, "mx.recipe_name", "mxfp8", e020, "quantize.linear.mx.recipe_name", "mxfp8_cublas"},
      moved(e010, "mx.filter_fqns", e020, "quantize.linear.mx.filter_fqns", list({"output"})),
      {e010, "mx.use_fp8_dim1_cast_triton_kernel", true, e020, "quantize.linear.mx.mxfp8_dim1_cast_kernel_choice",
       "triton"},
      {e010, "mx.use_fp8_dim1_cast_triton_kernel", false, e020, "quantize.linear.mx.mxfp8_dim1_cast_kernel_choice",
       "torch"},
      moved(e010, "checkpoint.enable_checkpoint", e020, "checkpoint.enable", true),
      moved(e2503, "checkpoint.model_weights_only", e010, "checkpoint.last_save_model_weights_only", true),
      moved(e2503, "checkpoint.model_weights_only", e022, "checkpoint.last_save_model_only", true),
      moved(e010, "checkpoint.last_save_model_weights_only", e020, "checkpoint.last_save_model_only", false),
      moved(e010, "checkpoint.initial_load_model_weights_only", e020, "checkpoint.initial_load_model_only", true),
      moved(e2503, "checkpoint.exclude_from_loading", e010, "checkpoint.exclude_from_loading", list({"optimizer"})),
      moved(e010, "training.compile", e020, "compile.enable", true),
      moved(e2501, "training.compile", e030, "compile.enable", true),
      moved(e010, "memory_estimation.enabled", e020, "memory_estimation.enable", true),
      {e2503, "metrics.rank_0_only", true, e010, "metrics.save_for_all_ranks", false},
      {e2501, "metrics.rank_0_only", false, e030, "metrics.save_for_all_ranks", true},
      moved(e010, "job.print_args", e020, "job.print_config", true),
      moved(e2503, "experimental.custom_model_path", e010, "experimental.custom_import", "my_package.model"),
      moved(e020, "training.seed", e021, "debug.seed", 7),
      moved(e020, "training.deterministic", e021, "debug.deterministic", true),
      moved(e020, "training.debug_moe_force_load_balance", e021, "debug.moe_force_load_balance", true),
      // into the registry
      moved(e022, "job.dump_folder", e030, "dump_folder", "./o"),
      moved(e022, "job.print_config", e030, "debug.print_config", true),
      moved(e010, "job.print_args", e030, "debug.print_config", true),
      moved(e022, "job.save_config_file", e030, "debug.save_config_file", "c.json"),
      moved(e022, "profiling.enable_profiling", e030, "profiler.enable_profiling", true),
      moved(e022, "profiling.save_traces_folder", e030, "profiler.save_traces_folder", "t"),
      moved(e022, "profiling.profile_freq", e030, "profiler.profile_freq", 5),
      moved(e022, "profiling.profiler_active", e030, "profiler.profiler_active", 2),
      moved(e022, "profiling.profiler_warmup", e030, "profiler.profiler_warmup", 2),
      moved(e022, "profiling.enable_memory_snapshot", e030, "profiler.enable_memory_snapshot", true),
      moved(e022, "profiling.save_memory_snapshot_folder", e030, "profiler.save_memory_snapshot_folder", "m"),
      moved(e022, "model.hf_assets_path", e030, "hf_assets_path", "./assets"),
      moved(e022, "optimizer.name", e030, "optimizer.param_groups.0.optimizer_name", "Adam"),
      moved(e022, "optimizer.lr", e030, "optimizer.param_groups.0.optimizer_kwargs.lr", 3e-4),
      moved(e2501, "optimizer.lr", e030, "optimizer.param_groups.0.optimizer_kwargs.lr", 3e-4),
      moved(e022, "optimizer.eps", e030, "optimizer.param_groups.0.optimizer_kwargs.eps", 1e-7),
      moved(e022, "optimizer.weight_decay", e030, "optimizer.param_groups.0.optimizer_kwargs.weight_decay", 0.2),
      moved(e022, "training.dataset", e030, "dataloader.dataset", "c4"),
      moved(e022, "training.dataset_path", e030, "dataloader.dataset_path", "/data"),
      moved(e022, "training.dataloader.num_workers", e030, "dataloader.num_workers", 2),
      moved(e022, "validation.dataloader.num_workers", e030, "validator.dataloader.num_workers", 2),
      moved(e022, "training.dataloader.persistent_workers", e030, "dataloader.persistent_workers", true),
      moved(e022, "validation.dataloader.persistent_workers", e030, "validator.dataloader.persistent_workers", true),
      moved(e022, "training.dataloader.pin_memory", e030, "dataloader.pin_memory", true),
      moved(e022, "validation.dataloader.pin_memory", e030, "validator.dataloader.pin_memory", true),
      moved(e022, "training.dataloader.prefetch_factor", e030, "dataloader.prefetch_factor", 4),
      moved(e022, "validation.dataloader.prefetch_factor", e030, "validator.dataloader.prefetch_factor", 4),
      moved(e022, "validation.enable", e030, "validator.enable", true),
      moved(e022, "validation.dataset", e030, "validator.dataloader.dataset", "c4_test"),
      moved(e022, "validation.dataset_path", e030, "validator.dataloader.dataset_path", "/v"),
      moved(e022, "validation.freq", e030, "validator.freq", 5),
      moved(e022, "validation.steps", e030, "validator.steps", 3),
      moved(e022, "parallelism.enable_async_tensor_parallel", e030, "compile.enable_async_tensor_parallel", true),
      moved(e2503, "experimental.enable_async_tensor_parallel", e030, "compile.enable_async_tensor_parallel", true),
      moved(e022, "activation_checkpoint.mode", e030, "activation_checkpoint.mode", "full"),
      {e022, "activation_checkpoint.mode", "memory_budget", e030, "activation_checkpoint.mode", "memory-budget"},
      moved(e022, "activation_checkpoint.per_op_sac_force_recompute_mm_shapes_by_fqns", e030,
            "activation_checkpoint.force_recompute_mm_shapes_by_fqns", list({"moe.router.gate"})),
      moved(e022, "activation_checkpoint.memory_budget", e030, "activation_checkpoint.memory_budget", 0.3),
      moved(e022, "activation_checkpoint.visualize_memory_budget_pareto", e030,
            "activation_checkpoint.visualize_memory_budget_pareto", true),
      moved(e022, "activation_checkpoint.preserve_rng_state", e030, "activation_checkpoint.preserve_rng_state", false),
      moved(e022, "activation_checkpoint.determinism_check", e030, "activation_checkpoint.determinism_check", "none"),
      moved(e022, "activation_checkpoint.debug", e030, "activation_checkpoint.debug", true),
  };
}

TEST(Translate, SaysASettingOnBothSidesOfABorder) {
  for (const Same& one : both_ways()) {
    const Assignment before{one.old_key, one.old_value};
    const Assignment after{one.new_key, one.new_value};
    const std::string where =
        fmt::format("{} in {} and {} in {}", one.old_key, to_string(one.old_era), one.new_key, to_string(one.new_era));
    ASSERT_NE(find_key(one.old_era, one.old_key), nullptr) << where;
    ASSERT_NE(find_key(one.new_era, one.new_key), nullptr) << where;
    const std::string trouble = error_text([&] {
      EXPECT_EQ(in_words_of(one.new_era, before), after) << where;
      EXPECT_EQ(in_words_of(one.old_era, after), before) << where;
      // What is said in the words of an era already stays as it is.
      EXPECT_EQ(in_words_of(one.old_era, before), before) << where;
      EXPECT_EQ(in_words_of(one.new_era, after), after) << where;
    });
    EXPECT_EQ(trouble, "(nothing thrown)") << where;
  }
}

struct OneWay {
  const char* key;
  Value value;
  Era era;
  const char* name;
  Value said;
};

TEST(Translate, TakesNamesThatLivedBetweenReleasesOrAfterTheNewestOne) {
  const OneWay cases[] = {
      {"float8.moe_fqns_prototype", list({"experts"}), e020, "quantize.grouped_mm.float8.fqns", list({"experts"})},
      {"mx.moe_fqns_prototype", list({"experts"}), e022, "quantize.grouped_mm.mx.fqns", list({"experts"})},
      {"mx.mxfp8_dim1_cast_kernel_choice", "cuda", e020, "quantize.linear.mx.mxfp8_dim1_cast_kernel_choice", "cuda"},
      {"checkpoint.last_save_in_safetensors_format", true, e020, "checkpoint.last_save_in_hf", true},
      {"validation.enabled", true, e020, "validation.enable", true},
      {"validation.enabled", true, e030, "validator.enable", true},
      {"training.max_context_length", 4096, e030, "training.seq_len", 4096},
      {"training.max_context_length", 4096, e2501, "training.seq_len", 4096},
      {"validator.dataloader.repeat", true, e030, "validator.dataloader.infinite", true},
      {"dataloader.repeat", true, e030, "dataloader.infinite", true},
      // a comma-separated string became a list; a list was taken before, too
      {"experimental.pipeline_parallel_split_points", "layers.4,layers.8", e010,
       "parallelism.pipeline_parallel_split_points", list({"layers.4", "layers.8"})},
      {"model.converters", "float8,mx", e010, "model.converters", list({"float8", "mx"})},
      {"model.converters", "float8,mx", e020, "model.converters",
       list({"quantize.linear.float8", "quantize.linear.mx"})},
      {"model.converters", "quantize.linear.float8", e2503, "model.converters", "float8"},
      {"checkpoint.exclude_from_loading", "optimizer,dataloader", e010, "checkpoint.exclude_from_loading",
       list({"optimizer", "dataloader"})},
      {"checkpoint.exclude_from_loading", "optimizer", e2503, "checkpoint.exclude_from_loading", "optimizer"},
      {"experimental.custom_model_path", "", e010, "experimental.custom_import", ""},
  };
  for (const OneWay& one : cases) {
    const std::string trouble = error_text([&] {
      EXPECT_EQ(in_words_of(one.era, {one.key, one.value}), (Assignment{one.name, one.said})) << one.key;
    });
    EXPECT_EQ(trouble, "(nothing thrown)") << one.key;
  }
}

struct Refused {
  const char* key;
  Value value;
  Era era;
  const char* sentence;
};

std::vector<Refused> refused() {
  return {
      {"experimental.pipeline_parallel_microbatches", 4, e022,
       "'experimental.pipeline_parallel_microbatches: 4' cannot be said in TorchTitan 0.2.2: it counts the "
       "microbatches, 'parallelism.pipeline_parallel_microbatch_size' there is the rows of one; set that key, to the "
       "batch size divided by the count"},
      {"parallelism.pipeline_parallel_microbatches", 4, e010,
       "'parallelism.pipeline_parallel_microbatches: 4' cannot be said in TorchTitan 0.1.0: it counts the "
       "microbatches, 'parallelism.pipeline_parallel_microbatch_size' there is the rows of one; set that key, to the "
       "batch size divided by the count"},
      {"parallelism.pipeline_parallel_microbatch_size", 2, e2503,
       "'parallelism.pipeline_parallel_microbatch_size: 2' cannot be said in TorchTitan 2025-03: it is the rows of one "
       "microbatch, 'experimental.pipeline_parallel_microbatches' there counts them; set that key, to the batch size "
       "divided by the rows"},
      {"parallelism.num_pp_microbatches", 4, e030,
       "'parallelism.num_pp_microbatches: 4' cannot be said in TorchTitan 0.3.0: it counts the microbatches, "
       "'parallelism.pipeline_parallel_microbatch_size' there is the rows of one; set that key, to the batch size "
       "divided by the count"},
      {"training.num_tokens_per_train_step", 65536, e030,
       "'training.num_tokens_per_train_step: 65536' cannot be said in TorchTitan 0.3.0: it counts tokens, "
       "'training.global_batch_size' there counts rows; set that key, to the tokens divided by the tokens of a row"},
      {"training.num_tokens_per_microbatch_per_dp_rank", 8192, e022,
       "'training.num_tokens_per_microbatch_per_dp_rank: 8192' cannot be said in TorchTitan 0.2.2: it counts tokens, "
       "'training.local_batch_size' there counts rows; set that key, to the tokens divided by the tokens of a row"},
      {"optimizer.beta1", 0.8, e030,
       "'optimizer.beta1: 0.8' cannot be said in TorchTitan 0.3.0: beta1 and beta2 are one list there; set "
       "'optimizer.param_groups.0.optimizer_kwargs.betas' to [BETA1, BETA2]"},
      {"optimizer.param_groups.0.optimizer_kwargs.betas", Value(Value::List{0.8, 0.9}), e022,
       "'optimizer.param_groups.0.optimizer_kwargs.betas: [0.8,0.9]' cannot be said in TorchTitan 0.2.2: beta1 and "
       "beta2 are two keys there; set 'optimizer.beta1' and 'optimizer.beta2'"},
      {"optimizer.param_groups.1.optimizer_kwargs.lr", 0.1, e022,
       "'optimizer.param_groups.1.optimizer_kwargs.lr: 0.1' cannot be said in TorchTitan 0.2.2: 0.2.2 has one group of "
       "parameters, with the keys of [optimizer]"},
      {"parallelism.pipeline_parallel_split_points", list({"layers.4"}), e020,
       "'parallelism.pipeline_parallel_split_points: [layers.4]' cannot be said in TorchTitan 0.2.0: it names the "
       "module each later stage begins with, 'parallelism.module_fqns_per_model_part' there lists the modules of every "
       "stage; set that key"},
      {"parallelism.module_fqns_per_model_part", nullptr, e010,
       "'parallelism.module_fqns_per_model_part: none' cannot be said in TorchTitan 0.1.0: it lists the modules of "
       "every "
       "stage, 'parallelism.pipeline_parallel_split_points' there names the module each later stage begins with; set "
       "that key"},
      {"model.tokenizer_path", "./tokenizer.model", e030,
       "'model.tokenizer_path: ./tokenizer.model' cannot be said in TorchTitan 0.3.0: it is a file, 'hf_assets_path' "
       "there the folder of the tokenizer's files; set that key"},
      {"model.hf_assets_path", "./assets", e010,
       "'model.hf_assets_path: ./assets' cannot be said in TorchTitan 0.1.0: it is a folder, 'model.tokenizer_path' "
       "there the tokenizer's file; set that key"},
      {"experimental.custom_model_path", "./mine", e022,
       "'experimental.custom_model_path: ./mine' cannot be said in TorchTitan 0.2.2: 'experimental.custom_import' "
       "there "
       "takes a module with dots, such as my_package.my_model, and no path of a folder"},
      {"optimizer.implementation", "for-loop", e2501,
       "'optimizer.implementation: for-loop' cannot be said in TorchTitan 2025-01: it has 'optimizer.fused' in its "
       "place (true -> fused, false -> foreach)"},
      {"quantize.linear.mx.mxfp8_dim1_cast_kernel_choice", "cuda", e010,
       "'quantize.linear.mx.mxfp8_dim1_cast_kernel_choice: cuda' cannot be said in TorchTitan 0.1.0: it has "
       "'mx.use_fp8_dim1_cast_triton_kernel' in its place (true -> triton, false -> torch)"},
      {"model.converters", list({"quantize.grouped_mm.float8"}), e010,
       "'model.converters: [quantize.grouped_mm.float8]' cannot be said in TorchTitan 0.1.0: it has no converter "
       "'quantize.grouped_mm.float8'; those it has are float8 and mx"},
      {"model.converters", list({"quantize.linear.mx"}), e2501,
       "'model.converters: [quantize.linear.mx]' cannot be said in TorchTitan 2025-01: it has only the switch "
       "'float8.enable_float8_linear', for the one converter float8"},
      // gone, at once or after a rename
      {"model.name", "llama3", e030,
       "'model.name: llama3' cannot be said in TorchTitan 0.3.0: 0.3.0 has no such key any more: --module (llama3, "
       "deepseek_v3, qwen3, gpt_oss, ..)"},
      {"activation_checkpoint.selective_ac_option", "op", e030,
       "'activation_checkpoint.selective_ac_option: op' cannot be said in TorchTitan 0.3.0: 0.3.0 has no such key any "
       "more: selective = old op; every n-th block is gone"},
      {"job.use_for_integration_test", true, e020,
       "'job.use_for_integration_test: true' cannot be said in TorchTitan 0.2.0: 0.2.0 has no such key any more"},
      {"checkpoint.interval_type", "steps", e2503,
       "'checkpoint.interval_type: steps' cannot be said in TorchTitan 2025-03: 2025-03 has no such key any more: "
       "steps "
       "only"},
      {"experimental.enable_compiled_autograd", true, e021,
       "'experimental.enable_compiled_autograd: true' cannot be said in TorchTitan 0.2.1: it became "
       "'parallelism.enable_compiled_autograd', which 0.2.1 does not have any more"},
      {"float8.enable_fsdp_float8_all_gather", true, e030,
       "'float8.enable_fsdp_float8_all_gather: true' cannot be said in TorchTitan 0.3.0: it became "
       "'quantize.linear.float8.enable_fsdp_float8_all_gather', "
       "which 0.3.0 does not have any more: argument of Float8LinearConverter in a config function"},
      {"model.use_flex_attn", true, e010,
       "'model.use_flex_attn: true' cannot be said in TorchTitan 0.1.0: 0.1.0 has no such key any more: flavor such as "
       "debugmodel_flex_attn"},
      // too new
      {"parallelism.expert_parallel_degree", 2, e010,
       "'parallelism.expert_parallel_degree: 2' cannot be said in TorchTitan 0.1.0: the key exists since 0.2.0, this "
       "is "
       "0.1.0"},
      {"training.disable_cuda_graphs", true, e022,
       "'training.disable_cuda_graphs: true' cannot be said in TorchTitan 0.2.2: the key exists since 0.3.0, this is "
       "0.2.2"},
  };
}

TEST(Translate, RefusesWithASentenceThatSaysWhatToDo) {
  for (const Refused& one : refused())
    EXPECT_EQ(error_text([&] { in_words_of(one.era, {one.key, one.value}); }), one.sentence);
}

// No row is left out: each names a key that the tables above speak about, or a key that is gone.
TEST(Translate, IsTestedForEveryRowOfTheAliasTable) {
  const auto is_spoken_about = [](const Move& move) {
    const auto is_one = [&](std::string_view key) { return move.old_key == key || move.new_key == key; };
    for (const Same& one : both_ways())
      if (is_one(one.old_key) || is_one(one.new_key)) return true;
    for (const Refused& one : refused())
      if (is_one(one.key)) return true;
    return false;
  };
  const std::set<std::string> elsewhere{"float8.moe_fqns_prototype",
                                        "mx.moe_fqns_prototype",
                                        "checkpoint.last_save_in_safetensors_format",
                                        "validation.enabled",
                                        "training.seq_len",
                                        "validator.dataloader.infinite",
                                        "dataloader.infinite",
                                        "experimental.custom_args_module"};
  for (const Move& move : moves()) {
    if (move.new_key.empty() || elsewhere.contains(move.old_key)) continue;
    EXPECT_TRUE(is_spoken_about(move)) << move.old_key << " -> " << move.new_key;
  }
  EXPECT_EQ(moves().size(), 152U);
}

// A key that a release took away is refused by every later one, with what to do instead when the table knows it.
TEST(Translate, RefusesEveryKeyThatIsGone) {
  for (const Move& move : moves()) {
    if (!move.new_key.empty() || !move.first_with_new) continue;
    const std::string sentence = error_text([&] { in_words_of(*move.first_with_new, {move.old_key, Value(1)}); });
    const std::string era = to_string(*move.first_with_new);
    EXPECT_EQ(sentence, fmt::format("'{}: 1' cannot be said in TorchTitan {}: {} has no such key any more{}{}",
                                    move.old_key, era, era, move.mapping.empty() ? "" : ": ", move.mapping));
  }
}

TEST(Translate, LetsTheOldSpellingPassWhereBothAreKnown) {
  for (const Era era : {e020, e021, e022}) {
    EXPECT_EQ(in_words_of(era, {"experimental.custom_args_module", "a.b"}).key, "experimental.custom_args_module");
    EXPECT_EQ(in_words_of(era, {"model.tokenizer_path", "t"}).key, "model.tokenizer_path");
  }
  EXPECT_EQ(in_words_of(e010, {"job.custom_config_module", "a.b"}),
            (Assignment{"experimental.custom_args_module", "a.b"}));
}

// Values a key of this type may have, in the form newer eras keep.
std::vector<Value> samples(const KeyInfo& key) {
  std::vector<Value> values;
  for (const std::string& word : key.allowed) values.emplace_back(word);
  if (!values.empty() && type_of(key).form == ValueForm::string) return values;
  switch (type_of(key).form) {
    case ValueForm::integer:
      return {1, 4, 4096};
    case ValueForm::floating:
    case ValueForm::number:
      return {0.25, 1e-8};
    case ValueForm::boolean:
      return {true, false};
    case ValueForm::string:
      return {"word", "a.b.c"};
    case ValueForm::strings:
    case ValueForm::strings_or_string:
      return {list({}), list({"one", "two"}), list({"float8"})};
    case ValueForm::string_lists:
      return {Value(Value::List{list({"a", "b"}), list({"c"})})};
    case ValueForm::floats:
      return {Value(Value::List{0.9, 0.95})};
    case ValueForm::opaque:
      break;
  }
  return {};
}

std::optional<Assignment> said_in(Era era, const Assignment& assignment) {
  try {
    return in_words_of(era, assignment);
  } catch (const Error&) {
    return std::nullopt;
  }
}

TEST(Translate, ThereAndBackIsTheSameWhereBothWaysExist) {
  std::size_t round_trips = 0, renamed = 0;
  for (const std::string& here_name : era_names()) {
    for (const std::string& there_name : era_names()) {
      const Era here = *parse_era(here_name), there = *parse_era(there_name);
      for (const KeyInfo& key : keys(here)) {
        for (const Value& value : samples(key)) {
          const auto own = said_in(here, {key.key, value});  // in this era's own form
          if (!own) continue;
          const auto carried = said_in(there, *own);
          if (!carried) continue;
          ASSERT_NE(find_key(there, carried->key), nullptr) << carried->key << " is no key of " << there_name;
          const auto back = said_in(here, *carried);
          if (!back) continue;
          if (find_key(here, carried->key) && carried->key != own->key) {
            EXPECT_EQ(key.key, "job.custom_config_module") << "known under both its names";
            continue;
          }
          ++round_trips;
          renamed += carried->key != own->key ? 1 : 0;
          EXPECT_EQ(*back, *own) << key.key << " from " << here_name << " to " << there_name;
        }
      }
    }
  }
  EXPECT_GT(round_trips, 5000U);
  EXPECT_GT(renamed, 800U);
}

// What one era made of another era's default must suit the key it became.
TEST(Translate, GivesValuesThatSuitTheirKey) {
  for (const std::string& here_name : era_names()) {
    for (const std::string& there_name : era_names()) {
      const Era here = *parse_era(here_name), there = *parse_era(there_name);
      for (const KeyInfo& key : keys(here)) {
        if (key.default_value.is_null() || type_of(key).form == ValueForm::opaque) continue;
        const auto carried = said_in(there, {key.key, key.default_value});
        if (!carried || carried->key == key.key) continue;
        const KeyInfo* other = find_key(there, carried->key);
        ASSERT_NE(other, nullptr) << carried->key;
        EXPECT_EQ(misfit(*other, carried->value), std::nullopt)
            << key.key << " from " << here_name << " to " << there_name;
      }
    }
  }
}

}  // namespace
}  // namespace tt::titan
