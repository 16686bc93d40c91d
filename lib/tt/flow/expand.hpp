// tt/flow/expand.hpp: planned runs → run folders. It converges: what is as planned is not touched.
//
// A folder is written as config.toml first, run.json last (the commit mark); no sync per file, because a half-made
// folder is seen and repaired by the next expand.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tt/flow/history.hpp"
#include "tt/flow/run_files.hpp"
#include "tt/flow/sweep_file.hpp"
#include "tt/flow/sweep_index.hpp"
#include "tt/job/run_folder.hpp"
#include "tt/ledger/fold.hpp"

namespace tt::flow {

enum class Outcome {
  created,
  unchanged,
  rewritten,  // planned differently than written, and never started: written anew
  repaired,   // half made, or changed by hand, and never started: written anew
  renamed,    // same settings under another name: moved
  kept,       // planned differently than written, but started already: needs --again
};
std::string to_string(Outcome outcome);

struct ExpandedRun {
  RunFolder folder;
  RunRecord record;  // as it stands on disk afterwards (kept: the old one)
  Outcome outcome;
};

struct ExpandReport {
  std::string site;               // planned for
  std::vector<ExpandedRun> runs;  // in plan order
  std::vector<IndexedRun> orphans;
  std::vector<SweepEvent> events;  // renames the journal has not heard of: for the caller, under the lock it holds
  std::int64_t count(Outcome outcome) const;
};

enum class Writing { yes, no };  // no: says what it would do and changes nothing

// Expands all runs. `ledger`: open attempts are never rewritten or renamed. `fresh`: runs whose folders are started
// anew (--again): their out/, config.toml, run.json and summary go into their last attempt's folder first.
ExpandReport expand(const LoadedSweep& sweep, const Surroundings& around, const ledger::Ledger& ledger, Writing writing,
                    const std::set<RunId>& fresh = {});

// The same for a command of its own: takes the workspace lock while it writes, folds the journal itself.
ExpandReport expand_here(const LoadedSweep& sweep, const Surroundings& around, Writing writing);

// What became of one run: "new", "changed, needs --again", "started at site lab, needs --again to start here".
std::string describe(const ExpandedRun& run, const ExpandReport& report);
// One line for people: "12 new, 3 changed, 297 as they were, 2 orphans".
std::string describe(const ExpandReport& report);

}  // namespace tt::flow
