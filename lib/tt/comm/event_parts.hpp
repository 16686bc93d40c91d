// tt/comm/event_parts.hpp: list_events in its parts, one for each kind of parallelism.
#pragma once

#include "tt/comm/events.hpp"
#include "tt/comm/groups.hpp"

namespace tt::comm {

void list_tensor_parallel(const Step& step, const RankLayers& held, EventSink& sink);
void list_gradients_of_norms(const Step& step, const RankLayers& held, EventSink& sink);
void list_context_parallel(const Step& step, const RankLayers& held, EventSink& sink);
void list_expert_parallel(const Step& step, const RankLayers& held, EventSink& sink);
void list_sharding(const Step& step, const RankLayers& held, EventSink& sink);
void list_replication_by_ddp(const Step& step, EventSink& sink);
void list_pipeline(const Step& step, const RankLayers& held, EventSink& sink);

inline DType activation_dtype(const Step& step) { return step.w == 2 ? DType::bfloat16 : DType::float32; }
// Recomputing a block: does it leave out its last reduce-scatter, which feeds nothing that is needed?
inline bool stops_early(const Step& step) { return step.early_stop || step.compiled; }
// All forwards before the first backward.
inline bool forwards_first(const Step& step) {
  return step.schedule == titan::ScheduleKind::gpipe || step.schedule == titan::ScheduleKind::looped_bfs;
}

}  // namespace tt::comm
