#include "support/on_terminal.hpp"

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "support/eventually.hpp"
#include "tt/base/text.hpp"
#include "tt/base/utf8.hpp"

namespace tt::test {
namespace {

winsize size_of(std::size_t columns, std::size_t rows) {
  winsize size{};
  size.ws_col = static_cast<unsigned short>(columns);
  size.ws_row = static_cast<unsigned short>(rows);
  return size;
}

std::string text_of(const std::vector<std::string>& cells) {
  std::string text;
  for (const std::string& cell : cells) text += cell.empty() ? " " : cell;
  return text.erase(text.find_last_not_of(' ') + 1);
}

}  // namespace

void Screen::take(const std::string& bytes) {
  const std::string text = unfinished_ + bytes;
  unfinished_.clear();
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\x1b') {
      std::size_t end = at + 1;
      if (end < text.size() && text[end] == '[') ++end;
      while (end < text.size() && std::isalpha(static_cast<unsigned char>(text[end])) == 0) ++end;
      if (end >= text.size()) {
        unfinished_ = text.substr(at);
        return;
      }
      obey(text.substr(at + 1, end - at));
      at = end + 1;
      continue;
    }
    const Utf8Step step = utf8_step(text, at);
    if (!step.good && text.size() - at < 4) {
      unfinished_ = text.substr(at);
      return;
    }
    if (text[at] == '\r')
      column_ = 0;
    else if (text[at] == '\n')
      line_feed();
    else
      put(text.substr(at, step.bytes));
    at += step.bytes;
  }
}

void Screen::put(const std::string& character) {
  if (column_ == columns_) {
    column_ = 0;
    line_feed();
  }
  std::vector<std::string>& cells = cells_[row_];
  if (cells.size() <= column_) cells.resize(column_ + 1);
  cells[column_++] = character;
}

void Screen::line_feed() {
  if (++row_ < rows_) {
    if (cells_.size() <= row_) cells_.resize(row_ + 1);
    return;
  }
  history_.push_back(text_of(cells_.front()));
  cells_.erase(cells_.begin());
  cells_.resize(rows_);
  row_ = rows_ - 1;
}

void Screen::obey(const std::string& sequence) {
  if (sequence == "[H") {
    row_ = column_ = 0;
  } else if (sequence == "[K") {
    if (cells_[row_].size() > column_) cells_[row_].resize(column_);
  } else if (sequence == "[J") {
    if (cells_[row_].size() > column_) cells_[row_].resize(column_);
    cells_.resize(row_ + 1);
  } else if (sequence.back() != 'm') {
    strange_ += sequence;
  }
}

// As a terminal that cuts what does not fit.
void Screen::resize(std::size_t columns, std::size_t rows) {
  columns_ = columns;
  rows_ = rows;
  if (cells_.size() > rows_) cells_.resize(rows_);
  row_ = std::min(row_, rows_ - 1);
  column_ = std::min(column_, columns_);
}

std::vector<std::string> Screen::lines() const {
  std::vector<std::string> lines;
  for (const auto& cells : cells_) lines.push_back(text_of(cells));
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

std::string Screen::text() const { return join(lines(), "\n"); }

OnTerminal::OnTerminal(const Command& command, std::size_t columns, std::size_t rows) : screen_(columns, rows) {
  std::vector<char*> argv;
  for (const std::string& word : command.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  std::vector<std::string> variables;
  for (const auto& [name, value] : command.environment.all()) variables.push_back(name + "=" + value);
  std::vector<char*> environment;
  for (std::string& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  winsize size = size_of(columns, rows);
  pid_ = ::forkpty(&master_, nullptr, nullptr, &size);
  if (pid_ < 0) throw std::runtime_error("forkpty");
  if (pid_ == 0) {
    if (::chdir(command.folder.c_str()) == 0) ::execve(argv[0], argv.data(), environment.data());
    ::_exit(127);
  }
  ::fcntl(master_, F_SETFL, O_NONBLOCK);
}

OnTerminal::~OnTerminal() {
  if (!raw_status_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(master_);
}

void OnTerminal::read_what_is_there() {
  std::array<char, 4096> part{};
  for (ssize_t got = 0; (got = ::read(master_, part.data(), part.size())) > 0;) {
    const std::string bytes(part.data(), static_cast<std::size_t>(got));
    bytes_ += bytes;
    screen_.take(bytes);
  }
}

bool OnTerminal::shows(const std::string& text, std::chrono::seconds limit) {
  return eventually(
      [&] {
        read_what_is_there();
        return screen_.text().find(text) != std::string::npos;
      },
      limit);
}

void OnTerminal::type(const std::string& keys) {
  if (::write(master_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size()))
    throw std::runtime_error("cannot type");
}

void OnTerminal::resize(std::size_t columns, std::size_t rows) {
  read_what_is_there();
  screen_.resize(columns, rows);
  const winsize size = size_of(columns, rows);
  ::ioctl(master_, TIOCSWINSZ, &size);
}

std::optional<int> OnTerminal::end(std::chrono::seconds limit) {
  eventually(
      [&] {
        read_what_is_there();
        int status = 0;
        if (!raw_status_ && ::waitpid(pid_, &status, WNOHANG) == pid_) raw_status_ = status;
        return raw_status_.has_value();
      },
      limit);
  read_what_is_there();
  if (!raw_status_ || !WIFEXITED(*raw_status_)) return std::nullopt;
  return WEXITSTATUS(*raw_status_);
}

termios OnTerminal::modes() const {
  termios modes{};
  ::tcgetattr(master_, &modes);
  return modes;
}

}  // namespace tt::test
