#include "tt/titan/python_tokens.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "tt/base/text.hpp"

namespace tt::titan::python {

namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_string_prefix(std::string_view word) {
  const std::string low = lower(word);
  return low == "r" || low == "b" || low == "u" || low == "f" || low == "rb" || low == "br" || low == "fr" ||
         low == "rf";
}

class Scanner {
 public:
  explicit Scanner(std::string_view source) : source_(source) {}

  std::vector<Line> lines() {
    while (at_ < source_.size()) step();
    finish();
    return std::move(lines_);
  }

 private:
  char now() const { return at_ < source_.size() ? source_[at_] : '\0'; }
  bool follows(std::string_view text) const { return source_.substr(at_).starts_with(text); }

  void step() {
    const char c = now();
    if (c == '\n') {
      ++at_;
      if (depth_ == 0) finish();
    } else if (c == ' ' || c == '\t' || c == '\r') {
      if (line_.tokens.empty() && depth_ == 0) ++line_.indent;
      ++at_;
    } else if (c == '\\' && (follows("\\\n") || follows("\\\r\n"))) {
      at_ = source_.find('\n', at_) + 1;
    } else if (c == '#') {
      at_ = std::min(source_.find('\n', at_), source_.size());
    } else if (c == '"' || c == '\'') {
      text_literal("");
    } else if (is_letter(c)) {
      word();
    } else if (is_digit(c) || (c == '.' && at_ + 1 < source_.size() && is_digit(source_[at_ + 1]))) {
      number();
    } else {
      mark();
    }
  }

  void finish() {
    if (!line_.tokens.empty()) lines_.push_back(std::move(line_));
    line_ = Line{};
  }

  void word() {
    const std::size_t begin = at_;
    while (is_letter(now()) || is_digit(now())) ++at_;
    const std::string_view found = source_.substr(begin, at_ - begin);
    if ((now() == '"' || now() == '\'') && is_string_prefix(found)) return text_literal(found);
    line_.tokens.push_back({Token::Kind::name, std::string(found)});
  }

  void number() {
    const std::size_t begin = at_;
    while (is_letter(now()) || is_digit(now()) || now() == '.' ||
           ((now() == '+' || now() == '-') && (source_[at_ - 1] == 'e' || source_[at_ - 1] == 'E')))
      ++at_;
    line_.tokens.push_back(
        {Token::Kind::number, replace_all(std::string(source_.substr(begin, at_ - begin)), "_", "")});
  }

  // A text with escapes, a prefix or no end is opaque: nothing we read needs one.
  void text_literal(std::string_view prefix) {
    const char quote = now();
    const std::string triple(3, quote);
    const std::string end = follows(triple) ? triple : std::string(1, quote);
    at_ += end.size();
    const std::size_t begin = at_;
    bool plain = prefix.empty();
    while (at_ < source_.size() && !follows(end)) {
      if (end.size() == 1 && now() == '\n') break;
      if (now() == '\\') {
        plain = false;
        ++at_;
      }
      if (at_ < source_.size()) ++at_;
    }
    const std::string_view inside = source_.substr(begin, at_ - begin);
    if (follows(end))
      at_ += end.size();
    else
      plain = false;
    line_.tokens.push_back({plain ? Token::Kind::text : Token::Kind::opaque, std::string(inside)});
  }

  void mark() {
    constexpr std::array<std::string_view, 20> long_marks{
        "**=", "//=", "...", "->", "**", "//", "==", "!=", "<=", ">=",
        "+=",  "-=",  "*=",  "/=", "%=", "&=", "|=", "^=", ":=", "<<"};
    for (const auto each : long_marks)
      if (follows(each)) {
        at_ += each.size();
        line_.tokens.push_back({Token::Kind::mark, std::string(each)});
        return;
      }
    const char c = now();
    if (c == '(' || c == '[' || c == '{') ++depth_;
    if ((c == ')' || c == ']' || c == '}') && depth_ > 0) --depth_;
    line_.tokens.push_back({Token::Kind::mark, std::string(1, c)});
    ++at_;
  }

  std::string_view source_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  Line line_;
  std::vector<Line> lines_;
};

}  // namespace

std::vector<Line> read_lines(std::string_view source) { return Scanner(source).lines(); }

}  // namespace tt::titan::python
