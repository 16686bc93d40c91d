#include "tt/flow/retry_policy.hpp"

#include <fmt/format.h>

#include <array>

#include "tt/logs/causes.hpp"

namespace tt::flow {
namespace {

constexpr std::array<Seconds, 2> kPauses{Seconds{30}, Seconds{300}};

}  // namespace

RetryDecision decide_retry(const ledger::Ledger& ledger, const ledger::AttemptState& ended) {
  const ledger::RunHistory& history = ledger.runs.at(ended.key.run);
  if (history.waiting) return {false, {}, "it waits to be handed over"};
  if (history.withdrawn) return {false, {}, "it was cancelled"};
  const bool put_aside = ended.key.attempt <= history.fresh_after;
  const bool ended_badly = ended.closed && ended.state == RunState::failed;
  if (!ended_badly || put_aside) return {false, {}, "it did not fail"};
  const logs::Cause* cause = logs::find_cause(ended.cause);
  const logs::Retry retry = cause == nullptr ? logs::Retry::ask_user : cause->retry;
  if (retry != logs::Retry::retry && retry != logs::Retry::retry_elsewhere) {
    return {false, {}, fmt::format("class {}", logs::to_string(retry))};
  }
  const auto used = static_cast<std::size_t>(ledger::retries_used(ledger, ended.key.run, ended.cause));
  if (used >= kPauses.size()) return {false, {}, fmt::format("retried {} times already", used)};
  const Instant since = ended.ended.value_or(Instant{});
  return {true, since + std::chrono::duration_cast<Instant::duration>(kPauses[used]),
          fmt::format("class {}, retry {} of {}", logs::to_string(retry), used + 1, kPauses.size())};
}

}  // namespace tt::flow
