// tt/base/value.hpp: a typed value as TOML, YAML and JSON share it; also our JSON.
//
// Integers and floats stay apart (TorchTitan refuses 4.0 for an int key), tables keep the order they were written in.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tt {

class Value {
 public:
  using List = std::vector<Value>;
  using Table = std::vector<std::pair<std::string, Value>>;  // ordered; keys are unique
  enum class Kind { null, boolean, integer, floating, string, list, table };

  // What touches the variant is defined in value.cpp: in every file that makes or drops a Value it was a fifth of the
  // code to compile.
  Value() noexcept;  // null
  Value(std::nullptr_t) noexcept;
  Value(bool v) noexcept;
  Value(int v) noexcept : Value(static_cast<long long>(v)) {}
  Value(unsigned v) noexcept : Value(static_cast<long long>(v)) {}
  Value(long v) noexcept : Value(static_cast<long long>(v)) {}
  Value(long long v) noexcept;
  Value(unsigned long v) noexcept : Value(static_cast<long long>(v)) {}
  Value(double v) noexcept;
  Value(const char* v);
  Value(std::string v) noexcept;
  Value(std::string_view v);
  Value(List v) noexcept;
  Value(Table v) noexcept;
  Value(const Value& other);
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other);
  Value& operator=(Value&& other) noexcept;
  ~Value();
  static Value object() { return Value(Table{}); }
  static Value array() { return Value(List{}); }

  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool is_null() const { return kind() == Kind::null; }
  bool is_boolean() const { return kind() == Kind::boolean; }
  bool is_integer() const { return kind() == Kind::integer; }
  bool is_floating() const { return kind() == Kind::floating; }
  bool is_number() const { return is_integer() || is_floating(); }
  bool is_string() const { return kind() == Kind::string; }
  bool is_list() const { return kind() == Kind::list; }
  bool is_table() const { return kind() == Kind::table; }

  // Each throws std::bad_variant_access when the kind is another one (as_number takes both number kinds).
  bool as_boolean() const;
  std::int64_t as_integer() const;
  double as_number() const;
  const std::string& as_string() const;
  const List& as_list() const;
  List& as_list();
  const Table& as_table() const;
  Table& as_table();

  // Table access. find: null pointer when absent or not a table. at: a null Value when absent (so chains read well).
  const Value* find(std::string_view key) const;
  const Value& at(std::string_view key) const;
  // Sets or replaces; a null Value becomes a table first. Returns *this so that records can be chained.
  Value& set(std::string_view key, Value value);
  Value& push(Value value);

  // Convenience readers for our own records: the default when absent or of another kind.
  std::string text_or(std::string_view key, std::string_view fallback = "") const;
  std::int64_t integer_or(std::string_view key, std::int64_t fallback = 0) const;
  bool boolean_or(std::string_view key, bool fallback = false) const;

  // Exact: same kind and same content (tables in the same order). For "8 = 8.0" use same_value.
  friend bool operator==(const Value& a, const Value& b);

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, List, Table> data_;
};

// Equal as typed values: 8 = 8.0, strings exactly, lists element by element, tables whatever their order.
bool same_value(const Value& a, const Value& b);

// "a boolean", "an integer", ...: for messages.
std::string kind_name(Value::Kind kind);

// The shortest text that reads back as the same value: 8, 0.0003, 1e-08, true, none; strings bare; lists a,b. For
// people and names.
std::string plain_text(const Value& value);
// The shortest text of a double that reads back as the same double (and looks like a float: 1.0, 1e-08, inf, nan).
std::string shortest(double number);

// JSON. Non-finite numbers become null; integers stay integers.
std::string to_json(const Value& value);         // one line
std::string to_pretty_json(const Value& value);  // two-space indent, final newline
// Throws Error naming `what` (a file, say) when it is not JSON.
Value parse_json(std::string_view text, const std::string& what);

}  // namespace tt
