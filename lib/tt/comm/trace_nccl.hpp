// tt/comm/trace_nccl.hpp: collectives in a log of NCCL (NCCL_DEBUG=INFO NCCL_DEBUG_SUBSYS=COLL), or RCCL.
//
// A line is "host:pid:tid [device] NCCL INFO AllGather: opCount 1f sendbuff .. count 6048 datatype 9 .. comm 0x..
// [nranks=2] ..". Releases differ in what stands before, between and after, so values are found by key, not by column.
// `count` is what a rank sends for an AllGather, what it receives for a ReduceScatter. The group is an address.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tt/comm/trace.hpp"
#include "tt/comm/trace_input.hpp"

namespace tt::comm {

struct NcclLine {
  std::string process;  // host:pid
  std::string operation;
  std::uint64_t op_count = 0;
  std::uint64_t count = 0;
  int datatype = 0;
  std::string comm;
  std::int64_t nranks = 0;
  std::optional<std::int64_t> global_rank;
};

// nullopt: not the line of a collective. `wrong` is set when it is one that is damaged, to what is missing.
std::optional<NcclLine> read_nccl_line(std::string_view line, std::string& wrong);

// What NCCL's number of a type is called; empty: unknown.
std::string_view nccl_type(int number);

std::vector<Recording> read_nccl_log(TraceInput& input);

}  // namespace tt::comm
