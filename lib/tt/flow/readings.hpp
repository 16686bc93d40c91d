// tt/flow/readings.hpp: what the attempts of a run left in its folder: logs, read incrementally, and exit records.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tt/flow/workspace.hpp"
#include "tt/ledger/fold.hpp"
#include "tt/logs/diagnose.hpp"
#include "tt/logs/log_reader.hpp"
#include "tt/logs/metrics.hpp"

namespace tt::flow {

struct AttemptReading {
  int attempt = 0;
  Token token;
  logs::LogState log;
  std::optional<ExitRecord> exit;  // of this run and attempt, by its token or the one that claimed it
};

struct RunReadings {
  std::vector<AttemptReading> attempts;  // oldest first, since the last --again
  logs::Metrics metrics() const;         // over all of them, steps counted once
  const AttemptReading* last() const { return attempts.empty() ? nullptr : &attempts.back(); }
  const AttemptReading* of(int attempt) const;  // nullptr: there is none
};

// Reads what is new since the last time and remembers how far it came (.tt/collected/). An attempt that ended is read
// to its last byte.
RunReadings read_attempts(const Workspace& workspace, const ledger::RunHistory& history);

// Every log of one attempt, for the diagnosis: the node's, each rank's own, what the scheduler caught.
std::vector<logs::LogFile> log_files(const Workspace& workspace, const ledger::AttemptState& attempt,
                                     const RunFolder& folder);

}  // namespace tt::flow
