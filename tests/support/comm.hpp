// Steps of model `titan` for tests, written as a layout, and what they move as "bytes of a call → calls".
#pragma once

#include <map>
#include <vector>

#include "tt/comm/events.hpp"
#include "tt/titan/architecture.hpp"

namespace tt::test {

using comm::Dim;
using comm::Op;
using comm::Phase;
using Calls = std::map<std::int64_t, std::int64_t>;  // logical bytes of one call → calls of a step

inline titan::Architecture dense(std::int64_t hidden, std::int64_t layers, std::int64_t heads, std::int64_t kv_heads,
                                 std::int64_t head_dim, std::int64_t ffn, std::int64_t vocab) {
  titan::Architecture model;
  model.family = "llama3";
  model.flavor = "test";
  model.hidden_size = hidden;
  model.layers = layers;
  model.heads = heads;
  model.kv_heads = kv_heads;
  model.head_dim = head_dim;
  model.ffn_size = ffn;
  model.vocab_size = vocab;
  return model;
}

inline titan::Architecture llama3_8b() { return dense(4096, 32, 32, 8, 128, 14336, 128256); }
inline titan::Architecture llama3_70b() { return dense(8192, 80, 64, 8, 128, 28672, 128256); }
inline titan::Architecture llama3_405b() { return dense(16384, 126, 128, 8, 128, 53248, 128256); }

// The model of the measured examples, and the one with experts.
inline titan::Architecture tiny(std::int64_t layers = 2, std::int64_t vocab = 250) {
  return dense(96, layers, 6, 2, 16, 256, vocab);
}
inline titan::Architecture tiny_moe(std::int64_t shared_experts = 0) {
  titan::Architecture model = dense(96, 2, 6, 2, 24, 0, 250);
  model.family = "qwen3";
  model.ffn_size.reset();
  model.qk_norm = true;
  model.experts = titan::Experts{8, shared_experts, 2, 64, 0, 1, false};
  return model;
}

// A layout: what is not said is 1, off or the default.
inline titan::TrainingShape shape(std::int64_t seq_len, std::int64_t batch) {
  titan::TrainingShape made;
  made.model = "llama3";
  made.flavor = "test";
  made.seq_len = seq_len;
  made.local_batch_size = batch;
  made.microbatch_size = batch;
  return made;
}

// 1F1B of one stage a rank, one sequence in a microbatch.
inline void pipeline(titan::TrainingShape& layout, std::int64_t pp) {
  layout.pp = pp;
  layout.stages = pp;
  layout.pipeline_schedule = "1F1B";
  layout.schedule = titan::ScheduleKind::one_forward_one_backward;
  layout.microbatch_size = 1;
  layout.microbatches = layout.local_batch_size;
}

inline comm::Step step(comm::Profile profile, titan::TrainingShape layout, const titan::Architecture& model) {
  layout.era = comm::era_of(profile);
  if (profile == comm::Profile::titan_0_3) layout.loss_chunks = 8;
  return comm::make_step(layout, comm::sizes_of(model), profile);
}

class Moved {
 public:
  explicit Moved(const comm::Step& step, std::int64_t rank = 0)
      : step_(step), held_(comm::layers_of_rank(step_, rank)), rows_(comm::rows_of(step_, held_)) {}

  Calls calls(Dim dim, Op op, Phase phase) const {
    Calls found;
    for (const comm::Row& row : rows_)
      if (row.dim == dim && row.op == op && row.phase == phase) found[row.logical] += row.calls;
    return found;
  }
  Calls calls(Dim dim, Op op) const {
    Calls found;
    for (const comm::Row& row : rows_)
      if (row.dim == dim && row.op == op) found[row.logical] += row.calls;
    return found;
  }
  comm::Sum sum(Dim dim, Op op) const {
    comm::Sum sum;
    for (const comm::Row& row : rows_)
      if (row.dim == dim && row.op == op) sum += {row.calls, row.logical_total(), row.wire_total()};
    return sum;
  }
  comm::Sum sum(Dim dim) const {
    comm::Sum sum;
    for (const comm::Row& row : rows_)
      if (row.dim == dim) sum += {row.calls, row.logical_total(), row.wire_total()};
    return sum;
  }
  // "gradient norm" in group "tp" → calls of so many bytes.
  std::map<std::string, Calls> control(const std::string& what) const {
    std::map<std::string, Calls> found;
    for (const comm::ControlEvent& event : comm::control_events(step_, held_))
      if (event.what == what) found[event.group][event.bytes] += event.calls;
    return found;
  }
  const std::vector<comm::Row>& rows() const { return rows_; }
  const comm::RankLayers& held() const { return held_; }

 private:
  comm::Step step_;
  comm::RankLayers held_;
  std::vector<comm::Row> rows_;
};

}  // namespace tt::test
