#include "tt/comm/trace_json.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"

namespace tt::comm {

using Element = simdjson::dom::element;

// The parser's own value, kept inside a JsonView so that nobody else needs its header.
struct JsonAccess {
  static_assert(sizeof(Element) <= 2 * sizeof(void*) && std::is_trivially_copyable_v<Element>);

  static JsonView wrap(const Element& element) {
    JsonView view;
    std::memcpy(view.inside_.data(), &element, sizeof(Element));
    view.there_ = true;
    return view;
  }
  static Element unwrap(const JsonView& view) {
    Element element;
    std::memcpy(&element, view.inside_.data(), sizeof(Element));
    return element;
  }
};

namespace {

constexpr std::size_t kPiece = std::size_t{256} * 1024;  // read at a time: parsed while it is still in the cache
constexpr std::size_t kLongest = 64UL * 1024 * 1024;     // one element, or one value that is taken as a whole
constexpr std::size_t kPadding = simdjson::SIMDJSON_PADDING;

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

template <class Kind>
std::optional<Kind> get(const JsonView& view) {
  if (!view) return std::nullopt;
  Kind found;
  if (JsonAccess::unwrap(view).get(found) != simdjson::SUCCESS) return std::nullopt;
  return found;
}

}  // namespace

bool JsonView::is_object() const { return there_ && JsonAccess::unwrap(*this).is_object(); }
bool JsonView::is_list() const { return there_ && JsonAccess::unwrap(*this).is_array(); }
std::optional<std::string_view> JsonView::text() const { return get<std::string_view>(*this); }
std::optional<std::int64_t> JsonView::integer() const { return get<std::int64_t>(*this); }
std::optional<double> JsonView::number() const { return get<double>(*this); }
std::optional<bool> JsonView::boolean() const { return get<bool>(*this); }

JsonView JsonView::at(std::string_view key) const {
  JsonView found;
  pick({&key, 1}, {&found, 1});
  return found;
}

void JsonView::pick(std::span<const std::string_view> keys, std::span<JsonView> values) const {
  std::fill(values.begin(), values.end(), JsonView());
  simdjson::dom::object object;
  if (!there_ || JsonAccess::unwrap(*this).get(object) != simdjson::SUCCESS) return;
  std::size_t left = keys.size();
  for (const auto [key, value] : object) {
    for (std::size_t k = 0; k < keys.size(); ++k) {
      if (values[k].there_ || keys[k].size() != key.size() || keys[k] != key) continue;
      values[k] = JsonAccess::wrap(value);
      if (--left == 0) return;
    }
  }
}

void JsonView::each(const std::function<void(JsonView)>& element) const {
  simdjson::dom::array list;
  if (!there_ || JsonAccess::unwrap(*this).get(list) != simdjson::SUCCESS) return;
  for (const Element one : list) element(JsonAccess::wrap(one));
}

void JsonView::each_key(const std::function<void(std::string_view, JsonView)>& member) const {
  simdjson::dom::object object;
  if (!there_ || JsonAccess::unwrap(*this).get(object) != simdjson::SUCCESS) return;
  for (const auto [key, value] : object) member(key, JsonAccess::wrap(value));
}

std::string JsonView::raw() const { return there_ ? simdjson::minify(JsonAccess::unwrap(*this)) : std::string(); }

struct JsonStream::Parser {
  simdjson::dom::parser json;
};

JsonStream::JsonStream(TraceInput& input, std::string what)
    : input_(input), what_(std::move(what)), parser_(std::make_unique<Parser>()), buffer_(kPiece + kPadding) {}

JsonStream::~JsonStream() = default;

// More text behind what is held; false at the end of the input. What was consumed makes room first.
bool JsonStream::fill() {
  if (ended_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    base_ += begin_;
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ + kPadding + kPiece / 4 > buffer_.size()) buffer_.resize(buffer_.size() * 2);
  const std::size_t got = input_.read(buffer_.data() + end_, buffer_.size() - kPadding - end_);
  ended_ = got == 0;
  end_ += got;
  return !ended_;
}

std::optional<char> JsonStream::peek() {
  for (;;) {
    while (begin_ < end_ && is_space(buffer_[begin_])) ++begin_;
    if (begin_ < end_) return buffer_[begin_];
    if (!fill()) return std::nullopt;
  }
}

std::optional<char> JsonStream::first_byte() { return peek(); }

void JsonStream::refuse_cut(std::string_view place) const {
  input_.refuse(byte_of(end_), fmt::format("the {} ends here, {}: it was cut short", what_, place),
                "nothing of it is counted, because its totals would be too small; copy it again");
}

char JsonStream::need(std::string_view what) {
  const auto next = peek();
  if (!next) refuse_cut(fmt::format("where {} should follow", what));
  return *next;
}

bool JsonStream::next_key(std::string& key) {
  if (!in_object_) {
    in_object_ = true;
    if (need("'{'") != '{') input_.refuse(byte_of(begin_), fmt::format("a {} begins with '{{'", what_));
    ++begin_;
  }
  const char next = need(first_ ? "a key or '}'" : "',' or '}'");
  if (next == '}') {
    ++begin_;
    expect_end();
    return false;
  }
  if (!first_) {
    if (next != ',') input_.refuse(byte_of(begin_), "',' or '}' should stand here: the file is damaged");
    ++begin_;
  }
  first_ = false;
  if (need("a key") != '"') input_.refuse(byte_of(begin_), "a key in quotes should stand here: the file is damaged");
  value([&key](JsonView view) { key = view.text().value_or(""); });
  if (need("':'") != ':') input_.refuse(byte_of(begin_), "':' should stand here: the file is damaged");
  ++begin_;
  return true;
}

void JsonStream::expect_end() {
  if (peek()) input_.refuse(byte_of(begin_), fmt::format("more text follows the end of the {}", what_));
}

// Just behind the value that begins at begin_, which is read as far as that.
std::size_t JsonStream::value_end() {
  int depth = 0;
  bool in_string = false;
  bool escaped = false;
  for (std::size_t at = begin_;; ++at) {
    if (at == end_) {
      const std::size_t done = at - begin_;
      if (done > kLongest) input_.refuse(byte_of(begin_), "one value of more than 64 MiB stands here: not read");
      if (!fill()) {
        if (depth == 0 && !in_string) return end_;
        refuse_cut("in the middle of a value");
      }
      at = begin_ + done;
    }
    const char c = buffer_[at];
    if (in_string) {
      if (escaped) {
        escaped = false;
      } else if (c == '\\') {
        escaped = true;
      } else if (c == '"') {
        in_string = false;
        if (depth == 0) return at + 1;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth == 0) return at;
      if (--depth == 0) return at + 1;
    } else if (depth == 0 && (c == ',' || c == ':' || is_space(c))) {
      return at;
    }
  }
}

void JsonStream::value(const std::function<void(JsonView)>& look) {
  need("a value");
  const std::size_t end = value_end();
  Element parsed;
  const auto error = parser_->json.parse(buffer_.data() + begin_, end - begin_, false).get(parsed);
  if (error != simdjson::SUCCESS)
    input_.refuse(byte_of(begin_), fmt::format("this value is not JSON ({})", simdjson::error_message(error)));
  begin_ = end;
  look(JsonAccess::wrap(parsed));
}

bool JsonStream::value_is_array() { return need("a value") == '['; }

std::uint64_t JsonStream::element_byte(std::size_t begin, std::size_t end, std::size_t index) const {
  std::size_t at = begin + 1;  // behind the bracket
  for (;; --index) {
    while (at < end && (is_space(buffer_[at]) || buffer_[at] == ',')) ++at;
    if (index == 0 || at >= end) return byte_of(at);
    if (buffer_[at] != '{' && buffer_[at] != '[') {
      while (at < end && buffer_[at] != ',') ++at;
      continue;
    }
    ArrayScan inside;
    const auto found = inside.walk(buffer_.data() + at + 1, end - at - 1);
    at = found.array_end ? at + 2 + *found.array_end : end;
  }
}

void JsonStream::refuse_batch(std::size_t begin, std::size_t end, const std::string& why) {
  for (std::size_t index = 0;; ++index) {
    const auto from = static_cast<std::size_t>(element_byte(begin, end, index) - base_);
    if (from >= end) break;
    const auto to = std::min(end, static_cast<std::size_t>(element_byte(begin, end, index + 1) - base_));
    std::string text(buffer_.data() + from, to - from);
    while (!text.empty() && (is_space(text.back()) || text.back() == ',')) text.pop_back();
    Element parsed;
    const auto error = parser_->json.parse(text).get(parsed);
    if (error == simdjson::SUCCESS) continue;
    input_.refuse(byte_of(from), fmt::format("element {} of the list is not JSON ({}): {}",
                                             with_thousands(static_cast<std::int64_t>(elements_ + index + 1)),
                                             simdjson::error_message(error), printable(text, 60)));
  }
  input_.refuse(byte_of(begin), fmt::format("from here the list is not JSON ({})", why));
}

// Elements from begin_ to `end`, of which buffer_[begin_] is the bracket or the comma in front.
void JsonStream::batch(std::size_t end, const std::function<void(JsonView, const Byte&)>& look) {
  const std::size_t begin = begin_;
  const bool first = elements_ == 0 && buffer_[begin] == '[';
  if (!first && buffer_[begin] != ',')
    input_.refuse(byte_of(begin), "',' should stand here, between two elements: the file is damaged");
  buffer_[begin] = '[';
  const char behind = std::exchange(buffer_[end], ']');
  simdjson::dom::array list;
  const auto error = parser_->json.parse(buffer_.data() + begin, end + 1 - begin, false).get(list);
  if (error != simdjson::SUCCESS) refuse_batch(begin, end, simdjson::error_message(error));
  std::size_t index = 0;
  const Byte byte = [&] { return element_byte(begin, end, index); };
  for (const Element element : list) {
    look(JsonAccess::wrap(element), byte);
    ++index;
  }
  if (index == 0 && !first) input_.refuse(byte_of(begin), "an element should follow the ',': the file is damaged");
  elements_ += index;
  buffer_[end] = behind;
  begin_ = end;
}

void JsonStream::each_element(const std::function<void(JsonView, const Byte&)>& look) {
  need("'['");
  elements_ = 0;
  ArrayScan scan;
  std::size_t scanned = 1;  // bytes from begin_ on that the scan has seen: the bracket
  for (bool opened = false;; opened = opened || elements_ > 0) {
    const std::size_t from = begin_ + scanned;
    const ArrayScan::Found found = scan.walk(buffer_.data() + from, end_ - from);
    if (opened)
      while (begin_ < end_ && is_space(buffer_[begin_])) ++begin_;
    if (found.array_end) {
      const std::size_t end = from + *found.array_end;
      if (buffer_[end] != ']') input_.refuse(byte_of(end), "']' should stand here: the file is damaged");
      if (begin_ < end) batch(end, look);
      begin_ = end + 1;
      return;
    }
    if (found.element_end) batch(from + *found.element_end, look);
    if (end_ - begin_ > kLongest)
      input_.refuse(byte_of(begin_), "one element of more than 64 MiB stands here: not read");
    scanned = end_ - begin_;
    if (!fill())
      refuse_cut(fmt::format("after {} of a list that has no end",
                             plural(static_cast<std::int64_t>(elements_), "whole element")));
  }
}

}  // namespace tt::comm
