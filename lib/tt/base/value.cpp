#include "tt/base/value.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <variant>

namespace tt {
namespace {

// Without the detour over double, which would call 2^53 and 2^53 + 1 the same.
bool same_number(std::int64_t integer, double floating) {
  constexpr double limit = 9223372036854775808.0;  // 2^63
  if (!(floating >= -limit && floating < limit) || std::trunc(floating) != floating) return false;
  return static_cast<std::int64_t>(floating) == integer;
}

bool same_floating(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

bool same_list(const Value::List& a, const Value::List& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_value);
}

bool same_table(const Value& a, const Value& b) {
  if (a.as_table().size() != b.as_table().size()) return false;
  return std::all_of(a.as_table().begin(), a.as_table().end(), [&](const auto& entry) {
    const Value* other = b.find(entry.first);
    return other && same_value(entry.second, *other);
  });
}

// Lists and tables inside others need their brackets; at the top they go without.
std::string plain_inside(const Value& value) {
  if (value.is_list()) return "[" + plain_text(value) + "]";
  if (value.is_table()) return "{" + plain_text(value) + "}";
  return plain_text(value);
}

std::string plain_list(const Value::List& list) {
  std::string text;
  for (const Value& item : list) {
    if (&item != &list.front()) text += ',';
    text += plain_inside(item);
  }
  return text;
}

std::string plain_table(const Value::Table& table) {
  std::string text;
  for (const auto& entry : table) {
    if (&entry != &table.front()) text += ',';
    text += entry.first + "=" + plain_inside(entry.second);
  }
  return text;
}

}  // namespace

Value::Value() noexcept = default;
Value::Value(std::nullptr_t) noexcept {}
Value::Value(bool v) noexcept : data_(v) {}
Value::Value(long long v) noexcept : data_(static_cast<std::int64_t>(v)) {}
Value::Value(double v) noexcept : data_(v) {}
Value::Value(const char* v) : data_(std::string(v)) {}
Value::Value(std::string v) noexcept : data_(std::move(v)) {}
Value::Value(std::string_view v) : data_(std::string(v)) {}
Value::Value(List v) noexcept : data_(std::move(v)) {}
Value::Value(Table v) noexcept : data_(std::move(v)) {}
Value::Value(const Value& other) = default;
Value::Value(Value&& other) noexcept = default;
Value& Value::operator=(const Value& other) = default;
Value& Value::operator=(Value&& other) noexcept = default;
Value::~Value() = default;

bool operator==(const Value& a, const Value& b) { return a.data_ == b.data_; }

bool Value::as_boolean() const { return std::get<bool>(data_); }
std::int64_t Value::as_integer() const { return std::get<std::int64_t>(data_); }
const std::string& Value::as_string() const { return std::get<std::string>(data_); }
const Value::List& Value::as_list() const { return std::get<List>(data_); }
Value::List& Value::as_list() { return std::get<List>(data_); }
const Value::Table& Value::as_table() const { return std::get<Table>(data_); }
Value::Table& Value::as_table() { return std::get<Table>(data_); }
double Value::as_number() const { return is_integer() ? static_cast<double>(as_integer()) : std::get<double>(data_); }

const Value* Value::find(std::string_view key) const {
  const Table* table = std::get_if<Table>(&data_);
  if (!table) return nullptr;
  const auto at = std::find_if(table->begin(), table->end(), [&](const auto& entry) { return entry.first == key; });
  return at == table->end() ? nullptr : &at->second;
}

const Value& Value::at(std::string_view key) const {
  static const Value absent;
  const Value* found = find(key);
  return found ? *found : absent;
}

Value& Value::set(std::string_view key, Value value) {
  if (is_null()) data_ = Table{};
  Table& table = as_table();
  const auto at = std::find_if(table.begin(), table.end(), [&](const auto& entry) { return entry.first == key; });
  if (at != table.end()) {
    at->second = std::move(value);
  } else {
    table.emplace_back(std::string(key), std::move(value));
  }
  return *this;
}

Value& Value::push(Value value) {
  if (is_null()) data_ = List{};
  as_list().push_back(std::move(value));
  return *this;
}

std::string Value::text_or(std::string_view key, std::string_view fallback) const {
  const Value& found = at(key);
  return found.is_string() ? found.as_string() : std::string(fallback);
}

std::int64_t Value::integer_or(std::string_view key, std::int64_t fallback) const {
  const Value& found = at(key);
  return found.is_integer() ? found.as_integer() : fallback;
}

bool Value::boolean_or(std::string_view key, bool fallback) const {
  const Value& found = at(key);
  return found.is_boolean() ? found.as_boolean() : fallback;
}

bool same_value(const Value& a, const Value& b) {
  if (a.is_integer() && b.is_floating()) return same_number(a.as_integer(), b.as_number());
  if (a.is_floating() && b.is_integer()) return same_number(b.as_integer(), a.as_number());
  if (a.kind() != b.kind()) return false;
  if (a.is_floating()) return same_floating(a.as_number(), b.as_number());
  if (a.is_list()) return same_list(a.as_list(), b.as_list());
  if (a.is_table()) return same_table(a, b);
  return a == b;
}

std::string kind_name(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::null:
      return "null";
    case Value::Kind::boolean:
      return "a boolean";
    case Value::Kind::integer:
      return "an integer";
    case Value::Kind::floating:
      return "a float";
    case Value::Kind::string:
      return "a string";
    case Value::Kind::list:
      return "a list";
    case Value::Kind::table:
      return "a table";
  }
  return "unknown";
}

std::string plain_text(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::null:
      return "none";
    case Value::Kind::boolean:
      return value.as_boolean() ? "true" : "false";
    case Value::Kind::integer:
      return std::to_string(value.as_integer());
    case Value::Kind::floating:
      return shortest(value.as_number());
    case Value::Kind::string:
      return value.as_string();
    case Value::Kind::list:
      return plain_list(value.as_list());
    case Value::Kind::table:
      return plain_table(value.as_table());
  }
  return "";
}

// Fixed between 0.0001 and 1e16 and scientific beyond, as Python writes them: to_chars left alone would turn
// 0.0003 into 3e-04, which nobody recognises.
std::string shortest(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  const double size = std::abs(number);
  const bool fixed = number == 0 || (size >= 1e-4 && size < 1e16);
  char buffer[40];
  const auto format = fixed ? std::chars_format::fixed : std::chars_format::scientific;
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number, format).ptr;
  std::string text(buffer, end);
  if (fixed && text.find('.') == std::string::npos) text += ".0";
  return text;
}

}  // namespace tt
