#include "tt/flow/bad_nodes.hpp"

#include "tt/logs/causes.hpp"

namespace tt::flow {
namespace {

bool is_over(const ledger::RunHistory& history) {
  if (history.attempts.empty()) return false;
  const RunState state = history.attempts.rbegin()->second.state;
  return state == RunState::finished || state == RunState::cancelled;
}

}  // namespace

BadNodes::BadNodes(const ledger::Ledger& ledger) {
  std::map<std::string, int> blamed;
  for (const auto& [id, history] : ledger.runs) {
    for (const auto& [number, attempt] : history.attempts) {
      if (attempt.node.empty()) continue;
      const logs::Cause* cause = logs::find_cause(attempt.cause);
      if (cause == nullptr || cause->retry != logs::Retry::retry_elsewhere) continue;
      blamed_by_[id].insert(attempt.node);
      if (++blamed[attempt.node] == 2) blamed_twice_.insert(attempt.node);
    }
  }
}

std::vector<std::string> BadNodes::avoided_by(const RunId& run) const {
  std::set<std::string> avoided = blamed_twice_;
  if (const auto own = blamed_by_.find(run); own != blamed_by_.end())
    avoided.insert(own->second.begin(), own->second.end());
  return {avoided.begin(), avoided.end()};
}

std::vector<std::string> BadNodes::avoided_now(const ledger::Ledger& ledger) const {
  std::set<std::string> avoided;
  for (const auto& [id, history] : ledger.runs) {
    if (is_over(history)) continue;
    avoided.insert(blamed_twice_.begin(), blamed_twice_.end());
    if (const auto own = blamed_by_.find(id); own != blamed_by_.end())
      avoided.insert(own->second.begin(), own->second.end());
  }
  return {avoided.begin(), avoided.end()};
}

}  // namespace tt::flow
