#include "tt/report/screen_line.hpp"

#include "tt/base/text.hpp"
#include "tt/base/utf8.hpp"

namespace tt::report {
namespace {

using Lines = std::vector<std::string>;

Lines words_of(const std::string& sentence) {
  Lines words(1);
  bool in_command = false;
  for (const char c : sentence) {
    if (c == '`') in_command = !in_command;
    if (c == ' ' && !in_command)
      words.emplace_back();
    else
      words.back() += c;
  }
  return words;
}

}  // namespace

std::string line_of(const std::vector<Cell>& cells, const Terminal& room) {
  std::string line;
  std::size_t left = room.width;
  for (const Cell& cell : cells) {
    const std::size_t wanted = display_width(cell.text);
    line += tinted(wanted > left ? shortened(cell.text, left) : cell.text, cell.tint, room);
    if (wanted >= left) break;
    left -= wanted;
  }
  return line;
}

std::vector<std::string> wrapped(const std::string& sentence, std::size_t indent, std::size_t width) {
  Lines lines(1);
  std::size_t start = 0;
  std::size_t used = 0;
  const auto next_line = [&] {
    lines.emplace_back(indent, ' ');
    start = used = indent;
  };
  for (const std::string& word : words_of(sentence)) {
    if (used > start && used + 1 + display_width(word) > width) {
      next_line();
    } else if (used > start) {
      lines.back() += ' ';
      ++used;
    }
    for (std::size_t at = 0; at < word.size();) {
      const Utf8Step step = utf8_step(word, at);
      const std::size_t more = step.good ? columns_of(step.character) : 1;
      if (used > start && used + more > width) next_line();
      lines.back() += word.substr(at, step.bytes);
      used += more;
      at += step.bytes;
    }
  }
  return lines;
}

}  // namespace tt::report
