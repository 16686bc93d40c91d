#include "tt/flow/idle_flags.hpp"

#include <fmt/format.h>

#include "tt/base/text.hpp"
#include "tt/titan/pipeline.hpp"

namespace tt::flow {
namespace {

void judge_experts(const ShapeFlags& flags, EstimateInput& input, Problems& problems) {
  if (!input.architecture) return;
  if (input.architecture->experts) {
    if (flags.imbalance != 1.0 && input.shape.ep == 1)
      input.warnings.push_back(fmt::format("--imbalance {} changes nothing: ep is 1", flags.imbalance));
    return;
  }
  const std::string name = titan::architecture_name(*input.architecture);
  const auto refuse = [&](const char* flag, const std::optional<std::int64_t>& degree) {
    if (degree && *degree > 1)
      problems.add(Place{}, fmt::format("{} {}: {} has no experts", flag, *degree, name), "leave it out");
  };
  refuse("--ep", flags.ep);
  refuse("--etp", flags.etp);
  if (flags.imbalance != 1.0)
    input.warnings.push_back(fmt::format("--imbalance {} changes nothing: {} has no experts", flags.imbalance, name));
}

void judge_pipeline(const ShapeFlags& flags, EstimateInput& input, Problems& problems) {
  if (input.shape.pp > 1) return;  // the rules speak
  const auto idle = [&](const char* flag, const std::string& said) {
    input.warnings.push_back(fmt::format("{} {} changes nothing: pp is 1", flag, said));
  };
  if (flags.pp_schedule) {
    const std::string& name = *flags.pp_schedule;
    const auto names = titan::schedule_names();
    const auto near = nearest(name, names);
    if (titan::find_schedule(name))
      idle("--pp-schedule", name);
    else
      problems.add(Place{}, fmt::format("--pp-schedule: there is no pipeline schedule '{}'", printable(name)),
                   near ? fmt::format("did you mean '{}'?", *near) : "there are " + join(names, ", "));
  }
  if (flags.stages_per_rank && *flags.stages_per_rank > 1)
    problems.add(Place{}, fmt::format("--stages-per-rank {}: pp is 1, there is no pipeline", *flags.stages_per_rank),
                 "say --pp N, or leave it out");
  if (flags.pp_microbatch_size && *flags.pp_microbatch_size > 1)
    idle("--pp-microbatch-size", std::to_string(*flags.pp_microbatch_size));
}

}  // namespace

void judge_idle_flags(const ShapeFlags& flags, EstimateInput& input, Problems& problems) {
  judge_experts(flags, input, problems);
  judge_pipeline(flags, input, problems);
  if (flags.loss_parallel && input.shape.tp == 1)
    input.warnings.push_back(fmt::format("--loss-parallel {} changes nothing: tp is 1", *flags.loss_parallel));
  if (flags.cp_method && input.shape.cp == 1)
    input.warnings.push_back(fmt::format("--cp-method {} changes nothing: cp is 1", *flags.cp_method));
}

}  // namespace tt::flow
