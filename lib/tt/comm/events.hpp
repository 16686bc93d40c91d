// tt/comm/events.hpp: the collectives of one step of one pipeline rank, model `titan`: how often, how large, in which
// group.
//
// Three sizes of a collective: *logical* (the full tensor: what an all-gather gives, what a reduce-scatter takes),
// *wire* (bytes one rank sends over a ring, or pairwise), and what a rank hands to the call. Wire follows logical:
// all-gather, reduce-scatter, all-to-all (n-1)/n, all-reduce 2(n-1)/n, send and permute 1; a receive sends nothing.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tt/comm/step.hpp"

namespace tt::comm {

enum class Dim : std::uint8_t { tp, cp, ep, fsdp, efsdp, dp_replicate, pp };
enum class Op : std::uint8_t { all_gather, reduce_scatter, all_reduce, all_to_all, send, recv, permute };
enum class Phase : std::uint8_t { fwd, bwd, recompute, grad_sync, fwd_bwd };
enum class DType : std::uint8_t { float32, bfloat16, int64 };
inline constexpr std::size_t dims = 7, ops = 7, phases = 5;

std::string_view to_string(Dim dim);
std::string_view to_string(Op op);
std::string_view to_string(Phase phase);  // "fwd+bwd" for the last
std::string_view to_string(DType dtype);

// One kind of call: `calls` times a step, each of `logical` bytes.
struct Event {
  Dim dim;
  Op op;
  Phase phase;
  std::string_view name;  // lives as long as the program; explain.hpp has its formula
  std::int64_t calls = 0;
  std::int64_t logical = 0;
  DType dtype = DType::bfloat16;
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void add(const Event& event) = 0;
};

// Every event of the step on this rank, none with 0 calls or in a group of one.
void list_events(const Step& step, const RankLayers& held, EventSink& sink);

std::int64_t group_size(const Step& step, Dim dim);
std::int64_t group_stride(const Step& step, Dim dim);
// Sent by one rank, for `bytes` logical bytes in all; rounded down where it is no whole number.
std::int64_t wire_bytes(Op op, std::int64_t bytes, std::int64_t group);

struct Sum {
  std::int64_t calls = 0;
  std::int64_t logical = 0;
  std::int64_t wire = 0;
  Sum& operator+=(const Sum& more) {
    calls += more.calls;
    logical += more.logical;
    wire += more.wire;
    return *this;
  }
  friend bool operator==(const Sum&, const Sum&) = default;
};

// Totals without a list of rows: nothing is allocated.
class Totals : public EventSink {
 public:
  explicit Totals(const Step& step);
  void add(const Event& event) override;
  const Sum& of(Dim dim, Op op) const { return by_op_[static_cast<std::size_t>(dim)][static_cast<std::size_t>(op)]; }
  Sum of(Dim dim) const;
  Sum all() const;  // receives send nothing

 private:
  std::array<std::int64_t, dims> groups_{};
  std::array<std::array<Sum, ops>, dims> by_op_{};
};
Totals totals_of(const Step& step, std::int64_t rank = 0);

// The rows of a table, equal ones together.
struct Row : Event {
  std::int64_t group = 1;
  std::int64_t logical_total() const { return calls * logical; }
  std::int64_t wire_total() const { return wire_bytes(op, logical_total(), group); }
};
std::vector<Row> rows_of(const Step& step, const RankLayers& held);

// What the step does besides: latency, no volume. Outside every total.
struct ControlEvent {
  std::string_view what;
  std::string group;  // "fsdp", "tp", "dp_replicate*dp_shard*cp", ...
  std::int64_t size = 1;
  std::int64_t calls = 1;  // of one optimizer step; of a logging step where `what` says so
  std::int64_t bytes = 0;
  DType dtype = DType::float32;
};
std::vector<ControlEvent> control_events(const Step& step, const RankLayers& held);

}  // namespace tt::comm
