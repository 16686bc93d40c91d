// What stories about batch systems have in common.
#pragma once

#include <gmock/gmock.h>

#include <map>
#include <string>

#include "support/scheduler_under_test.hpp"
#include "support/tools.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace tt::test {

// The profile of the cluster with lines changed or added, as a file of the workspace.
inline std::map<std::string, std::string> site_with(const Workspace& workspace, const std::string& from,
                                                    const std::string& to, const std::string& end = "") {
  const std::string profile = read(scheduler_under_test().site);
  EXPECT_THAT(profile, testing::HasSubstr(from));
  write_new_file(workspace / "site.toml", replace_all(profile, from, to) + end);
  return {{"TT_SITE", (workspace / "site.toml").string()}};
}

// What the batch system under test says, in its own words.
inline std::string in_words_of(const std::string& slurm, const std::string& pbs) {
  return scheduler_under_test().is_pbs() ? pbs : slurm;
}

// A program of the batch system, with the environment of the cluster.
inline ProcessResult ask(std::vector<std::string> argv) {
  Command command;
  command.argv = std::move(argv);
  command.environment = Environment::of_this_process();
  for (const auto& [name, value] : scheduler_under_test().environment) command.environment.set(name, value);
  return SystemRunner().run(command, Seconds{60});
}

}  // namespace tt::test
