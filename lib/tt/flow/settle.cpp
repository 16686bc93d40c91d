#include "tt/flow/settle.hpp"

#include "tt/base/files.hpp"
#include "tt/flow/collect.hpp"
#include "tt/flow/judge.hpp"

namespace tt::flow {
namespace {

// The node of an attempt that had one.
std::string only_node(const RunReadings& readings) {
  const AttemptReading* last = readings.last();
  const bool has_one = last != nullptr && last->exit && last->exit->nodes.size() == 1;
  return has_one ? last->exit->nodes.front().name : "";
}

std::optional<Instant> end_of(const RunReadings& readings, const std::optional<scheduler::TaskEnd>& end) {
  const AttemptReading* last = readings.last();
  if (last != nullptr && last->exit) {
    if (const auto told = parse_iso_time(last->exit->ended)) return told;
  }
  return end ? end->time : std::nullopt;
}

}  // namespace

Settled settle(const Surroundings& around, const ledger::Ledger& ledger, const ledger::AttemptState& attempt,
               const std::optional<scheduler::TaskEnd>& end) {
  ledger::RunHistory history = ledger.runs.at(attempt.key.run);
  history.attempts.at(attempt.key.attempt).closed = true;  // its log grows no more
  const RunReadings readings = read_attempts(around.workspace, history);
  const Judgement judgement = judge(around.workspace, history, attempt, readings, end);
  // What was taken back before it started has nothing to summarise; but a summary that is there must not go on telling
  // how an earlier attempt ended when this one was cancelled.
  const bool left_nothing = readings.last() != nullptr && !readings.last()->log.lines;
  const bool outdates = is_there(RunFolder(history.folder).summary_json());
  const bool nothing_to_tell =
      judgement.state == RunState::planned || (judgement.state == RunState::cancelled && left_nothing && !outdates);
  if (!nothing_to_tell) write_summary(around, history, attempt, readings, judgement);
  Settled settled{judgement.state, judgement.cause, "", end_of(readings, end)};
  if (judgement.diagnosis) {
    if (judgement.diagnosis->cause) settled.cause = *judgement.diagnosis->cause;
    settled.node = judgement.diagnosis->node.value_or("");
  }
  if (settled.node.empty()) settled.node = only_node(readings);
  return settled;
}

}  // namespace tt::flow
