// A run folder with a stand-in for run_train.sh, and its job script rendered and really run.
#pragma once

#include <string>
#include <vector>

#include "support/temp_folder.hpp"
#include "tt/base/process.hpp"
#include "tt/render/job_script.hpp"

namespace tt::test {

// The profile the tests use: this machine, with short grace times and nothing set up.
site::Profile plain_site();

class JobOnDisk {
 public:
  // `training` is the body of run_train.sh. The run folder's name has a space, quotes, a dollar and an umlaut. It lies
  // below `home`, or like everything else in a temporary folder.
  explicit JobOnDisk(const std::string& training, const std::filesystem::path& home = {});

  render::JobRequest request;
  Environment environment;  // of the job script
  render::JobTask& task() { return request.tasks.front(); }
  const RunFolder& folder() const { return request.tasks.front().folder; }

  // Writes script and task file as the request stands now.
  void write() const;
  // write(), then the script, until it ends.
  ProcessResult run(int index = 0) const;
  // The script in a session of its own; write() must have been called.
  ProcessIdentity start(int index = 0) const;
  std::filesystem::path output() const { return own_ / "scheduler.out"; }

  std::string log() const { return read(folder().log()); }
  ExitRecord exit_record() const;
  // A file the training wrote into its working folder.
  std::string seen(const std::string& name = "seen") const { return read(folder().path() / name); }
  bool has_seen(const std::string& name = "seen") const;

 private:
  Command command(int index) const;
  TempFolder own_;
};

}  // namespace tt::test
