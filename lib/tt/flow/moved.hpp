// tt/flow/moved.hpp: journals name run folders by their full paths; a workspace that was moved has them elsewhere by
// now.
#pragma once

#include <map>
#include <string>

#include "tt/flow/workspace.hpp"
#include "tt/ledger/fold.hpp"

namespace tt::flow {

// Puts the folders of runs to where they lie now, when the workspace is no longer where they were handed over. A copy
// goes on to look at the original, as long as that is there: the jobs write there.
void follow_moved_folders(ledger::Ledger& ledger, const Workspace& workspace);

// "jobs were handed over while this workspace was at /a, where they look for it: ...". Empty: none of them is open.
std::string where_jobs_look_in_vain(const ledger::Ledger& ledger, const Workspace& workspace);

// Which runs of a copy belong to the original: their jobs write there, and there they are acted on.
class Originals {
 public:
  explicit Originals(const Workspace& workspace) : workspace_(workspace), here_(workspace.logs().string() + "/") {}
  // "/a" of a folder /a/logs/MODEL/NAME. Empty: it lies in this workspace, under whatever name.
  std::string root_of(const std::string& folder);

 private:
  const Workspace& workspace_;
  std::string here_;
  std::map<std::string, bool> is_here_;
};
// "it belongs to the workspace at /a, of which this one is a copy: act there".
std::string of_the_original(const std::string& root);

// Its config.toml names the old place, where a training would write.
bool was_moved(const RunRecord& record, const RunFolder& folder);
// "it was made while its workspace was at /a, which its config.toml still names ...", with what to do.
std::string where_it_was_made(const RunRecord& record);

}  // namespace tt::flow
