// The built tools, run as a user runs them, in a temporary workspace with a sweep of a stand-in trainer.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "support/temp_folder.hpp"
#include "tt/base/process.hpp"
#include "tt/base/value.hpp"

namespace tt::test {

struct Sweep {
  std::string name = "story";
  std::string matrix = "  training.local_batch_size: [1, 2]\n";
  std::string more;  // further lines of the sweep file
  std::string walltime = "00:05:00";
};

// A folder with sweep.yaml, base.toml and a run_train.sh that behaves like a training: it writes one line to `trained`
// when it starts (run folder, attempt), step lines and the end mark. The environment of the sweep tells it more:
//   STAND_IN_SECONDS  how long it trains     STAND_IN_EXIT  with which status it ends     STAND_IN_LOSS  its last loss
class Workspace {
 public:
  explicit Workspace(const Sweep& sweep = {});
  ~Workspace();
  const std::filesystem::path& path() const { return folder_.path(); }
  std::filesystem::path operator/(std::string_view name) const { return folder_ / name; }
  void write_sweep(const Sweep& sweep);

  // Runs a tool in the workspace folder, on the site of scheduler_under_test(). `extra` is added to the environment.
  ProcessResult tool(const std::string& name, std::vector<std::string> words,
                     const std::map<std::string, std::string>& extra = {}, Seconds limit = Seconds{120}) const;
  ProcessResult sweep(std::vector<std::string> words) const { return tool("tt-sweep", std::move(words)); }
  ProcessResult submit(std::vector<std::string> words) const { return tool("tt-submit", std::move(words)); }
  // Starts a tool and leaves it running.
  ProcessIdentity start(const std::string& name, std::vector<std::string> words,
                        const std::map<std::string, std::string>& extra = {}) const;

  // Folder name → how often its training was started, from `trained`.
  std::map<std::string, int> trainings() const;
  // Run name → state, from `tt-submit status --json`.
  std::map<std::string, std::string> states() const;
  Value status() const;
  std::filesystem::path run(const std::string& name) const { return folder_ / ("logs/story/" + name); }
  // The supervisor of this workspace, if one lives.
  std::optional<ProcessIdentity> supervisor() const;

 private:
  Command command(const std::string& name, std::vector<std::string> words,
                  const std::map<std::string, std::string>& extra) const;
  TempFolder folder_;
};

}  // namespace tt::test
