// Rules about pipeline schedules, microbatches and stages. They speak only when pp > 1, unless they say otherwise.
#include <fmt/format.h>

#include <algorithm>

#include "tt/base/text.hpp"
#include "tt/titan/pipeline.hpp"
#include "tt/titan/rule_groups.hpp"

namespace tt::titan {

namespace {

using Reason = std::optional<std::string>;

bool pipelined(const RuleInput& in) { return in.shape.pp > 1; }

// The schedule by name; a schedule read from a file follows no rule of ours.
std::optional<Schedule> named_schedule(const RuleInput& in) {
  if (!in.settings.text(Knob::pipeline_schedule_csv).value_or("").empty()) return std::nullopt;
  return find_schedule(in.shape.pipeline_schedule);
}

std::optional<std::int64_t> stages(const RuleInput& in) {
  return stage_count(in.settings, in.shape.pp, in.architecture);
}

Reason unknown_schedule(const RuleInput& in) {
  if (!pipelined(in) || in.shape.pipeline_schedule.empty() || find_schedule(in.shape.pipeline_schedule))
    return std::nullopt;
  const auto near = nearest(in.shape.pipeline_schedule, schedule_names());
  return fmt::format("there is no pipeline schedule '{}'{}; there are {}", printable(in.shape.pipeline_schedule),
                     near ? fmt::format(" (did you mean '{}'?)", *near) : "", join(schedule_names(), ", "));
}

Reason microbatch_size_not_positive(const RuleInput& in) {
  const auto size = in.settings.integer(Knob::pipeline_microbatch_size);
  // 0.3.0 looks at it in every run, the eras before only with a pipeline.
  if (!size || *size >= 1 || (!pipelined(in) && has_toml(in.shape.era))) return std::nullopt;
  return fmt::format("parallelism.pipeline_parallel_microbatch_size is {}, it must be 1 or more", *size);
}

Reason batch_not_cut_evenly(const RuleInput& in) {
  const auto size = in.settings.integer(Knob::pipeline_microbatch_size);
  const std::int64_t rows = in.shape.local_batch_size;
  if (!pipelined(in) || !size || *size < 1 || rows < 1 || rows % *size == 0) return std::nullopt;
  return fmt::format("training.local_batch_size {} is no multiple of parallelism.pipeline_parallel_microbatch_size {}",
                     rows, *size);
}

Reason batch_not_cut_into_count(const RuleInput& in) {
  const std::int64_t rows = in.shape.local_batch_size;
  const std::int64_t count = in.shape.microbatches;
  if (!pipelined(in) || rows < 1) return std::nullopt;
  if (count < 1) return fmt::format("experimental.pipeline_parallel_microbatches is {}, it must be 1 or more", count);
  if (rows % count == 0) return std::nullopt;
  const bool set = in.settings.integer(Knob::pipeline_microbatches).has_value();
  return fmt::format("training.batch_size {} is no multiple of {}", rows,
                     set ? fmt::format("experimental.pipeline_parallel_microbatches {}", count)
                         : fmt::format("the {} microbatches (one per stage, as none are set)", count));
}

Reason too_few_microbatches(const RuleInput& in) {
  const auto schedule = named_schedule(in);
  const auto total = stages(in);
  if (!pipelined(in) || !schedule || !schedule->single_stage || !total || in.shape.local_batch_size < 1)
    return std::nullopt;
  if (in.shape.microbatches >= *total) return std::nullopt;
  return fmt::format("{} microbatches are fewer than the {} stages {} fills; {}", in.shape.microbatches, *total,
                     schedule->name,
                     in.shape.era < Era::v0_1_0 ? "raise the batch size and the number of microbatches"
                                                : "raise the local batch size or lower the microbatch size");
}

Reason rounds_not_whole(const RuleInput& in) {
  const auto schedule = named_schedule(in);
  if (!pipelined(in) || !schedule || !schedule->interleaved || in.shape.microbatches < 1) return std::nullopt;
  const std::int64_t rounds = std::max<std::int64_t>(1, in.shape.microbatches / in.shape.pp);
  if (in.shape.microbatches % rounds == 0) return std::nullopt;
  return fmt::format("{} microbatches are no multiple of the {} rounds {} makes of them with pp {}",
                     in.shape.microbatches, rounds, schedule->name, in.shape.pp);
}

Reason stages_not_shared_evenly(const RuleInput& in) {
  const auto total = stages(in);
  if (!pipelined(in) || !total || *total % in.shape.pp == 0) return std::nullopt;
  return fmt::format("{} stages cannot be shared evenly by pp {}", *total, in.shape.pp);
}

Reason exact_fit_missing(const RuleInput& in) {
  const auto size = in.settings.integer(Knob::pipeline_layers_per_stage);
  if (!pipelined(in) || !size || in.architecture == nullptr || stages(in)) return std::nullopt;
  return fmt::format("{} layers + 2 do not fill pp {} with stages of {} layers exactly", in.architecture->layers,
                     in.shape.pp, *size);
}

Reason wrong_stages_per_rank(const RuleInput& in) {
  const auto schedule = find_schedule(in.shape.pipeline_schedule);
  const auto total = stages(in);
  if (!pipelined(in) || !schedule || !total || *total % in.shape.pp != 0) return std::nullopt;
  const std::int64_t each = *total / in.shape.pp;
  if (schedule->single_stage && each != 1)
    return fmt::format("{} holds exactly 1 stage per rank, but {} stages on pp {} are {}", schedule->name, *total,
                       in.shape.pp, each);
  if (!schedule->single_stage && !schedule->v_shaped && each < 2)
    return fmt::format("{} holds at least 2 stages per rank, but {} stages on pp {} are {}", schedule->name, *total,
                       in.shape.pp, each);
  return std::nullopt;
}

Reason v_without_two_stages(const RuleInput& in) {
  const auto schedule = find_schedule(in.shape.pipeline_schedule);
  const auto total = stages(in);
  if (!pipelined(in) || !schedule || !schedule->v_shaped || !total || *total == 2 * in.shape.pp) return std::nullopt;
  return fmt::format("{} holds exactly 2 stages per rank, but there are {} stages on pp {}", schedule->name, *total,
                     in.shape.pp);
}

Reason more_stages_than_layers(const RuleInput& in) {
  const auto total = stages(in);
  if (!pipelined(in) || !total || in.architecture == nullptr) return std::nullopt;
  const std::int64_t layers = in.architecture->layers;
  if (in.shape.era < Era::v0_1_0) {
    if (*total <= layers) return std::nullopt;
    return fmt::format("{} stages are more than the {} layers of {}", *total, layers,
                       architecture_name(*in.architecture));
  }
  const std::int64_t ends = in.settings.integer(Knob::pipeline_first_less_layers).value_or(1) +
                            in.settings.integer(Knob::pipeline_last_less_layers).value_or(1);
  if (*total <= layers + ends) return std::nullopt;
  return fmt::format("{} stages are more than the {} layers of {} + {} for embedding and head", *total, layers,
                     architecture_name(*in.architecture), ends);
}

Reason model_cannot_pipeline(const RuleInput& in) {
  const std::string& model = in.shape.model;
  if (!pipelined(in) || (model != "qwen3" && model != "gpt_oss" && model != "flux")) return std::nullopt;
  return fmt::format("{} has no pipelining in {}", model, to_string(in.shape.era));
}

Reason tied_weights(const RuleInput& in) {
  if (!pipelined(in) || in.architecture == nullptr || !in.architecture->tied_embeddings) return std::nullopt;
  return fmt::format("{} shares its embedding with its head, which no pipeline can",
                     architecture_name(*in.architecture));
}

Reason graphs_on_with_stages(const RuleInput& in) {
  if (!pipelined(in) || in.settings.boolean(Knob::disable_cuda_graphs) != false) return std::nullopt;
  return "CUDA graphs are on unless switched off, and do not go with pp > 1; set training.disable_cuda_graphs = true";
}

}  // namespace

std::vector<Rule> pipeline_rules() {
  constexpr Era start = Era::early_2025;
  constexpr Era newest = Era::v0_3_0;
  std::vector<Rule> rules;
  rules.push_back({"schedule-name", "The pipeline schedule is one PyTorch knows, in any case of letters.",
                   "ValueError: Unknown schedule name 'foo'. The valid options are ['1F1B', 'Interleaved1F1B', ..]",
                   start, newest, unknown_schedule});
  rules.push_back({"microbatch-size-positive", "A pipeline microbatch has at least one row.",
                   "parallelism.pipeline_parallel_microbatch_size must be greater than 0.", Era::v0_1_0, newest,
                   microbatch_size_not_positive});
  rules.push_back({"microbatch-divides-batch", "The number of microbatches divides training.batch_size.",
                   "ValueError: Batch size 8 must be divisible by number of microbatches 3.", start, Era::march_2025,
                   batch_not_cut_into_count});
  rules.push_back({"microbatch-divides-batch", "The microbatch size divides training.local_batch_size.",
                   "training.local_batch_size (8) must be evenly divisible by "
                   "parallelism.pipeline_parallel_microbatch_size (3) when pipeline parallelism is enabled.",
                   Era::v0_1_0, newest, batch_not_cut_evenly});
  rules.push_back({"enough-microbatches",
                   "A schedule of one stage per rank has at least as many microbatches as stages.",
                   "ValueError: Number of microbatches (1) must be greater than or equal to the number of stages (2). "
                   "PyTorch before 2025 could hang instead",
                   start, newest, too_few_microbatches});
  rules.push_back({"interleaved-microbatch-multiple",
                   "Interleaved schedules have a multiple of max(1, microbatches / pp) microbatches.",
                   "Interleaved 1F1B requires the number of microbatches to be a multiple of the number of rounds (2), "
                   "but got 5.",
                   start, newest, rounds_not_whole});
  rules.push_back({"stages-divisible-by-pp", "Every pipeline rank holds equally many stages.",
                   "Number of virtual stages (3) must be divisible by pipeline parallel size (2).", start, newest,
                   stages_not_shared_evenly});
  rules.push_back({"stages-exact-fit", "pipeline_parallel_layers_per_stage cuts layers + 2 without a rest.",
                   "AssertionError without words (assert num_effective_layers % pp_degree == 0)", Era::v0_1_0,
                   Era::v0_1_0, exact_fit_missing});
  rules.push_back({"stages-per-rank", "1F1B and GPipe hold one stage per rank, looped schedules two or more.",
                   "Single stage schedule requires exactly 1 stage per rank, but got 2 stages per rank. / Multi-stage "
                   "schedule requires at least 2 stages per rank, but got 1",
                   start, newest, wrong_stages_per_rank});
  rules.push_back({"two-stages-per-rank", "ZBVZeroBubble and DualPipeV hold exactly two stages per rank.",
                   "AssertionError: v schedules assume 2 stages per rank, got 3", start, newest, v_without_two_stages});
  rules.push_back({"stages-within-layers", "There are no more stages than layers to put into them.",
                   "ValueError: Total stages cannot be greater than the number of layers", start, Era::march_2025,
                   more_stages_than_layers});
  rules.push_back({"stages-within-layers",
                   "There are no more stages than layers, embedding and head counted as a layer each.",
                   "Number of stages (16) cannot be greater than effective layers (8)", Era::v0_1_0, newest,
                   more_stages_than_layers});
  rules.push_back({"pipeline-support", "qwen3, gpt_oss and flux have no pipelining before 0.3.0.",
                   "RuntimeError: Pipeline Parallel is enabled but qwen3 does not support pipelining", start,
                   Era::v0_2_2, model_cannot_pipeline});
  rules.push_back({"pipeline-untied", "A model that shares embedding and head is not pipelined.",
                   "NotImplementedError: Weight tying is not supported with Pipeline Parallel.", newest, newest,
                   tied_weights});
  rules.push_back({"cuda-graphs-with-pp", "A pipelined run switches CUDA graphs off.",
                   "Error parsing Config: CUDA graphs do not support pipeline parallelism yet. Set "
                   "--training.disable_cuda_graphs.",
                   newest, newest, graphs_on_with_stages});
  return rules;
}

}  // namespace tt::titan
