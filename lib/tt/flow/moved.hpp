// tt/flow/moved.hpp: journals name run folders by their full paths; a workspace that was moved has them elsewhere by
// now.
#pragma once

#include <string>

#include "tt/flow/workspace.hpp"
#include "tt/ledger/fold.hpp"

namespace tt::flow {

// Puts the folders of runs to where they lie now, when the workspace is no longer where they were handed over. A copy
// goes on to look at the original, as long as that is there: the jobs write there.
void follow_moved_folders(ledger::Ledger& ledger, const Workspace& workspace);

// "jobs were handed over while this workspace was at /a, where they look for it: ...". Empty: none of them is open.
std::string where_jobs_look_in_vain(const ledger::Ledger& ledger, const Workspace& workspace);

// Its config.toml names the old place, where a training would write.
bool was_moved(const RunRecord& record, const RunFolder& folder);
// "it was made while its workspace was at /a, which its config.toml still names ...", with what to do.
std::string where_it_was_made(const RunRecord& record);

}  // namespace tt::flow
