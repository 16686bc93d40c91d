// tt/flow/workspace.hpp: the folder a user works in, and where tt keeps what in it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tt/job/run_folder.hpp"

namespace tt::flow {

//   logs/<model>/<run>/          run folders
//   submissions/<token>/         what was handed to a scheduler
//   .tt/journal/<sweep>.jsonl    what was intended and what was answered
//   .tt/sweeps/<sweep>.json      the last expand of a sweep: its file and its runs in plan order
//   .tt/collected/<id>-<n>.json  how far the log of an attempt was read
//   .tt/heard/<site>             when the scheduler of a site answered last
//   .tt/last-look                what the last look found, for the next
//   .tt/lock                     held over fold, choose and intent
//   .tt/tt.log                   what the tools said here
class Workspace {
 public:
  explicit Workspace(std::filesystem::path root) : root_(std::move(root)), logs_((root_ / "logs").string()) {}
  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path logs() const { return logs_; }
  std::filesystem::path submissions() const { return root_ / "submissions"; }
  std::filesystem::path own() const { return root_ / ".tt"; }
  std::filesystem::path lock() const { return own() / "lock"; }
  std::filesystem::path sweep_index(const std::string& sweep) const { return own() / "sweeps" / (sweep + ".json"); }
  std::filesystem::path collected(const RunId& run, int attempt) const;
  std::filesystem::path heard(const std::string& site) const { return own() / "heard" / site; }
  std::filesystem::path last_look() const { return own() / "last-look"; }
  std::filesystem::path log_file() const { return own() / "tt.log"; }
  RunFolder run_folder(const std::string& model, const std::string& name) const;
  // Names of the sweeps that were expanded here, sorted.
  std::vector<std::string> sweeps() const;
  bool is_used() const;  // .tt/ is there

 private:
  std::filesystem::path root_;
  std::string logs_;  // paths are slow to put together, and there are thousands of run folders
};

// --workspace, else the nearest ancestor of `here` with .tt/, else `here`. Absolute.
Workspace find_workspace(const std::optional<std::string>& flag, const std::filesystem::path& here);

}  // namespace tt::flow
