// tt/comm/trace_plain.hpp: collectives of a trace that has only the operators c10d::… (gloo).
//
// Sizes are the operator's `Input Dims`. A list of tensors is recorded without their type: that is in the functional
// operator around the call (_c10d_functional::…), or, for a direct call, in gloo's own event of the same shape. gloo
// carries a reduce-scatter out as an all-reduce, so its events are never counted, only asked for types.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tt/comm/trace_json.hpp"
#include "tt/comm/trace_rows.hpp"

namespace tt::comm {

class PlainCalls {
 public:
  explicit PlainCalls(const TraceInput& input) : input_(input) {}

  // Each takes the whole event. `name` is what follows "c10d::", "_c10d_functional::", "gloo:".
  void call(std::string_view name, JsonView event, const JsonStream::Byte& byte);
  void functional(std::string_view name, JsonView event);
  void gloo(std::string_view name, JsonView event);
  // These events only repeat what is known already: count them, nothing else.
  void only_count() { ++seen_; }

  std::uint64_t seen() const { return seen_; }
  // Throws BadInput when a size or a type is not recorded.
  std::vector<TraceRow> finish(std::vector<std::string>& notes);

 private:
  struct Span {
    double begin = 0;
    double end = 0;
    std::int64_t thread = 0;
    bool holds(const Span& other) const { return begin <= other.begin && other.end <= end; }
  };
  struct Functional {
    Span span;
    std::string dtype;
  };
  // Calls of one operation and shape that await their type.
  struct Untyped {
    std::string op;
    std::string shape;
    std::uint64_t in_elements = 0;
    std::uint64_t out_elements = 0;
    std::uint64_t calls = 0;
    std::uint64_t first_byte = 0;
  };
  static std::optional<Span> span_of(JsonView event);
  bool is_within_another(const Span& span);
  std::optional<std::string> type_around(const Span& span) const;
  void count(std::string_view op, std::string_view dtype, std::uint64_t in, std::uint64_t out);
  void refuse_later(const JsonStream::Byte& byte, const std::string& message, const std::string& hint);
  void settle(const Untyped& untyped);

  const TraceInput& input_;
  RowTable rows_;
  std::map<std::int64_t, Span> last_call_;                      // by thread
  std::map<std::int64_t, std::vector<Functional>> functional_;  // by thread, those that may still hold calls
  using Types = std::map<std::string, std::uint64_t>;
  std::map<std::string, Types> gloo_;   // operation and shape → type → events
  std::map<std::string, Types> typed_;  // the same of calls whose type is known
  std::map<std::string, Untyped> untyped_;
  std::map<std::string, std::uint64_t> unsized_;  // calls of which no size is recorded
  struct Refusal {
    std::uint64_t byte = 0;
    std::string message, hint;
  };
  std::optional<Refusal> refusal_;
  std::uint64_t seen_ = 0;
  std::uint64_t repeated_ = 0;
};

}  // namespace tt::comm
