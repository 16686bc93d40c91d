// tt/job/run_folder.hpp: logs/<model>/<run>/ and the only place that spells the names of its files.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tt/job/ids.hpp"
#include "tt/job/run.hpp"

namespace tt {

class RunFolder {
 public:
  explicit RunFolder(const std::filesystem::path& path) : path_(path.string()) {}
  static RunFolder at(std::string path) { return RunFolder(std::move(path), 0); }
  std::filesystem::path path() const { return path_; }
  friend bool operator==(const RunFolder&, const RunFolder&) = default;

  std::filesystem::path config() const { return path() / "config.toml"; }
  std::filesystem::path record() const { return path() / "run.json"; }  // the commit mark
  std::filesystem::path out() const { return path() / "out"; }
  std::filesystem::path claim(int attempt) const;
  std::filesystem::path attempt(int attempt) const;
  std::filesystem::path attempt_log(int attempt) const { return this->attempt(attempt) / "log.txt"; }
  std::filesystem::path attempt_exit(int attempt) const { return this->attempt(attempt) / "exit.json"; }
  std::filesystem::path log() const { return path() / "log.txt"; }     // link into the open attempt
  std::filesystem::path exit() const { return path() / "exit.json"; }  // link into the open attempt
  std::filesystem::path summary_json() const { return path() / "summary.json"; }
  std::filesystem::path summary_md() const { return path() / "summary.md"; }
  std::filesystem::path lock() const { return path() / ".lock"; }

  // The highest n of claim-<n> and attempt-<n> in the folder; 0 when there is none.
  int last_attempt() const;
  bool is_committed() const;                     // run.json is there
  std::optional<RunRecord> load_record() const;  // nullopt: no run.json; throws when it cannot be read

 private:
  RunFolder(std::string path, int) : path_(std::move(path)) {}
  std::string path_;  // taken apart only when a file is asked for: tables hold thousands of folders
};

// tt.exit/1: what the job itself saw. status and signal both empty: nobody saw it, never success.
struct NodeExit {
  std::string name;
  std::optional<int> status;
  std::optional<std::string> signal;
};
struct ExitRecord {
  std::string run;
  std::string token;
  int attempt = 0;
  int restart_count = 0;
  std::string started;
  std::string ended;
  std::string job;
  std::vector<NodeExit> nodes;
  std::optional<std::string> ended_by;  // signal the job script was sent before the end ("SIGTERM": limit, cancel)
  bool all_zero() const;                // status 0 on every node, and at least one node
};
// nullopt when there is none or it is torn (a torn file is as good as none: the job did not finish writing).
std::optional<ExitRecord> load_exit_record(const std::filesystem::path& path);

// tt.claim/1.
struct ClaimRecord {
  std::string run;
  int attempt = 0;
  std::string token;
  int index = 0;
  std::string job;
  std::string host;
  std::string nonce;
  bool revoked = false;
};
std::optional<ClaimRecord> load_claim(const std::filesystem::path& path);
// The claim of this attempt. nullopt also where the claim that lies in the folder is another run's: folders change
// hands.
std::optional<ClaimRecord> claim_of(const RunFolder& folder, const AttemptKey& attempt);
std::string claim_text(const ClaimRecord& claim);
// Takes claim-<n> for tt-submit itself, as revoked, so that an old job that surfaces later stops.
// Answers the claim that stands afterwards: ours (revoked) or the job's.
ClaimRecord revoke_claim(const RunFolder& folder, const ClaimRecord& ours);

}  // namespace tt
