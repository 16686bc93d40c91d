// tt/base/text.hpp: small things done to text.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tt {

std::vector<std::string> split(std::string_view text, char separator);  // keeps empty parts
std::vector<std::string> split_lines(std::string_view text);            // \n and \r\n; no final empty line
std::string join(std::span<const std::string> parts, std::string_view separator);
std::string_view trim(std::string_view text);
std::string lower(std::string_view text);  // ASCII only
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
std::string replace_all(std::string text, std::string_view from, std::string_view to);

bool is_utf8(std::string_view bytes);
// Offset of the first byte that is not UTF-8.
std::optional<std::size_t> first_bad_utf8(std::string_view bytes);
bool has_control_character(std::string_view text);  // below 0x20 or DEL
// Text safe to print inside a message: control and non-UTF-8 bytes shown as \xNN, cut at `limit` with "...".
std::string printable(std::string_view text, std::size_t limit = 120);
std::string printable_whole(std::string_view text);  // the same, never cut
// Columns a text takes on a terminal (combining marks 0, wide characters 2; a good approximation).
std::size_t display_width(std::string_view text);

std::optional<std::int64_t> to_integer(std::string_view text);  // whole text, decimal, no sign but '-'
std::optional<double> to_double(std::string_view text);         // whole text

// The nearest of `names` by edit distance, when near enough to be a typing error.
std::optional<std::string> nearest(std::string_view wanted, std::span<const std::string> names);

std::string plural(std::int64_t count, std::string_view singular,
                   std::string_view plural_form = "");  // "1 run", "2 runs"
std::string with_thousands(std::int64_t number);        // 1,234,567

// Shell-style pattern (* ? [..]) against a whole text.
bool matches_pattern(std::string_view pattern, std::string_view text);

}  // namespace tt
