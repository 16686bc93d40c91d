// tt/flow/settle.hpp: an attempt that is over: what became of it, by run folder first, then the scheduler's word.
#pragma once

#include <optional>
#include <string>

#include "tt/flow/surroundings.hpp"
#include "tt/ledger/fold.hpp"
#include "tt/scheduler/scheduler.hpp"

namespace tt::flow {

struct Settled {
  RunState state = RunState::lost;
  std::string cause;              // id of a failure cause; empty when nothing failed
  std::string node;               // to blame, where the cause is a node's
  std::optional<Instant> over{};  // when it ended, by its own record, else by the scheduler
};

// `end`: what the scheduler saw; nullopt: it no longer knows the task. Reads the run folder, writes its summary.
Settled settle(const Surroundings& around, const ledger::Ledger& ledger, const ledger::AttemptState& attempt,
               const std::optional<scheduler::TaskEnd>& end);

}  // namespace tt::flow
