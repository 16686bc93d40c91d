// tt/report/markdown.hpp: text that came from logs and settings, safe inside Markdown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tt::report {

// One line inside a table cell or a sentence: pipes, line ends and angle brackets lose their meaning.
std::string cell(std::string_view text);
// `text` as code; longer fences when the text has backticks itself.
std::string inline_code(std::string_view text);
std::string code_block(std::string_view text);
std::string table_row(const std::vector<std::string>& cells);  // cells as they are, "| a | b |\n"

}  // namespace tt::report
