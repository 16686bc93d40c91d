#include "tt/flow/judge.hpp"

#include <fmt/format.h>

#include "tt/base/error.hpp"
#include "tt/logs/verdict.hpp"

namespace tt::flow {
namespace {

using scheduler::EndReason;

struct Evidence {
  std::optional<ClaimRecord> claim;
  const AttemptReading* reading = nullptr;
  bool claimed_by_job() const { return claim && !claim->revoked; }
  bool has_exit() const { return reading != nullptr && reading->exit.has_value(); }
};

// A run somebody wanted to end: preempted runs that never started are planned again.
Judgement stopped(const Evidence& evidence, bool preempted) {
  const bool started = evidence.claimed_by_job();
  if (preempted) {
    return {started ? RunState::preempted : RunState::planned,
            "",
            started ? "ended to be resumed later" : "taken back before it started",
            {}};
  }
  return {RunState::cancelled, "", started ? "cancelled while it ran" : "cancelled before it started", {}};
}

std::optional<logs::SchedulerVerdict> scheduler_verdict(const Judgement& judgement) {
  if (judgement.cause == "never-started") return logs::SchedulerVerdict::never_started;
  if (judgement.cause == "node-failure") return logs::SchedulerVerdict::node_failure;
  if (judgement.cause == "host-oom") return logs::SchedulerVerdict::out_of_memory;
  switch (judgement.state) {
    case RunState::timed_out:
      return logs::SchedulerVerdict::timed_out;
    case RunState::cancelled:
      return logs::SchedulerVerdict::cancelled;
    case RunState::preempted:
      return logs::SchedulerVerdict::preempted;
    case RunState::lost:
      return logs::SchedulerVerdict::lost;
    default:
      return std::nullopt;
  }
}

// What the job script says by its exit status when it starts nothing (templates/job/).
std::string own_reason(const scheduler::TaskEnd& end) {
  switch (end.status.value_or(0)) {
    case 65:
      return ": its task file is missing or cut short";
    case 66:
      return ": the attempt was withdrawn, or belongs to another job";
    case 67:
      return ": its run folder is gone, or holds another run";
    case 68:
      return ": the list of its nodes could not be read";
    case 73:
      return ": nothing could be written into its run folder (a full disk, no permission)";
    case 75:
      return ": it was told to end before";
    default:
      return "";
  }
}

// What exit.json would have said, had it been written: the job script ends with the status of the training. Of one
// node: not every launcher tells how the others ended.
std::optional<ExitRecord> exit_as_seen(const RunFolder& folder, const ledger::AttemptState& attempt,
                                       const Evidence& evidence, const std::optional<scheduler::TaskEnd>& end) {
  const bool is_ours = evidence.claimed_by_job() && evidence.claim->token == attempt.token.text;
  const bool ended_well = end && end->reason == EndReason::exited && end->started && !end->signal && end->status == 0;
  if (!is_ours || !ended_well) return std::nullopt;
  const auto record = folder.load_record();
  if (!record || record->id != attempt.key.run || record->resources.nodes != 1) return std::nullopt;
  ExitRecord exit;
  exit.nodes.push_back({"", 0, {}});
  return exit;
}

// Not finished by what it left; the state follows from how the scheduler saw it end.
Judgement unfinished(const ledger::AttemptState& attempt, const Evidence& evidence,
                     const std::optional<scheduler::TaskEnd>& end) {
  const bool asked_to_stop = attempt.cancel_wanted.has_value();
  const bool preempted = attempt.cancel_wanted == CancelAs::preempted || (end && end->reason == EndReason::preempted);
  const bool end_was_seen = evidence.has_exit() || (end && end->reason != EndReason::lost);
  if (asked_to_stop && evidence.claimed_by_job() && !end_was_seen) {
    return {RunState::lost, "", "it was asked to end, and nobody saw it end", {}};
  }
  // A scheduler that says "taken back before it started" of a run that left an exit record has forgotten what it was.
  const bool forgotten = end && end->reason == EndReason::cancelled && !end->started && evidence.has_exit();
  const bool was_stopped =
      end && !forgotten && (end->reason == EndReason::cancelled || end->reason == EndReason::preempted);
  if (asked_to_stop || was_stopped) {
    return stopped(evidence, preempted);
  }
  if (evidence.claim && evidence.claim->revoked)
    return {RunState::cancelled, "revoked", "withdrawn before it started", {}};
  if (end && end->reason == EndReason::node_failed) return {RunState::failed, "node-failure", "its node failed", {}};
  if (end && end->reason == EndReason::out_of_memory)
    return {RunState::failed, "host-oom", "its node ran out of memory", {}};
  // The early signal before the walltime is ours: a job that ended for it reached its limit, whatever its exit says.
  const bool warned = evidence.has_exit() && evidence.reading->exit->ended_by == "SIGUSR1";
  if (warned || (end && end->reason == EndReason::time_limit))
    return {RunState::timed_out, "time-limit", "reached its walltime", {}};
  if (evidence.has_exit()) return {RunState::failed, "", "", {}};
  if (!evidence.claimed_by_job()) {
    if (end && end->reason != EndReason::lost)
      return {RunState::failed, "never-started", "its job ended before it began to train" + own_reason(*end), {}};
    return {
        RunState::lost,
        "",
        "it never started: the scheduler no longer knows its job, and it left no claim (as when somebody else cancels "
        "what waits)",
        {}};
  }
  if (evidence.claim->token != attempt.token.text)
    return {RunState::lost,
            "",
            fmt::format("job {} (token {}) holds it, of which nothing is remembered here", evidence.claim->job,
                        evidence.claim->token),
            {}};
  if (end && end->reason == EndReason::exited && (end->signal || (end->status && *end->status != 0))) {
    return {RunState::failed, "", "its job was killed before it could write exit.json", {}};
  }
  if (end && end->reason == EndReason::exited)
    return {
        RunState::lost,
        "",
        fmt::format("its job ended with exit status 0 and left no exit.json (a full disk, a workspace that was moved "
                    "or removed?), and its log does not show the end: see submissions/{}/{}.out",
                    attempt.token.text, attempt.index),
        {}};
  return {RunState::lost, "", "it was started and left no exit.json; nobody saw its end", {}};
}

std::string scheduler_words(const std::optional<scheduler::TaskEnd>& end) {
  if (!end) return "";
  std::string words = scheduler::to_string(end->reason);
  if (end->status) words += fmt::format(", exit status {}", *end->status);
  if (end->signal) words += fmt::format(", {}", *end->signal);
  return words;
}

}  // namespace

Judgement judge(const Workspace& workspace, const ledger::RunHistory& history, const ledger::AttemptState& attempt,
                const RunReadings& readings, const std::optional<scheduler::TaskEnd>& end) {
  const RunFolder folder(history.folder);
  Evidence evidence{claim_of(folder, attempt.key), readings.of(attempt.key.attempt)};

  Judgement judgement;
  if (evidence.has_exit()) {
    const logs::Outcome outcome = logs::decide(evidence.reading->log, evidence.reading->exit);
    if (outcome.state == RunState::finished) return {RunState::finished, "", outcome.why, {}};
    judgement = unfinished(attempt, evidence, end);
    if (judgement.why.empty()) judgement.why = outcome.why;
  } else {
    const auto seen = evidence.reading == nullptr ? std::nullopt : exit_as_seen(folder, attempt, evidence, end);
    const logs::Outcome outcome = seen ? logs::decide(evidence.reading->log, seen) : logs::Outcome{};
    if (outcome.state == RunState::finished)
      return {RunState::finished, "", outcome.why + "; exit.json is missing, the scheduler saw exit status 0", {}};
    judgement = unfinished(attempt, evidence, end);
  }
  const bool explained_by_itself = judgement.state == RunState::planned || judgement.state == RunState::cancelled ||
                                   judgement.state == RunState::preempted;
  if (explained_by_itself) return judgement;

  logs::DiagnosisInput input;
  input.files = log_files(workspace, attempt, folder);
  if (evidence.has_exit()) input.exit = evidence.reading->exit;
  input.scheduler = scheduler_verdict(judgement);
  input.scheduler_words = scheduler_words(end);
  judgement.diagnosis = logs::diagnose(input);
  return judgement;
}

}  // namespace tt::flow
