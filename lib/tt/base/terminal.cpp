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

void TextTable::add(std::vector<Cell> row) {
  row.resize(columns_.size());
  for (Cell& cell : row) cell.text = printable(cell.text, std::numeric_limits<std::size_t>::max());
  rows_.push_back(std::move(row));
}

std::vector<std::size_t> TextTable::widths(std::size_t limit) const {
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) widths.push_back(display_width(column.title));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i].text));
  }
  if (limit > 0) shrink_to(widths, columns_, limit);
  return widths;
}

std::string TextTable::text(const Terminal& terminal) const {
  const std::vector<std::size_t> widths = this->widths(terminal.width);
  const auto line_of = [&](const std::vector<Cell>& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string shown = shortened(cells[i].text, widths[i]);
      const std::string padding(widths[i] - display_width(shown), ' ');
      const std::string coloured = tinted(shown, cells[i].tint, terminal);
      if (i > 0) line.append(column_gap, ' ');
      line += columns_[i].align == Align::left ? coloured + padding : padding + coloured;
    }
    return line.erase(line.find_last_not_of(' ') + 1) + "\n";
  };
  std::vector<Cell> titles;
  for (const Column& column : columns_) titles.push_back({column.title, Tint::none});
  const bool has_titles =
      std::any_of(columns_.begin(), columns_.end(), [](const Column& c) { return !c.title.empty(); });
  std::string text = has_titles ? line_of(titles) : "";
  for (const auto& row : rows_) text += line_of(row);
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
