#include "tt/base/text.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "tt/base/utf8.hpp"

namespace tt {
namespace {

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Most of what is ever printed.
bool is_plain_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

std::string as_hexadecimal_escapes(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    char escape[5];
    std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
    text += escape;
  }
  return text;
}

// Edits between two texts: insert, remove, replace, swap neighbours (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string_view last_component(std::string_view key) { return key.substr(key.find_last_of('.') + 1); }

}  // namespace

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (auto end = text.find(separator); end != std::string_view::npos; end = text.find(separator, begin)) {
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  parts.emplace_back(text.substr(begin));
  return parts;
}

std::vector<std::string> split_lines(std::string_view text) {
  if (text.empty()) return {};
  std::vector<std::string> lines = split(text, '\n');
  if (lines.back().empty()) lines.pop_back();
  for (std::string& line : lines) {
    if (line.ends_with('\r')) line.pop_back();
  }
  return lines;
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += separator;
    text += parts[i];
  }
  return text;
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\v\f";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  if (from.empty()) return text;
  std::string result;
  std::size_t copied = 0;
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, copied)) {
    result.append(text, copied, at - copied).append(to);
    copied = at + from.size();
  }
  return result.append(text, copied);
}

std::optional<std::size_t> first_bad_utf8(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const Utf8Step step = utf8_step(bytes, at);
    if (!step.good) return at;
    at += step.bytes;
  }
  return std::nullopt;
}

bool is_utf8(std::string_view bytes) { return !first_bad_utf8(bytes); }

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::string printable(std::string_view text, std::size_t limit) {
  if (text.size() <= limit && is_plain_ascii(text)) return std::string(text);
  constexpr std::string_view cut_mark = "...";
  std::string shown;
  std::size_t columns = 0;
  std::size_t keep = 0;  // how much of `shown` leaves room for the cut mark
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = utf8_step(text, at);
    const std::string_view bytes = text.substr(at, step.bytes);
    const bool as_it_is = step.good && !acts_on_terminal(step.character);
    shown += as_it_is ? std::string(bytes) : as_hexadecimal_escapes(bytes);
    columns += as_it_is ? columns_of(step.character) : 4 * bytes.size();
    if (columns > limit) return shown.substr(0, keep).append(cut_mark);
    if (columns + cut_mark.size() <= limit) keep = shown.size();
    at += step.bytes;
  }
  return shown;
}

std::string printable_whole(std::string_view text) { return printable(text, std::string_view::npos); }

std::size_t display_width(std::string_view text) {
  if (is_plain_ascii(text)) return text.size();
  std::size_t columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Step step = utf8_step(text, at);
    const bool control = step.good && (step.character < 0x20 || step.character == 0x7f);
    if (!control) columns += step.good ? columns_of(step.character) : 1;
    at += step.bytes;
  }
  return columns;
}

std::optional<std::int64_t> to_integer(std::string_view text) { return whole_number<std::int64_t>(text); }

std::optional<double> to_double(std::string_view text) { return whole_number<double>(text); }

// Near is an edit for every three characters. A name with the same last part (lr, optimizer.lr) is near as well,
// when it is the only one: `enable` alone would fit half of all sections.
std::optional<std::string> nearest(std::string_view wanted, std::span<const std::string> names) {
  const std::string typed = lower(wanted);
  const std::size_t near = std::max<std::size_t>(1, typed.size() / 3);
  const std::string* best = nullptr;
  std::size_t best_distance = near + 1;
  const std::string* namesake = nullptr;
  std::size_t namesakes = 0;
  for (const std::string& name : names) {
    const std::string candidate = lower(name);
    const std::size_t distance = edit_distance(typed, candidate);
    if (distance < best_distance && distance < std::max(typed.size(), candidate.size())) {
      best = &name;
      best_distance = distance;
    }
    if (!typed.empty() && last_component(candidate) == last_component(typed)) {
      namesake = &name;
      ++namesakes;
    }
  }
  if (best) return *best;
  if (namesakes == 1) return *namesake;
  return std::nullopt;
}

std::string plural(std::int64_t count, std::string_view singular, std::string_view plural_form) {
  std::string text = std::to_string(count) + " ";
  if (count == 1) return text.append(singular);
  return plural_form.empty() ? text.append(singular).append("s") : text.append(plural_form);
}

std::string with_thousands(std::int64_t number) {
  std::string text = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first + 3;) text.insert(at -= 3, 1, ',');
  return text;
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
  return ::fnmatch(std::string(pattern).c_str(), std::string(text).c_str(), 0) == 0;
}

}  // namespace tt
