// JSON out by a small writer of our own (ten thousand run.json files pass through it), in through nlohmann's events.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"
#include "tt/base/utf8.hpp"
#include "tt/base/value.hpp"

namespace tt {
namespace {

// Deeper nesting is an accident or an attack; the limit keeps recursion over a Value safe.
constexpr std::size_t deepest_nesting = 500;

class JsonWriter {
 public:
  explicit JsonWriter(bool pretty) : pretty_(pretty) {}

  void write(const Value& value) {
    switch (value.kind()) {
      case Value::Kind::null:
        out_ += "null";
        break;
      case Value::Kind::boolean:
        out_ += value.as_boolean() ? "true" : "false";
        break;
      case Value::Kind::integer:
        write_integer(value.as_integer());
        break;
      case Value::Kind::floating:
        write_floating(value.as_number());
        break;
      case Value::Kind::string:
        write_string(value.as_string());
        break;
      case Value::Kind::list:
        write_list(value.as_list());
        break;
      case Value::Kind::table:
        write_table(value.as_table());
        break;
    }
  }
  std::string take() { return std::move(out_); }

 private:
  void write_integer(std::int64_t number) {
    char buffer[24];
    out_.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr);
  }

  void write_floating(double number) {
    if (std::isfinite(number)) {
      out_ += shortest(number);
    } else {
      out_ += "null";
    }
  }

  void write_list(const Value::List& list) {
    out_ += '[';
    ++depth_;
    bool first = true;
    for (const Value& item : list) {
      next_item(first);
      write(item);
    }
    close(']', list.empty());
  }

  void write_table(const Value::Table& table) {
    out_ += '{';
    ++depth_;
    bool first = true;
    for (const auto& [key, value] : table) {
      next_item(first);
      write_string(key);
      out_ += pretty_ ? ": " : ":";
      write(value);
    }
    close('}', table.empty());
  }

  void next_item(bool& first) {
    if (!first) out_ += ',';
    first = false;
    new_line();
  }

  void close(char bracket, bool empty) {
    --depth_;
    if (!empty) new_line();
    out_ += bracket;
  }

  void new_line() {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(2 * depth_, ' ');
  }

  // Plain stretches are copied whole; only what JSON forbids is looked at closely.
  void write_string(std::string_view text) {
    out_ += '"';
    std::size_t copied = 0;
    for (std::size_t at = 0; at < text.size();) {
      const auto byte = static_cast<unsigned char>(text[at]);
      const bool ascii = byte < 0x80;
      const Utf8Step step = ascii ? Utf8Step{byte, 1, true} : utf8_step(text, at);
      const bool forbidden = ascii ? byte < 0x20 || byte == '"' || byte == '\\' : !step.good;
      if (forbidden) {
        out_.append(text.substr(copied, at - copied));
        write_escaped(byte);
        copied = at + 1;
      }
      at += step.bytes;
    }
    out_.append(text.substr(copied));
    out_ += '"';
  }

  void write_escaped(unsigned char byte) {
    constexpr char digits[] = "0123456789abcdef";
    switch (byte) {
      case '"':
        out_ += "\\\"";
        return;
      case '\\':
        out_ += "\\\\";
        return;
      case '\b':
        out_ += "\\b";
        return;
      case '\f':
        out_ += "\\f";
        return;
      case '\n':
        out_ += "\\n";
        return;
      case '\r':
        out_ += "\\r";
        return;
      case '\t':
        out_ += "\\t";
        return;
      default:
        break;
    }
    if (byte >= 0x80) {
      out_ += "\xef\xbf\xbd";  // U+FFFD stands for a byte that is not UTF-8
    } else {
      out_ += "\\u00";
      out_ += digits[byte >> 4];
      out_ += digits[byte & 0xf];
    }
  }

  std::string out_;
  std::size_t depth_ = 0;
  bool pretty_;
};

// A key written twice keeps its first position and its last value.
Value::Table without_duplicates(Value::Table table) {
  std::unordered_map<std::string_view, std::size_t> first;
  first.reserve(table.size());
  bool repeated = false;
  for (std::size_t i = 0; i < table.size() && !repeated; ++i) repeated = !first.emplace(table[i].first, i).second;
  if (!repeated) return table;
  Value::Table unique;
  std::unordered_map<std::string, std::size_t> places;
  for (auto& [key, value] : table) {
    const auto [place, is_new] = places.emplace(key, unique.size());
    if (is_new) {
      unique.emplace_back(key, std::move(value));
    } else {
      unique[place->second].second = std::move(value);
    }
  }
  return unique;
}

// Builds a Value from the parser's events. Names and signatures are the parser's.
class JsonReader {
 public:
  bool null() { return put(Value()); }
  bool boolean(bool value) { return put(Value(value)); }
  bool number_integer(std::int64_t value) { return put(Value(value)); }
  bool number_unsigned(std::uint64_t value) {
    const bool fits = value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return put(fits ? Value(static_cast<std::int64_t>(value)) : Value(static_cast<double>(value)));
  }
  bool number_float(double value, const std::string&) { return put(Value(value)); }
  bool string(std::string& value) { return put(Value(std::move(value))); }
  bool binary(nlohmann::json::binary_t&) { return false; }
  bool key(std::string& value) {
    open_.back().key = std::move(value);
    return true;
  }
  bool start_object(std::size_t) { return open(Value::object()); }
  bool start_array(std::size_t) { return open(Value::array()); }
  bool end_array() { return close(); }
  bool end_object() {
    auto& table = open_.back().value.as_table();
    table = without_duplicates(std::move(table));
    return close();
  }
  template <class Exception>
  bool parse_error(std::size_t position, const std::string&, const Exception& exception) {
    position_ = position;
    error_ = exception.what();
    return false;
  }

  Value take() { return std::move(result_); }
  std::size_t position() const { return position_; }
  const std::string& error() const { return error_; }

 private:
  struct Open {
    Value value;
    std::string key;
  };

  bool put(Value value) {
    if (open_.empty()) {
      result_ = std::move(value);
    } else if (open_.back().value.is_list()) {
      open_.back().value.as_list().push_back(std::move(value));
    } else {
      open_.back().value.as_table().emplace_back(std::move(open_.back().key), std::move(value));
    }
    return true;
  }

  bool open(Value value) {
    if (open_.size() == deepest_nesting) {
      error_ = "nested more than " + std::to_string(deepest_nesting) + " levels deep";
      return false;
    }
    open_.push_back({std::move(value), ""});
    return true;
  }

  bool close() {
    Value value = std::move(open_.back().value);
    open_.pop_back();
    return put(std::move(value));
  }

  std::vector<Open> open_;
  Value result_;
  std::size_t position_ = 0;
  std::string error_;
};

// How many characters end with the mark; none when it is missing.
std::size_t after(std::string_view text, std::string_view mark) {
  const std::size_t at = text.find(mark);
  return at == std::string_view::npos ? 0 : at + mark.size();
}

// nlohmann begins with "[json.exception.parse_error.101] parse error at line 1, column 5: "; we say the place
// ourselves.
std::string reason_of(std::string_view error) {
  if (error.starts_with('[')) error.remove_prefix(after(error, "] "));
  if (error.starts_with("parse error at")) error.remove_prefix(after(error, ": "));
  return printable(error, 200);
}

std::string place_of(std::string_view text, std::size_t position) {
  if (position == 0) return "";
  const auto [line, column] = SourceText("", std::string(text)).position(position - 1);
  return ":" + std::to_string(line) + ":" + std::to_string(column);
}

}  // namespace

std::string to_json(const Value& value) {
  JsonWriter writer(false);
  writer.write(value);
  return writer.take();
}

std::string to_pretty_json(const Value& value) {
  JsonWriter writer(true);
  writer.write(value);
  return writer.take() + "\n";
}

Value parse_json(std::string_view text, const std::string& what) {
  JsonReader reader;
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &reader)) return reader.take();
  throw Error(what + place_of(text, reader.position()) + ": this is not JSON: " + reason_of(reader.error()));
}

}  // namespace tt
