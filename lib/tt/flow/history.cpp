#include "tt/flow/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/log.hpp"
#include "tt/flow/moved.hpp"
#include "tt/ledger/journal.hpp"
#include "tt/ledger/rebuild.hpp"
#include "tt/ledger/submission_folder.hpp"

namespace tt::flow {
namespace {

void add_told(const ledger::Journal& journal, std::set<Token>& tokens) {
  for (const ledger::Event& event : journal.load().events) {
    if (const auto* intent = std::get_if<ledger::Intent>(&event.body)) tokens.insert(intent->token);
  }
}

// nullopt: there is no such submission, or a copy of another lies there.
std::optional<std::string> sweep_of(const fs::path& workspace, const Token& token) {
  try {
    const auto submission = ledger::load_submission(SubmissionFolder(workspace, token));
    return submission && submission->token == token ? std::optional(submission->sweep) : std::nullopt;
  } catch (const Error& error) {
    log::warn_once(error.what());
    return std::nullopt;
  }
}

}  // namespace

ledger::Ledger load_history(const Workspace& workspace, const std::vector<std::string>& sweeps) {
  ledger::Ledger ledger;
  for (const std::string& sweep : sweeps) {
    ledger::JournalText journal = ledger::Journal(workspace.root(), sweep).load();
    for (const std::string& warning : journal.warnings) log::warn_once(warning);
    for (ledger::Event& event : journal.events) ledger::apply(ledger, std::move(event));
  }
  follow_moved_folders(ledger, workspace);
  return ledger;
}

bool rebuild_lost_journals(const Surroundings& around, const std::vector<std::string>& read,
                           const ledger::Ledger& known) {
  const fs::path root = around.workspace.root();
  std::set<std::string> lost;
  for (const std::string& name : list_folder(around.workspace.submissions())) {
    const Token token{name};
    if (known.submissions.contains(token)) continue;  // its record need not be read: it may hold thousands of runs
    const auto sweep = sweep_of(root, token);
    if (!sweep) continue;
    const bool was_read = std::find(read.begin(), read.end(), *sweep) != read.end();
    if (was_read || !ledger::Journal(root, *sweep).exists()) lost.insert(*sweep);
  }
  if (lost.empty()) return false;
  const FileLock lock = FileLock::acquire(around.workspace.lock(), *around.clock);
  std::set<Token> told;
  for (const std::string& sweep : lost) add_told(ledger::Journal(root, sweep), told);
  const ledger::Rebuilt rebuilt = ledger::rebuild(root, told);
  for (const std::string& warning : rebuilt.warnings) log::warn_once(warning);
  bool wrote = false;
  for (const auto& [sweep, events] : rebuilt.events) {
    ledger::Journal journal(root, sweep);
    if (!lost.contains(sweep)) continue;
    const bool was_there = journal.exists();
    journal.append(lock, events);
    wrote = true;
    log::warning(fmt::format("the journal of sweep '{}' {}; written anew from submissions/ and logs/", sweep,
                             was_there ? "no longer told of all that was handed over" : "was missing"));
  }
  return wrote;
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
