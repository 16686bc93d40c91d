// tt/flow/judge.hpp: what became of an attempt, from its folder first, then from what the scheduler saw.
//
// An exit record with status 0 on every node, an end mark or the last step, and a finite loss is finished, whatever the
// scheduler says about the job around it. Without an exit record nothing is ever finished.
#pragma once

#include <optional>
#include <string>

#include "tt/flow/readings.hpp"
#include "tt/logs/finding.hpp"
#include "tt/scheduler/scheduler.hpp"

namespace tt::flow {

struct Judgement {
  RunState state = RunState::lost;
  std::string cause;                         // when no diagnosis names one: "never-started", "revoked"
  std::string why;                           // a sentence without a full stop
  std::optional<logs::Diagnosis> diagnosis;  // of what did not finish and was started
};

Judgement judge(const Workspace& workspace, const ledger::RunHistory& history, const ledger::AttemptState& attempt,
                const RunReadings& readings, const std::optional<scheduler::TaskEnd>& end);

}  // namespace tt::flow
