// explain_row: the formula of each row and what it rests on. Symbols as in step.hpp.
#include <fmt/format.h>

#include "tt/comm/titan_estimate.hpp"

namespace tt::comm {

namespace {

std::string of_tensor_parallel(const Row& row, const Step& step) {
  if (row.name == "loss")
    return "3 all-reduces a microbatch and piece of the loss (maximum, sum of exponentials, picked logit), s*4/pieces "
           "bytes; measured";
  if (row.name == "logits") return "loss parallel off: s * ceil(V/t)*t * w bytes, once a microbatch; measured";
  if (row.phase == Phase::grad_sync)
    return fmt::format(
        "gradients of weights every tp rank holds whole, summed when a block's gradients are reduced "
        "({}): elements * bytes of the sum; measured",
        step.pipelined() ? "once a pipeline step" : "once a microbatch");
  if (row.name == "gradient of routed input") return "routed experts split over tp: s * top_k * H * w; measured";
  if (row.phase == Phase::recompute)
    return step.checkpointing == titan::Checkpointing::by_operation
               ? "T = s*H*w for each call the recomputation repeats; what op-level checkpointing saved is not "
                 "repeated; "
                 "measured"
               : "T = s*H*w for each call of a recomputed block; stopping early, or compiled, leaves out its last "
                 "reduce-scatter; measured";
  return "T = s*H*w; a block gathers its two inputs and scatters its two outputs, backward the mirror; embedding and "
         "head once each; measured";
}

std::string of_context(const Row& row, const Step& step) {
  switch (step.context) {
    case Step::ContextMethod::ring_all_gather:
      return row.op == Op::permute ? "gradients of K and V go round the ring of c in float32: 2 * s*k*d/t * 4 bytes; "
                                     "measured"
                                   : "one gather of K and V together: c * 2 * s*k*d/t * w; measured";
    case Step::ContextMethod::ring_all_to_all:
      return row.phase == Phase::bwd ? "K and V travel c-1 times, their gradients c times in float32; measured"
                                     : "K and V travel c-1 times: 2 * s*k*d/t * w; measured";
    case Step::ContextMethod::all_gather_kv:
      break;
  }
  return row.op == Op::reduce_scatter ? "dK and dV are scattered: c * s*k*d/t * w each; measured"
                                      : "K and V are gathered apart: c * s*k*d/t * w each; measured";
}

std::string of_sharding(const Row& row, const Step& step) {
  if (row.name == "bucket of gradients")
    return "all gradients in float32, 4*N bytes a microbatch; a bucket closes when it holds 100 MiB; measured";
  if (row.dim == Dim::dp_replicate) return "after each reduction of shards: Q/n * 4 bytes; measured";
  const std::string size = "Q = sum over tensors of ceil(rows/n)*n*width elements, n = the ranks of the group";
  if (row.op == Op::reduce_scatter)
    return size + fmt::format("; Q * 4 bytes, once a {}; measured", step.pipelined() ? "pipeline step" : "microbatch");
  const bool end = row.name == "norm + head" || row.name == "embedding + norm + head";
  if (end && step.loss_chunks > 0)
    return size + "; gathered for the norm, for the pieces of the loss and for the norm's backward; measured";
  if (step.pipelined()) return size + "; whole from the first to the last microbatch unless always resharded; measured";
  if (end && step.reshard == titan::Reshard::by_default) return size + "; kept for the backward that follows; measured";
  return size + (step.reshard == titan::Reshard::never ? "; gathered once a microbatch; measured"
                                                       : "; gathered for forward and for backward; measured");
}

}  // namespace

std::string explain_row(const Row& row, const Step& step) {
  switch (row.dim) {
    case Dim::tp:
      return of_tensor_parallel(row, step);
    case Dim::cp:
      return of_context(row, step);
    case Dim::ep:
      return row.name == "token counts" ? "one count for each expert: E * 8 bytes; measured"
                                        : "routed tokens * top_k * H * w, routing taken as balanced; measured";
    case Dim::fsdp:
    case Dim::efsdp:
    case Dim::dp_replicate:
      return of_sharding(row, step);
    case Dim::pp:
      break;
  }
  return "each boundary to another rank carries microbatch * S/c/t * H * w bytes a microbatch, an activation forward "
         "and a gradient back; measured";
}

}  // namespace tt::comm
