// tt/titan/parameters.hpp: how many parameters a model has, exactly, as TorchTitan builds it.
#pragma once

#include <cstdint>
#include <optional>

#include "tt/titan/architecture.hpp"

namespace tt::titan {

// One transformer block. A dense block has a feed-forward, a block with experts a router and experts instead.
struct BlockParameters {
  std::int64_t attention = 0;  // projections with their biases, the norms inside attention, sinks
  std::int64_t norms = 0;      // before attention and before the feed-forward
  std::int64_t feed_forward = 0;
  std::int64_t router = 0;
  std::int64_t shared_experts = 0;
  std::int64_t routed_experts = 0;  // all of them
  std::int64_t total() const { return attention + norms + feed_forward + router + shared_experts + routed_experts; }
};

// nullopt: a size is not known, there is no such block, or the sizes are beyond counting (more than 4e18).
std::optional<BlockParameters> dense_block(const Architecture& architecture);
std::optional<BlockParameters> expert_block(const Architecture& architecture);

// How many blocks have experts, and whether one of them (counted from 0) does.
std::int64_t expert_layers(const Architecture& architecture);
bool has_experts(const Architecture& architecture, std::int64_t layer);

struct ParameterCount {
  std::int64_t total = 0;
  std::int64_t embedding = 0;  // the token table
  std::int64_t head = 0;       // the output projection; 0 when it is the token table
  // Of one token: of the routed experts only the chosen ones. Embedding and head are counted whole.
  std::int64_t active = 0;
};

// nullopt: a size is not known (the vocabulary of a model that takes its tokenizer's, say).
std::optional<ParameterCount> count_parameters(const Architecture& architecture);

}  // namespace tt::titan
