// tt/flow/bad_nodes.hpp: nodes that failures blame, which the next attempts are to keep off. Pure.
#pragma once

#include <string>
#include <vector>

#include "tt/ledger/fold.hpp"

namespace tt::flow {

// Those that runs of these sweeps blamed twice, or this run itself once, for the causes that are a node's. Sorted.
std::vector<std::string> nodes_to_avoid(const ledger::Ledger& ledger, const RunId& run);
// All that runs which are neither finished nor cancelled are to avoid.
std::vector<std::string> nodes_avoided_now(const ledger::Ledger& ledger);

}  // namespace tt::flow
