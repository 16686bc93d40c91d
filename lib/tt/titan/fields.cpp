#include "tt/titan/fields.hpp"

#include <fmt/format.h>

#include <utility>

#include "tt/base/text.hpp"

namespace tt::titan {

namespace {
constexpr std::int64_t most = 100'000'000;  // above any size of any model
}

Fields::Fields(const Value& table, PlaceOfKey place_of, Problems& problems)
    : table_(table), place_of_(std::move(place_of)), problems_(problems) {}

const Value& Fields::value(std::string_view key) const { return table_.at(key); }

bool Fields::has(std::string_view key) const { return !value(key).is_null(); }

void Fields::problem(std::string_view key, std::string message, std::string hint) {
  problems_.add(place_of_(key), std::move(message), std::move(hint));
}

std::optional<std::int64_t> Fields::number(std::string_view key, std::int64_t least) {
  const Value& found = value(key);
  if (found.is_integer() && found.as_integer() >= least && found.as_integer() <= most) return found.as_integer();
  problem(key, fmt::format("'{}' is a whole number from {} to {}, got {}", key, least, with_thousands(most),
                           printable(found.is_string() ? to_json(found) : plain_text(found))));
  return std::nullopt;
}

std::int64_t Fields::size(std::string_view key) {
  if (has(key)) return number(key, 1).value_or(1);
  problem(key, fmt::format("'{}' is missing", key));
  return 1;
}

std::int64_t Fields::size_or(std::string_view key, std::int64_t fallback) {
  return has(key) ? number(key, 1).value_or(1) : fallback;
}

std::optional<std::int64_t> Fields::size_if_there(std::string_view key) {
  return has(key) ? number(key, 1) : std::nullopt;
}

std::int64_t Fields::count_or(std::string_view key, std::int64_t fallback) {
  return has(key) ? number(key, 0).value_or(0) : fallback;
}

bool Fields::flag_or(std::string_view key, bool fallback) {
  if (!has(key)) return fallback;
  const Value& found = value(key);
  if (found.is_boolean()) return found.as_boolean();
  problem(key, fmt::format("'{}' is true or false, got {}", key, printable(to_json(found))));
  return fallback;
}

std::string Fields::text(std::string_view key) {
  const Value& found = value(key);
  if (found.is_string()) return found.as_string();
  problem(key, has(key) ? fmt::format("'{}' is a text, got {}", key, printable(to_json(found)))
                        : fmt::format("'{}' is missing", key));
  return "";
}

}  // namespace tt::titan
