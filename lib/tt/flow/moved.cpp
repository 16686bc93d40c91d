#include "tt/flow/moved.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tt/base/files.hpp"
#include "tt/render/quote.hpp"

namespace tt::flow {
namespace {

// "/a" of "/a/logs/MODEL/NAME".
std::string root_named_by(const std::string& folder) {
  const fs::path logs = fs::path(folder).parent_path().parent_path();
  return logs.filename() == "logs" ? logs.parent_path().string() : "";
}

// Which folders named by a ledger are of a workspace that is no more, and so of this one.
class Moves {
 public:
  Moves(const ledger::Ledger& ledger, const Workspace& workspace)
      : ledger_(ledger), workspace_(workspace), here_(workspace.logs().string() + "/") {}

  // "/a" of "/a/logs/MODEL/NAME", where this workspace was at /a. Empty: it lies here, or where it always did.
  std::string was_at(const std::string& folder) {
    if (folder.empty() || folder.starts_with(here_)) return "";
    const std::string root = root_named_by(folder);
    if (root.empty()) return "";
    const auto [known, is_new] = is_gone_.try_emplace(root, false);
    if (is_new) known->second = !is_this_one(root);
    return known->second ? known->first : "";
  }
  // True: it was put elsewhere.
  bool follow(std::string& folder) {
    if (was_at(folder).empty()) return false;
    const fs::path path(folder);
    folder = workspace_.run_folder(path.parent_path().filename(), path.filename()).path();
    return true;
  }

 private:
  // Another workspace may stand there by now, and jobs that write make folders anew: what was handed over tells.
  bool is_this_one(const fs::path& root) const {
    if (ledger_.submissions.empty()) return is_folder(root / ".tt");
    if (!is_folder(root / "submissions")) return false;
    return std::any_of(ledger_.submissions.begin(), ledger_.submissions.end(), [&](const auto& submission) {
      return is_folder(SubmissionFolder(root, submission.first).path());
    });
  }

  const ledger::Ledger& ledger_;
  const Workspace& workspace_;
  std::string here_;
  std::map<std::string, bool> is_gone_;
};

}  // namespace

void follow_moved_folders(ledger::Ledger& ledger, const Workspace& workspace) {
  Moves moves(ledger, workspace);
  for (auto& [id, run] : ledger.runs) {
    run.was_moved = moves.follow(run.folder);
    if (run.waiting) moves.follow(run.waiting->task.folder);
  }
}

std::string where_jobs_look_in_vain(const ledger::Ledger& ledger, const Workspace& workspace) {
  Moves moves(ledger, workspace);
  for (const auto& [token, submission] : ledger.submissions) {
    const std::string old = submission.runs.empty() ? "" : moves.was_at(submission.runs.front().folder);
    if (old.empty() || !carries_open_attempt(ledger, submission)) continue;
    return fmt::format(
        "jobs were handed over while this workspace was at {}, where they look for it: {}`ln -s {} {}` lets those that "
        "have not started yet find it",
        old, is_there(old) ? "move aside what is there now, and " : "", render::shell_word(workspace.root().string()),
        render::shell_word(old));
  }
  return "";
}

std::string Originals::root_of(const std::string& folder) {
  if (folder.empty() || folder.starts_with(here_)) return "";
  const std::string root = root_named_by(folder);
  if (root.empty()) return "";
  const auto [known, is_new] = is_here_.try_emplace(root, false);
  if (is_new) known->second = is_same_file(root, workspace_.root());
  return known->second ? "" : root;
}

std::string of_the_original(const std::string& root) {
  return fmt::format("it belongs to the workspace at {}, of which this one is a copy: act there", root);
}

bool was_moved(const RunRecord& record, const RunFolder& folder) {
  return !is_same_file(record.launch.config.parent_path(), folder.path());
}

std::string where_it_was_made(const RunRecord& record) {
  const fs::path logs = record.launch.config.parent_path().parent_path().parent_path();
  return fmt::format(
      "made while the workspace was at {}, and its config.toml still names that place, where the training would write: "
      "move the workspace back, or start it afresh with `tt-submit run SWEEP --again`",
      logs.parent_path().string());
}

}  // namespace tt::flow
