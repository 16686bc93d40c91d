// tt/flow/stop_policy.hpp: whether a sweep should stop handing runs over, because they all end in the same failure.
//
// Five runs in a row with one cause, unless `run --stop-after K` said another number (0: never). What a sweep is made
// to find out does not count: running out of GPU memory, a loss that is not finite, ends that somebody wanted.
// Failures whose cause nobody found are alike.
#pragma once

#include <optional>
#include <string>

#include "tt/ledger/fold.hpp"

namespace tt::flow {

inline constexpr int default_stop_after = 5;

struct SameFailure {
  std::string cause;  // "no cause found" for those without
  int times = 0;
};
// By the order in which attempts ended; those before the last GoesOn do not count. Pure.
std::optional<SameFailure> same_failure_in_a_row(const ledger::Ledger& ledger, const std::string& sweep);

// Stopped, and nobody said that it goes on.
bool is_stopped(const ledger::Ledger& ledger, const std::string& sweep);
// "the last 5 runs failed alike (import-error)"; of a stopped sweep.
std::string describe_stop(const ledger::Ledger& ledger, const std::string& sweep);

}  // namespace tt::flow
