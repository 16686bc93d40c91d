// The scheduler that stories about jobs are told against: this machine, or the one TT_TEST_SCHEDULER names ("slurm":
// a real one, started for this test program and ended with it; "pbs": the fake one; "pbs-real": whatever is in PATH).
// Each is a program in tests/clusters, with a site profile beside it.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "tt/base/clock.hpp"

namespace tt::test {

struct SchedulerUnderTest {
  std::string name;  // "local", "slurm", "pbs", "pbs-real"
  std::string site;  // for TT_SITE: a name, or a profile written for the test
  std::map<std::string, std::string> environment;
  std::filesystem::path folder;  // of the cluster
  bool is_local() const { return name == "local"; }
  bool is_slurm() const { return name == "slurm"; }
  bool is_pbs() const { return name.starts_with("pbs"); }
};
// Started when first asked for. Throws Error that says what is missing.
const SchedulerUnderTest& scheduler_under_test();

// tests/clusters/<name> WORDS..., for what happens to a cluster: {"controller", "freeze"}.
void tell_cluster(const std::vector<std::string>& words);

}  // namespace tt::test

// What only this machine's own scheduler does, or only a batch system.
#define TT_LOCAL_ONLY(why) \
  if (!tt::test::scheduler_under_test().is_local()) GTEST_SKIP() << why
#define TT_CLUSTER_ONLY(why) \
  if (tt::test::scheduler_under_test().is_local()) GTEST_SKIP() << why
#define TT_SLURM_ONLY(why) \
  if (!tt::test::scheduler_under_test().is_slurm()) GTEST_SKIP() << why
