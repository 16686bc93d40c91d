#include "tt/comm/advise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"
#include "tt/base/units.hpp"
#include "tt/comm/estimate.hpp"
#include "tt/comm/groups.hpp"

namespace tt::comm {

namespace {

using titan::Checkpointing;
using titan::TrainingShape;

std::vector<std::int64_t> divisors(std::int64_t number) {
  std::vector<std::int64_t> small, large;
  for (std::int64_t d = 1; d * d <= number; ++d) {
    if (number % d != 0) continue;
    small.push_back(d);
    if (d * d != number) large.push_back(number / d);
  }
  small.insert(small.end(), large.rbegin(), large.rend());
  return small;
}

// Where GPUs stand: what one line of the answer is about.
using Cut = std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t>;
Cut cut_of(const TrainingShape& s) { return {s.dp_replicate, s.dp_shard, s.cp, s.tp, s.pp, s.ep}; }

class Adviser {
 public:
  explicit Adviser(const AdviceRequest& request) : request_(request), sizes_(sizes_of(request.architecture)) {
    if (auto work = work_of(request.architecture, request.profile)) work_ = *work;
  }

  Advice advise() {
    check();
    for (const std::int64_t tp : divisors(request_.gpus)) {
      if (tp > request_.fabric.gpus_per_node) break;  // tensor parallelism across nodes is never the answer
      for (const std::int64_t cp : divisors(request_.gpus / tp)) {
        if (cp > 1 && request_.seq_len / cp < shortest_piece) break;
        for (const std::int64_t pp : divisors(request_.gpus / tp / cp))
          if (pp <= sizes_.layers + 2) data_parallel(tp, cp, pp);
      }
    }
    rank();
    return std::move(advice_);
  }

 private:
  static constexpr std::int64_t shortest_piece = 2048;  // tokens a context rank keeps

  void check() {
    Problems problems;
    const auto positive = [&](const char* what, std::int64_t number) {
      if (number < 1 || number > (std::int64_t{1} << 24))
        problems.add(Place{}, fmt::format("{} is {}, it must be 1 to {}", what, number, std::int64_t{1} << 24));
    };
    positive("the number of GPUs", request_.gpus);
    positive("the sequence length", request_.seq_len);
    positive("the global batch", request_.global_batch);
    problems.throw_if_any();
    TrainingShape one = request_.like;
    one.seq_len = request_.seq_len;
    one.local_batch_size = 1;
    one.tp = one.cp = one.pp = one.ep = one.etp = one.dp_replicate = one.dp_shard = one.accumulation_steps = 1;
    for (const std::string& reason : what_stops(one, request_.architecture, request_.profile))
      problems.add(Place{}, "no advice: " + reason);
    problems.throw_if_any();
  }

  void data_parallel(std::int64_t tp, std::int64_t cp, std::int64_t pp) {
    const std::int64_t rest = request_.gpus / tp / cp / pp;
    for (const std::int64_t replicas : divisors(rest)) {
      TrainingShape shape = request_.like;
      shape.era = era_of(request_.profile);
      shape.world = request_.gpus;
      shape.seq_len = request_.seq_len;
      shape.global_batch_size = request_.global_batch;
      shape.tp = tp;
      shape.cp = cp;
      shape.pp = pp;
      shape.dp_replicate = replicas;
      shape.dp_shard = rest / replicas;
      shape.dp_shard_automatic = false;
      shape.etp = 1;
      for (const std::int64_t ep : divisors(sizes_.experts > 0 ? shape.dp_shard * cp * tp : 1)) {
        shape.ep = ep;
        if (ep > 1 && sizes_.experts % ep != 0) {
          ++advice_.considered;
          ++advice_.illegal;
          continue;
        }
        batches(shape);
      }
    }
  }

  void batches(TrainingShape& shape) {
    const std::int64_t readers = shape.dp_replicate * shape.dp_shard;
    if (request_.global_batch % readers != 0) {
      ++advice_.considered;
      ++advice_.illegal;
      return;
    }
    const std::int64_t rows = request_.global_batch / readers;
    for (const std::int64_t piece : divisors(rows)) {
      if (shape.pp > 1) {  // all microbatches in one pipeline step
        shape.local_batch_size = rows;
        shape.accumulation_steps = 1;
        shape.microbatch_size = piece;
        shape.microbatches = rows / piece;
        pipelines(shape);
      } else {
        shape.local_batch_size = piece;
        shape.accumulation_steps = rows / piece;
        shape.microbatch_size = piece;
        shape.microbatches = 1;
        shape.stages = 1;
        modes(shape);
      }
    }
  }

  void pipelines(TrainingShape& shape) {
    shape.pipeline_schedule = "1F1B";
    shape.schedule = titan::ScheduleKind::one_forward_one_backward;
    shape.stages = shape.pp;
    if (shape.microbatches >= shape.pp) modes(shape);
    shape.pipeline_schedule = "Interleaved1F1B";
    shape.schedule = titan::ScheduleKind::interleaved;
    shape.stages = 2 * shape.pp;
    const std::int64_t rounds = std::max<std::int64_t>(1, shape.microbatches / shape.pp);
    if (shape.stages <= sizes_.layers + 2 && shape.microbatches % rounds == 0 && shape.microbatches >= shape.pp)
      modes(shape);
  }

  void modes(TrainingShape& shape) {
    if (!can_run(shape)) {
      ++advice_.considered;
      ++advice_.illegal;
      return;
    }
    for (const Checkpointing mode : {Checkpointing::none, Checkpointing::by_operation, Checkpointing::full}) {
      shape.checkpointing = mode;
      ++advice_.considered;
      look(shape);
    }
  }

  // The rules that numbers alone decide; the best are put to all of them.
  bool can_run(const TrainingShape& shape) const {
    if (sizes_.heads % shape.tp != 0 || sizes_.kv_heads % shape.tp != 0 || sizes_.ffn % shape.tp != 0) return false;
    const bool is_new = request_.profile == Profile::titan_0_3;
    if (shape.seq_len % (shape.tp * (!is_new || shape.cp > 1 ? 2 * shape.cp : 1)) != 0) return false;
    if (is_new && sizes_.vocab % shape.tp != 0) return false;
    if (is_new && sizes_.tied && shape.pp > 1) return false;
    if (!is_new && shape.pp > 1 && (sizes_.is_qwen3 || sizes_.biases_everywhere)) return false;
    const bool plain_ddp = shape.dp_replicate > 1 && shape.dp_shard == 1 && shape.cp == 1;
    return is_new || !plain_ddp || (shape.tp == 1 && shape.pp == 1);
  }

  void look(const TrainingShape& shape) {
    const Step step = make_step(shape, sizes_, request_.profile);
    const auto& capacity = request_.fabric.memory_bytes;
    // The first rank holds the embedding and most microbatches: mostly the fullest. Cheap, so asked first.
    if (capacity && memory_of(step, layers_of_rank(step, 0), request_.fabric.memory_slack).reserved() > *capacity) {
      ++advice_.too_large;
      return;
    }
    const Figures figures = figures_of(step, work_, &request_.fabric, request_.fabric.gpus_per_node);
    const std::string_view said = verdict(figures.memory, capacity);
    if (said == "likely-out-of-memory") {
      ++advice_.too_large;
      return;
    }
    const auto [found, is_first] = best_.try_emplace(cut_of(shape), Layout{shape, figures, said});
    if (!is_first && figures.time.total < found->second.figures.time.total) found->second = {shape, figures, said};
  }

  void rank() {
    std::vector<Layout> all;
    all.reserve(best_.size());
    for (auto& [cut, layout] : best_) all.push_back(std::move(layout));
    std::stable_sort(all.begin(), all.end(),
                     [](const Layout& a, const Layout& b) { return a.figures.time.total < b.figures.time.total; });
    for (Layout& layout : all) {
      if (advice_.layouts.size() == request_.best) break;
      if (request_.is_legal && !request_.is_legal(layout.shape)) {
        ++advice_.illegal;
        continue;
      }
      advice_.layouts.push_back(std::move(layout));
    }
  }

  const AdviceRequest& request_;
  ModelSizes sizes_;
  Work work_;
  Advice advice_;
  std::map<Cut, Layout> best_;
};

}  // namespace

Advice advise(const AdviceRequest& request) { return Adviser(request).advise(); }

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

Value advice_record(const Advice& advice, const AdviceRequest& request) {
  Value layouts = Value::array();
  for (const Layout& layout : advice.layouts) {
    const Figures& figures = layout.figures;
    Value shape = shape_record(layout.shape);
    shape.set("ac", checkpointing_word(layout.shape)).set("stages", layout.shape.stages);
    layouts.push(Value::object()
                     .set("shape", std::move(shape))
                     .set("step_seconds", figures.time.total)
                     .set("bound_by", bound_by(figures.time))
                     .set("memory", Value::object()
                                        .set("predicted_reserved_gib", figures.memory.reserved() / gib)
                                        .set("largest", largest_part(figures.memory))
                                        .set("verdict", layout.verdict))
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
      .set("layouts", std::move(layouts));
}

std::string advice_text(const Advice& advice, const AdviceRequest& request, const Terminal& terminal) {
  std::string text = fmt::format(
      "{} on {} GPUs ({} a node, {}), seq_len {}, global batch {}: {} looked at, {} cannot run, {} do not fit\n\n",
      titan::architecture_name(request.architecture), with_thousands(request.gpus), request.fabric.gpus_per_node,
      request.fabric.title, request.seq_len, request.global_batch, plural(advice.considered, "layout"),
      with_thousands(advice.illegal), with_thousands(advice.too_large));
  if (advice.layouts.empty()) return text + "No layout fits.\n";
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
    table.add(
        {{std::to_string(++place)},
         {layout_text(shape)},
         {shape.pp > 1 ? fmt::format("{} of {}, {}", shape.microbatches, shape.microbatch_size, shape.pipeline_schedule)
                       : fmt::format("{} x {}", shape.accumulation_steps, shape.local_batch_size)},
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
