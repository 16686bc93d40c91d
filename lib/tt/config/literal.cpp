#include "tt/config/literal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"
#include "tt/config/document.hpp"

namespace tt::config {
namespace {

// The end of a """…""" or '''…''' string. Up to two quotes may stand before the closing three.
std::optional<std::size_t> end_of_multi_line(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const std::string closing(3, quote);
  for (std::size_t i = at + 3; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text.substr(i, 3) == closing) {
      i += 3;
      for (int extra = 0; extra < 2 && i < text.size() && text[i] == quote; ++extra) ++i;
      return i;
    }
  }
  return std::nullopt;
}

bool is_date(std::string_view text) {
  constexpr std::string_view shape = "0000-00-00";
  if (text.size() != shape.size()) return false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == '-' ? text[i] != '-' : !is_digit(text[i])) return false;
  }
  return true;
}

std::size_t end_of_word(std::string_view text, std::size_t at) {
  return std::min(text.find_first_of(" \t\r\n,]}#", at), text.size());
}

// TOML allows one space instead of the T between a date and a time.
bool time_follows(std::string_view text, std::size_t at) {
  return at + 3 < text.size() && text[at] == ' ' && is_digit(text[at + 1]) && is_digit(text[at + 2]) &&
         text[at + 3] == ':';
}

void append_code_point(std::string& text, char32_t c) {
  const auto byte = [&](char32_t bits) { text += static_cast<char>(static_cast<unsigned char>(bits)); };
  if (c < 0x80) {
    byte(c);
  } else if (c < 0x800) {
    byte(0xC0 | (c >> 6)), byte(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    byte(0xE0 | (c >> 12)), byte(0x80 | ((c >> 6) & 0x3F)), byte(0x80 | (c & 0x3F));
  } else {
    byte(0xF0 | (c >> 18)), byte(0x80 | ((c >> 12) & 0x3F)), byte(0x80 | ((c >> 6) & 0x3F)), byte(0x80 | (c & 0x3F));
  }
}

std::optional<char32_t> hexadecimal(std::string_view digits, std::size_t wanted) {
  if (digits.size() != wanted) return std::nullopt;
  char32_t number = 0;
  for (const char c : digits) {
    if (!std::isxdigit(static_cast<unsigned char>(c))) return std::nullopt;
    const int digit = is_digit(c) ? c - '0' : std::tolower(static_cast<unsigned char>(c)) - 'a' + 10;
    number = number * 16 + static_cast<char32_t>(digit);
  }
  const bool surrogate = number >= 0xD800 && number <= 0xDFFF;
  if (surrogate || number > 0x10FFFF) return std::nullopt;
  return number;
}

constexpr std::string_view short_escapes = "\"\\btnfr";
constexpr std::string_view short_meanings = "\"\\\b\t\n\f\r";

void append_escaped(std::string& text, char c) {
  const auto special = short_meanings.find(c);
  if (special != std::string_view::npos) {
    text += '\\';
    text += short_escapes[special];
  } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
    text += fmt::format("\\u{:04X}", static_cast<unsigned>(c));
  } else {
    text += c;
  }
}

bool fits_literal_quotes(std::string_view text) {
  return text.find('\'') == std::string_view::npos && !has_control_character(text);
}

std::string list_literal(const Value::List& list) {
  std::vector<std::string> elements;
  for (const Value& element : list) elements.push_back(toml_literal(element));
  return "[" + join(elements, ", ") + "]";
}

std::string table_literal(const Value::Table& table) {
  if (table.empty()) return "{}";
  std::vector<std::string> entries;
  for (const auto& [key, value] : table) entries.push_back(join_key({key}) + " = " + toml_literal(value));
  return "{ " + join(entries, ", ") + " }";
}

}  // namespace

std::optional<std::size_t> end_of_quoted(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (std::size_t i = at + 1; i < text.size() && text[i] != '\n'; ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      return i + 1;
    }
  }
  return std::nullopt;
}

std::optional<std::size_t> end_of_scalar(std::string_view text, std::size_t at) {
  if (at >= text.size()) return std::nullopt;
  const std::string_view opening = text.substr(at, 3);
  if (opening == "\"\"\"" || opening == "'''") return end_of_multi_line(text, at);
  if (text[at] == '"' || text[at] == '\'') return end_of_quoted(text, at);
  const std::size_t end = end_of_word(text, at);
  const bool goes_on = is_date(text.substr(at, end - at)) && time_follows(text, end);
  return goes_on ? end_of_word(text, end + 1) : end;
}

std::optional<std::string> unescaped(std::string_view inside) {
  std::string text;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] != '\\') {
      text += inside[i];
      continue;
    }
    if (++i == inside.size()) return std::nullopt;
    const auto special = short_escapes.find(inside[i]);
    if (special != std::string_view::npos) {
      text += short_meanings[special];
      continue;
    }
    const std::size_t digits = inside[i] == 'u' ? 4 : inside[i] == 'U' ? 8 : 0;
    const auto character = digits == 0 ? std::nullopt : hexadecimal(inside.substr(i + 1, digits), digits);
    if (!character) return std::nullopt;
    append_code_point(text, *character);
    i += digits;
  }
  return text;
}

std::string quoted(std::string_view text, Quotes quotes) {
  if (quotes == Quotes::literal && fits_literal_quotes(text)) return fmt::format("'{}'", text);
  std::string literal = "\"";
  for (const char c : text) append_escaped(literal, c);
  return literal + '"';
}

std::optional<std::string> trouble_with(const Value& value) {
  const auto text_trouble = [](const std::string& text) -> std::optional<std::string> {
    if (is_utf8(text)) return std::nullopt;
    return fmt::format("the text \"{}\" is not UTF-8", printable(text, 40));
  };
  if (value.is_null()) return "TOML has no null";
  if (value.is_string()) return text_trouble(value.as_string());
  if (value.is_list()) {
    for (const Value& element : value.as_list()) {
      if (auto trouble = trouble_with(element)) return trouble;
    }
  }
  if (value.is_table()) {
    for (const auto& [key, element] : value.as_table()) {
      if (auto trouble = text_trouble(key)) return trouble;
      if (auto trouble = trouble_with(element)) return trouble;
    }
  }
  return std::nullopt;
}

std::string toml_literal(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::null:
      break;
    case Value::Kind::boolean:
      return value.as_boolean() ? "true" : "false";
    case Value::Kind::integer:
      return std::to_string(value.as_integer());
    case Value::Kind::floating:
      return shortest(value.as_number());
    case Value::Kind::string:
      if (auto trouble = trouble_with(value)) throw Error(*trouble + ", so there is no TOML literal for it");
      return quoted(value.as_string(), Quotes::basic);
    case Value::Kind::list:
      return list_literal(value.as_list());
    case Value::Kind::table:
      return table_literal(value.as_table());
  }
  throw Error("TOML has no null, so there is no TOML literal for it");
}

std::string literal_like(const Value& value, std::string_view replaced) {
  const bool literal_quotes = replaced.starts_with('\'') && !replaced.starts_with("'''");
  if (value.is_string() && literal_quotes) return quoted(value.as_string(), Quotes::literal);
  return toml_literal(value);
}

}  // namespace tt::config
