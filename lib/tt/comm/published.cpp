#include "tt/comm/published.hpp"

#include <fmt/format.h>

#include <utility>

#include "tt/base/error.hpp"
#include "tt/base/terminal.hpp"
#include "tt/base/units.hpp"

namespace tt::comm {

namespace {

void check_positive(const BlockInputs& inputs) {
  const std::pair<const char*, std::int64_t> sizes[] = {{"hidden_size", inputs.hidden_size},
                                                        {"seq_length", inputs.seq_length},
                                                        {"batch_size", inputs.batch_size},
                                                        {"tp_size", inputs.tp_size},
                                                        {"dtype_size", inputs.dtype_size}};
  for (const auto& [name, size] : sizes)
    if (size < 1) throw Error(fmt::format("{} must be 1 or more, got {}", name, size), ExitCode::bad_input);
  if (inputs.intermediate_size < 0)  // 0: not said
    throw Error(fmt::format("intermediate_size must be 1 or more, got {}", inputs.intermediate_size),
                ExitCode::bad_input);
}

// Exact as an integer, converted once: so the figures agree with the original to the last digit.
double bytes_of(std::int64_t rows, std::int64_t tokens, std::int64_t width, std::int64_t element) {
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(rows, tokens, &bytes) || __builtin_mul_overflow(bytes, width, &bytes) ||
      __builtin_mul_overflow(bytes, element, &bytes))
    throw Error(
        fmt::format("a tensor of {} x {} x {} elements has more bytes than can be counted", rows, tokens, width),
        ExitCode::bad_input);
  return static_cast<double>(bytes);
}

std::string two_digits(double number) { return fmt::format("{:.2f}", number); }

}  // namespace

BlockTraffic block(const BlockInputs& inputs) {
  check_positive(inputs);
  const double tensor = bytes_of(inputs.batch_size, inputs.seq_length, inputs.hidden_size, inputs.dtype_size) / mib;
  const double others = static_cast<double>(inputs.tp_size - 1) / static_cast<double>(inputs.tp_size);
  BlockTraffic traffic;
  traffic.forward_reduce_scatter_mib = 1 * tensor * others;
  traffic.forward_all_gather_mib = 1 * tensor * others;
  traffic.backward_reduce_scatter_mib = 3 * tensor * others;
  traffic.backward_all_gather_mib = 4 * tensor * others;
  traffic.total_mib = traffic.forward_reduce_scatter_mib + traffic.forward_all_gather_mib +
                      traffic.backward_reduce_scatter_mib + traffic.backward_all_gather_mib;
  traffic.pipeline_block_mib =
      bytes_of(inputs.batch_size, inputs.seq_length / inputs.tp_size, inputs.hidden_size, inputs.dtype_size) / mib;
  return traffic;
}

std::string what_published_leaves_out() {
  return "This model counts 9 T (tp - 1) / tp a block, T being its activation. TorchTitan moves 8 T without "
         "activation\n"
         "checkpointing, 10 T with the op-level one, 11 T with full and early stop (or compiled), 12 T with full, in\n"
         "bfloat16 under FSDP and float32 without (0.2). `tt-comm estimate` counts that.";
}

Value block_record(const BlockTraffic& traffic) {
  Value record = Value::object();
  record.set("schema", "tt.comm.block/1")
      .set("model", "published")
      .set("forward_reduce_scatter_mib", traffic.forward_reduce_scatter_mib)
      .set("forward_all_gather_mib", traffic.forward_all_gather_mib)
      .set("backward_reduce_scatter_mib", traffic.backward_reduce_scatter_mib)
      .set("backward_all_gather_mib", traffic.backward_all_gather_mib)
      .set("total_mib", traffic.total_mib)
      .set("pipeline_block_mib", traffic.pipeline_block_mib);
  return record;
}

std::string block_text(const BlockInputs& inputs, const BlockTraffic& traffic) {
  TextTable table({{"One block, model published"}, {"MB", Align::right}});
  table.add({{"Forward reduce-scatter"}, {two_digits(traffic.forward_reduce_scatter_mib)}});
  table.add({{"Forward all-gather"}, {two_digits(traffic.forward_all_gather_mib)}});
  table.add({{"Backward reduce-scatter"}, {two_digits(traffic.backward_reduce_scatter_mib)}});
  table.add({{"Backward all-gather"}, {two_digits(traffic.backward_all_gather_mib)}});
  table.add({{"Total"}, {two_digits(traffic.total_mib)}});
  table.add({{"Pipeline activation, and gradient"}, {two_digits(traffic.pipeline_block_mib)}});
  return fmt::format(
      "hidden_size {}, seq_length {}, batch_size {}, tp_size {}, dtype_size {}\n\n{}\n"
      "MB = 2^20 bytes, wire bytes sent per GPU (ring), forward and backward of the whole batch\n{}\n",
      inputs.hidden_size, inputs.seq_length, inputs.batch_size, inputs.tp_size, inputs.dtype_size,
      table.text(Terminal{}), what_published_leaves_out());
}

}  // namespace tt::comm
