// tt/flow/history.hpp: the journals of a workspace as one ledger, and writing to them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tt/base/lock.hpp"
#include "tt/flow/surroundings.hpp"
#include "tt/ledger/events.hpp"
#include "tt/ledger/fold.hpp"

namespace tt::flow {

// Folds the journals of these sweeps. Damaged lines are warned about. Reads only.
ledger::Ledger load_history(const Workspace& workspace, const std::vector<std::string>& sweeps);

// When submissions are there and a journal is not (it was deleted, or lay on a purged scratch): writes it anew from
// submissions and run folders. Says so. Does nothing otherwise. `known`: journals that were read; submissions that
// they name need no second look. True: it wrote one.
bool rebuild_lost_journals(const Surroundings& around, const ledger::Ledger& known = {});

// Appends under the workspace lock; each event goes to the journal of its sweep.
struct SweepEvent {
  std::string sweep;
  ledger::EventBody body;
};
void record(const Surroundings& around, std::span<const SweepEvent> events);
// The same by somebody who holds the lock already.
void record(const FileLock& lock, const Surroundings& around, std::span<const SweepEvent> events);

// The sweeps known here: expanded or journaled.
std::vector<std::string> known_sweeps(const Workspace& workspace);

}  // namespace tt::flow
