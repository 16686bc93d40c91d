// tt/base/terminal.hpp: what a terminal can show: width, colour, tables, a progress line.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "tt/base/environment.hpp"

namespace tt {

struct Terminal {
  bool is_terminal = false;
  bool colour = false;       // NO_COLOR, TERM=dumb and "not a terminal" switch it off
  std::size_t width = 0;     // 0: not limited
  bool can_rewrite = false;  // the cursor can be moved: a terminal that is not TERM=dumb
  std::size_t height = 0;    // 0: not known
};
Terminal terminal_of(std::FILE* stream, const Environment& environment);

// At most `columns` wide, with "…" where something was cut.
std::string shortened(const std::string& text, std::size_t columns);

enum class Align { left, right };
enum class Tint { none, good, bad, busy, dim };

struct Cell {
  std::string text;
  Tint tint = Tint::none;
};

// A table for people. Columns are two spaces apart; the widest shrinkable column gives way when the terminal is narrow.
class TextTable {
 public:
  struct Column {
    std::string title;
    Align align = Align::left;
  };
  explicit TextTable(std::vector<Column> columns);
  void add(const std::vector<Cell>& row);
  // The same cell by cell, from left to right, row after row.
  void add_cell(std::string_view text, Tint tint = Tint::none);
  std::size_t rows() const { return pieces_.size() / columns_.size(); }
  // Lines, each ended; trailing spaces removed. The line of titles is left out when no column has one.
  std::string text(const Terminal& terminal) const;

 private:
  // A cell: where its text ends in texts_ (it begins where the one before ends). Tables have ten thousand rows.
  struct Piece {
    std::size_t end = 0;
    std::uint32_t width = 0;
    Tint tint = Tint::none;
  };

  std::vector<Column> columns_;
  std::vector<std::size_t> widths_;  // of the widest cell, or title
  std::string texts_;
  std::vector<Piece> pieces_;  // row after row
};

std::string tinted(std::string_view text, Tint tint, const Terminal& terminal);

// One line on stderr that is rewritten in place on a terminal. Elsewhere a plain line about once a second, and none in
// the first second: what is over quickly leaves no trace in a log.
class Progress {
 public:
  Progress(const Terminal& terminal, bool quiet) : terminal_(terminal), quiet_(quiet) {}
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  using Time = std::chrono::steady_clock::time_point;
  void show(const std::string& line);
  void show(const std::string& line, Time now);
  void done();  // wipes the line; call it before anything else is written to stderr

 private:
  void rewrite(const std::string& line);

  Terminal terminal_;
  bool quiet_;
  std::string shown_;  // what stands on the terminal, or was printed last
  Time last_ = std::chrono::steady_clock::now();
};

}  // namespace tt
