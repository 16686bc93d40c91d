// tt/ledger/journal.hpp: the ledger on disk: append-only JSON lines, one file per sweep under .tt/journal/.
//
// A writer holds the workspace lock, opens the file after it has the lock, appends whole lines in one write and syncs.
// A last line without its end is torn: nobody was told that it succeeded. Readers skip it without a word; the next
// writer keeps its bytes in `<file>.torn`, cuts them off, and appends. Readers need no lock.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tt/base/lock.hpp"
#include "tt/ledger/events.hpp"

namespace tt::ledger {

struct JournalText {
  std::vector<Event> events;          // in the order written
  std::vector<std::string> warnings;  // "FILE:LINE: ..." for every line in the middle that is no event
  bool torn = false;                  // there was a last line without an end
};

// Pure: a journal's bytes as events. `name` is the file, for messages.
JournalText read_journal(std::string_view text, const std::string& name);

class Journal {
 public:
  Journal(const std::filesystem::path& workspace, std::string sweep);

  const std::filesystem::path& file() const { return file_; }
  const std::string& sweep() const { return sweep_; }
  bool exists() const;
  JournalText load() const;  // empty when there is no file
  void append(const FileLock& lock, std::span<const Event> events);
  void append(const FileLock& lock, const Event& event) { append(lock, std::span(&event, 1)); }

 private:
  std::filesystem::path file_;
  std::string sweep_;
};

// Names of the sweeps that have a journal in this workspace, sorted.
std::vector<std::string> journaled_sweeps(const std::filesystem::path& workspace);

}  // namespace tt::ledger
