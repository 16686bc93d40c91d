// tt/comm/published.hpp: the model `published`: a small calculator of what tensor parallelism moves in one block.
//
// It reproduces known figures to the last digit and is no description of what TorchTitan does: it takes the whole batch
// as one microbatch, counts half of a block's real forward, and knows neither FSDP nor context or expert parallelism.
// Sizes are wire bytes of one GPU (ring), in units of 2^20 bytes. Its tables keep the label MB for that unit.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tt/base/value.hpp"

namespace tt::comm {

struct BlockInputs {
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;  // named in tables, used by nothing
  std::int64_t seq_length = 0;
  std::int64_t batch_size = 0;
  std::int64_t tp_size = 1;
  std::int64_t dtype_size = 2;  // bytes of an element
};

// One transformer block, forward and backward of the whole batch. Nothing is rounded.
struct BlockTraffic {
  double forward_reduce_scatter_mib = 0;
  double forward_all_gather_mib = 0;
  double backward_reduce_scatter_mib = 0;
  double backward_all_gather_mib = 0;
  double total_mib = 0;           // the four together
  double pipeline_block_mib = 0;  // the activation one pipeline stage sends to the next; its gradient is as large
};

// The footnote of every table of this model: how far it is from what TorchTitan moves, in whole lines.
std::string what_published_leaves_out();

// Throws Error when a size is not positive or the tensor is larger than a 64-bit number of bytes.
BlockTraffic block(const BlockInputs& inputs);
Value block_record(const BlockTraffic& traffic);                                 // tt.comm.block/1
std::string block_text(const BlockInputs& inputs, const BlockTraffic& traffic);  // a small table

}  // namespace tt::comm
