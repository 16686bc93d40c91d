#include "tt/report/markdown.hpp"

#include <algorithm>

#include "tt/base/text.hpp"

namespace tt::report {

namespace {

std::size_t longest_run_of_backticks(std::string_view text) {
  std::size_t longest = 0, run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

// Bytes that are no text would make the whole page unreadable.
}  // namespace

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : printable_whole(text)) {
    if (c == '|' || c == '<' || c == '*' || c == '_' || c == '`') out += '\\';
    out += c;
  }
  return out;
}

std::string inline_code(std::string_view text) {
  const std::string shown = replace_all(printable_whole(text), "|", "\\|");
  const std::string fence(longest_run_of_backticks(shown) + 1, '`');
  const std::string_view space = fence.size() > 1 ? " " : "";
  return fence + std::string(space) + shown + std::string(space) + fence;
}

std::string code_block(std::string_view text) {
  const std::string shown = printable_whole(text);
  const std::string fence(std::max<std::size_t>(3, longest_run_of_backticks(shown) + 1), '`');
  return fence + "text\n" + shown + "\n" + fence + "\n";
}

std::string table_row(const std::vector<std::string>& cells) { return "| " + join(cells, " | ") + " |\n"; }

}  // namespace tt::report
