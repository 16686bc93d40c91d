#include "tt/comm/events.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "tt/comm/event_parts.hpp"

namespace tt::comm {

std::string_view to_string(Dim dim) {
  constexpr std::array<std::string_view, dims> names{"tp", "cp", "ep", "fsdp", "efsdp", "dp_replicate", "pp"};
  return names[static_cast<std::size_t>(dim)];
}

std::string_view to_string(Op op) {
  constexpr std::array<std::string_view, ops> names{"all_gather", "reduce_scatter", "all_reduce", "all_to_all",
                                                    "send",       "recv",           "permute"};
  return names[static_cast<std::size_t>(op)];
}

std::string_view to_string(Phase phase) {
  constexpr std::array<std::string_view, phases> names{"fwd", "bwd", "recompute", "grad_sync", "fwd+bwd"};
  return names[static_cast<std::size_t>(phase)];
}

std::string_view to_string(DType dtype) {
  constexpr std::array<std::string_view, 3> names{"float32", "bfloat16", "int64"};
  return names[static_cast<std::size_t>(dtype)];
}

std::int64_t group_size(const Step& step, Dim dim) {
  switch (dim) {
    case Dim::tp:
      return step.t;
    case Dim::cp:
      return step.c;
    case Dim::ep:
      return step.e;
    case Dim::fsdp:
      return step.F;
    case Dim::efsdp:
      return step.e > 1 ? step.efsdp : 1;
    case Dim::dp_replicate:
      return step.R;
    case Dim::pp:
      break;
  }
  return step.p;
}

std::int64_t group_stride(const Step& step, Dim dim) {
  switch (dim) {
    case Dim::tp:
      return 1;
    case Dim::cp:
    case Dim::fsdp:
      return step.t;
    case Dim::ep:
      return step.et;
    case Dim::efsdp:
      return step.et * step.e;
    case Dim::dp_replicate:
      return step.t * step.c * step.D;
    case Dim::pp:
      break;
  }
  return step.t * step.c * step.D * step.R;
}

std::int64_t wire_bytes(Op op, std::int64_t bytes, std::int64_t group) {
  // bytes * times / group, without the product: it may be larger than 64 bits.
  const auto scaled = [&](std::int64_t times) { return bytes / group * times + bytes % group * times / group; };
  switch (op) {
    case Op::all_gather:
    case Op::reduce_scatter:
    case Op::all_to_all:
      return scaled(group - 1);
    case Op::all_reduce:
      return scaled(2 * (group - 1));
    case Op::send:
    case Op::permute:
      return bytes;
    case Op::recv:
      break;
  }
  return 0;
}

void list_events(const Step& step, const RankLayers& held, EventSink& sink) {
  if (step.t > 1) {
    list_tensor_parallel(step, held, sink);
    list_gradients_of_norms(step, held, sink);
  }
  if (step.c > 1) list_context_parallel(step, held, sink);
  if (step.e > 1) list_expert_parallel(step, held, sink);
  if (step.fsdp_on)
    list_sharding(step, held, sink);
  else if (step.replicated_by_ddp)
    list_replication_by_ddp(step, sink);
  if (step.p > 1) list_pipeline(step, held, sink);
}

Totals::Totals(const Step& step) {
  for (std::size_t dim = 0; dim < dims; ++dim) groups_[dim] = group_size(step, static_cast<Dim>(dim));
}

void Totals::add(const Event& event) {
  const std::int64_t bytes = event.calls * event.logical;
  by_op_[static_cast<std::size_t>(event.dim)][static_cast<std::size_t>(event.op)] +=
      Sum{event.calls, bytes, wire_bytes(event.op, bytes, groups_[static_cast<std::size_t>(event.dim)])};
}

Sum Totals::of(Dim dim) const {
  Sum sum;
  for (const Sum& op : by_op_[static_cast<std::size_t>(dim)]) sum += op;
  return sum;
}

Sum Totals::all() const {
  Sum sum;
  for (std::size_t dim = 0; dim < dims; ++dim) sum += of(static_cast<Dim>(dim));
  return sum;
}

Totals totals_of(const Step& step, std::int64_t rank) {
  Totals totals(step);
  list_events(step, layers_of_rank(step, rank), totals);
  return totals;
}

namespace {

class RowList : public EventSink {
 public:
  explicit RowList(const Step& step) : step_(step) {}
  void add(const Event& event) override {
    const auto same = std::find_if(rows.begin(), rows.end(), [&](const Row& row) {
      return row.dim == event.dim && row.op == event.op && row.phase == event.phase && row.name == event.name &&
             row.logical == event.logical && row.dtype == event.dtype;
    });
    if (same != rows.end()) {
      same->calls += event.calls;
      return;
    }
    Row row;
    static_cast<Event&>(row) = event;
    row.group = group_size(step_, event.dim);
    rows.push_back(row);
  }
  std::vector<Row> rows;

 private:
  const Step& step_;
};

}  // namespace

std::vector<Row> rows_of(const Step& step, const RankLayers& held) {
  RowList list(step);
  list_events(step, held, list);
  std::stable_sort(list.rows.begin(), list.rows.end(), [](const Row& a, const Row& b) {
    return std::tuple(a.dim, a.op, a.phase) < std::tuple(b.dim, b.op, b.phase);
  });
  return std::move(list.rows);
}

}  // namespace tt::comm
