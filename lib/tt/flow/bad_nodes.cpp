#include "tt/flow/bad_nodes.hpp"

#include <algorithm>
#include <map>

#include "tt/logs/causes.hpp"

namespace tt::flow {
namespace {

constexpr int kEnough = 2;
using Blamed = std::map<std::string, int>;

// `weight`: of an attempt of this run.
template <class Weight>
std::vector<std::string> blamed_enough(const ledger::Ledger& ledger, Weight weight) {
  Blamed blamed;
  for (const auto& [id, history] : ledger.runs) {
    for (const auto& [number, attempt] : history.attempts) {
      if (attempt.node.empty()) continue;
      const logs::Cause* cause = logs::find_cause(attempt.cause);
      if (cause != nullptr && cause->retry == logs::Retry::retry_elsewhere) blamed[attempt.node] += weight(id, history);
    }
  }
  std::vector<std::string> nodes;
  for (const auto& [node, times] : blamed) {
    if (times >= kEnough) nodes.push_back(node);
  }
  return nodes;
}

bool is_over(const ledger::RunHistory& history) {
  if (history.attempts.empty()) return false;
  const RunState state = history.attempts.rbegin()->second.state;
  return state == RunState::finished || state == RunState::cancelled;
}

}  // namespace

std::vector<std::string> nodes_to_avoid(const ledger::Ledger& ledger, const RunId& run) {
  return blamed_enough(ledger, [&](const RunId& id, const ledger::RunHistory&) { return id == run ? kEnough : 1; });
}

std::vector<std::string> nodes_avoided_now(const ledger::Ledger& ledger) {
  const auto& runs = ledger.runs;
  if (std::all_of(runs.begin(), runs.end(), [](const auto& run) { return is_over(run.second); })) return {};
  return blamed_enough(ledger,
                       [](const RunId&, const ledger::RunHistory& history) { return is_over(history) ? 1 : kEnough; });
}

}  // namespace tt::flow
