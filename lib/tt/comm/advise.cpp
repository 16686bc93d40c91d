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
    if (advice_.layouts.empty() && advice_.too_large > 0) advice_.leanest = leanest_;
    warn();
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
      shape.era = era_;
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
      const bool cuts_experts = sizes_.experts > 0 && titan::key_of(era_, titan::Knob::expert_parallel);
      for (const std::int64_t ep : divisors(cuts_experts ? shape.dp_shard * cp * tp : 1)) {
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
      } else if (accumulates_ || piece == rows) {
        shape.local_batch_size = piece;
        shape.accumulation_steps = rows / piece;
        shape.microbatch_size = piece;
        shape.microbatches = 1;
        shape.stages = 1;
        modes(shape);
      }
    }
  }

  // Before 0.1.0 a stage held a layer at least; since then embedding and head weigh one each.
  bool has_layers_for(std::int64_t stages) const {
    return stages <= sizes_.layers + (era_ < titan::Era::v0_1_0 ? 0 : 2);
  }

  void pipelines(TrainingShape& shape) {
    shape.pipeline_schedule = "1F1B";
    shape.schedule = titan::ScheduleKind::one_forward_one_backward;
    shape.stages = shape.pp;
    if (shape.microbatches >= shape.pp && has_layers_for(shape.stages)) modes(shape);
    shape.pipeline_schedule = "Interleaved1F1B";
    shape.schedule = titan::ScheduleKind::interleaved;
    shape.stages = 2 * shape.pp;
    const std::int64_t rounds = std::max<std::int64_t>(1, shape.microbatches / shape.pp);
    if (has_layers_for(shape.stages) && shape.microbatches % rounds == 0 && shape.microbatches >= shape.pp)
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
    if (capacity) {
      const Memory first = memory_of(step, layers_of_rank(step, 0), request_.fabric.memory_slack);
      if (first.reserved() > *capacity) return too_large(shape, first);
    }
    const Figures figures = figures_of(step, work_, &request_.fabric, request_.fabric.gpus_per_node);
    const std::string_view said = verdict(figures.memory, capacity);
    if (said == "likely-out-of-memory") return too_large(shape, figures.memory);
    const auto [found, is_first] = best_.try_emplace(cut_of(shape), Layout{shape, figures, said});
    if (!is_first && figures.time.total < found->second.figures.time.total) found->second = {shape, figures, said};
  }

  void too_large(const TrainingShape& shape, const Memory& memory) {
    ++advice_.too_large;
    if (leanest_ && memory.reserved() >= leanest_->figures.memory.reserved()) return;
    leanest_ = Layout{shape, {}, "likely-out-of-memory"};
    leanest_->figures.memory = memory;
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

  void warn() {
    advice_.warnings = request_.warnings;
    for (const Layout& layout : advice_.layouts)
      for (std::string& note : what_is_approximate(layout.shape, request_.architecture, request_.profile))
        if (std::find(advice_.warnings.begin(), advice_.warnings.end(), note) == advice_.warnings.end())
          advice_.warnings.push_back(std::move(note));
  }

  const AdviceRequest& request_;
  // The words of the layouts: those of what they are like, where the profile is of it.
  titan::Era era_ = profile_of(request_.like.era) == request_.profile ? request_.like.era : era_of(request_.profile);
  bool accumulates_ = titan::key_of(era_, titan::Knob::global_batch_size).has_value();
  ModelSizes sizes_;
  Work work_;
  Advice advice_;
  std::map<Cut, Layout> best_;
  std::optional<Layout> leanest_;
};

// What else could be changed, tried by the same numbers: the first that helps of each kind.
std::vector<std::string> what_would_fit(const AdviceRequest& request) {
  AdviceRequest other = request;
  other.best = 1;
  const auto fits = [&]() -> std::optional<Layout> {
    Advice tried = Adviser(other).advise();
    if (tried.layouts.empty()) return std::nullopt;
    return std::move(tried.layouts.front());
  };
  std::vector<std::string> found;
  const auto tell = [&](const std::string& what, const Layout& layout) {
    found.push_back(fmt::format("{} would do: {}, activation checkpointing {}, {:.1f} GiB of {:.1f}", what,
                                layout_text(layout.shape), checkpointing_word(layout.shape),
                                layout.figures.memory.reserved() / gib, *request.fabric.memory_bytes / gib));
  };
  constexpr std::int64_t most_times = 64, most_gpus = 8192, shortest = 1024;
  for (std::int64_t times = 2; times <= most_times && request.gpus * times <= most_gpus; times *= 2) {
    other.gpus = request.gpus * times;
    if (const auto layout = fits()) {
      tell(plural(other.gpus, "GPU"), *layout);
      break;
    }
  }
  other.gpus = request.gpus;
  for (std::int64_t length = request.seq_len / 2; length >= shortest; length /= 2) {
    other.seq_len = length;
    if (const auto layout = fits()) {
      tell(fmt::format("sequences of {} tokens", with_thousands(length)), *layout);
      break;
    }
  }
  other.seq_len = request.seq_len;
  for (const std::string& name : hardware_names()) {
    auto fabric = find_hardware(name);
    if (!fabric->memory_bytes || *fabric->memory_bytes <= *request.fabric.memory_bytes) continue;
    fabric->gpus_per_node = request.fabric.gpus_per_node;
    other.fabric = *fabric;
    if (!fits()) continue;
    found.push_back(fmt::format("the same number of {} would do", fabric->title));
    break;
  }
  return found;
}

}  // namespace

Advice advise(const AdviceRequest& request) {
  Advice advice = Adviser(request).advise();
  if (advice.leanest) advice.remedies = what_would_fit(request);
  return advice;
}

std::optional<Layout> try_layout(const AdviceRequest& request, const TrainingShape& shape) {
  const auto work = work_of(request.architecture, request.profile);
  if (!work) return std::nullopt;
  const Step step = make_step(shape, sizes_of(request.architecture), request.profile);
  const Figures figures = figures_of(step, *work, &request.fabric, request.fabric.gpus_per_node);
  const std::string_view said = verdict(figures.memory, request.fabric.memory_bytes);
  if (said == "likely-out-of-memory") return std::nullopt;
  return Layout{shape, figures, said};
}

}  // namespace tt::comm
