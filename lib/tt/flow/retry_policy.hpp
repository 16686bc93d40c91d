// tt/flow/retry_policy.hpp: whether a run that ended badly is tried again without being asked.
//
// By the class of its cause: `retry` and `retry-elsewhere` twice, after 30 seconds and after 5 minutes; every other
// class waits for `tt-submit retry`. A preempted run is resumed by the next `run`. Counted in the journal, so whatever
// command looks next keeps count.
#pragma once

#include <optional>
#include <string>

#include "tt/ledger/fold.hpp"

namespace tt::flow {

struct RetryDecision {
  bool retry = false;
  Instant not_before{};  // of a retry: when its pause is over
  std::string why;       // one phrase: "retried twice already", "class no-retry"
};
RetryDecision decide_retry(const ledger::Ledger& ledger, const ledger::AttemptState& ended);

}  // namespace tt::flow
