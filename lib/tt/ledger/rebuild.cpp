#include "tt/ledger/rebuild.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/job/run_folder.hpp"
#include "tt/ledger/submission_folder.hpp"

namespace tt::ledger {
namespace {

// Where a run lies now: a rename moved its folder after the submission was written.
using Folders = std::map<RunId, fs::path>;

Folders run_folders(const fs::path& workspace, std::vector<std::string>& warnings) {
  Folders folders;
  for (const std::string& model : list_folder(workspace / "logs")) {
    for (const std::string& name : list_folder(workspace / "logs" / model)) {
      const RunFolder folder(workspace / "logs" / model / name);
      try {
        if (const auto record = folder.load_record()) folders[record->id] = folder.path();
      } catch (const Error& error) {
        warnings.push_back(error.what());
      }
    }
  }
  return folders;
}

// In a workspace that was moved as well: the journal tells where it was handed over.
bool lies_alike(const fs::path& a, const fs::path& b) {
  return a.filename() == b.filename() && a.parent_path().filename() == b.parent_path().filename();
}

Event intent_of(const SubmissionRecord& record, const Folders& folders) {
  Intent intent{record.token, record.site,     record.scheduler, record.sweep,
                record.runs,  record.replaces, std::nullopt,     record.asked};
  for (PlannedTask& task : intent.runs) {
    const auto now = folders.find(task.run);
    if (now == folders.end() || lies_alike(task.folder, now->second)) continue;
    task.folder = now->second;
    task.name = now->second.filename().string();
  }
  return {parse_iso_time(record.created).value_or(Instant{}), std::move(intent)};
}

// What one attempt of a run folder says about who tried it.
void add_attempt(const PlannedTask& task, const RunFolder& folder, const Token& token, Instant time,
                 std::vector<Event>& events) {
  const auto claim = claim_of(folder, {task.run, task.attempt});
  if (claim && claim->revoked) {
    events.push_back({time, Ended{{task.run, task.attempt}, {}, RunState::cancelled, "revoked", ""}});
    return;
  }
  if (claim && claim->token == token.text) {
    events.push_back({time, Adopted{token, job_of_task(claim->job, claim->index), "claim", {task.run}}});
    return;
  }
  const auto exit = load_exit_record(folder.attempt_exit(task.attempt));
  if (!claim && exit && exit->run == task.run.text && exit->token == token.text) {
    events.push_back({time, Adopted{token, job_of_task(exit->job, task.index), "exit", {task.run}}});
  }
}

void add_submission(const SubmissionRecord& record, const Folders& folders, Rebuilt& rebuilt) {
  std::vector<Event>& events = rebuilt.events[record.sweep];
  const Event intent = intent_of(record, folders);
  events.push_back(intent);
  for (const PlannedTask& task : std::get<Intent>(intent.body).runs) {
    const auto now = folders.find(task.run);
    add_attempt(task, RunFolder(now == folders.end() ? fs::path(task.folder) : now->second), record.token, intent.time,
                events);
  }
}

// An adoption makes its token the one that counts, whatever was submitted later for the same attempt: so it comes after
// every intent.
void intents_first(std::vector<Event>& events) {
  std::stable_partition(events.begin(), events.end(),
                        [](const Event& event) { return std::holds_alternative<Intent>(event.body); });
}

}  // namespace

Rebuilt rebuild(const fs::path& workspace, const std::set<Token>& told) {
  Rebuilt rebuilt;
  const Folders folders = run_folders(workspace, rebuilt.warnings);
  for (const Token& token : list_submissions(workspace)) {
    if (told.contains(token)) continue;
    try {
      const auto record = load_submission(SubmissionFolder(workspace, token));
      if (record && record->token == token) add_submission(*record, folders, rebuilt);  // else a copy of another
    } catch (const Error& error) {
      rebuilt.warnings.push_back(error.what());
    }
  }
  for (auto& [sweep, events] : rebuilt.events) intents_first(events);
  return rebuilt;
}

}  // namespace tt::ledger
