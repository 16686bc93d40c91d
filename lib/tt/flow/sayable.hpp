// tt/flow/sayable.hpp: whether runs can be handed over as was asked: with all that their site wants to be told, in
// words that its scheduler has.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "tt/base/error.hpp"
#include "tt/flow/surroundings.hpp"
#include "tt/job/asked.hpp"
#include "tt/scheduler/scheduler.hpp"

namespace tt::flow {

// Of the site of this command. Asks nobody; the same question is answered once.
class Sayable {
 public:
  // Both outlive it.
  Sayable(const Surroundings& around, const scheduler::Scheduler& scheduler) : around_(around), scheduler_(scheduler) {}
  // A sentence; empty: it can be said.
  const std::string& why_not(const Asked& asked);
  // Throws Error.
  void check(const Asked& asked);

 private:
  const Surroundings& around_;
  const scheduler::Scheduler& scheduler_;
  std::map<Asked, std::string> why_not_;
};

// Why nothing can be handed over from here now: there is no such scheduler, or it does not answer. nullopt: it can go.
std::optional<Error> why_nobody_takes_it(scheduler::Scheduler& scheduler);

}  // namespace tt::flow
