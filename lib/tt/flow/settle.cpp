#include "tt/flow/settle.hpp"

#include <algorithm>

#include "tt/base/files.hpp"
#include "tt/flow/collect.hpp"
#include "tt/flow/judge.hpp"

namespace tt::flow {
namespace {

// The node of an attempt that had one.
std::string only_node(const AttemptReading* reading) {
  const bool has_one = reading != nullptr && reading->exit && reading->exit->nodes.size() == 1;
  return has_one ? reading->exit->nodes.front().name : "";
}

std::optional<Instant> end_of(const AttemptReading* reading, const std::optional<scheduler::TaskEnd>& end) {
  if (reading != nullptr && reading->exit) {
    if (const auto told = parse_iso_time(reading->exit->ended)) return told;
  }
  return end ? end->time : std::nullopt;
}

// By one that was not refused.
bool is_followed_by_another(const ledger::RunHistory& history, int attempt) {
  return std::any_of(history.attempts.upper_bound(attempt), history.attempts.end(),
                     [](const auto& later) { return !ledger::was_refused(later.second); });
}

}  // namespace

Settlement::Settlement(const Surroundings& around, const ledger::Ledger& ledger, const ledger::AttemptState& attempt,
                       const std::optional<scheduler::TaskEnd>& end)
    : around_(around), attempt_(attempt), history_(ledger.runs.at(attempt.key.run)) {
  history_.attempts.at(attempt.key.attempt).closed = true;  // its log grows no more
  readings_ = read_attempts(around.workspace, history_);
  judgement_ = judge(around.workspace, history_, attempt, readings_, end);
  const AttemptReading* reading = readings_.of(attempt.key.attempt);
  settled_ = {judgement_.state, judgement_.cause, "", end_of(reading, end)};
  if (judgement_.diagnosis) {
    if (judgement_.diagnosis->cause) settled_.cause = *judgement_.diagnosis->cause;
    settled_.node = judgement_.diagnosis->node.value_or("");
  }
  if (settled_.node.empty()) settled_.node = only_node(reading);
}

void Settlement::write() const {
  if (is_followed_by_another(history_, attempt_.key.attempt)) return;  // the summary tells of that one
  // What was taken back before it started has nothing to summarise; but a summary that is there must not go on telling
  // how an earlier attempt ended when this one was cancelled.
  const bool left_nothing = readings_.last() != nullptr && !readings_.last()->log.lines;
  const bool outdates = is_there(RunFolder(history_.folder).summary_json());
  const bool nothing_to_tell =
      judgement_.state == RunState::planned || (judgement_.state == RunState::cancelled && left_nothing && !outdates);
  if (!nothing_to_tell) write_summary(around_, history_, attempt_, readings_, judgement_);
}

}  // namespace tt::flow
