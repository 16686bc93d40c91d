// tt/titan/pipeline.hpp: pipeline schedules, and how TorchTitan cuts a model into stages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tt/titan/architecture.hpp"
#include "tt/titan/settings.hpp"

namespace tt::titan {

struct Schedule {
  std::string name;  // as PyTorch spells it: "Interleaved1F1B"
  ScheduleKind kind = ScheduleKind::unknown;
  bool single_stage = true;  // exactly one stage per rank
  bool v_shaped = false;     // rank 0 holds the first and the last stage
  bool interleaved = false;  // wants whole rounds of microbatches
};
// PyTorch compares names without regard to case. nullopt: no such schedule.
std::optional<Schedule> find_schedule(std::string_view name);
std::vector<std::string> schedule_names();

// Stages of the whole pipeline. nullopt when it depends on the model and the model is not known (`architecture` null),
// or when the settings fit no whole number of stages.
std::optional<std::int64_t> stage_count(const Settings& settings, std::int64_t pp, const Architecture* architecture);
// As much as the shape alone says: one stage per rank, or two with a schedule of several.
std::optional<std::int64_t> usual_stage_count(const TrainingShape& shape);

// Layers of each stage, in order; embedding and head weigh `first_less` and `last_less` layers. Before 0.1.0 they
// weighed nothing and the middle stages took what is left over. Empty when there are more stages than layers to share.
std::vector<std::int64_t> layers_of_stages(Era era, std::int64_t layers, std::int64_t stages,
                                           std::int64_t first_less = 1, std::int64_t last_less = 1);
// The stages a pipeline rank holds: rank, rank + pp, ... or, in a V, rank and 2 * pp - 1 - rank.
std::vector<std::int64_t> stages_of_rank(std::int64_t rank, std::int64_t pp, std::int64_t stages, bool v_shaped);

}  // namespace tt::titan
