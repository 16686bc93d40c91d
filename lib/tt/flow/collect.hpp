// tt/flow/collect.hpp: what the run folders say: metrics, findings, summary.json and summary.md with the estimate.
#pragma once

#include <optional>

#include "tt/flow/judge.hpp"
#include "tt/flow/readings.hpp"
#include "tt/flow/surroundings.hpp"
#include "tt/flow/views.hpp"
#include "tt/report/summary.hpp"

namespace tt::flow {

// Writes summary.json and summary.md of a run, when they change, under the run's own lock.
// A look that is older than the summary there (an open state after an ended one of the same attempt) writes nothing.
// False: the folder holds no such run any more.
bool write_summary(const Surroundings& around, const ledger::RunHistory& history, const ledger::AttemptState& attempt,
                   const RunReadings& readings, const Judgement& judgement);

// Reads what is new in the logs and brings the summary up to date. False: the run was never started, no summary.
bool collect(const Surroundings& around, const ledger::Ledger& ledger, const RunView& run);

// summary.json as last written; nullopt when there is none.
std::optional<Value> load_summary(const RunFolder& folder);
// Its last attempt is this one.
bool tells_of(const Value& summary, int attempt);

// The estimate section of summary.md and summary.json anew, from the run's config. False: no summary there.
bool append_estimate(const Surroundings& around, const RunFolder& folder);

}  // namespace tt::flow
