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

Settlement::Settlement(const Surroundings& around, const ledger::Ledger& ledger, const ledger::AttemptState& attempt,
                       const std::optional<scheduler::TaskEnd>& end)
    : around_(around), attempt_(attempt), history_(ledger.runs.at(attempt.key.run)) {
  history_.attempts.at(attempt.key.attempt).closed = true;  // its log grows no more
  readings_ = read_attempts(around.workspace, history_);
  judgement_ = judge(around.workspace, history_, attempt, readings_, end);
  settled_ = {judgement_.state, judgement_.cause, "", end_of(readings_, end)};
  if (judgement_.diagnosis) {
    if (judgement_.diagnosis->cause) settled_.cause = *judgement_.diagnosis->cause;
    settled_.node = judgement_.diagnosis->node.value_or("");
  }
  if (settled_.node.empty()) settled_.node = only_node(readings_);
}

void Settlement::write() const {
  // What was taken back before it started has nothing to summarise; but a summary that is there must not go on telling
  // how an earlier attempt ended when this one was cancelled.
  const bool left_nothing = readings_.last() != nullptr && !readings_.last()->log.lines;
  const bool outdates = is_there(RunFolder(history_.folder).summary_json());
  const bool nothing_to_tell =
      judgement_.state == RunState::planned || (judgement_.state == RunState::cancelled && left_nothing && !outdates);
  if (!nothing_to_tell) write_summary(around_, history_, attempt_, readings_, judgement_);
}

}  // namespace tt::flow
