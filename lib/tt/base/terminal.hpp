// tt/base/terminal.hpp: what a terminal can show: width, colour, tables, a progress line.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <span>
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
  // A row for each text in the first column, alike in all the others: thousands of runs mostly stand alike.
  void add_alike(std::span<const std::string_view> firsts, const std::vector<Cell>& others);
  std::size_t rows() const { return firsts_.size(); }
  // Lines, each ended; trailing spaces removed. The line of titles is left out when no column has one.
  std::string text(const Terminal& terminal) const;

 private:
  // What the screen shows: no control characters.
  struct Piece {
    std::string text;
    std::size_t width = 0;
    Tint tint = Tint::none;
  };
  // A cell of the first column: where its text ends in texts_. It begins where the one before ends.
  struct First {
    std::size_t end = 0;
    std::size_t width = 0;
  };
  struct Block {
    std::size_t end = 0;  // in firsts_, of the rows that share all cells but the first
    Tint tint = Tint::none;
    std::vector<Piece> others;
  };
  void add_first(std::string_view text);
  Piece piece_of(const Cell& cell, std::size_t column);

  std::vector<Column> columns_;
  std::vector<std::size_t> widths_;  // of the widest cell, or title
  std::string texts_;
  std::vector<First> firsts_;
  std::vector<Block> blocks_;
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
