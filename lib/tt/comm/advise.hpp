// tt/comm/advise.hpp: the layouts a model can train with on so many GPUs, the fastest that fit first.
//
// Every way to cut the GPUs into dp_replicate x dp_shard x cp x tp x pp (x ep), every way to cut the batch, and each
// mode of activation checkpointing is looked at; what cannot run, and what does not fit the card, is counted and left
// out. Times are those of step_time.hpp: good for ordering, not for promises.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tt/base/terminal.hpp"
#include "tt/base/value.hpp"
#include "tt/comm/step_time.hpp"

namespace tt::comm {

struct AdviceRequest {
  titan::Architecture architecture;
  Profile profile = Profile::titan_0_3;
  Fabric fabric;  // with its GPUs of a node
  std::int64_t gpus = 1;
  std::int64_t seq_len = 0;
  std::int64_t global_batch = 0;  // sequences of a step
  titan::TrainingShape like;      // compile, precision and what else a layout does not decide
  std::size_t best = 10;
  // What TorchTitan would refuse of the best, told by who knows the rules; empty: nothing.
  std::function<bool(const titan::TrainingShape&)> is_legal;
  std::vector<std::string> warnings;  // what the caller has to say: kept with the advice
};

struct Layout {
  titan::TrainingShape shape;
  Figures figures;
  std::string_view verdict;
};

struct Advice {
  std::int64_t considered = 0;
  std::int64_t illegal = 0;
  std::int64_t too_large = 0;     // they would not fit the card's memory
  std::vector<Layout> layouts;    // the fastest first; one layout of GPUs appears once, with its best batch and mode
  std::optional<Layout> leanest;  // where none fits: what needs least memory
  std::vector<std::string> remedies;  // and what would fit, by the same numbers
  std::vector<std::string> warnings;  // what is approximated in the layouts that are named
};

// Throws BadInput when a size makes no sense, or the model is not one the estimates know.
Advice advise(const AdviceRequest& request);

// One layout with its figures, whatever its legality; nullopt: it does not fit the card.
std::optional<Layout> try_layout(const AdviceRequest& request, const titan::TrainingShape& shape);

Value advice_record(const Advice& advice, const AdviceRequest& request);  // tt.comm.advice/1
std::string advice_text(const Advice& advice, const AdviceRequest& request, const Terminal& terminal);
// "tp 8, pp 2, dp_shard 4": what differs from 1.
std::string layout_text(const titan::TrainingShape& shape);
std::string checkpointing_word(const titan::TrainingShape& shape);  // "none", "full", "selective-op", "selective-2"

}  // namespace tt::comm
