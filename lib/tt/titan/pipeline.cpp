#include "tt/titan/pipeline.hpp"

#include <algorithm>

#include "tt/base/text.hpp"

namespace tt::titan {

namespace {

const std::vector<Schedule>& schedules() {
  static const std::vector<Schedule> all{
      {"1F1B", ScheduleKind::one_forward_one_backward, true, false, false},
      {"GPipe", ScheduleKind::gpipe, true, false, false},
      {"Interleaved1F1B", ScheduleKind::interleaved, false, false, true},
      {"LoopedBFS", ScheduleKind::looped_bfs, false, false, false},
      {"InterleavedZeroBubble", ScheduleKind::interleaved_zero_bubble, false, false, true},
      {"ZBVZeroBubble", ScheduleKind::zbv_zero_bubble, false, true, false},
      {"DualPipeV", ScheduleKind::dual_pipe_v, false, true, false},
      {"PipelineScheduleSingle", ScheduleKind::from_file, true, false,
       false},  // these two only carry a schedule read from a file
      {"PipelineScheduleMulti", ScheduleKind::from_file, false, false, false},
  };
  return all;
}

// Stages cut by hand: a list of the modules of every stage, before 0.2.0 a list of the points between stages.
std::optional<std::int64_t> stages_by_hand(const Settings& settings) {
  const auto setting = settings.find(Knob::pipeline_modules);
  if (!setting) return std::nullopt;
  const Value& value = setting->value;
  std::int64_t parts = 0;
  if (value.is_list()) parts = static_cast<std::int64_t>(value.as_list().size());
  if (value.is_string() && !value.as_string().empty())
    parts = static_cast<std::int64_t>(split(value.as_string(), ',').size());
  if (parts == 0) return std::nullopt;
  return settings.era() < Era::v0_2_0 ? parts + 1 : parts;
}

std::optional<std::int64_t> stages_of_size(const Settings& settings, std::int64_t pp, std::int64_t size,
                                           const Architecture* architecture) {
  if (architecture == nullptr || size < 1) return std::nullopt;
  if (settings.era() < Era::v0_2_0) {  // 0.1.0 wants an exact fit, on ranks and within a rank
    const std::int64_t effective = architecture->layers + 2;
    if (effective % pp != 0 || (effective / pp) % size != 0) return std::nullopt;
    return effective / size;
  }
  const std::int64_t effective = architecture->layers + settings.integer(Knob::pipeline_first_less_layers).value_or(1) +
                                 settings.integer(Knob::pipeline_last_less_layers).value_or(1);
  return (effective + size - 1) / size;
}

}  // namespace

std::optional<Schedule> find_schedule(std::string_view name) {
  const std::string wanted = lower(name);
  for (const Schedule& schedule : schedules())
    if (lower(schedule.name) == wanted) return schedule;
  return std::nullopt;
}

std::vector<std::string> schedule_names() {
  std::vector<std::string> names;
  for (const Schedule& schedule : schedules()) names.push_back(schedule.name);
  return names;
}

std::optional<std::int64_t> stage_count(const Settings& settings, std::int64_t pp, const Architecture* architecture) {
  if (pp <= 1) return 1;
  if (const auto stages = stages_by_hand(settings)) return stages;
  if (const auto size = settings.integer(Knob::pipeline_layers_per_stage))
    return stages_of_size(settings, pp, *size, architecture);
  const auto schedule = find_schedule(settings.text(Knob::pipeline_schedule).value_or(""));
  if (!schedule) return std::nullopt;
  return schedule->single_stage ? pp : 2 * pp;
}

std::optional<std::int64_t> usual_stage_count(const TrainingShape& shape) {
  if (shape.pp <= 1) return 1;
  const auto schedule = find_schedule(shape.pipeline_schedule);
  if (!schedule) return std::nullopt;
  return schedule->single_stage ? shape.pp : 2 * shape.pp;
}

namespace {

std::vector<std::int64_t> plain_division(std::int64_t layers, std::int64_t stages) {
  std::vector<std::int64_t> each(static_cast<std::size_t>(stages), layers / stages);
  std::int64_t extra = layers % stages;
  for (std::size_t stage = 1; stage + 1 < each.size() && extra > 0; ++stage, --extra) ++each[stage];
  each.back() += extra;  // the last stage takes what the middle ones could not
  return each;
}

}  // namespace

std::vector<std::int64_t> layers_of_stages(Era era, std::int64_t layers, std::int64_t stages, std::int64_t first_less,
                                           std::int64_t last_less) {
  if (stages < 1 || layers < 0) return {};
  if (stages == 1) return {layers};
  if (era < Era::v0_1_0) return stages > layers ? std::vector<std::int64_t>{} : plain_division(layers, stages);
  const std::int64_t effective = layers + first_less + last_less;
  if (stages > effective) return {};
  std::vector<std::int64_t> each(static_cast<std::size_t>(stages), effective / stages);
  for (std::int64_t stage = 0; stage < effective % stages; ++stage) ++each[static_cast<std::size_t>(stage)];
  each.front() -= first_less;
  each.back() -= last_less;
  if (*std::min_element(each.begin(), each.end()) < 0) return {};
  return each;
}

std::vector<std::int64_t> stages_of_rank(std::int64_t rank, std::int64_t pp, std::int64_t stages, bool v_shaped) {
  if (v_shaped) return {rank, 2 * pp - 1 - rank};
  std::vector<std::int64_t> held;
  for (std::int64_t stage = rank; stage < stages; stage += pp) held.push_back(stage);
  return held;
}

}  // namespace tt::titan
