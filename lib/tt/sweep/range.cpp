#include "tt/sweep/range.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include "tt/base/text.hpp"

namespace tt::sweep {
namespace {

constexpr std::array<std::string_view, 4> range_keys{"from", "to", "step", "times"};

// digits * 10^exponent, without trailing zeros in digits.
struct Decimal {
  std::int64_t digits = 0;
  int exponent = 0;
  bool whole_as_written = false;
  friend bool operator==(const Decimal& a, const Decimal& b) {
    return a.digits == b.digits && a.exponent == b.exponent;
  }
};

Decimal normal(Decimal number) {
  if (number.digits == 0) number.exponent = 0;
  while (number.digits != 0 && number.digits % 10 == 0) {
    number.digits /= 10;
    ++number.exponent;
  }
  return number;
}

std::optional<Decimal> read_decimal(const std::string& spelled) {
  Decimal number;
  std::string_view text = spelled;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  const std::string_view mantissa = text.substr(0, e);
  if (e < text.size()) {
    std::string_view power = text.substr(e + 1);
    if (power.starts_with('+')) power.remove_prefix(1);
    const auto exponent = to_integer(power);
    if (!exponent || *exponent < -400 || *exponent > 400) return std::nullopt;
    number.exponent = static_cast<int>(*exponent);
  }
  const std::size_t point = mantissa.find('.');
  std::string digits(mantissa.substr(0, point));
  if (point != std::string_view::npos) {
    const std::string_view fraction = mantissa.substr(point + 1);
    digits += fraction;
    number.exponent -= static_cast<int>(fraction.size());
  }
  const auto value = to_integer(digits);
  if (!value) return std::nullopt;
  number.digits = negative ? -*value : *value;
  number.whole_as_written = e == text.size() && point == std::string_view::npos;
  return normal(number);
}

std::string to_text(const Decimal& number) { return fmt::format("{}e{}", number.digits, number.exponent); }
double to_number(const Decimal& number) { return to_double(to_text(number)).value_or(0); }

std::optional<std::int64_t> shifted(std::int64_t digits, int by) {
  for (; by > 0 && digits != 0; --by) {
    if (__builtin_mul_overflow(digits, std::int64_t{10}, &digits)) return std::nullopt;
  }
  return digits;
}

struct Range {
  const Node& node;
  Decimal from, to, by;
  bool multiplies = false;
  Place by_place;
};

std::optional<Decimal> read_end(const Node& node, std::string_view key, Problems& problems) {
  const Entry* entry = node.find(key);
  if (!entry) {
    problems.add(node.place, fmt::format("this range has no '{}'", key),
                 "a range is {from: 1, to: 8, step: 1} or {from: 1, to: 8, times: 2}");
    return std::nullopt;
  }
  if (!entry->value.is_scalar() || !entry->value.value.is_number()) {
    problems.add(entry->value.place, fmt::format("'{}' of a range is a number, not {}", key, kind_name(entry->value)));
    return std::nullopt;
  }
  auto number = read_decimal(entry->value.spelled);
  if (!number) problems.add(entry->value.place, fmt::format("'{}' has too many digits for an exact range", key));
  return number;
}

void check_keys(const Node& node, Problems& problems) {
  for (const Entry& entry : node.entries) {
    if (std::find(range_keys.begin(), range_keys.end(), entry.key) == range_keys.end()) {
      problems.add(entry.place, fmt::format("a range has no key '{}'", printable(entry.key)),
                   "its keys are from, to, and step or times");
    }
  }
  if (node.find("step") && node.find("times")) {
    problems.add(node.find("times")->place, "a range has 'step' or 'times', not both");
  }
}

std::vector<Value> as_values(const Range& range, const std::vector<Decimal>& numbers) {
  const bool whole = range.from.whole_as_written && range.to.whole_as_written &&
                     std::all_of(numbers.begin(), numbers.end(), [](const Decimal& n) { return n.exponent >= 0; });
  std::vector<Value> values;
  for (const Decimal& number : numbers) {
    const auto integer = whole ? shifted(number.digits, number.exponent) : std::nullopt;
    if (integer)
      values.emplace_back(*integer);
    else
      values.emplace_back(to_number(number));
  }
  return values;
}

void not_hit(const Range& range, const Decimal& last, Problems& problems) {
  const Entry* to = range.node.find("to");
  problems.add(to->value.place,
               fmt::format("this range does not reach {}: the last value before it is {}", to->value.spelled,
                           plain_text(as_values(range, {last}).front())),
               "'to' is part of a range and must be hit exactly");
}

void too_long(const Range& range, Problems& problems) {
  problems.add(range.node.place, fmt::format("this range has more than {} values", with_thousands(longest_axis)));
}

std::vector<Value> steps(const Range& range, Problems& problems) {
  const int exponent = std::min({range.from.exponent, range.to.exponent, range.by.exponent});
  const auto scaled = [&](const Decimal& number) { return shifted(number.digits, number.exponent - exponent); };
  const auto from = scaled(range.from), to = scaled(range.to), by = scaled(range.by);
  std::int64_t distance = 0;
  if (!from || !to || !by || __builtin_sub_overflow(*to, *from, &distance)) {
    problems.add(range.node.place, "this range has too many digits to be exact");
    return {};
  }
  if (*by == 0 || (distance != 0 && (distance > 0) != (*by > 0))) {
    problems.add(range.by_place, "with this step the range never arrives",
                 distance < 0 ? "a range that goes down has a negative step" : "the step must be above zero");
    return {};
  }
  const std::int64_t count = distance / *by;
  if (count >= static_cast<std::int64_t>(longest_axis)) {
    too_long(range, problems);
    return {};
  }
  std::vector<Decimal> numbers;
  for (std::int64_t i = 0; i <= count; ++i) numbers.push_back(normal({*from + i * *by, exponent, false}));
  if (distance % *by != 0) {
    not_hit(range, numbers.back(), problems);
    return {};
  }
  return as_values(range, numbers);
}

std::vector<Value> multiples(const Range& range, Problems& problems) {
  const double factor = to_number(range.by), from = to_number(range.from), to = to_number(range.to);
  const bool grows = factor > 1;
  const bool arrives =
      factor > 0 && factor != 1 && from * to > 0 && (grows == (std::abs(to) > std::abs(from)) || from == to);
  if (!arrives) {
    problems.add(range.by_place, "with this factor the range never arrives",
                 "'times' is above 1 to go up, between 0 and 1 to go down, and both ends have one sign");
    return {};
  }
  const auto beyond = [&](double number) {
    return grows ? std::abs(number) > std::abs(to) : std::abs(number) < std::abs(to);
  };
  std::vector<Decimal> numbers{range.from};
  while (!(numbers.back() == range.to)) {
    Decimal next = numbers.back();
    next.exponent += range.by.exponent;
    const bool overflows = __builtin_mul_overflow(next.digits, range.by.digits, &next.digits);
    next = normal(next);
    if (overflows || beyond(to_number(next))) {
      not_hit(range, numbers.back(), problems);
      return {};
    }
    numbers.push_back(next);
    if (numbers.size() > longest_axis) {
      too_long(range, problems);
      return {};
    }
  }
  return as_values(range, numbers);
}

}  // namespace

bool is_range(const Node& node) {
  return node.is_map() && std::any_of(range_keys.begin(), range_keys.end(), [&](auto key) { return node.find(key); });
}

std::vector<Value> read_range(const Node& node, Problems& problems) {
  check_keys(node, problems);
  const bool multiplies = node.find("times") && !node.find("step");
  const std::string_view by_key = multiplies ? "times" : "step";
  const auto from = read_end(node, "from", problems);
  const auto to = read_end(node, "to", problems);
  const auto by = read_end(node, by_key, problems);
  if (!from || !to || !by) return {};
  const Range range{node, *from, *to, *by, multiplies, node.find(by_key)->value.place};
  return multiplies ? multiples(range, problems) : steps(range, problems);
}

}  // namespace tt::sweep
