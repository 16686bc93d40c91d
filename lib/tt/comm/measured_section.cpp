#include "tt/comm/measured_section.hpp"

#include <fmt/format.h>

#include "tt/base/text.hpp"

namespace tt::comm {

namespace {

std::string count_shown(const Value& value) {
  return value.is_integer() ? with_thousands(value.as_integer()) : "unknown";
}

std::string cell(const std::string& text) { return replace_all(printable(text), "|", "\\|"); }

std::string compared(const Value& comparison) {
  std::string text = fmt::format(
      "\n`{}`, one step, logical bytes:\n\n"
      "| group | operation | calls | estimated | bytes | estimated | ratio |\n|---|---|---:|---:|---:|---:|---:|\n",
      cell(comparison.text_or("file")));
  for (const Value& row : comparison.at("rows").as_list()) {
    const Value& ratio = row.at("ratio");
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", row.text_or("dim"), row.text_or("op"),
                        count_shown(row.at("measured_calls")), count_shown(row.at("estimated_calls")),
                        count_shown(row.at("measured_logical_bytes")), count_shown(row.at("estimated_logical_bytes")),
                        ratio.is_number() ? fmt::format("{:.4f}", ratio.as_number()) : "unknown");
  }
  const Value& first = comparison.at("first_disagreement");
  if (first.is_string()) text += fmt::format("\nThe first row that disagrees: {}.\n", cell(first.as_string()));
  return text;
}

std::string recorded(const Value& file) {
  std::string text = fmt::format(
      "\n`{}`, all of it:\n\n| group | operation | type | calls | logical bytes |\n"
      "|---|---|---|---:|---:|\n",
      cell(file.text_or("file")));
  for (const Value& row : file.at("rows").as_list())
    text += fmt::format("| {} | {} | {} | {} | {} |\n", cell(row.text_or("group_desc", "unknown")), row.text_or("op"),
                        cell(row.text_or("dtype")), count_shown(row.at("calls")), count_shown(row.at("logical_bytes")));
  return text;
}

std::string bullets(const Value& entries) {
  std::string text;
  for (const Value& entry : entries.as_list()) text += fmt::format("- {}\n", cell(plain_text(entry)));
  return text.empty() ? text : "\n" + text;
}

}  // namespace

std::string measured_section(const Value& record) {
  std::string text = "## Measured communication\n";
  const Value& comparisons = record.at("comparisons");
  if (comparisons.is_list() && !comparisons.as_list().empty()) {
    for (const Value& one : comparisons.as_list()) text += compared(one) + bullets(one.at("notes"));
  } else {
    for (const Value& file : record.at("files").as_list()) text += recorded(file);
  }
  if (record.at("problems").is_list()) text += bullets(record.at("problems"));
  return text;
}

}  // namespace tt::comm
