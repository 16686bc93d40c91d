#include "tt/comm/trace_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/text.hpp"

namespace tt::comm {
namespace {

using Cells = std::vector<std::string>;

std::string mib(const std::optional<std::uint64_t>& bytes) {
  if (!bytes) return "unknown";
  const double amount = static_cast<double>(*bytes) / (1024.0 * 1024.0);
  return fmt::format("{:.{}f}", amount, amount < 1 ? 6 : 2);
}

std::string bytes_text(const std::optional<std::uint64_t>& bytes) {
  return bytes ? with_thousands(static_cast<std::int64_t>(*bytes)) : "unknown";
}

// The first `left` columns to the left, numbers to the right.
std::string table(const std::vector<Cells>& rows, std::size_t left) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Cells& row : rows)
    for (std::size_t k = 0; k < row.size(); ++k) widths[k] = std::max(widths[k], display_width(row[k]));
  std::string text;
  for (const Cells& row : rows) {
    std::string line = "  ";
    for (std::size_t k = 0; k < row.size(); ++k) {
      const std::string space(widths[k] - display_width(row[k]), ' ');
      line += (k == 0 ? "" : "  ") + (k < left ? row[k] + space : space + row[k]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string head(const Recording& recording) {
  std::string text = fmt::format("{}: {}", printable(recording.file), to_string(recording.kind));
  if (!recording.process.empty()) text += ", process " + printable(recording.process);
  text += recording.rank ? fmt::format(", rank {}", *recording.rank) : ", rank unknown";
  if (recording.world_size) text += fmt::format(" of {}", *recording.world_size);
  if (recording.steps.size() == 1) text += fmt::format(", profiler step {}", recording.steps.front());
  if (recording.steps.size() > 1)
    text += fmt::format(", {} profiler steps ({} to {})", recording.steps.size(), recording.steps.front(),
                        recording.steps.back());
  return text + "\n";
}

}  // namespace

std::string ranks_text(const TraceRow& row) {
  if (!row.ranks) return row.group_size ? fmt::format("{} unknown", *row.group_size) : "unknown";
  const auto& ranks = *row.ranks;
  if (ranks.size() <= 4) return fmt::format("[{}]", fmt::join(ranks, ", "));
  const std::int64_t stride = ranks[1] - ranks[0];
  for (std::size_t k = 1; k < ranks.size(); ++k)
    if (ranks[k] - ranks[k - 1] != stride) return fmt::format("{} ranks from {}", ranks.size(), ranks.front());
  if (stride == 1) return fmt::format("{}-{}", ranks.front(), ranks.back());
  return fmt::format("{}-{} step {}", ranks.front(), ranks.back(), stride);
}

std::string trace_text(std::span<const Recording> recordings) {
  std::string text;
  for (const Recording& recording : recordings) {
    if (!text.empty()) text += "\n";
    text += head(recording);
    text += fmt::format("  counted: {}\n", recording.counted);
    for (const std::string& note : recording.notes) text += fmt::format("  note: {}\n", note);
    if (recording.rows.empty()) continue;
    const bool timed = std::any_of(recording.rows.begin(), recording.rows.end(),
                                   [](const TraceRow& row) { return row.device_seconds.has_value(); });
    std::vector<Cells> rows{{"group", "ranks", "operation", "type", "calls", "in bytes", "out bytes", "logical bytes",
                             "logical MiB", "wire MiB"}};
    if (timed) rows.front().emplace_back("GPU ms");
    for (const TraceRow& row : recording.rows) {
      const bool as_recorded = !row.profiling_name.empty();
      rows.push_back({row.group_desc.empty() ? "unknown" : printable(row.group_desc), ranks_text(row),
                      printable(as_recorded ? row.profiling_name : row.op), printable(row.dtype),
                      with_thousands(static_cast<std::int64_t>(row.calls)), bytes_text(row.in_bytes),
                      bytes_text(row.out_bytes), bytes_text(row.logical_bytes), mib(row.logical_bytes),
                      mib(wire_bytes(row))});
      if (timed)
        rows.back().push_back(row.device_seconds ? fmt::format("{:.3f}", *row.device_seconds * 1e3) : "unknown");
    }
    text += "\n" + table(rows, 4);
  }
  text +=
      "\nBytes are those of all calls in the recording. logical: the full tensor of a call; wire: what one rank sends "
      "in a "
      "ring. MiB = 2^20 bytes.\n";
  return text;
}

std::string comparison_text(const Comparison& comparison) {
  std::string text = "measured beside estimated (model titan), one step, logical bytes\n";
  for (const std::string& note : comparison.notes) text += fmt::format("  note: {}\n", note);
  if (comparison.rows.empty()) return text;
  std::vector<Cells> rows{{"group", "operation", "calls", "estimated", "bytes", "estimated", "ratio"}};
  for (const ComparedRow& row : comparison.rows)
    rows.push_back({row.dim, row.op,
                    row.measured ? with_thousands(static_cast<std::int64_t>(row.measured->calls)) : "unknown",
                    with_thousands(static_cast<std::int64_t>(row.estimated.calls)),
                    row.measured ? bytes_text(row.measured->logical_bytes) : "unknown",
                    bytes_text(row.estimated.logical_bytes), row.ratio ? fmt::format("{:.4f}", *row.ratio) : "-"});
  text += "\n" + table(rows, 2) + "\n";
  const std::string first = first_disagreement(comparison);
  if (!first.empty()) return text + "the first row that disagrees: " + first + "\n";
  const auto unknown = std::count_if(comparison.rows.begin(), comparison.rows.end(),
                                     [](const ComparedRow& row) { return !row.measured; });
  if (unknown == 0) return text + "all rows agree\n";
  return text + fmt::format("no row disagrees, {} unknown\n", plural(unknown, "row is", "rows are"));
}

}  // namespace tt::comm
