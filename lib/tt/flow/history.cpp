#include "tt/flow/history.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

#include "tt/base/files.hpp"
#include "tt/base/log.hpp"
#include "tt/ledger/journal.hpp"
#include "tt/ledger/rebuild.hpp"
#include "tt/ledger/submission_folder.hpp"

namespace tt::flow {

ledger::Ledger load_history(const Workspace& workspace, const std::vector<std::string>& sweeps) {
  ledger::Ledger ledger;
  for (const std::string& sweep : sweeps) {
    ledger::JournalText journal = ledger::Journal(workspace.root(), sweep).load();
    for (const std::string& warning : journal.warnings) log::warning(warning);
    for (ledger::Event& event : journal.events) ledger::apply(ledger, std::move(event));
  }
  return ledger;
}

bool rebuild_lost_journals(const Surroundings& around, const ledger::Ledger& known) {
  const fs::path root = around.workspace.root();
  std::set<std::string> lost;
  for (const std::string& name : list_folder(around.workspace.submissions())) {
    const Token token{name};
    if (known.submissions.contains(token)) continue;  // its record need not be read: it may hold thousands of runs
    const auto submission = ledger::load_submission(SubmissionFolder(root, token));
    if (submission && !ledger::Journal(root, submission->sweep).exists()) lost.insert(submission->sweep);
  }
  if (lost.empty()) return false;
  const FileLock lock = FileLock::acquire(around.workspace.lock(), *around.clock);
  const ledger::Rebuilt rebuilt = ledger::rebuild(root);
  for (const std::string& warning : rebuilt.warnings) log::warning(warning);
  for (const auto& [sweep, events] : rebuilt.events) {
    ledger::Journal journal(root, sweep);
    if (!lost.contains(sweep) || journal.exists()) continue;
    journal.append(lock, events);
    log::warning(fmt::format("the journal of sweep '{}' was missing; written anew from submissions/ and logs/", sweep));
  }
  return true;
}

void record(const FileLock& lock, const Surroundings& around, std::span<const SweepEvent> events) {
  std::map<std::string, std::vector<ledger::Event>> by_sweep;
  for (const SweepEvent& event : events) by_sweep[event.sweep].push_back({around.clock->now(), event.body});
  for (const auto& [sweep, list] : by_sweep) ledger::Journal(around.workspace.root(), sweep).append(lock, list);
}

void record(const Surroundings& around, std::span<const SweepEvent> events) {
  if (events.empty()) return;
  const FileLock lock = FileLock::acquire(around.workspace.lock(), *around.clock);
  record(lock, around, events);
}

std::vector<std::string> known_sweeps(const Workspace& workspace) {
  std::set<std::string> names;
  for (const std::string& name : workspace.sweeps()) names.insert(name);
  for (const std::string& name : ledger::journaled_sweeps(workspace.root())) names.insert(name);
  return {names.begin(), names.end()};
}

}  // namespace tt::flow
