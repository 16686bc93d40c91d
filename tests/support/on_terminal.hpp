// A program on a pseudo terminal, and what a person would see there.
#pragma once

#include <sys/types.h>
#include <termios.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "tt/base/process.hpp"

namespace tt::test {

// The screen of a terminal that knows what this project writes: text, \r, \n, cursor home, clear to the end of the line
// and of the screen, colours (which it does not show). Anything else that begins with ESC is kept in `strange`.
class Screen {
 public:
  Screen(std::size_t columns, std::size_t rows) : columns_(columns), rows_(rows) {}
  void take(const std::string& bytes);
  void resize(std::size_t columns, std::size_t rows);
  // The rows without blanks at their ends, up to the last that is not empty.
  std::vector<std::string> lines() const;
  std::string text() const;                                      // the same in one
  std::vector<std::string> history() const { return history_; }  // what was scrolled away
  std::string strange() const { return strange_; }

 private:
  void put(const std::string& character);
  void line_feed();
  void obey(const std::string& sequence);

  std::size_t columns_, rows_;
  std::size_t row_ = 0, column_ = 0;
  std::vector<std::vector<std::string>> cells_ = std::vector<std::vector<std::string>>(1);  // grows to rows_
  std::vector<std::string> history_;
  std::string strange_;
  std::string unfinished_;
};

class OnTerminal {
 public:
  OnTerminal(const Command& command, std::size_t columns, std::size_t rows);
  ~OnTerminal();  // kills it
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;

  // Whether the screen comes to show this text.
  bool shows(const std::string& text, std::chrono::seconds limit = std::chrono::seconds(60));
  void type(const std::string& keys);
  void resize(std::size_t columns, std::size_t rows);
  // Its exit status once it ended; nullopt: a signal, or it did not end.
  std::optional<int> end(std::chrono::seconds limit = std::chrono::seconds(60));
  const Screen& screen() const { return screen_; }
  const std::string& bytes() const { return bytes_; }  // all it wrote
  termios modes() const;

 private:
  void read_what_is_there();

  int master_ = -1;
  pid_t pid_ = 0;
  Screen screen_;
  std::string bytes_;
  std::optional<int> raw_status_;
};

}  // namespace tt::test
