#include "tt/comm/trace_nccl.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <functional>
#include <map>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"
#include "tt/comm/trace_rows.hpp"

namespace tt::comm {
namespace {

constexpr std::string_view kMark = "NCCL INFO ";
constexpr std::size_t kLongestLine = std::size_t{1024} * 1024;

// The word that follows a key, both whole words; empty: the key is not there.
std::string_view word_after(std::string_view text, std::string_view key) {
  for (std::size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
    const std::size_t end = at + key.size();
    if ((at > 0 && text[at - 1] != ' ') || end >= text.size() || text[end] != ' ') continue;
    const std::string_view rest = text.substr(end + 1);
    return rest.substr(0, rest.find(' '));
  }
  return {};
}

template <class Number>
bool read_number(std::string_view word, Number& number, int base = 10) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number, base);
  return !word.empty() && error == std::errc() && end == word.data() + word.size();
}

// "0: node0:4242:4299 [0] " → node0:4242.
std::string process_of(std::string_view prefix) {
  prefix = trim(prefix);
  if (prefix.ends_with(']')) prefix = trim(prefix.substr(0, prefix.rfind('[')));
  prefix = prefix.substr(prefix.rfind(' ') == std::string_view::npos ? 0 : prefix.rfind(' ') + 1);
  const std::size_t last = prefix.rfind(':');
  return std::string(last == std::string_view::npos ? prefix : prefix.substr(0, last));
}

// What one process wrote.
struct Process {
  RowTable rows;
  std::map<std::string, std::uint64_t, std::less<>> last_op_count;  // by communicator
  std::optional<std::int64_t> rank;
  std::uint64_t calls = 0;
  std::uint64_t gaps = 0;
};

class LogReader {
 public:
  explicit LogReader(TraceInput& input) : input_(input) {}
  std::vector<Recording> read();

 private:
  void line(std::string_view text);
  void add(const NcclLine& call);
  [[noreturn]] void refuse_line(const std::string& message, const std::string& hint) const {
    Place place = whole_file(input_.name());
    place.line = static_cast<std::size_t>(lines_);
    throw BadInput(Problem{place, message, hint});
  }

  TraceInput& input_;
  std::uint64_t lines_ = 0;
  bool last_is_whole_ = true;
  std::map<std::string, Process, std::less<>> processes_;
  std::map<std::string, std::uint64_t> unknown_;
};

void LogReader::line(std::string_view text) {
  ++lines_;
  if (text.find("opCount") == std::string_view::npos) return;
  std::string wrong;
  const auto call = read_nccl_line(text, wrong);
  if (!wrong.empty())
    refuse_line(wrong, last_is_whole_ ? "two processes may have written into each other's line: give each a log of its "
                                        "own (NCCL_DEBUG_FILE=nccl.%h.%p.log)"
                                      : "the log was cut short in this line, its last");
  if (call) add(*call);
}

void LogReader::add(const NcclLine& line) {
  const std::string_view op = operation_of(line.operation);
  if (op.empty()) {
    ++unknown_[line.operation];
    return;
  }
  const std::string_view dtype = nccl_type(line.datatype);
  if (dtype.empty())
    refuse_line(fmt::format("datatype {} is not one this reader knows", line.datatype), "its element size is unknown");
  const auto bytes = times(line.count, *element_bytes(dtype));
  const auto all = bytes ? times(*bytes, static_cast<std::uint64_t>(line.nranks)) : std::nullopt;
  if (!all) refuse_line("more than 16 TiB in one call cannot be: the line is damaged", "");
  Call call{op, dtype, *bytes, *bytes, *bytes};
  if (op == "all_gather") call.out_bytes = *all;
  if (op == "reduce_scatter") call.in_bytes = *all;
  if (op == "send") call.out_bytes = 0;
  if (op == "recv") call.in_bytes = 0;
  if (op == "all_gather" || op == "reduce_scatter") call.logical_bytes = *all;
  if (op == "all_to_all") call.in_bytes = call.out_bytes = *all, call.logical_bytes = *all;
  if (op == "gather" || op == "scatter") call.logical_bytes.reset();

  Process& process = processes_[line.process];
  ++process.calls;
  if (line.global_rank) process.rank = line.global_rank;
  const auto [last, first] = process.last_op_count.try_emplace(line.comm, line.op_count);
  if (!first && line.op_count > last->second + 1) ++process.gaps;
  last->second = line.op_count;
  bool is_new = false;
  TraceRow& row = process.rows.row(fmt::format("{} {} {}", line.comm, op, dtype), call, is_new);
  if (is_new) {
    row.group_desc = "comm " + line.comm;
    row.group_size = line.nranks;
  } else if (row.group_size != line.nranks) {
    refuse_line(fmt::format("comm {} has {} ranks here and {} before: the line is damaged", line.comm, line.nranks,
                            *row.group_size),
                "");
  }
  RowTable::add(row, call);
}

std::vector<Recording> LogReader::read() {
  std::vector<char> buffer(std::size_t{256} * 1024);
  std::size_t held = 0;
  for (;;) {
    if (held == buffer.size()) {
      if (held > kLongestLine) input_.refuse(input_.bytes_read() - held, "a line of more than 1 MiB: this is no log");
      buffer.resize(buffer.size() * 2);
    }
    const std::size_t got = input_.read(buffer.data() + held, buffer.size() - held);
    if (got == 0) break;
    held += got;
    std::size_t begin = 0;
    while (const void* end = std::memchr(buffer.data() + begin, '\n', held - begin)) {
      const auto length = static_cast<std::size_t>(static_cast<const char*>(end) - buffer.data()) - begin;
      line(std::string_view(buffer.data() + begin, length));
      begin += length + 1;
    }
    std::memmove(buffer.data(), buffer.data() + begin, held - begin);
    held -= begin;
  }
  last_is_whole_ = held == 0;
  if (held > 0) line(std::string_view(buffer.data(), held));

  std::vector<Recording> recordings;
  for (auto& [name, process] : processes_) {
    Recording recording;
    recording.file = input_.name();
    recording.kind = TraceKind::nccl_log;
    recording.process = name;
    recording.rank = process.rank;
    recording.counted = plural(static_cast<std::int64_t>(process.calls), "line") + " with an opCount";
    recording.rows = process.rows.take();
    for (TraceRow& row : recording.rows) row.device_seconds.reset();
    recording.notes.emplace_back("NCCL names a group by an address of this process only: its ranks are unknown");
    if (process.gaps > 0)
      recording.notes.push_back(fmt::format("opCount jumps {}: lines may be missing",
                                            plural(static_cast<std::int64_t>(process.gaps), "time")));
    if (!last_is_whole_)
      recording.notes.emplace_back("the last line has no end: the log may still be written, or was cut short");
    for (const auto& [operation, lines] : unknown_)
      recording.notes.push_back(fmt::format("{} of `{}` not counted: not an operation this reader knows",
                                            plural(static_cast<std::int64_t>(lines), "line"), printable(operation)));
    recordings.push_back(std::move(recording));
  }
  return recordings;
}

}  // namespace

std::string_view nccl_type(int number) {
  constexpr auto names =
      std::to_array<std::string_view>({"Char", "Byte", "Int", "UInt32", "Long", "UInt64", "Half", "Float", "Double",
                                       "BFloat16", "Float8_e4m3fn", "Float8_e5m2"});
  return number >= 0 && static_cast<std::size_t>(number) < names.size() ? names[static_cast<std::size_t>(number)]
                                                                        : std::string_view();
}

std::optional<NcclLine> read_nccl_line(std::string_view line, std::string& wrong) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  const std::size_t mark = line.find(kMark);
  if (mark == std::string_view::npos) return std::nullopt;
  const std::string_view body = line.substr(mark + kMark.size());
  const std::size_t colon = body.find(": opCount ");
  if (colon == std::string_view::npos) return std::nullopt;
  NcclLine call;
  call.process = process_of(line.substr(0, mark));
  call.operation = body.substr(0, colon);
  const std::string_view values = body.substr(colon + 2);
  if (values.find(kMark) != std::string_view::npos) {
    wrong = "two messages stand in one line";
    return std::nullopt;
  }
  const auto need = [&](bool fine, std::string_view key) {
    if (!fine && wrong.empty()) wrong = fmt::format("the collective has no readable `{}`", key);
  };
  need(read_number(word_after(values, "opCount"), call.op_count, 16), "opCount");
  need(read_number(word_after(values, "count"), call.count), "count");
  need(read_number(word_after(values, "datatype"), call.datatype), "datatype");
  call.comm = word_after(values, "comm");
  need(call.comm.starts_with("0x"), "comm");
  constexpr std::string_view ranks = "[nranks=";
  const std::size_t at = values.find(ranks);
  const std::string_view size = at == std::string_view::npos ? "" : values.substr(at + ranks.size());
  const std::size_t end = size.find(']');
  need(end != std::string_view::npos && read_number(size.substr(0, end), call.nranks) && call.nranks > 0 &&
           call.nranks <= 1 << 24,
       "[nranks=N]");
  std::int64_t rank = 0;
  if (read_number(word_after(values, "globalrank"), rank)) call.global_rank = rank;
  if (!wrong.empty()) return std::nullopt;
  return call;
}

std::vector<Recording> read_nccl_log(TraceInput& input) { return LogReader(input).read(); }

}  // namespace tt::comm
