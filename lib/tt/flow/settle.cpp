#include "tt/flow/settle.hpp"

#include "tt/flow/collect.hpp"
#include "tt/flow/judge.hpp"

namespace tt::flow {

Settled settle(const Surroundings& around, const ledger::Ledger& ledger, const ledger::AttemptState& attempt,
               const std::optional<scheduler::TaskEnd>& end) {
  ledger::RunHistory history = ledger.runs.at(attempt.key.run);
  history.attempts.at(attempt.key.attempt).closed = true;  // its log grows no more
  const RunReadings readings = read_attempts(around.workspace, history);
  const Judgement judgement = judge(around.workspace, history, attempt, readings, end);
  // What was taken back before it started has nothing to summarise.
  const bool never_began =
      judgement.state == RunState::planned ||
      (judgement.state == RunState::cancelled && readings.last() != nullptr && !readings.last()->log.lines);
  if (!never_began) write_summary(around, history, attempt, readings, judgement);
  return {judgement.state,
          judgement.diagnosis && judgement.diagnosis->cause ? *judgement.diagnosis->cause : judgement.cause};
}

}  // namespace tt::flow
