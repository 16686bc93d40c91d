#include "tt/comm/estimate_text.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <vector>

#include "tt/base/text.hpp"
#include "tt/comm/published.hpp"

namespace tt::comm {

namespace {

constexpr std::string_view begin_mark = "<!-- tt:estimate -->";
constexpr std::string_view end_mark = "<!-- /tt:estimate -->";

std::string amount(const Value& number) {
  if (!number.is_number()) return "unknown";
  return fmt::format("{:.2f}", number.as_number());
}

std::string count(const Value& number) {
  if (!number.is_integer()) return "unknown";
  return with_thousands(number.as_integer());
}

struct Line {
  std::string what, amount, unit;
};

Line line(std::string what, const std::string& number, std::string unit) {
  return {std::move(what), number, number == "unknown" ? "" : std::move(unit)};
}

// "2 * 1 * 8" reads worse than the degrees by name; those of 1 are left out.
std::string degrees(const Value& shape) {
  std::string text;
  for (const auto* degree : {"dp_replicate", "dp_shard", "cp", "tp", "pp", "ep", "etp"})
    if (shape.integer_or(degree, 1) != 1) text += fmt::format(", {} {}", degree, shape.integer_or(degree));
  return text;
}

std::string size(const Value& shape, std::string_view key) {
  const Value& value = shape.at(key);
  return value.is_integer() ? std::to_string(value.as_integer()) : "unknown";
}

std::string introduction(const Value& record) {
  const Value& shape = record.at("shape");
  const Value& arch = record.at("arch");
  return fmt::format(
      "Model `{}`{}, {} on {}{}, seq_len {}, local batch {}.\nNumbers are {}.\n\n", record.text_or("model"),
      record.at("profile").is_string() ? ", profile `" + record.text_or("profile") + "`" : "",
      arch.is_string() ? arch.as_string() : "an unknown architecture", plural(shape.integer_or("world"), "GPU"),
      degrees(shape), size(shape, "seq_len"), size(shape, "local_batch_size"), record.text_or("convention"));
}

std::vector<Line> lines_of(const Value& record) {
  const Value& block = record.at("block");
  const Value& step = record.at("per_step");
  std::vector<Line> lines;
  lines.push_back(line("one block, forward reduce-scatter", amount(block.at("forward_reduce_scatter_mib")), "MiB"));
  lines.push_back(line("one block, forward all-gather", amount(block.at("forward_all_gather_mib")), "MiB"));
  lines.push_back(line("one block, backward reduce-scatter", amount(block.at("backward_reduce_scatter_mib")), "MiB"));
  lines.push_back(line("one block, backward all-gather", amount(block.at("backward_all_gather_mib")), "MiB"));
  lines.push_back(line("one block, total", amount(block.at("total_mib")), "MiB"));
  lines.push_back(line("one activation between pipeline stages", amount(block.at("pipeline_block_mib")), "MiB"));
  lines.push_back(line("layers of the worst pipeline rank", count(step.at("layers")), "layers"));
  lines.push_back(line("accumulation steps", count(step.at("accumulation_steps")), "per step"));
  lines.push_back(line("one step, tensor parallel", amount(step.at("tensor_parallel_mib")), "MiB"));
  lines.push_back(line("one step, pipeline sends", count(step.at("pipeline_sends")), "messages"));
  lines.push_back(line("one step, pipeline", amount(step.at("pipeline_mib")), "MiB"));
  lines.push_back(line("one step, total", amount(step.at("total_mib")), "MiB"));
  lines.push_back(line("one step, total in bytes", count(step.at("wire_bytes_max")), "bytes"));
  lines.push_back(line("time of a step", amount(record.at("step_seconds")), "seconds"));
  lines.push_back({"memory", record.text_or("memory_verdict", "unknown"), ""});
  return lines;
}

std::string table(const Value& record) {
  std::string text = "| what | amount | unit |\n|---|---:|---|\n";
  for (const Line& one : lines_of(record)) text += fmt::format("| {} | {} | {} |\n", one.what, one.amount, one.unit);
  return text;
}

std::string list(std::string_view title, const Value& entries) {
  if (!entries.is_list() || entries.as_list().empty()) return {};
  std::string text = fmt::format("\n{}:\n\n", title);
  for (const Value& entry : entries.as_list()) text += fmt::format("- {}\n", plain_text(entry));
  return text;
}

struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// A whole section, its markers and the end of its last line included.
std::optional<Span> find_section(const std::string& document) {
  const auto end = document.find(end_mark);
  if (end == std::string::npos) return std::nullopt;
  const auto begin = document.rfind(begin_mark, end);  // the nearest one: a marker that was left alone stays text
  if (begin == std::string::npos) return std::nullopt;
  auto after = end + end_mark.size();
  if (document.compare(after, 2, "\r\n") == 0)
    after += 2;
  else if (document.compare(after, 1, "\n") == 0)
    after += 1;
  return Span{begin, after};
}

}  // namespace

std::string estimate_section(const Value& record) {
  std::string text = fmt::format("{}\n## Communication estimate\n\n", begin_mark);
  text += introduction(record);
  if (record.text_or("model") == "titan") return text + titan_section(record) + fmt::format("{}\n", end_mark);
  text += table(record);
  text += list("Assumptions", record.at("assumptions"));
  text += list("Not counted", record.at("not_counted"));
  text += fmt::format("\n{}\n", what_published_leaves_out());
  text += list("Warnings", record.at("warnings"));
  return text + fmt::format("{}\n", end_mark);
}

std::string published_text(const Value& record, const Terminal& terminal) {
  TextTable table({{"what"}, {"amount", Align::right}, {"unit"}});
  for (const Line& one : lines_of(record)) table.add({{one.what}, {one.amount}, {one.unit}});
  return replace_all(introduction(record), "`", "") + table.text(terminal) +
         list("Assumptions", record.at("assumptions")) + list("Not counted", record.at("not_counted")) +
         fmt::format("\n{}\n", what_published_leaves_out()) + list("Warnings", record.at("warnings"));
}

std::string with_section(std::string document, const std::string& section) {
  if (const auto found = find_section(document))
    return document.replace(found->begin, found->end - found->begin, section);
  if (!document.empty() && document.back() != '\n') document += '\n';
  if (!document.empty()) document += '\n';
  return document + section;
}

}  // namespace tt::comm
