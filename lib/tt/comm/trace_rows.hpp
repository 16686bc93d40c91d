// tt/comm/trace_rows.hpp: adds calls up to rows, and knows what each library calls its operations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tt/comm/trace.hpp"

namespace tt::comm {

// all_gather for `_allgather_base`, `allgather_into_tensor_coalesced_`, `AllGather`, ...; empty: not known.
std::string_view operation_of(std::string_view recorded);

// The full tensor of one call; nullopt where that follows from neither side.
std::optional<std::uint64_t> logical_of(std::string_view op, std::uint64_t in_bytes, std::uint64_t out_bytes);

// What contradicts itself in one call (an all-gather whose output is not its input times the group); empty: nothing.
std::string contradiction(std::string_view op, std::uint64_t in, std::uint64_t out, std::optional<std::int64_t> size);

struct Call {
  std::string_view op;
  std::string_view dtype;
  std::uint64_t in_bytes = 0;
  std::uint64_t out_bytes = 0;
  std::optional<std::uint64_t> logical_bytes = std::nullopt;
  std::optional<double> device_seconds = std::nullopt;
};

// Rows by a key of the reader's own making (whatever tells groups apart in its recording).
class RowTable {
 public:
  // The row of a key, made from `call` (op, dtype) when new; `is_new` says so, to fill in the group.
  TraceRow& row(std::string_view key, const Call& call, bool& is_new);
  static void add(TraceRow& row, const Call& call);
  bool empty() const { return rows_.empty(); }
  std::uint64_t calls() const;
  // Rows that agree in all but the key are one; sorted.
  std::vector<TraceRow> take();

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, TraceRow, Hash, std::equal_to<>> rows_;
};

// nullopt: more than one call can move (16 TiB); the caller refuses it.
std::optional<std::uint64_t> times(std::uint64_t a, std::uint64_t b);

// "[0, 2]" → 0, 2; `cut` when the list ends in "..."; nullopt: not such a list.
struct RankList {
  std::vector<std::int64_t> ranks;
  bool cut = false;
};
std::optional<RankList> read_ranks(std::string_view text);

}  // namespace tt::comm
