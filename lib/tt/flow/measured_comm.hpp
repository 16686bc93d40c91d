// tt/flow/measured_comm.hpp: what a run's own recordings say it moved, laid beside its estimate.
//
// Looked for below out/: traces of PyTorch's profiler (rank<R>_trace.json, also .gz) of the last iteration that has
// some, one rank of each pipeline stage; where there are none, logs of NCCL (nccl*.log), whose steps nobody can tell
// apart: they are shown, not compared.
#pragma once

#include <optional>

#include "tt/base/value.hpp"
#include "tt/job/run_folder.hpp"

namespace tt::flow {

// A tt.comm.trace/1 record with "comparisons" (where `estimate` is of model titan), "problems" (recordings that cannot
// be read, and why) and "read" (what was read, by name and size). nullopt: the run recorded nothing.
// `before`: what was made the last time; it is the answer again when neither recordings nor estimate changed.
std::optional<Value> measured_comm(const RunFolder& folder, const std::optional<Value>& estimate, const Value& before);

}  // namespace tt::flow
