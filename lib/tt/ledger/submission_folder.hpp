// tt/ledger/submission_folder.hpp: submissions/<token>/, written and synced before the scheduler is called, then
// changed by nobody. submission.json is written last and is the commit mark.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tt/ledger/events.hpp"

namespace tt {

// tt.submission/1
struct SubmissionRecord {
  Token token;
  std::string site;
  std::string scheduler;
  std::string sweep;
  std::vector<PlannedTask> runs;
  std::vector<std::string> argv;  // what the scheduler is called with; empty for this machine
  std::string created;            // ISO 8601
  std::optional<Token> replaces;
  Asked asked{};  // beyond what the site's profile says
};

class SubmissionFolder {
 public:
  SubmissionFolder(const std::filesystem::path& workspace, const Token& token);
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path record() const { return path_ / "submission.json"; }
  std::filesystem::path tasks() const { return path_ / "tasks.tsv"; }
  std::filesystem::path script() const { return path_ / "job.sh"; }
  std::filesystem::path output(int index) const;  // <index>.out: what the scheduler catches

 private:
  std::filesystem::path path_;
};

// A file that travels with the submission besides job.sh and tasks.tsv (the torchrun wrapper, say).
struct SubmissionFile {
  std::string name;  // relative to the folder
  std::string content;
  bool executable = false;
};

namespace ledger {

// Ten characters of a-z and 2-7: short enough for every scheduler's job name, never twice.
Token make_token();

// Everything written and synced; submission.json last. Writing the same again is fine.
// `tasks` is the text of tasks.tsv, which the job script reads.
void write_submission(const SubmissionFolder& folder, const SubmissionRecord& record, const std::string& script,
                      const std::string& tasks, const std::vector<SubmissionFile>& files = {});

// nullopt: not there, or its writing was cut short (the scheduler was never called). Throws when it cannot be read.
std::optional<SubmissionRecord> load_submission(const SubmissionFolder& folder);
// Tokens of all complete submissions of a workspace, oldest first.
std::vector<Token> list_submissions(const std::filesystem::path& workspace);

}  // namespace ledger
}  // namespace tt
