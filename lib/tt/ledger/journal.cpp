#include "tt/ledger/journal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"
#include "tt/ledger/read_event.hpp"

namespace tt::ledger {
namespace {

constexpr std::string_view kEnding = ".jsonl";

fs::path journal_folder(const fs::path& workspace) { return workspace / ".tt" / "journal"; }

bool is_plain(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.'; }

// A sweep's name may hold what a file name may not; %2F is a slash.
std::string file_stem(const std::string& sweep) {
  std::string stem;
  for (const char c : sweep) {
    if (is_plain(c) && !(c == '.' && stem.empty()))
      stem += c;
    else
      stem += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return stem;
}

std::string sweep_of_stem(std::string_view stem) {
  std::string sweep;
  for (std::size_t i = 0; i < stem.size(); ++i) {
    if (stem[i] == '%' && i + 2 < stem.size()) {
      sweep += static_cast<char>(std::stoi(std::string(stem.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      sweep += stem[i];
    }
  }
  return sweep;
}

bool ends_whole(const fs::path& file, std::uintmax_t size) {
  const std::string last = size == 0 ? "" : read_file_from(file, size - 1);
  return last.empty() || last.back() == '\n';
}

// What a crash left of a line is kept beside the journal before it is cut off.
void mend_torn_line(const fs::path& file) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(file, error);
  if (error || ends_whole(file, size)) return;
  const std::string text = read_file(file);
  const std::size_t last_end = text.rfind('\n');
  const std::size_t whole = last_end == std::string::npos ? 0 : last_end + 1;
  append_to_file(file.string() + ".torn", text.substr(whole) + "\n", Sync::yes);
  fs::resize_file(file, whole, error);
  if (error) throw Error(fmt::format("cannot mend the torn last line of {}: {}", file.string(), error.message()));
}

}  // namespace

namespace {

// `padded`: the journal's bytes, and kLinePadding more.
JournalText read_padded(const std::string& padded, const std::string& name) {
  const std::string_view text = std::string_view(padded).substr(0, padded.size() - kLinePadding);
  JournalText journal;
  const std::size_t last_end = text.rfind('\n');
  const std::string_view lines = text.substr(0, last_end == std::string_view::npos ? 0 : last_end + 1);
  journal.torn = lines.size() < text.size();
  journal.events.reserve(static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n')));
  EventReader reader;
  std::string why;
  std::size_t number = 0;
  for (std::size_t start = 0; start < lines.size();) {
    const std::size_t end = lines.find('\n', start);
    const std::string_view line = lines.substr(start, end - start);
    start = end + 1;
    ++number;
    if (trim(line).empty()) continue;
    if (auto event = reader.read(line, why))
      journal.events.push_back(std::move(*event));
    else
      journal.warnings.push_back(fmt::format("{}:{}: skipped: {}: {}", name, number, why, printable(line, 60)));
  }
  return journal;
}

}  // namespace

JournalText read_journal(std::string_view text, const std::string& name) {
  std::string padded;
  padded.reserve(text.size() + kLinePadding);
  padded.append(text).append(kLinePadding, ' ');
  return read_padded(padded, name);
}

Journal::Journal(const fs::path& workspace, std::string sweep)
    : file_(journal_folder(workspace) / (file_stem(sweep) + std::string(kEnding))), sweep_(std::move(sweep)) {
  if (sweep_.empty()) throw Error("a journal needs the name of its sweep");
}

bool Journal::exists() const { return is_there(file_); }

JournalText Journal::load() const {
  std::string text = read_file_if_there(file_).value_or("");
  text.append(kLinePadding, ' ');  // read_file leaves room for it
  return read_padded(text, file_.string());
}

void Journal::append(const FileLock& lock, std::span<const Event> events) {
  if (events.empty()) return;
  std::string lines;
  for (const Event& event : events) lines += to_line(event) + "\n";
  make_folders(file_.parent_path());
  lock.check_still_ours();
  const bool is_new = !is_there(file_);
  mend_torn_line(file_);
  append_to_file(file_, lines, Sync::yes);
  if (is_new) sync_folder(file_.parent_path());
}

std::vector<std::string> journaled_sweeps(const fs::path& workspace) {
  std::vector<std::string> sweeps;
  for (const std::string& name : list_folder(journal_folder(workspace))) {
    if (name.starts_with('.') || !name.ends_with(kEnding)) continue;
    sweeps.push_back(sweep_of_stem(std::string_view(name).substr(0, name.size() - kEnding.size())));
  }
  std::sort(sweeps.begin(), sweeps.end());
  return sweeps;
}

}  // namespace tt::ledger
