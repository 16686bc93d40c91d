// advise.hpp's words: the record, the table, and the name of a layout.
#include <fmt/format.h>

#include "tt/base/text.hpp"
#include "tt/base/units.hpp"
#include "tt/comm/advise.hpp"
#include "tt/comm/estimate.hpp"

namespace tt::comm {

namespace {

using titan::Checkpointing;
using titan::TrainingShape;

std::string batch_text(const TrainingShape& shape) {
  return shape.pp > 1 ? fmt::format("{} of {}, {}", shape.microbatches, shape.microbatch_size, shape.pipeline_schedule)
                      : fmt::format("{} x {}", shape.accumulation_steps, shape.local_batch_size);
}

// Where nothing fits: how far off the best is, and what the numbers say would help.
std::string nothing_fits(const Advice& advice, const AdviceRequest& request) {
  if (advice.too_large == 0)
    return "No layout can run: the global batch must be a multiple of dp_replicate * dp_shard, and tp must divide the "
           "heads of the model.\n";
  std::string text = "No layout fits.\n";
  if (advice.leanest) {
    const Layout& least = *advice.leanest;
    text +=
        fmt::format("The leanest ({}, batch {}, activation checkpointing {}) needs {:.1f} GiB of {:.1f}, mostly {}.\n",
                    layout_text(least.shape), batch_text(least.shape), checkpointing_word(least.shape),
                    least.figures.memory.reserved() / gib, request.fabric.memory_bytes.value_or(0) / gib,
                    largest_part(least.figures.memory));
  }
  for (const std::string& remedy : advice.remedies) text += "  " + remedy + "\n";
  return text;
}

}  // namespace

std::string layout_text(const TrainingShape& shape) {
  std::string text;
  const std::pair<const char*, std::int64_t> degrees[] = {{"dp_replicate", shape.dp_replicate},
                                                          {"dp_shard", shape.dp_shard},
                                                          {"cp", shape.cp},
                                                          {"tp", shape.tp},
                                                          {"pp", shape.pp},
                                                          {"ep", shape.ep}};
  for (const auto& [name, degree] : degrees)
    if (degree > 1) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, degree);
  return text.empty() ? "one GPU" : text;
}

std::string checkpointing_word(const TrainingShape& shape) {
  switch (shape.checkpointing) {
    case Checkpointing::none:
      return "none";
    case Checkpointing::full:
      return "full";
    case Checkpointing::by_operation:
      return "selective-op";
    case Checkpointing::every_nth_block:
      return fmt::format("selective-{}", shape.checkpoint_every);
    case Checkpointing::by_budget:
      break;
  }
  return "memory-budget";
}

namespace {

Value layout_memory(const Layout& layout) {
  return Value::object()
      .set("predicted_reserved_gib", layout.figures.memory.reserved() / gib)
      .set("largest", largest_part(layout.figures.memory))
      .set("verdict", layout.verdict);
}

Value layout_shape(const Layout& layout) {
  Value shape = shape_record(layout.shape);
  shape.set("ac", checkpointing_word(layout.shape)).set("stages", layout.shape.stages);
  return shape;
}

Value leanest_record(const Layout& layout) {
  return Value::object().set("shape", layout_shape(layout)).set("memory", layout_memory(layout));
}

Value texts(const std::vector<std::string>& sentences) {
  Value list = Value::array();
  for (const std::string& sentence : sentences) list.push(sentence);
  return list;
}

}  // namespace

Value advice_record(const Advice& advice, const AdviceRequest& request) {
  Value layouts = Value::array();
  for (const Layout& layout : advice.layouts) {
    const Figures& figures = layout.figures;
    layouts.push(Value::object()
                     .set("shape", layout_shape(layout))
                     .set("step_seconds", figures.time.total)
                     .set("bound_by", bound_by(figures.time))
                     .set("memory", layout_memory(layout))
                     .set("comm_wire_bytes_per_step_max", figures.wire_bytes)
                     .set("comm_wire_bytes_between_nodes", figures.wire_bytes_between_nodes));
  }
  return Value::object()
      .set("schema", "tt.comm.advice/1")
      .set("model", "titan")
      .set("profile", to_string(request.profile))
      .set("arch", titan::architecture_name(request.architecture))
      .set("hardware", request.fabric.name)
      .set("calibration", request.fabric.calibration.empty() ? Value() : Value(request.fabric.calibration))
      .set("gpus", request.gpus)
      .set("gpus_per_node", request.fabric.gpus_per_node)
      .set("seq_len", request.seq_len)
      .set("global_batch_size", request.global_batch)
      .set("considered", advice.considered)
      .set("illegal", advice.illegal)
      .set("too_large", advice.too_large)
      .set("layouts", std::move(layouts))
      .set("leanest", advice.leanest ? leanest_record(*advice.leanest) : Value())
      .set("remedies", texts(advice.remedies))
      .set("warnings", texts(advice.warnings));
}

std::string advice_text(const Advice& advice, const AdviceRequest& request, const Terminal& terminal) {
  std::string text = fmt::format(
      "{} on {} ({} a node, {}), seq_len {}, global batch {}: {} looked at, {} cannot run, {} do not fit\n\n",
      titan::architecture_name(request.architecture), plural(request.gpus, "GPU"), request.fabric.gpus_per_node,
      request.fabric.title, request.seq_len, request.global_batch, plural(advice.considered, "layout"),
      with_thousands(advice.illegal), with_thousands(advice.too_large));
  for (const std::string& warning : advice.warnings) text += fmt::format("note: {}\n", warning);
  if (!advice.warnings.empty()) text += "\n";
  if (advice.layouts.empty()) return text + nothing_fits(advice, request);
  TextTable table({{"", Align::right},
                   {"layout"},
                   {"batch"},
                   {"AC"},
                   {"step s", Align::right},
                   {"bound by"},
                   {"reserved GiB", Align::right},
                   {"memory"},
                   {"comm MiB/step", Align::right},
                   {"between nodes", Align::right}});
  std::size_t place = 0;
  for (const Layout& layout : advice.layouts) {
    const TrainingShape& shape = layout.shape;
    const Figures& figures = layout.figures;
    const double share = figures.wire_bytes == 0 ? 0
                                                 : static_cast<double>(figures.wire_bytes_between_nodes) /
                                                       static_cast<double>(figures.wire_bytes);
    table.add({{std::to_string(++place)},
               {layout_text(shape)},
               {batch_text(shape)},
               {checkpointing_word(shape)},
               {fmt::format("{:.3f}", figures.time.total)},
               {std::string(bound_by(figures.time))},
               {fmt::format("{:.1f}", figures.memory.reserved() / gib)},
               {std::string(layout.verdict)},
               {fmt::format("{:.1f}", static_cast<double>(figures.wire_bytes) / mib)},
               {fmt::format("{:.0f} %", 100 * share)}});
  }
  text += table.text(terminal);
  text += fmt::format(
      "\nmodel titan, profile {}{}; times and memory are approximate, for ordering. Not looked at: tensor parallelism "
      "across nodes, pieces of a sequence below 2048 tokens.\n",
      to_string(request.profile),
      request.fabric.calibration.empty() ? "" : fmt::format(", calibrated by {}", request.fabric.calibration));
  return text;
}

}  // namespace tt::comm
