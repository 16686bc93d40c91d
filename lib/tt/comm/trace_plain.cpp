#include "tt/comm/trace_plain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"

namespace tt::comm {
namespace {

// Where a c10d operator has its tensors.
struct Signature {
  std::string_view name;
  std::string_view op;
  int output = -1;  // argument; -1: the same as the input
  int input = -1;   // -1: not recorded (lists of lists)
};

constexpr auto kSignatures = std::to_array<Signature>({
    {"_allgather_base_", "all_gather", 0, 1},
    {"_reduce_scatter_base_", "reduce_scatter", 0, 1},
    {"allgather_into_tensor_coalesced_", "all_gather", 0, 1},
    {"reduce_scatter_tensor_coalesced_", "reduce_scatter", 0, 1},
    {"alltoall_base_", "all_to_all", 0, 1},
    {"alltoall_", "all_to_all", 0, 1},
    {"allreduce_", "all_reduce", -1, 0},
    {"allreduce_coalesced_", "all_reduce", -1, 0},
    {"broadcast_", "broadcast", -1, 0},
    {"reduce_", "reduce", -1, 0},
    {"send", "send", -1, 0},
    {"recv_", "recv", -1, 0},
    {"recv_any_source_", "recv", -1, 0},
    {"allgather_", "all_gather"},
    {"reduce_scatter_", "reduce_scatter"},
    {"gather_", "gather"},
    {"scatter_", "scatter"},
    {"barrier", "barrier"},
    {"monitored_barrier_", "barrier"},
});

JsonView element(JsonView list, int index) {
  JsonView found;
  list.each([&](JsonView one) {
    if (index-- == 0) found = one;
  });
  return found;
}

// Elements of a tensor ([4, 8, 96]) or of a list of tensors ([[4, 8, 96], [12]]); nullopt: not such a thing.
std::optional<std::uint64_t> elements_of(JsonView extents) {
  if (!extents.is_list()) return std::nullopt;
  std::uint64_t product = 1;
  std::uint64_t sum = 0;
  bool is_tensor_list = false;
  bool is_tensor = false;
  bool fine = true;
  extents.each([&](JsonView one) {
    if (const auto size = one.integer()) {
      is_tensor = true;
      const auto more = *size < 0 ? std::nullopt : times(product, static_cast<std::uint64_t>(*size));
      fine = fine && more;
      product = more.value_or(0);
    } else {
      is_tensor_list = true;
      const auto inner = elements_of(one);
      fine = fine && inner;
      sum += inner.value_or(0);
    }
  });
  if (!fine || (is_tensor && is_tensor_list)) return std::nullopt;
  return is_tensor_list ? sum : product;
}

// Shape as text, the same for a tensor and for a list that holds only it.
std::string shape_of(JsonView extents) {
  std::string text = extents.raw();
  return text.starts_with("[[") ? text : "[" + text + "]";
}

std::string gloo_name(std::string_view op) { return std::string(op == "reduce_scatter" ? "all_reduce" : op); }

constexpr std::size_t kMostOpen = 64;  // functional operators on one thread's stack

}  // namespace

std::optional<PlainCalls::Span> PlainCalls::span_of(JsonView event) {
  static constexpr std::array<std::string_view, 3> keys{"ts", "dur", "tid"};
  std::array<JsonView, 3> found;
  event.pick(keys, found);
  const auto begin = found[0].number();
  const auto length = found[1].number();
  if (!begin || !length) return std::nullopt;
  const auto thread = found[2].integer();
  return Span{*begin, *begin + *length, thread.value_or(0)};
}

// The dispatcher can record one call twice, the inner one within the outer: they are one.
bool PlainCalls::is_within_another(const Span& span) {
  const auto last = last_call_.find(span.thread);
  if (last != last_call_.end() && (last->second.holds(span) || span.holds(last->second))) {
    if (span.holds(last->second)) last->second = span;
    return true;
  }
  last_call_[span.thread] = span;
  return false;
}

std::optional<std::string> PlainCalls::type_around(const Span& span) const {
  const auto stack = functional_.find(span.thread);
  if (stack == functional_.end()) return std::nullopt;
  for (auto open = stack->second.rbegin(); open != stack->second.rend(); ++open)
    if (open->span.holds(span)) return open->dtype;
  return std::nullopt;
}

void PlainCalls::functional(std::string_view name, JsonView event) {
  if (operation_of(name).empty()) return;  // wait_tensor, _wrap_tensor_autograd: no call
  const auto span = span_of(event);
  const auto type = element(event.at("args").at("Input type"), 0).text();
  if (!span || !type || !element_bytes(*type)) return;
  auto& stack = functional_[span->thread];
  std::erase_if(stack, [&](const Functional& open) { return !open.span.holds(*span); });
  if (stack.size() < kMostOpen) stack.push_back({*span, std::string(*type)});
}

void PlainCalls::gloo(std::string_view name, JsonView event) {
  const JsonView args = event.at("args");
  const auto type = element(args.at("Input type"), 0).text();
  const JsonView extents = args.at("Input Dims");
  if (!type || !extents.is_list() || !element_bytes(*type)) return;
  ++gloo_[fmt::format("{} {}", name, shape_of(extents))][std::string(*type)];
}

void PlainCalls::refuse_later(const JsonStream::Byte& byte, const std::string& message, const std::string& hint) {
  if (!refusal_) refusal_ = Refusal{byte(), message, hint};
}

void PlainCalls::count(std::string_view op, std::string_view dtype, std::uint64_t in, std::uint64_t out) {
  Call call{op, dtype};
  const std::uint64_t width = element_bytes(dtype).value_or(0);
  call.in_bytes = in * width;
  call.out_bytes = out * width;
  call.logical_bytes = logical_of(op, call.in_bytes, call.out_bytes);
  bool is_new = false;
  TraceRow& row = rows_.row(fmt::format("{} {}", op, dtype), call, is_new);
  RowTable::add(row, call);
}

void PlainCalls::call(std::string_view name, JsonView event, const JsonStream::Byte& byte) {
  ++seen_;
  const auto* const signature =
      std::find_if(kSignatures.begin(), kSignatures.end(), [&](const Signature& one) { return one.name == name; });
  const auto span = span_of(event);
  if (!span)
    return refuse_later(byte, fmt::format("`c10d::{}` has no `ts` and `dur`", name),
                        "calls that hold one another cannot be told apart without them");
  if (is_within_another(*span)) {
    ++repeated_;
    return;
  }
  if (signature == kSignatures.end() || signature->input < 0) {
    ++unsized_[std::string(name)];
    return;
  }
  const JsonView args = event.at("args");
  const JsonView all_extents = args.at("Input Dims");
  const JsonView extents = element(all_extents, signature->input);
  const auto in = elements_of(extents);
  const auto out = signature->output < 0 ? in : elements_of(element(all_extents, signature->output));
  if (!in || !out)
    return refuse_later(byte, fmt::format("`c10d::{}` has no sizes (`Input Dims`)", name),
                        "record the trace with record_shapes=True, as TorchTitan does");
  if (const std::string wrong = contradiction(signature->op, *in, *out, std::nullopt); !wrong.empty())
    return refuse_later(byte, wrong + ": the file is damaged", "");
  if (*in == 0 && *out == 0) {
    ++unsized_[std::string(name) + " of nothing"];
    return;
  }
  const auto type = element(args.at("Input type"), signature->input).text();
  if (type && *type != "TensorList") {
    if (!element_bytes(*type))
      return refuse_later(
          byte, fmt::format("`c10d::{}` has elements of type `{}`, whose size is not known", name, printable(*type)),
          "");
    return count(signature->op, *type, *in, *out);
  }
  const std::string key = fmt::format("{} {}", gloo_name(signature->op), shape_of(extents));
  if (const auto around = type_around(*span)) {
    ++typed_[key][*around];
    return count(signature->op, *around, *in, *out);
  }
  Untyped& untyped = untyped_[fmt::format("{} {}", signature->op, key)];
  if (untyped.calls++ == 0) {
    untyped.op = signature->op;
    untyped.shape = key;
    untyped.in_elements = *in;
    untyped.out_elements = *out;
    untyped.first_byte = byte();
  }
}

// gloo's events of this shape, less those of calls whose type is known, are the types of the others.
void PlainCalls::settle(const Untyped& untyped) {
  Types left = gloo_[untyped.shape];
  const bool one_type = left.size() == 1;
  std::uint64_t sum = 0;
  for (auto& [dtype, events] : left) {
    const auto& typed = typed_[untyped.shape];
    const auto known = typed.find(dtype);
    events -= std::min(events, known == typed.end() ? 0 : known->second);
    sum += events;
  }
  if (one_type) {
    left.begin()->second = untyped.calls;
  } else if (sum != untyped.calls) {
    input_.refuse(untyped.first_byte,
                  fmt::format("the element type of this {} of {} is not recorded (nor that of {} more like it)",
                              untyped.op, untyped.shape.substr(untyped.shape.find(' ') + 1), untyped.calls - 1),
                  "a trace of an NCCL job records it; for gloo keep the events `gloo:…` in the trace");
  }
  for (const auto& [dtype, calls] : left)
    for (std::uint64_t k = 0; k < calls; ++k) count(untyped.op, dtype, untyped.in_elements, untyped.out_elements);
}

std::vector<TraceRow> PlainCalls::finish(std::vector<std::string>& notes) {
  if (refusal_) input_.refuse(refusal_->byte, refusal_->message, refusal_->hint);
  for (const auto& [key, untyped] : untyped_) settle(untyped);
  if (repeated_ > 0)
    notes.push_back(fmt::format("{} within another c10d event: the same call recorded twice, counted once",
                                plural(static_cast<std::int64_t>(repeated_), "c10d event")));
  for (const auto& [name, calls] : unsized_) {
    const bool no_data = name == "barrier" || name == "monitored_barrier_" || name.ends_with(" of nothing");
    notes.push_back(fmt::format("{} of c10d::{} not counted: {}", plural(static_cast<std::int64_t>(calls), "call"),
                                name, no_data ? "no data" : "their sizes are not in the trace"));
  }
  notes.emplace_back("groups are not recorded without NCCL: rows are per operation and type only");
  return rows_.take();
}

}  // namespace tt::comm
