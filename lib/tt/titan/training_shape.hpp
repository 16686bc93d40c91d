// tt/titan/training_shape.hpp: one training as TorchTitan would resolve its settings. Rules judge it and estimates
// count from it, so a layout that is legal and a layout that was estimated are the same one. Made by shape_of
// (settings.hpp).
#pragma once

#include <cstdint>
#include <string>

#include "tt/titan/era.hpp"

namespace tt::titan {

// What of a block is computed again in the backward pass. `by_budget` is the compiler's choice and nobody else's.
enum class Checkpointing : std::uint8_t { none, full, by_operation, every_nth_block, by_budget };

// When FSDP frees the gathered parameters. By default: not without need after the last group, never in a pipeline.
enum class Reshard : std::uint8_t { by_default, always, never };

enum class RotateMethod : std::uint8_t { all_gather, all_to_all };

// How era 0.3.0 expresses sharding; what activation checkpointing can save depends on it.
enum class SpmdBackend : std::uint8_t { spmd_types, partial_dtensor, full_dtensor };

enum class ScheduleKind : std::uint8_t {
  unknown,
  one_forward_one_backward,
  gpipe,
  interleaved,
  looped_bfs,
  interleaved_zero_bubble,
  zbv_zero_bubble,
  dual_pipe_v,
  from_file
};

// Degrees are 1 where the era has no such key or nobody knows its value; a size of 0 (or less) stands as it was set, or
// is not known.
struct TrainingShape {
  Era era = Era::v0_2_2;
  std::string model;   // "llama3"
  std::string flavor;  // "8B"; era 0.3.0: of a shipped config function, else that function's name
  std::int64_t world = 1;
  std::int64_t dp_replicate = 1;
  std::int64_t dp_shard = 1;  // resolved: -1 becomes world / (others), floored as TorchTitan does
  bool dp_shard_automatic = false;
  std::int64_t cp = 1, tp = 1, pp = 1, ep = 1, etp = 1;
  std::int64_t seq_len = 0;
  std::int64_t local_batch_size = 0;
  std::int64_t global_batch_size = -1;  // as set; -1: local * dp
  std::int64_t accumulation_steps = 1;
  std::int64_t microbatch_size = 1;  // sequences of one pipeline microbatch (local_batch_size without pp)
  std::int64_t microbatches = 1;     // per pipeline step
  std::string pipeline_schedule;
  ScheduleKind schedule = ScheduleKind::unknown;
  std::int64_t stages = 1;  // of the whole pipeline; 0: not known
  bool stages_by_hand = false;
  std::int64_t first_stage_less = 1, last_stage_less = 1;  // layers the ends leave out for embedding and head

  Checkpointing checkpointing = Checkpointing::none;
  std::int64_t checkpoint_every = 1;  // with every_nth_block
  bool early_stop = false;            // recomputation ends where nothing more is needed
  bool compiled_model = false;
  bool async_tensor_parallel = false;
  Reshard reshard = Reshard::by_default;
  bool loss_parallel = true;
  bool sequence_parallel = true;
  RotateMethod rotate_method = RotateMethod::all_gather;
  SpmdBackend spmd_backend = SpmdBackend::spmd_types;
  std::int64_t loss_chunks = 0;   // era 0.3.0: pieces of the chunked loss; 0: a plain loss
  int training_bytes = 4;         // of an element of training.dtype
  int mixed_precision_bytes = 2;  // of an element of training.mixed_precision_param
  std::int64_t dp() const { return dp_replicate * dp_shard; }
};

}  // namespace tt::titan
