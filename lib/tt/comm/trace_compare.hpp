// tt/comm/trace_compare.hpp: a recording beside an estimate: measured and estimated, their ratio, and the first row
// that disagrees. Pure: the estimate is a record tt.comm.estimate/1 of model `titan`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tt/base/value.hpp"
#include "tt/comm/trace.hpp"

namespace tt::comm {

struct Amount {
  std::uint64_t calls = 0;
  std::uint64_t logical_bytes = 0;
  friend bool operator==(const Amount&, const Amount&) = default;
};

struct ComparedRow {
  std::string dim;  // of the estimate: tp cp ep fsdp efsdp dp_replicate pp
  std::string op;
  std::optional<Amount> measured;  // of one step; nullopt: calls were recorded that may be of this row, or of another
  Amount estimated;
  std::optional<double> ratio;  // measured over estimated logical bytes; nullopt: one of them is not known, or nothing
  bool agrees() const { return measured == estimated; }
};

struct Comparison {
  std::vector<ComparedRow> rows;   // in the estimate's order, then what only was measured
  std::vector<std::string> notes;  // what could not be laid beside anything, and why
  std::optional<std::size_t> first_disagreement;
};

// `pp_rank`: whose part of the estimate. Control traffic (gradient norm, logging) of the estimate is left out of both
// sides. Calls of several profiler steps are divided by their number.
Comparison compare(const Recording& recording, const Value& estimate, std::int64_t pp_rank);

Value comparison_record(const Comparison& comparison);

// "tp all_gather: 10 calls and 61,440 bytes measured, 8 calls and 49,152 bytes estimated (ratio 1.25)"; empty: all
// agree.
std::string first_disagreement(const Comparison& comparison);

}  // namespace tt::comm
