#include "tt/flow/advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "tt/titan/rules.hpp"

namespace tt::flow {
namespace {

using titan::Checkpointing;
using titan::Era;
using titan::Knob;
using titan::TrainingShape;

// The rules speak of a layout in the keys it would be run with, on the config it would be run on.
class Judge {
 public:
  Judge(ModelGround ground, const TrainingShape& without_layout) : ground_(std::move(ground)) {
    for (titan::Refusal& refusal : refusals_of(without_layout)) known_.insert(std::move(refusal.rule));
  }

  bool agrees(TrainingShape shape) const {
    shape.era = ground_.era;
    const auto refusals = refusals_of(shape);
    if (std::any_of(refusals.begin(), refusals.end(),
                    [&](const titan::Refusal& refusal) { return !known_.contains(refusal.rule); }))
      return false;
    // What the config says beside the layout (stages by hand, layers of a stage) may make another one of it.
    const TrainingShape made = titan::shape_of(settings_of(shape), shape.world, ground_.architectures);
    return made.stages == shape.stages && made.microbatches == shape.microbatches &&
           made.accumulation_steps == shape.accumulation_steps && made.etp == shape.etp &&
           made.checkpointing == shape.checkpointing;
  }

 private:
  titan::Settings settings_of(const TrainingShape& shape) const {
    Overrides keys = ground_.overrides;
    for (Assignment& one : keys_of_layout(shape)) {
      std::erase_if(keys, [&](const Assignment& other) { return other.key == one.key; });
      keys.push_back(std::move(one));
    }
    return {ground_.era, ground_.base, keys};
  }
  std::vector<titan::Refusal> refusals_of(const TrainingShape& shape) const {
    return titan::refusals(settings_of(shape), shape.world, ground_.architectures);
  }

  ModelGround ground_;
  std::set<std::string> known_;  // rules that refuse whatever the layout
};

}  // namespace

Overrides keys_of_layout(const TrainingShape& shape) {
  Overrides keys;
  const auto set = [&](Knob knob, Value value) {
    if (const auto key = titan::key_of(shape.era, knob)) keys.push_back({*key, std::move(value)});
  };
  set(Knob::data_parallel_replicate, shape.dp_replicate);
  set(Knob::data_parallel_shard, shape.dp_shard);
  set(Knob::context_parallel, shape.cp);
  set(Knob::tensor_parallel, shape.tp);
  set(Knob::pipeline_parallel, shape.pp);
  set(Knob::expert_parallel, shape.ep);
  set(Knob::expert_tensor_parallel, shape.etp);
  set(Knob::local_batch_size, shape.local_batch_size);
  set(Knob::global_batch_size, shape.global_batch_size);
  set(Knob::seq_len, shape.seq_len);
  if (shape.pp > 1) {
    set(Knob::pipeline_schedule, shape.pipeline_schedule);
    set(Knob::pipeline_microbatch_size, shape.microbatch_size);
    set(Knob::pipeline_microbatches, shape.microbatches);
  }
  if (shape.pp > 1 || shape.ep > 1) set(Knob::disable_cuda_graphs, true);
  const bool selective = shape.checkpointing == Checkpointing::by_operation;
  set(Knob::ac_mode, selective ? "selective" : shape.checkpointing == Checkpointing::full ? "full" : "none");
  if (selective) set(Knob::ac_option, "op");
  return keys;
}

comm::AdviceRequest make_advice_request(const ModelInput& model, const comm::Fabric& fabric, std::int64_t gpus,
                                        std::int64_t global_batch, std::size_t best) {
  const EstimateInput& input = model.input;
  if (!input.architecture) throw BadInput(Problem{Place{}, "no advice: the sizes of the model are not known", ""});
  comm::AdviceRequest request;
  request.architecture = *input.architecture;
  request.profile = input.profile;
  request.fabric = fabric;
  request.gpus = gpus;
  request.seq_len = input.shape.seq_len;
  request.global_batch = global_batch;
  request.like = input.shape;
  request.best = best;
  request.warnings = input.warnings;
  const auto judge = std::make_shared<const Judge>(model.ground, input.shape);
  request.is_legal = [judge](const TrainingShape& shape) { return judge->agrees(shape); };
  return request;
}

}  // namespace tt::flow
