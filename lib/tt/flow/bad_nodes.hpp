// tt/flow/bad_nodes.hpp: nodes that failures blame, which the next attempts are to keep off. Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tt/ledger/fold.hpp"

namespace tt::flow {

// Who blamed which node, for the causes that are a node's. Found once for many runs.
class BadNodes {
 public:
  explicit BadNodes(const ledger::Ledger& ledger);
  // Those that runs of these sweeps blamed twice, or this run itself once. Sorted.
  std::vector<std::string> avoided_by(const RunId& run) const;
  // All that runs which are neither finished nor cancelled are to avoid.
  std::vector<std::string> avoided_now(const ledger::Ledger& ledger) const;

 private:
  std::map<RunId, std::set<std::string>> blamed_by_;
  std::set<std::string> blamed_twice_;
};

}  // namespace tt::flow
