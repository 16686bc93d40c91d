// tt/ledger/rebuild.hpp: the journal again, from what the run folders and submissions say. The run folder is the truth,
// the journal an index.
//
// What comes back: every submission with its runs, and the job of every task that left a claim or an exit.json. What
// does not: answers of the scheduler to tasks that never started (the next refresh asks for the token), verdicts (the
// next refresh judges exit.json as for any open attempt), retry counts.
//
// An attempt whose claim was withdrawn comes back as `cancelled`. A Ctrl-C in `run` withdraws claims as well, and such
// a run was "planned" again before the journal was lost; the claim cannot tell the two apart. Losing a user's cancel
// would be worse than not starting a run: it waits for `tt-submit retry`.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tt/ledger/events.hpp"

namespace tt::ledger {

struct Rebuilt {
  std::map<std::string, std::vector<Event>> events;  // by sweep
  std::vector<std::string> warnings;                 // what could not be read, one sentence each
};

// Of all submissions but those with these tokens.
Rebuilt rebuild(const std::filesystem::path& workspace, const std::set<Token>& told = {});

}  // namespace tt::ledger
