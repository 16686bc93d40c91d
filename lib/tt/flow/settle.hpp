// tt/flow/settle.hpp: an attempt that is over: what became of it, by run folder first, then the scheduler's word.
#pragma once

#include <optional>
#include <string>

#include "tt/flow/judge.hpp"
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

// `end`: what the scheduler saw; nullopt: it no longer knows the task. Reads the run folder.
class Settlement {
 public:
  Settlement(const Surroundings& around, const ledger::Ledger& ledger, const ledger::AttemptState& attempt,
             const std::optional<scheduler::TaskEnd>& end);
  const Settled& settled() const { return settled_; }
  // The summary of the run, before anybody is told that it is over. Throws Error where it cannot be written.
  void write() const;

 private:
  const Surroundings& around_;
  const ledger::AttemptState& attempt_;
  ledger::RunHistory history_;
  RunReadings readings_;
  Judgement judgement_;
  Settled settled_;
};

}  // namespace tt::flow
