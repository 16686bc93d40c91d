// tt/titan/schema.hpp: every configuration key of every era, from the tables in data/ (made by introspection).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tt/base/value.hpp"
#include "tt/job/run.hpp"
#include "tt/titan/era.hpp"

namespace tt::titan {

// How activation checkpointing is chosen, in the spelling of every era (0.3.0 has a word for it: ours is this key).
inline constexpr std::string_view checkpoint_mode_key = "activation_checkpoint.mode";

struct KeyInfo {
  std::string key;                   // "training.seq_len"
  std::string type;                  // as in the table: "int", "float", "bool", "str", "str|None", "list[str]", ...
  Value default_value;               // null: None
  std::vector<std::string> allowed;  // empty: anything of the type
  std::string note;
  Era era = Era::v0_2_2;  // whose key this is
};

// In the order of the table. Era 0.3.0 has two spellings of ours: activation checkpointing, chosen there by a word, is
// "activation_checkpoint.mode" with "activation_checkpoint.<option>" beside it, and a group of parameters is addressed
// by its index: "optimizer.param_groups.0.optimizer_kwargs.lr" (find_key knows any index).
std::span<const KeyInfo> keys(Era era);
const KeyInfo* find_key(Era era, std::string_view key);
// The value a cell of a table stands for: "None", "true", "8e-5", "[model,loss]", "\"\"".
Value value_of_cell(std::string_view type, std::string_view cell);

// What a value of a key looks like.
enum class ValueForm {
  integer,
  floating,
  number,
  boolean,
  string,
  strings,
  strings_or_string,
  string_lists,
  floats,
  opaque  // set by a config function only
};
struct ValueType {
  ValueForm form = ValueForm::opaque;
  bool optional = false;  // None is a value of it
};
ValueType type_of(const KeyInfo& key);

// What to say about a key the era does not know: "did you mean ..." or the newer / older name (judge_key's advice).
std::string advice_for_unknown_key(Era era, std::string_view key);
// Why a value does not fit a key ("is an integer key, got 4.5"); nullopt when it does. 512.0 fits an integer key.
// None cannot be written into a TOML file, only onto the command line (since 0.1.0): `apply` says which way it takes.
std::optional<std::string> misfit(const KeyInfo& key, const Value& value, Apply apply = Apply::config);
// The value as the key's type wants it (512.0 → 512 for an integer key); call after misfit.
Value fitted(const KeyInfo& key, const Value& value);

// Settings that changed their key from era to era.
enum class Knob {
  tensor_parallel,
  pipeline_parallel,
  context_parallel,
  data_parallel_shard,
  data_parallel_replicate,
  expert_parallel,
  expert_tensor_parallel,
  local_batch_size,
  global_batch_size,
  seq_len,
  steps,
  learning_rate,
  pipeline_schedule,
  pipeline_microbatch_size,
  pipeline_microbatches,
  dump_folder,
  model_name,
  model_flavor,
  log_freq,
  checkpoint_enable,
  seed,
  compile_enable,
  async_tensor_parallel,
  ac_mode,
  sequence_parallel,
  pipeline_schedule_csv,
  pipeline_layers_per_stage,
  pipeline_modules,
  pipeline_first_less_layers,
  pipeline_last_less_layers,
  disable_cuda_graphs,
  compile_components,
  converters,
  keep_latest_k,
  seed_checkpoint,
  profile_enable,
  profile_freq,
  profile_warmup,
  profile_active,
  validation_steps,
  expert_backend,
  ac_option,
  ac_early_stop,
  reshard_after_forward,
  disable_loss_parallel,
  rotate_method,
  training_dtype,
  mixed_precision_param,
  spmd_backend,
  loss_chunks,
  count_,  // how many there are; no knob
};
// The era's key for a knob; nullopt where the era has none.
std::optional<std::string> key_of(Era era, Knob knob);
// The same without a copy, for what is asked at every point of a sweep; empty where the era has none.
std::string_view spelling_of(Era era, Knob knob);

}  // namespace tt::titan
