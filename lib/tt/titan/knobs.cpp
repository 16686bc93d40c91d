// key_of of schema.hpp: what each era calls a setting.
#include <array>

#include "tt/titan/schema.hpp"

namespace tt::titan {

namespace {

struct Spelling {
  Knob knob;
  std::string_view key;
  Era first = Era::early_2025;
  Era last = Era::v0_3_0;
};

constexpr auto start = Era::early_2025;
constexpr auto march = Era::march_2025;  // the last era before [parallelism]
constexpr auto typed = Era::v0_1_0;
constexpr auto moe = Era::v0_2_0;
constexpr auto toml_end = Era::v0_2_2;
constexpr auto registry = Era::v0_3_0;

constexpr auto spellings = std::to_array<Spelling>({
    {Knob::tensor_parallel, "training.tensor_parallel_degree", start, march},
    {Knob::tensor_parallel, "parallelism.tensor_parallel_degree", typed},
    {Knob::pipeline_parallel, "experimental.pipeline_parallel_degree", start, march},
    {Knob::pipeline_parallel, "parallelism.pipeline_parallel_degree", typed},
    {Knob::context_parallel, "experimental.context_parallel_degree", start, march},
    {Knob::context_parallel, "parallelism.context_parallel_degree", typed},
    {Knob::data_parallel_shard, "training.data_parallel_shard_degree", start, march},
    {Knob::data_parallel_shard, "parallelism.data_parallel_shard_degree", typed},
    {Knob::data_parallel_replicate, "training.data_parallel_replicate_degree", start, march},
    {Knob::data_parallel_replicate, "parallelism.data_parallel_replicate_degree", typed},
    {Knob::expert_parallel, "parallelism.expert_parallel_degree", moe},
    {Knob::expert_tensor_parallel, "parallelism.expert_tensor_parallel_degree", moe, toml_end},
    {Knob::expert_backend, "parallelism.expert_parallel_comm_backend", Era::v0_2_1, toml_end},
    {Knob::local_batch_size, "training.batch_size", start, march},
    {Knob::local_batch_size, "training.local_batch_size", typed},
    {Knob::global_batch_size, "training.global_batch_size", typed},
    {Knob::seq_len, "training.seq_len"},
    {Knob::steps, "training.steps"},
    {Knob::learning_rate, "optimizer.lr", start, toml_end},
    {Knob::learning_rate, "optimizer.param_groups.0.optimizer_kwargs.lr", registry},
    {Knob::pipeline_schedule, "experimental.pipeline_parallel_schedule", start, march},
    {Knob::pipeline_schedule, "parallelism.pipeline_parallel_schedule", typed},
    {Knob::pipeline_schedule_csv, "experimental.pipeline_parallel_schedule_csv", start, march},
    {Knob::pipeline_schedule_csv, "parallelism.pipeline_parallel_schedule_csv", typed},
    {Knob::pipeline_microbatches, "experimental.pipeline_parallel_microbatches", start, march},
    {Knob::pipeline_microbatch_size, "parallelism.pipeline_parallel_microbatch_size", typed},
    {Knob::pipeline_layers_per_stage, "parallelism.pipeline_parallel_layers_per_stage", typed},
    {Knob::pipeline_modules, "experimental.pipeline_parallel_split_points", start, march},
    {Knob::pipeline_modules, "parallelism.pipeline_parallel_split_points", typed, typed},
    {Knob::pipeline_modules, "parallelism.module_fqns_per_model_part", moe},
    {Knob::pipeline_first_less_layers, "parallelism.pipeline_parallel_first_stage_less_layers", moe},
    {Knob::pipeline_last_less_layers, "parallelism.pipeline_parallel_last_stage_less_layers", moe},
    {Knob::dump_folder, "job.dump_folder", start, toml_end},
    {Knob::dump_folder, "dump_folder", registry},
    {Knob::model_name, "model.name", start, toml_end},
    {Knob::model_flavor, "model.flavor"},
    {Knob::converters, "model.converters", march, toml_end},
    {Knob::log_freq, "metrics.log_freq"},
    {Knob::checkpoint_enable, "checkpoint.enable_checkpoint", start, typed},
    {Knob::checkpoint_enable, "checkpoint.enable", moe},
    {Knob::keep_latest_k, "checkpoint.keep_latest_k"},
    {Knob::seed_checkpoint, "checkpoint.create_seed_checkpoint"},
    {Knob::seed, "training.seed", start, moe},
    {Knob::seed, "debug.seed", Era::v0_2_1},
    {Knob::compile_enable, "training.compile", start, typed},
    {Knob::compile_enable, "compile.enable", moe},
    {Knob::compile_components, "compile.components", moe},
    {Knob::async_tensor_parallel, "experimental.enable_async_tensor_parallel", start, march},
    {Knob::async_tensor_parallel, "parallelism.enable_async_tensor_parallel", typed, toml_end},
    {Knob::async_tensor_parallel, "compile.enable_async_tensor_parallel", registry},
    {Knob::ac_mode, "activation_checkpoint.mode"},
    {Knob::ac_option, "activation_checkpoint.selective_ac_option", start, toml_end},
    {Knob::ac_early_stop, "activation_checkpoint.early_stop", moe, toml_end},
    {Knob::reshard_after_forward, "training.fsdp_reshard_after_forward", march, march},
    {Knob::reshard_after_forward, "parallelism.fsdp_reshard_after_forward", typed},
    {Knob::disable_loss_parallel, "training.disable_loss_parallel", start, march},
    {Knob::disable_loss_parallel, "parallelism.disable_loss_parallel", typed, toml_end},
    {Knob::rotate_method, "experimental.context_parallel_rotate_method", start, march},
    {Knob::rotate_method, "parallelism.context_parallel_rotate_method", typed, toml_end},
    {Knob::training_dtype, "training.dtype", moe},
    {Knob::mixed_precision_param, "training.mixed_precision_param"},
    {Knob::spmd_backend, "parallelism.spmd_backend", registry},
    {Knob::loss_chunks, "loss.num_chunks", registry},
    {Knob::sequence_parallel, "parallelism.enable_sequence_parallel", registry},
    {Knob::disable_cuda_graphs, "training.disable_cuda_graphs", registry},
    {Knob::profile_enable, "profiling.enable_profiling", start, toml_end},
    {Knob::profile_enable, "profiler.enable_profiling", registry},
    {Knob::profile_freq, "profiling.profile_freq", start, toml_end},
    {Knob::profile_freq, "profiler.profile_freq", registry},
    {Knob::profile_warmup, "profiling.profiler_warmup", moe, toml_end},
    {Knob::profile_warmup, "profiler.profiler_warmup", registry},
    {Knob::profile_active, "profiling.profiler_active", moe, toml_end},
    {Knob::profile_active, "profiler.profiler_active", registry},
    {Knob::validation_steps, "validation.steps", moe, toml_end},
    {Knob::validation_steps, "validator.steps", registry},
});

constexpr auto eras = static_cast<std::size_t>(registry) + 1;
constexpr auto knobs = static_cast<std::size_t>(Knob::count_);
using Table = std::array<std::array<std::string_view, knobs>, eras>;

constexpr Table by_era() {
  Table table{};
  for (const Spelling& spelling : spellings)
    for (auto era = static_cast<std::size_t>(spelling.first); era <= static_cast<std::size_t>(spelling.last); ++era)
      table[era][static_cast<std::size_t>(spelling.knob)] = spelling.key;
  return table;
}
constexpr Table table = by_era();

}  // namespace

std::string_view spelling_of(Era era, Knob knob) {
  return table[static_cast<std::size_t>(era)][static_cast<std::size_t>(knob)];
}

std::optional<std::string> key_of(Era era, Knob knob) {
  const auto key = spelling_of(era, knob);
  return key.empty() ? std::nullopt : std::optional<std::string>(key);
}

}  // namespace tt::titan
