// The PBS of tests/fakes/pbs, with a folder of its own. What still runs is ended with it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/temp_folder.hpp"
#include "tt/base/environment.hpp"
#include "tt/base/process.hpp"
#include "tt/base/value.hpp"

namespace tt::test {

class FakePbs {
 public:
  // Four nodes, a kill delay of one second.
  FakePbs();
  ~FakePbs();
  FakePbs(const FakePbs&) = delete;
  FakePbs& operator=(const FakePbs&) = delete;
  // What goes wrong from now on: DEFAULTS of fake_server.py names the switches.
  void set(const std::string& name, const Value& value);
  const std::filesystem::path& folder() const { return folder_.path(); }
  // Programs in front of PATH, and the folder.
  Environment environment() const;
  // Calls of one program so far, command line by command line.
  std::vector<std::string> calls(const std::string& program) const;
  ProcessResult run(std::vector<std::string> words) const;  // one of its programs, as a user would
  // Jobs with this name that were ever taken.
  std::size_t jobs_called(const std::string& name) const;

 private:
  TempFolder folder_;
  Value switches_ = Value::object();
};

}  // namespace tt::test
