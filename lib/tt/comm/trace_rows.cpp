#include "tt/comm/trace_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>

#include "tt/base/text.hpp"

namespace tt::comm {
namespace {

struct Spelling {
  std::string_view recorded;
  std::string_view op;
};

// c10d's names, the functional ones, NCCL's.
// Of one call, elements or bytes. More is damage, and a million such calls still add up in 64 bits.
constexpr std::uint64_t kMostOfOneCall = std::uint64_t{1} << 44U;

constexpr auto kOperations = std::to_array<Spelling>({
    {"allreduce", "all_reduce"},
    {"all_reduce", "all_reduce"},
    {"allreduce_coalesced", "all_reduce"},
    {"all_reduce_coalesced", "all_reduce"},
    {"AllReduce", "all_reduce"},
    {"_allgather_base", "all_gather"},
    {"_all_gather_base", "all_gather"},
    {"allgather", "all_gather"},
    {"all_gather", "all_gather"},
    {"all_gather_into_tensor", "all_gather"},
    {"all_gather_into_tensor_coalesced", "all_gather"},
    {"allgather_into_tensor_coalesced", "all_gather"},
    {"allgather_coalesced", "all_gather"},
    {"AllGather", "all_gather"},
    {"_reduce_scatter_base", "reduce_scatter"},
    {"reduce_scatter", "reduce_scatter"},
    {"reduce_scatter_tensor", "reduce_scatter"},
    {"reduce_scatter_tensor_coalesced", "reduce_scatter"},
    {"ReduceScatter", "reduce_scatter"},
    {"all_to_all", "all_to_all"},
    {"all_to_allv", "all_to_all"},
    {"all_to_all_single", "all_to_all"},
    {"alltoall", "all_to_all"},
    {"alltoall_base", "all_to_all"},
    {"AlltoAll", "all_to_all"},
    {"AllToAll", "all_to_all"},
    {"send", "send"},
    {"Send", "send"},
    {"recv", "recv"},
    {"recv_any_source", "recv"},
    {"Recv", "recv"},
    {"broadcast", "broadcast"},
    {"_broadcast_oop", "broadcast"},
    {"Broadcast", "broadcast"},
    {"reduce", "reduce"},
    {"_reduce_oop", "reduce"},
    {"Reduce", "reduce"},
    {"gather", "gather"},
    {"Gather", "gather"},
    {"scatter", "scatter"},
    {"Scatter", "scatter"},
    {"barrier", "barrier"},
});

struct Width {
  std::string_view dtype;
  std::uint64_t bytes;
};

constexpr auto kWidths = std::to_array<Width>({
    {"Float", 4},
    {"float", 4},
    {"BFloat16", 2},
    {"c10::BFloat16", 2},
    {"Half", 2},
    {"c10::Half", 2},
    {"Double", 8},
    {"double", 8},
    {"Long", 8},
    {"long int", 8},
    {"long", 8},
    {"Int", 4},
    {"int", 4},
    {"Short", 2},
    {"short int", 2},
    {"short", 2},
    {"Char", 1},
    {"signed char", 1},
    {"Byte", 1},
    {"unsigned char", 1},
    {"Bool", 1},
    {"bool", 1},
    {"UInt16", 2},
    {"unsigned short", 2},
    {"UInt32", 4},
    {"unsigned int", 4},
    {"UInt64", 8},
    {"unsigned long", 8},
    {"ComplexHalf", 4},
    {"ComplexFloat", 8},
    {"c10::complex<float>", 8},
    {"ComplexDouble", 16},
    {"c10::complex<double>", 16},
    {"Float8_e4m3fn", 1},
    {"c10::Float8_e4m3fn", 1},
    {"Float8_e5m2", 1},
    {"c10::Float8_e5m2", 1},
    {"Float8_e4m3fnuz", 1},
    {"Float8_e5m2fnuz", 1},
    {"Float8_e8m0fnu", 1},
});

auto order_of(const TraceRow& row) {
  return std::tie(row.group_desc, row.ranks, row.profiling_name, row.op, row.dtype);
}

void merge(TraceRow& into, const TraceRow& row) {
  into.calls += row.calls;
  into.in_bytes += row.in_bytes;
  into.out_bytes += row.out_bytes;
  if (into.logical_bytes && row.logical_bytes)
    *into.logical_bytes += *row.logical_bytes;
  else
    into.logical_bytes.reset();
  if (into.device_seconds && row.device_seconds)
    *into.device_seconds += *row.device_seconds;
  else
    into.device_seconds.reset();
  if (into.sizes.empty() || row.sizes.empty()) {
    into.sizes.clear();
    return;
  }
  for (const auto& [bytes, calls] : row.sizes) into.sizes[bytes] += calls;
  if (into.sizes.size() > kMostSizes) into.sizes.clear();
}

}  // namespace

std::optional<std::uint64_t> element_bytes(std::string_view dtype) {
  for (const Width& width : kWidths)
    if (width.dtype == dtype) return width.bytes;
  return std::nullopt;
}

std::string_view operation_of(std::string_view recorded) {
  for (const Spelling& spelling : kOperations)
    if (spelling.recorded == recorded) return spelling.op;
  return {};
}

std::optional<std::uint64_t> logical_of(std::string_view op, std::uint64_t in_bytes, std::uint64_t out_bytes) {
  if (op == "all_gather") return out_bytes;
  if (op == "recv") return out_bytes > 0 ? out_bytes : in_bytes;
  if (op == "gather" || op == "scatter") return std::nullopt;
  return in_bytes;
}

std::string contradiction(std::string_view op, std::uint64_t in, std::uint64_t out, std::optional<std::int64_t> size) {
  if (op == "all_reduce" && in != out)
    return fmt::format("an all_reduce cannot take {} elements in and give {} out", in, out);
  if (!size) return {};
  const auto n = static_cast<std::uint64_t>(*size);
  if (op == "all_gather" && times(in, n) != out)
    return fmt::format("an all_gather of {} elements in a group of {} cannot give {} out", in, n, out);
  if (op == "reduce_scatter" && times(out, n) != in)
    return fmt::format("a reduce_scatter of {} elements in a group of {} cannot give {} out", in, n, out);
  return {};
}

TraceRow& RowTable::row(std::string_view key, const Call& call, bool& is_new) {
  const auto found = rows_.find(key);
  is_new = found == rows_.end();
  if (!is_new) return found->second;
  TraceRow& row = rows_[std::string(key)];
  row.op = call.op;
  row.dtype = call.dtype;
  row.logical_bytes = 0;
  row.device_seconds = 0;
  return row;
}

void RowTable::add(TraceRow& row, const Call& call) {
  const bool sizes_whole = row.calls == 0 || !row.sizes.empty();
  ++row.calls;
  row.in_bytes += call.in_bytes;
  row.out_bytes += call.out_bytes;
  if (row.logical_bytes && call.logical_bytes)
    *row.logical_bytes += *call.logical_bytes;
  else
    row.logical_bytes.reset();
  if (row.device_seconds && call.device_seconds)
    *row.device_seconds += *call.device_seconds;
  else
    row.device_seconds.reset();
  if (sizes_whole && call.logical_bytes) ++row.sizes[*call.logical_bytes];
  if (!call.logical_bytes || row.sizes.size() > kMostSizes) row.sizes.clear();
}

std::uint64_t RowTable::calls() const {
  return std::accumulate(rows_.begin(), rows_.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& one) { return sum + one.second.calls; });
}

std::vector<TraceRow> RowTable::take() {
  std::vector<TraceRow> all;
  for (auto& [key, row] : rows_) all.push_back(std::move(row));
  rows_.clear();
  std::sort(all.begin(), all.end(), [](const TraceRow& a, const TraceRow& b) { return order_of(a) < order_of(b); });
  std::vector<TraceRow> rows;
  for (TraceRow& row : all) {
    if (!rows.empty() && order_of(rows.back()) == order_of(row))
      merge(rows.back(), row);
    else
      rows.push_back(std::move(row));
  }
  return rows;
}

std::optional<std::uint64_t> times(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product) || product > kMostOfOneCall) return std::nullopt;
  return product;
}

std::optional<RankList> read_ranks(std::string_view text) {
  text = trim(text);
  if (text.size() < 2 || text.front() != '[') return std::nullopt;
  text.remove_prefix(1);
  RankList list;
  if (text.back() == ']') {
    text.remove_suffix(1);
    text = trim(text);
  } else if (!text.ends_with("...")) {
    return std::nullopt;
  }
  if (text.ends_with("...")) {
    list.cut = true;
    text.remove_suffix(3);
    text = trim(text);
    if (text.ends_with(',')) text.remove_suffix(1);
  }
  if (trim(text).empty()) return list;
  for (const std::string& part : split(text, ',')) {
    const auto rank = to_integer(trim(part));
    if (!rank || *rank < 0) return std::nullopt;
    list.ranks.push_back(*rank);
  }
  return list;
}

}  // namespace tt::comm
