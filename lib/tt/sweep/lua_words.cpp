#include "tt/sweep/lua_words.hpp"

#include <algorithm>
#include <array>

#include "tt/base/text.hpp"

namespace tt::sweep {
namespace {

bool begins_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool continues_name(char c) { return begins_name(c) || is_digit(c); }

class WordReader {
 public:
  explicit WordReader(std::string_view text) : text_(text) {}

  std::vector<LuaWord> read() {
    while (skip_space(), at_ < text_.size()) {
      words_.push_back(next());
      if (words_.back().kind == LuaWord::Kind::wrong) break;
    }
    return std::move(words_);
  }

 private:
  char here(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
  }

  LuaWord take(LuaWord::Kind kind, std::size_t length) {
    LuaWord word{kind, text_.substr(at_, length), at_, {}};
    at_ += length;
    return word;
  }

  LuaWord wrong(std::size_t length, std::string why) {
    LuaWord word = take(LuaWord::Kind::wrong, length);
    word.trouble = std::move(why);
    return word;
  }

  LuaWord next() {
    if (begins_name(here())) return name();
    if (is_digit(here()) || (here() == '.' && is_digit(here(1)))) return number();
    if (here() == '"' || here() == '\'') return string();
    return sign();
  }

  LuaWord name() {
    std::size_t length = 1;
    while (continues_name(here(length))) ++length;
    return take(LuaWord::Kind::name, length);
  }

  // As far as it could be one; Lua judges it. An exponent may have a sign.
  LuaWord number() {
    std::size_t length = 1;
    const bool hexadecimal = here() == '0' && (here(1) == 'x' || here(1) == 'X');
    const std::string_view exponent = hexadecimal ? "pP" : "eE";
    for (;; ++length) {
      const char c = here(length);
      const bool sign = (c == '+' || c == '-') && exponent.find(here(length - 1)) != std::string_view::npos;
      if (!continues_name(c) && c != '.' && !sign) break;
      if (c == '.' && here(length + 1) == '.') break;  // "8..x" is a number and a sign
    }
    return take(LuaWord::Kind::number, length);
  }

  LuaWord string() {
    const char quote = here();
    for (std::size_t length = 1; at_ + length < text_.size(); ++length) {
      if (here(length) == '\\')
        ++length;
      else if (here(length) == '\n')
        break;
      else if (here(length) == quote)
        return take(LuaWord::Kind::string, length + 1);
    }
    return wrong(1, "this text is never closed");
  }

  LuaWord sign() {
    if (here() == '-' && here(1) == '-')
      return wrong(2, "'--' begins a comment in Lua; write '- -' for minus a negative");
    if (here() == '[' && (here(1) == '[' || here(1) == '=')) return wrong(2, "texts stand in quotes here");
    constexpr std::array<std::string_view, 4> looks_like{"!=", "&&", "||", "**"};
    constexpr std::array<std::string_view, 4> instead{"~=", "and", "or", "^"};
    for (std::size_t i = 0; i < looks_like.size(); ++i) {
      if (text_.substr(at_, 2) == looks_like[i])
        return wrong(2, "'" + std::string(looks_like[i]) + "' is '" + std::string(instead[i]) + "' in an expression");
    }
    if (here() == '!') return wrong(1, "'!' is 'not' in an expression");
    constexpr std::array<std::string_view, 8> two{"==", "~=", "<=", ">=", "//", "<<", ">>", ".."};
    for (const std::string_view word : two) {
      if (text_.substr(at_, 2) == word) return take(LuaWord::Kind::sign, 2);
    }
    if (std::string_view("+-*/%^#&|~<>()[]{},.").find(here()) != std::string_view::npos)
      return take(LuaWord::Kind::sign, 1);
    if (here() == '=') return wrong(1, "'=' sets a value; equality is '=='");
    return wrong(1, "this character means nothing in an expression");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<LuaWord> words_;
};

}  // namespace

std::vector<LuaWord> lua_words(std::string_view expression) { return WordReader(expression).read(); }

bool is_lua_keyword(std::string_view word) {
  constexpr std::array<std::string_view, 22> keywords{
      "and", "break", "do",  "else", "elseif", "end",    "false",  "for",  "function", "goto",  "if",
      "in",  "local", "nil", "not",  "or",     "repeat", "return", "then", "true",     "until", "while"};
  return std::find(keywords.begin(), keywords.end(), word) != keywords.end();
}

std::string_view unquoted(const LuaWord& word) { return word.text.substr(1, word.text.size() - 2); }

}  // namespace tt::sweep
