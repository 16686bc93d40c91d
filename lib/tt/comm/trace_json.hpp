// tt/comm/trace_json.hpp: a JSON file of any size, key by key and, inside a long array, element by element, in bounded
// memory. Every byte is parsed: what is not JSON is refused with its place. The JSON parser is behind this file.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tt/comm/trace_input.hpp"
#include "tt/comm/trace_scan.hpp"

namespace tt::comm {

// A look at a parsed JSON value; good as long as the call that handed it out lasts.
class JsonView {
 public:
  JsonView() = default;  // nothing: a key that was not there

  explicit operator bool() const { return there_; }
  bool is_object() const;
  bool is_list() const;
  std::optional<std::string_view> text() const;
  std::optional<std::int64_t> integer() const;
  std::optional<double> number() const;  // an integer too
  std::optional<bool> boolean() const;

  JsonView at(std::string_view key) const;
  // The values of several keys in one pass over the object; those not there stay nothing.
  void pick(std::span<const std::string_view> keys, std::span<JsonView> values) const;
  void each(const std::function<void(JsonView)>& element) const;                       // of a list
  void each_key(const std::function<void(std::string_view, JsonView)>& member) const;  // of an object
  std::string raw() const;                                                             // as JSON, without spaces

 private:
  friend class JsonStream;
  friend struct JsonAccess;
  bool there_ = false;
  alignas(void*) std::array<std::byte, 2 * sizeof(void*)> inside_{};
};

class JsonStream {
 public:
  // `what` is what messages call the whole: "trace", "dump".
  JsonStream(TraceInput& input, std::string what);
  ~JsonStream();
  JsonStream(const JsonStream&) = delete;
  JsonStream& operator=(const JsonStream&) = delete;

  // The first byte that is not white space, not consumed; nullopt: there is none.
  std::optional<char> first_byte();
  // The next key of the top-level object; false when it has ended and nothing but white space follows.
  bool next_key(std::string& key);
  // The value of the key just read: all of it at once (refused when it is larger than memory should hold), ...
  void value(const std::function<void(JsonView)>& look);
  // ... or, when it is an array, element by element. `byte` answers where the element begins; it takes time.
  using Byte = std::function<std::uint64_t()>;
  bool value_is_array();
  void each_element(const std::function<void(JsonView element, const Byte& byte)>& look);
  // After a top-level array: refuses anything but white space.
  void expect_end();

  TraceInput& input() { return input_; }

 private:
  struct Parser;
  bool fill();
  std::optional<char> peek();
  char need(std::string_view what);
  std::size_t value_end();
  void batch(std::size_t end, const std::function<void(JsonView, const Byte&)>& look);
  std::uint64_t element_byte(std::size_t begin, std::size_t end, std::size_t index) const;
  [[noreturn]] void refuse_batch(std::size_t begin, std::size_t end, const std::string& why);
  [[noreturn]] void refuse_cut(std::string_view place) const;
  std::uint64_t byte_of(std::size_t index) const { return base_ + index; }

  TraceInput& input_;
  std::string what_;
  std::unique_ptr<Parser> parser_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t base_ = 0;  // of buffer_[0] in the text
  bool ended_ = false;
  bool in_object_ = false;
  bool first_ = true;
  std::uint64_t elements_ = 0;
};

}  // namespace tt::comm
