// tt/comm/trace.hpp: what a training really moved between GPUs, read from what it recorded (schema tt.comm.trace/1).
//
// Three kinds of recording are told apart by their content: a Chrome trace of PyTorch's profiler, a dump of its flight
// recorder, a log of NCCL's collectives; each plain or gzip. All are read in one pass and bounded memory. A recording
// that is damaged, cut short, or leaves a size open is refused (BadInput) rather than counted too low.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tt/base/value.hpp"

namespace tt::comm {

// All calls of one operation of one group with one element type.
struct TraceRow {
  std::string group_desc;                          // what the recording calls the group; empty: it does not say
  std::optional<std::vector<std::int64_t>> ranks;  // of the group, global; nullopt: not recorded
  std::optional<std::int64_t> group_size;
  std::string op;              // all_gather reduce_scatter all_reduce all_to_all send recv broadcast ...
  std::string dtype;           // as recorded: Float, float, BFloat16, c10::BFloat16, ...
  std::string profiling_name;  // flight recorder only: backend:operation
  std::uint64_t calls = 0;
  std::uint64_t in_bytes = 0;  // handed in and out by this rank
  std::uint64_t out_bytes = 0;
  std::optional<std::uint64_t> logical_bytes;  // the full tensor; nullopt: the recording does not tell
  std::optional<double> device_seconds;        // sum of the kernels' durations; nullopt: no kernels recorded
  // Logical bytes of one call → calls. Empty when not told, or when there are more than kMostSizes of them.
  std::map<std::uint64_t, std::uint64_t> sizes;
};
constexpr std::size_t kMostSizes = 256;

enum class TraceKind { chrome, flight_recorder, nccl_log };
std::string to_string(TraceKind kind);  // "chrome-trace", "flight-recorder", "nccl-log"

// What one process recorded. A log that several processes wrote gives several.
struct Recording {
  std::string file;
  TraceKind kind = TraceKind::chrome;
  std::string process;  // nccl-log: host:pid
  std::optional<std::int64_t> rank;
  std::optional<std::int64_t> world_size;
  std::vector<std::int64_t> steps;  // profiler steps in the recording
  std::vector<TraceRow> rows;       // sorted by group, ranks, op, dtype
  std::string counted;              // which records were counted, a sentence
  std::vector<std::string> notes;   // what was not counted and why, what is uncertain
};

std::vector<Recording> load_recording(const std::string& name, const std::filesystem::path& path);

// The same number of all recordings of one file list, and the record of it.
Value trace_record(std::span<const Recording> recordings);

// Bytes of one element of a type, as any of the three kinds spells it; nullopt: unknown.
std::optional<std::uint64_t> element_bytes(std::string_view dtype);

// Bytes one rank sends in a ring (or pairwise); nullopt when the group's size or the logical bytes are not known.
std::optional<std::uint64_t> wire_bytes(const TraceRow& row);

}  // namespace tt::comm
