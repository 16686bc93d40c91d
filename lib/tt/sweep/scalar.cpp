#include "tt/sweep/scalar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "tt/base/text.hpp"

namespace tt::sweep {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t digits_at(std::string_view text, std::size_t from) {
  std::size_t end = from;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - from;
}

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::string_view without_sign(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return text;
}

bool is_decimal_integer(std::string_view unsigned_text) {
  return !unsigned_text.empty() && digits_at(unsigned_text, 0) == unsigned_text.size();
}

// digits with an optional point and exponent; at least one digit before the exponent.
bool is_decimal_float(std::string_view unsigned_text) {
  std::size_t at = digits_at(unsigned_text, 0);
  std::size_t digits = at;
  if (at < unsigned_text.size() && unsigned_text[at] == '.') {
    const std::size_t fraction = digits_at(unsigned_text, at + 1);
    digits += fraction;
    at += 1 + fraction;
  }
  if (digits == 0) return false;
  if (at < unsigned_text.size() && (unsigned_text[at] == 'e' || unsigned_text[at] == 'E')) {
    ++at;
    if (at < unsigned_text.size() && (unsigned_text[at] == '-' || unsigned_text[at] == '+')) ++at;
    const std::size_t exponent = digits_at(unsigned_text, at);
    if (exponent == 0) return false;
    at += exponent;
  }
  return at == unsigned_text.size();
}

// 0x10, 0o10, 0b10: numbers to some readers of YAML, text to others.
bool is_based_number(std::string_view unsigned_text) {
  if (unsigned_text.size() < 3 || unsigned_text[0] != '0') return false;
  const std::string_view digits = unsigned_text.substr(2);
  switch (unsigned_text[1]) {
    case 'x':
    case 'X':
      return digits.find_first_not_of("0123456789abcdefABCDEF_") == std::string_view::npos;
    case 'o':
    case 'O':
      return digits.find_first_not_of("01234567_") == std::string_view::npos;
    case 'b':
    case 'B':
      return digits.find_first_not_of("01_") == std::string_view::npos;
    default:
      return false;
  }
}

std::string without_leading_zeros(std::string_view text) {
  const bool negative = text[0] == '-';
  std::string_view digits = without_sign(text);
  while (digits.size() > 1 && digits[0] == '0' && is_digit(digits[1])) digits.remove_prefix(1);
  return (negative ? "-" : "") + std::string(digits);
}

Scalar refused(std::string trouble, std::string hint) { return {Value(), std::move(trouble), std::move(hint)}; }

std::optional<Scalar> read_word(std::string_view text) {
  constexpr std::array<std::string_view, 4> nulls{"~", "null", "Null", "NULL"};
  constexpr std::array<std::string_view, 3> trues{"true", "True", "TRUE"};
  constexpr std::array<std::string_view, 3> falses{"false", "False", "FALSE"};
  constexpr std::array<std::string_view, 6> doubtful{"yes", "no", "on", "off", "y", "n"};
  if (is_one_of(text, nulls)) return Scalar{};
  if (is_one_of(text, trues)) return Scalar{true, "", ""};
  if (is_one_of(text, falses)) return Scalar{false, "", ""};
  if (!is_one_of(lower(text), doubtful)) return std::nullopt;
  const char first = lower(text)[0];
  const bool is_true = lower(text) == "on" || first == 'y';
  return refused(fmt::format("{} is a boolean to some readers of YAML and text to others", text),
                 fmt::format("write {}, or \"{}\" for text", is_true, text));
}

std::optional<Scalar> read_special_float(std::string_view text) {
  constexpr std::array<std::string_view, 3> infinities{".inf", ".Inf", ".INF"};
  constexpr std::array<std::string_view, 3> nans{".nan", ".NaN", ".NAN"};
  if (is_one_of(text, nans)) return Scalar{std::numeric_limits<double>::quiet_NaN(), "", ""};
  if (!is_one_of(without_sign(text), infinities)) return std::nullopt;
  const double infinity = std::numeric_limits<double>::infinity();
  return Scalar{text[0] == '-' ? -infinity : infinity, "", ""};
}

Scalar read_integer(std::string_view text) {
  if (text[0] == '+') text.remove_prefix(1);
  if (const auto number = to_integer(text)) return {*number, "", ""};
  return refused(fmt::format("{} is larger than a 64-bit integer", printable(text, 40)),
                 fmt::format("write \"{}\" for text", printable(text, 40)));
}

Scalar read_float(std::string_view text) {
  // A point without digits on one side is fine in YAML; give the reader of doubles both.
  const auto number = to_double(text[0] == '+' ? text.substr(1) : text);
  if (number && std::isfinite(*number)) return {*number, "", ""};
  return refused(fmt::format("{} is not a number a 64-bit float can hold", printable(text, 40)),
                 "write .inf for infinity, or quote it for text");
}

std::optional<Scalar> read_number(std::string_view text) {
  const std::string_view bare = without_sign(text);
  if (is_based_number(bare)) {
    return refused(fmt::format("{} is a number to some readers of YAML and text to others", text),
                   fmt::format("write the number in decimal, or \"{}\" for text", text));
  }
  const bool integer = is_decimal_integer(bare);
  if ((integer || is_decimal_float(bare)) && bare.size() > 1 && bare[0] == '0' && is_digit(bare[1])) {
    return refused(fmt::format("{} begins with a zero: some readers of YAML take that as octal", text),
                   fmt::format("write {}, or \"{}\" for text", without_leading_zeros(text), text));
  }
  if (integer) return read_integer(text);
  if (is_decimal_float(bare)) return read_float(text);
  if (bare.empty() || !is_digit(bare[0]) || bare.find('_') == std::string_view::npos) return std::nullopt;
  const std::string plain = replace_all(std::string(text), "_", "");
  if (!is_decimal_integer(without_sign(plain)) && !is_decimal_float(without_sign(plain))) return std::nullopt;
  return refused(fmt::format("{} is a number to some readers of YAML and text to others", text),
                 fmt::format("write {}, or \"{}\" for text", plain, text));
}

}  // namespace

Scalar read_plain_scalar(std::string_view text) {
  if (auto word = read_word(text)) return *word;
  if (auto special = read_special_float(text)) return *special;
  if (auto number = read_number(text)) return *number;
  return {std::string(text), "", ""};
}

}  // namespace tt::sweep
