// tt/comm/trace_chrome.hpp: collectives in a Chrome trace of PyTorch's profiler.
//
// One collective shows up several times in a trace, so one kind of record is chosen and the others are left out:
//   record_param_comms   what NCCL jobs record on the CPU: sizes, type and group of every call (chosen when there)
//   kernels              what the GPU ran; with the same fields (chosen when there are no CPU records; else their time)
//   c10d::…              all there is with gloo: sizes as `Input Dims`, no group (see trace_plain.hpp)
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tt/comm/trace_json.hpp"
#include "tt/comm/trace_plain.hpp"
#include "tt/comm/trace_rows.hpp"

namespace tt::comm {

class ChromeReader {
 public:
  explicit ChromeReader(const TraceInput& input) : input_(input), plain_(input) {}
  void read_events(JsonStream& stream);       // the array `traceEvents`
  void read_distributed_info(JsonView info);  // rank, world size, the groups
  Recording finish();

 private:
  struct Group {
    bool is_real = false;  // of more than one rank, with a backend that moves data
    std::optional<std::int64_t> size;
    std::optional<std::vector<std::int64_t>> ranks;
  };
  // A row whose ranks are known only once the list of groups was read.
  struct OpenGroup {
    TraceRow* row = nullptr;
    std::string name;
    RankList listed;
    std::optional<std::int64_t> start, stride;
    std::uint64_t byte = 0;
  };
  void event(JsonView event, const JsonStream::Byte& byte);
  void collective(JsonView event, const JsonStream::Byte& byte, RowTable& table);
  void fill_in_group(TraceRow& row, JsonView ranks, std::string_view name, std::optional<std::int64_t> start,
                     std::optional<std::int64_t> stride, const JsonStream::Byte& byte);
  void close_group(const OpenGroup& open);
  void name_the_only_group(Recording& recording) const;
  void add_kernel_times(std::vector<TraceRow>& rows);
  void note_what_was_left_out(Recording& recording) const;

  const TraceInput& input_;
  RowTable calls_;  // record_param_comms
  RowTable kernels_;
  PlainCalls plain_;  // c10d::
  std::vector<OpenGroup> open_groups_;
  std::map<std::string, Group, std::less<>> groups_;
  std::map<std::string, std::uint64_t, std::less<>> without_data_;  // barriers and the like
  std::map<std::string, std::uint64_t, std::less<>> unknown_;
  std::set<std::int64_t> steps_;
  std::optional<std::int64_t> rank_, world_size_;
  std::uint64_t events_ = 0;
  std::uint64_t bare_kernels_ = 0;  // without sizes, as older PyTorch writes them
  std::string key_;                 // kept to save the allocation
};

}  // namespace tt::comm
