#include "tt/flow/stop_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace tt::flow {
namespace {

constexpr std::array<std::string_view, 3> kResults{"cuda-oom", "hip-oom", "loss-nan"};

// Finished or failed for a cause of its own: only these say something of the next run.
bool says_something(const ledger::AttemptState& attempt) {
  return attempt.closed && attempt.ended && (attempt.state == RunState::finished || attempt.state == RunState::failed);
}

std::vector<const ledger::AttemptState*> in_order_of_their_ends(const ledger::Ledger& ledger, const std::string& sweep,
                                                                Instant from) {
  std::vector<const ledger::AttemptState*> ended;
  for (const auto& [id, run] : ledger.runs) {
    for (const auto& [number, attempt] : run.attempts) {
      if (attempt.sweep == sweep && says_something(attempt) && *attempt.ended >= from) ended.push_back(&attempt);
    }
  }
  const auto over = [](const ledger::AttemptState* attempt) { return attempt->over.value_or(*attempt->ended); };
  std::stable_sort(ended.begin(), ended.end(), [&](const auto* a, const auto* b) { return over(a) < over(b); });
  return ended;
}

}  // namespace

std::optional<SameFailure> same_failure_in_a_row(const ledger::Ledger& ledger, const std::string& sweep) {
  const auto policy = ledger.policies.find(sweep);
  const bool said = policy != ledger.policies.end();
  const int most = said ? policy->second.stop_after.value_or(default_stop_after) : default_stop_after;
  if (most <= 0) return std::nullopt;
  const auto ended = in_order_of_their_ends(ledger, sweep, said ? policy->second.counted_from : Instant{});
  if (ended.empty() || ended.back()->state != RunState::failed) return std::nullopt;
  const std::string& cause = ended.back()->cause;
  if (std::find(kResults.begin(), kResults.end(), cause) != kResults.end()) return std::nullopt;
  const auto other = std::find_if(ended.rbegin(), ended.rend(), [&](const ledger::AttemptState* attempt) {
    return attempt->state != RunState::failed || attempt->cause != cause;
  });
  const int times = static_cast<int>(other - ended.rbegin());
  if (times < most) return std::nullopt;
  return SameFailure{cause.empty() ? "no cause found" : cause, times};
}

bool is_stopped(const ledger::Ledger& ledger, const std::string& sweep) {
  const auto policy = ledger.policies.find(sweep);
  return policy != ledger.policies.end() && !policy->second.stopped_for.empty();
}

std::string describe_stop(const ledger::Ledger& ledger, const std::string& sweep) {
  const ledger::SweepPolicy& policy = ledger.policies.at(sweep);
  return fmt::format("the last {} runs failed alike ({})", policy.stopped_times, policy.stopped_for);
}

}  // namespace tt::flow
