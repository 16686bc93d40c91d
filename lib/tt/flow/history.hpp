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

// Folds the journals of these sweeps. Run folders are where they lie now, also after the workspace was moved; those
// that submissions name are as they were handed over. Damaged lines are warned about. Reads only.
ledger::Ledger load_history(const Workspace& workspace, const std::vector<std::string>& sweeps);

// A submission is written after the journal says so. When submissions are there of which their journal does not tell
// (it was deleted, emptied, cut off, lay on a purged scratch): writes into it, from submissions and run folders, what
// is missing. Says so. Does nothing otherwise. `read`: the sweeps whose journals were read, as `known`; of others only
// a journal that is not there is noticed. True: it wrote.
bool rebuild_lost_journals(const Surroundings& around, const std::vector<std::string>& read,
                           const ledger::Ledger& known);

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
