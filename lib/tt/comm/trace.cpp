#include "tt/comm/trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"
#include "tt/comm/trace_chrome.hpp"
#include "tt/comm/trace_flight.hpp"
#include "tt/comm/trace_input.hpp"
#include "tt/comm/trace_json.hpp"
#include "tt/comm/trace_nccl.hpp"

namespace tt::comm {
namespace {

constexpr std::string_view kKinds =
    "it reads a Chrome trace of PyTorch's profiler, a JSON dump of its flight recorder, or a log written with "
    "NCCL_DEBUG=INFO NCCL_DEBUG_SUBSYS=COLL; plain or gzip";

enum class Look { json, pickle, text, empty };

// From the first bytes: '{' or a list of objects is JSON, 0x80 begins a Python pickle.
Look look_at(TraceInput& input) {
  std::array<char, 4096> head{};
  std::size_t held = 0;
  while (held < head.size()) {
    const std::size_t got = input.read(head.data() + held, head.size() - held);
    if (got == 0) break;
    held += got;
  }
  const std::string_view text = trim(std::string_view(head.data(), held));
  if (text.empty()) return Look::empty;
  if (text.front() == '{') return Look::json;
  if (text.front() == '[') {
    const std::string_view inside = trim(text.substr(1));
    return inside.empty() || inside.front() == '{' || inside.front() == ']' ? Look::json : Look::text;
  }
  return text.front() == '\x80' ? Look::pickle : Look::text;
}

Recording read_json(TraceInput& input) {
  JsonStream stream(input, "trace");
  ChromeReader chrome(input);
  FlightReader flight(input);
  if (stream.first_byte() == '[') {
    chrome.read_events(stream);
    stream.expect_end();
    return chrome.finish();
  }
  bool has_events = false;
  bool has_entries = false;
  const auto once = [&](bool& flag, const char* key) {
    if (std::exchange(flag, true)) input.refuse(input.bytes_read(), fmt::format("there are two `{}`", key));
    if (!stream.value_is_array()) input.refuse(input.bytes_read(), fmt::format("`{}` is no list", key));
  };
  for (std::string key; stream.next_key(key);) {
    if (key == "traceEvents") {
      once(has_events, "traceEvents");
      chrome.read_events(stream);
    } else if (key == "entries") {
      once(has_entries, "entries");
      flight.read_entries(stream);
    } else if (key == "distributedInfo") {
      stream.value([&](JsonView info) { chrome.read_distributed_info(info); });
    } else if (key == "pg_config") {
      stream.value([&](JsonView config) { flight.read_groups(config); });
    } else {
      stream.value([](JsonView) {});
    }
  }
  if (has_events == has_entries)
    throw BadInput(Problem{whole_file(input.name()),
                           has_events ? "is both a trace (`traceEvents`) and a dump (`entries`)"
                                      : "is JSON, but neither a Chrome trace (`traceEvents`) nor a dump of the flight "
                                        "recorder (`entries`)",
                           std::string(kKinds)});
  return has_events ? chrome.finish() : flight.finish();
}

Value text_or_null(const std::string& text) { return text.empty() ? Value() : Value(text); }

template <class Number>
Value number_or_null(const std::optional<Number>& number) {
  return number ? Value(*number) : Value();
}

Value ranks_value(const std::optional<std::vector<std::int64_t>>& ranks) {
  if (!ranks) return {};
  Value list = Value::array();
  for (const std::int64_t rank : *ranks) list.push(rank);
  return list;
}

Value row_value(const TraceRow& row, TraceKind kind) {
  Value value = Value::object();
  value.set("group_desc", text_or_null(row.group_desc)).set("ranks", ranks_value(row.ranks));
  value.set("group_size", number_or_null(row.group_size));
  if (kind == TraceKind::flight_recorder) value.set("profiling_name", row.profiling_name);
  value.set("op", row.op).set("dtype", row.dtype).set("calls", row.calls);
  if (kind == TraceKind::chrome) value.set("in_elements", row.in_bytes / element_bytes(row.dtype).value_or(1));
  value.set("in_bytes", row.in_bytes).set("out_bytes", row.out_bytes);
  value.set("logical_bytes", number_or_null(row.logical_bytes)).set("wire_bytes", number_or_null(wire_bytes(row)));
  value.set("device_seconds", number_or_null(row.device_seconds));
  Value sizes;
  if (!row.sizes.empty()) {
    sizes = Value::array();
    for (const auto& [bytes, calls] : row.sizes)
      sizes.push(Value::object().set("logical_bytes", bytes).set("calls", calls));
  }
  return value.set("by_size", sizes);
}

}  // namespace

std::string to_string(TraceKind kind) {
  switch (kind) {
    case TraceKind::chrome:
      return "chrome-trace";
    case TraceKind::flight_recorder:
      return "flight-recorder";
    case TraceKind::nccl_log:
      return "nccl-log";
  }
  return "unknown";
}

std::vector<Recording> load_recording(const std::string& name, const std::filesystem::path& path) {
  const auto refuse = [&](const std::string& message, const std::string& hint) {
    throw BadInput(Problem{whole_file(name), message, hint});
  };
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) refuse("there is no such file", std::string(kKinds));
  if (std::filesystem::is_directory(status)) refuse("is a folder", "name the recordings in it");
  if (!std::filesystem::is_regular_file(status))
    refuse("is a pipe or a device", "write it to a file: it is read twice");
  Look look = Look::empty;
  {
    TraceInput head(name, path);
    look = look_at(head);
  }
  TraceInput input(name, path);
  switch (look) {
    case Look::empty:
      refuse("is empty", std::string(kKinds));
      break;
    case Look::pickle:
      refuse(
          "is a Python pickle, the binary form of a flight recorder dump, which is not read",
          "turn it into JSON: python3 -c 'import json, pickle, sys; json.dump(pickle.load(open(sys.argv[1], \"rb\")), "
          "sys.stdout)' FILE > FILE.json");
      break;
    case Look::json:
      return {read_json(input)};
    case Look::text:
      break;
  }
  auto recordings = read_nccl_log(input);
  if (recordings.empty()) refuse("has no line of a collective, and is not JSON", std::string(kKinds));
  return recordings;
}

std::optional<std::uint64_t> wire_bytes(const TraceRow& row) {
  if (!row.logical_bytes) return std::nullopt;
  const std::uint64_t logical = *row.logical_bytes;
  if (row.op == "send") return logical;
  if (row.op == "recv") return 0;
  if (!row.group_size || *row.group_size < 1) return std::nullopt;
  const auto n = static_cast<std::uint64_t>(*row.group_size);
  const auto share = [&](std::uint64_t factor) {  // logical * factor * (n - 1) / n, without leaving 64 bits
    return logical / n * factor * (n - 1) + logical % n * factor * (n - 1) / n;
  };
  if (row.op == "all_reduce") return share(2);
  if (row.op == "all_gather" || row.op == "reduce_scatter" || row.op == "all_to_all") return share(1);
  return std::nullopt;
}

Value trace_record(std::span<const Recording> recordings) {
  Value files = Value::array();
  for (const Recording& recording : recordings) {
    Value file = Value::object();
    file.set("file", recording.file).set("kind", to_string(recording.kind));
    file.set("process", text_or_null(recording.process));
    file.set("rank", number_or_null(recording.rank)).set("world_size", number_or_null(recording.world_size));
    Value steps = Value::array();
    for (const std::int64_t step : recording.steps) steps.push(step);
    file.set("profiler_steps", recording.steps.empty() ? Value() : steps);
    file.set("counted", recording.counted);
    Value notes = Value::array();
    for (const std::string& note : recording.notes) notes.push(note);
    file.set("notes", notes);
    Value rows = Value::array();
    for (const TraceRow& row : recording.rows) rows.push(row_value(row, recording.kind));
    files.push(file.set("rows", rows));
  }
  return Value::object().set("schema", "tt.comm.trace/1").set("files", files);
}

}  // namespace tt::comm
