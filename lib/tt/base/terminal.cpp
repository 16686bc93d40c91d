#include "tt/base/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

#include "tt/base/text.hpp"
#include "tt/base/utf8.hpp"

namespace tt {
namespace {

constexpr std::size_t column_gap = 2;
constexpr std::size_t narrowest_column = 8;  // below this a shortened name says nothing
constexpr std::chrono::milliseconds between_rewrites{50};
constexpr std::chrono::milliseconds between_lines{1000};

std::size_t size_in(const Environment& environment, const std::string& variable) {
  const auto size = to_integer(environment.get(variable).value_or(""));
  return size && *size > 0 ? static_cast<std::size_t>(*size) : 0;
}

// What the terminal says, else what the shell says.
void measure(Terminal& terminal, int descriptor, const Environment& environment) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0) size = {};
  terminal.width = size.ws_col > 0 ? size.ws_col : size_in(environment, "COLUMNS");
  terminal.height = size.ws_row > 0 ? size.ws_row : size_in(environment, "LINES");
}

bool is_dumb(const Environment& environment) { return environment.get("TERM").value_or("dumb") == "dumb"; }

bool wants_colour(const Environment& environment) {
  return environment.get("NO_COLOR").value_or("").empty() && !is_dumb(environment);
}

// A terminal wraps when its last column is used.
std::size_t room_on(const Terminal& terminal) {
  return terminal.width > 1 ? terminal.width - 1 : std::numeric_limits<std::size_t>::max();
}

std::size_t total_width(const std::vector<std::size_t>& widths) {
  const std::size_t gaps = widths.empty() ? 0 : column_gap * (widths.size() - 1);
  return std::accumulate(widths.begin(), widths.end(), gaps);
}

// The widest left-aligned column that can still give way.
std::optional<std::size_t> widest_shrinkable(const std::vector<std::size_t>& widths,
                                             const std::vector<TextTable::Column>& columns) {
  std::optional<std::size_t> widest;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    if (columns[i].align != Align::left || widths[i] <= narrowest_column) continue;
    if (!widest || widths[i] > widths[*widest]) widest = i;
  }
  return widest;
}

void shrink_to(std::vector<std::size_t>& widths, const std::vector<TextTable::Column>& columns, std::size_t limit) {
  while (total_width(widths) > limit) {
    const auto widest = widest_shrinkable(widths, columns);
    if (!widest) return;
    --widths[*widest];
  }
}

std::string_view code_of(Tint tint) {
  switch (tint) {
    case Tint::none:
      return "";
    case Tint::good:
      return "\x1b[32m";
    case Tint::bad:
      return "\x1b[31m";
    case Tint::busy:
      return "\x1b[33m";
    case Tint::dim:
      return "\x1b[2m";
  }
  return "";
}

}  // namespace

Terminal terminal_of(std::FILE* stream, const Environment& environment) {
  const int descriptor = ::fileno(stream);
  Terminal terminal;
  terminal.is_terminal = descriptor >= 0 && ::isatty(descriptor) == 1;
  if (!terminal.is_terminal) return terminal;
  terminal.colour = wants_colour(environment);
  terminal.can_rewrite = !is_dumb(environment);
  measure(terminal, descriptor, environment);
  return terminal;
}

std::string shortened(const std::string& text, std::size_t columns) {
  if (display_width(text) <= columns) return text;
  std::size_t bytes = 0;
  std::size_t used = 1;  // the cut mark
  while (bytes < text.size()) {
    const Utf8Step step = utf8_step(text, bytes);
    const std::size_t more = step.good ? columns_of(step.character) : 1;
    if (used + more > columns) break;
    used += more;
    bytes += step.bytes;
  }
  return text.substr(0, bytes) + "…";
}

std::string tinted(std::string_view text, Tint tint, const Terminal& terminal) {
  if (!terminal.colour || tint == Tint::none || text.empty()) return std::string(text);
  return std::string(code_of(tint)).append(text).append("\x1b[0m");
}

TextTable::TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {
  for (const Column& column : columns_) widths_.push_back(display_width(column.title));
}

void TextTable::add(const std::vector<Cell>& row) {
  const Cell first = row.empty() ? Cell{} : row.front();
  const std::string_view text = first.text;
  add_alike(std::span(&text, 1), row.empty() ? row : std::vector<Cell>(row.begin() + 1, row.end()));
  blocks_.back().tint = first.tint;
}

void TextTable::add_alike(std::span<const std::string_view> firsts, const std::vector<Cell>& others) {
  if (firsts.size() > firsts_.size()) firsts_.reserve(firsts_.size() + firsts.size());
  for (const std::string_view text : firsts) add_first(text);
  Block block{firsts_.size(), Tint::none, {}};
  for (std::size_t column = 1; column < columns_.size(); ++column)
    block.others.push_back(piece_of(column <= others.size() ? others[column - 1] : Cell{}, column));
  blocks_.push_back(std::move(block));
}

void TextTable::add_first(std::string_view text) {
  const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7f; };
  std::size_t width = text.size();
  if (std::all_of(text.begin(), text.end(), is_plain)) {
    texts_ += text;
  } else {
    const std::string shown = printable_whole(text);
    width = display_width(shown);
    texts_ += shown;
  }
  firsts_.push_back({texts_.size(), width});
  widths_[0] = std::max(widths_[0], width);
}

TextTable::Piece TextTable::piece_of(const Cell& cell, std::size_t column) {
  Piece piece{printable_whole(cell.text), 0, cell.tint};
  piece.width = display_width(piece.text);
  widths_[column] = std::max(widths_[column], piece.width);
  return piece;
}

std::string TextTable::text(const Terminal& terminal) const {
  std::vector<std::size_t> widths = widths_;
  if (terminal.width > 0) shrink_to(widths, columns_, terminal.width);
  std::string text;
  text.reserve((rows() + 1) * (total_width(widths) + 1));
  const auto add_to_line = [&](std::size_t column, std::string_view shown, std::size_t width, Tint tint) {
    std::string cut;
    if (width > widths[column]) {
      shown = cut = shortened(std::string(shown), widths[column]);
      width = display_width(cut);
    }
    const std::size_t padding = widths[column] - width;
    if (column > 0) text.append(column_gap, ' ');
    if (columns_[column].align == Align::right) text.append(padding, ' ');
    if (terminal.colour)
      text += tinted(shown, tint, terminal);
    else
      text += shown;
    if (columns_[column].align == Align::left) text.append(padding, ' ');
  };
  const auto end_line = [&] {
    text.erase(text.find_last_not_of(' ') + 1);  // no further than the end of the line before
    text += '\n';
  };
  if (std::any_of(columns_.begin(), columns_.end(), [](const Column& c) { return !c.title.empty(); })) {
    for (std::size_t i = 0; i < columns_.size(); ++i)
      add_to_line(i, columns_[i].title, display_width(columns_[i].title), Tint::none);
    end_line();
  }
  std::size_t begin = 0, row = 0;
  for (const Block& block : blocks_) {
    std::string others;  // as the first row of the block has them
    for (const std::size_t first_row = row; row < block.end; ++row) {
      const First& first = firsts_[row];
      add_to_line(0, std::string_view(texts_).substr(begin, first.end - begin), first.width, block.tint);
      begin = first.end;
      const std::size_t here = text.size();
      if (row == first_row) {
        for (std::size_t i = 0; i < block.others.size(); ++i)
          add_to_line(i + 1, block.others[i].text, block.others[i].width, block.others[i].tint);
        others = text.substr(here);
      } else {
        text += others;
      }
      end_line();
    }
  }
  return text;
}

Progress::~Progress() { done(); }

void Progress::show(const std::string& line) { show(line, std::chrono::steady_clock::now()); }

void Progress::show(const std::string& line, Time now) {
  if (quiet_) return;
  const bool first_rewrite = terminal_.is_terminal && shown_.empty();
  const auto patience = terminal_.is_terminal ? between_rewrites : between_lines;
  if (!first_rewrite && now - last_ < patience) return;
  const std::string text = terminal_.is_terminal ? shortened(line, room_on(terminal_)) : line;
  if (text == shown_) return;
  if (terminal_.is_terminal) {
    rewrite(text);
  } else {
    std::fprintf(stderr, "%s\n", text.c_str());
  }
  shown_ = text;
  last_ = now;
}

// Blanks instead of an escape sequence wipe what a longer line left behind: they work on every terminal.
void Progress::rewrite(const std::string& line) {
  const std::size_t old_width = display_width(shown_);
  const std::size_t left_over = old_width - std::min(old_width, display_width(line));
  std::fprintf(stderr, "\r%s%s", line.c_str(), std::string(left_over, ' ').c_str());
  std::fflush(stderr);
}

void Progress::done() {
  if (terminal_.is_terminal && !shown_.empty()) {
    rewrite("");
    std::fputs("\r", stderr);
    std::fflush(stderr);
  }
  shown_.clear();
}

}  // namespace tt
