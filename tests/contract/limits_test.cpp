// Limits that accounting enforces: what passes one on how many jobs there may be waits, what passes another is refused.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>

#include "support/cluster_story.hpp"
#include "support/eventually.hpp"
#include "support/scheduler_under_test.hpp"
#include "support/tools.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace {

using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::SizeIs;
using tt::test::ask;
using tt::test::eventually;
using tt::test::Sweep;
using tt::test::Workspace;

class Limits : public testing::Test {
 protected:
  void SetUp() override {
    const char* options = std::getenv("TT_TEST_CLUSTER_OPTIONS");
    const bool enforced =
        options != nullptr && std::string_view(options).find("AccountingStorageEnforce") != std::string_view::npos;
    if (!tt::test::scheduler_under_test().is_slurm() || !enforced)
      GTEST_SKIP() << "for a Slurm that enforces limits: TT_TEST_CLUSTER_OPTIONS='--accounting --line "
                      "AccountingStorageEnforce=limits,qos'";
    user_ = std::string(tt::trim(ask({"id", "-un"}).out));
    ask({"sacctmgr", "-i", "add", "account", "lab"});
    ask({"sacctmgr", "-i", "add", "user", user_, "account=lab"});
  }
  // A QOS with a limit, which the controller knows and the user may ask for.
  void make_qos(const std::string& name, std::vector<std::string> limits) const {
    std::vector<std::string> words{"sacctmgr", "-i", "add", "qos", name};
    words.insert(words.end(), limits.begin(), limits.end());
    ask(words);
    ask({"sacctmgr", "-i", "modify", "user", user_, "set", "qos+=" + name});
    ASSERT_TRUE(eventually([&] {
      return ask({"sbatch", "--test-only", "--qos=" + name, "--account=lab", "--time=1", "--wrap=true"}).ok();
    }));
  }

 private:
  std::string user_;
};

Sweep some(int count, const std::string& more = "") {
  std::vector<std::string> sizes;
  for (int i = 1; i <= count; ++i) sizes.push_back(std::to_string(i));
  return {"story", "  training.local_batch_size: [" + tt::join(sizes, ", ") + "]\n", more, "00:05:00"};
}

const char* const kTooMany =
    "QOSMaxSubmitJobPerUserLimit; Job violates accounting/QOS policy (job submit limit, user's size and/or time "
    "limits)";

TEST_F(Limits, WhatPassesTheSubmitLimitOfAQosWaitsAndIsFedAndNothingFails) {
  make_qos("few", {"MaxSubmitJobsPerUser=2"});
  const Workspace workspace(some(7));
  const tt::ProcessResult run =
      workspace.submit({"run", "sweep.yaml", "--no-wait", "--qos", "few", "--account", "lab"});
  EXPECT_EQ(run.status, 0) << run.out << run.err;
  EXPECT_THAT(run.err, HasSubstr("tt-submit: note: 5 runs wait: " + std::string(kTooMany) +
                                 "; handed over as it may, while this command or `tt-submit wait` follows\n"));
  EXPECT_THAT(workspace.submit({"explain", "_bs7"}).out, HasSubstr(fmt::format("  why         waits: {}\n", kTooMany)));
  const tt::ProcessResult wait = workspace.submit({"wait"});
  EXPECT_EQ(wait.status, 0) << wait.out << wait.err;
  EXPECT_THAT(workspace.trainings(), SizeIs(7));
  EXPECT_THAT(workspace.trainings(), Each(Pair(testing::_, 1)));
  EXPECT_THAT(workspace.states(), Each(Pair(testing::_, "finished")));
  EXPECT_THAT(tt::test::read(workspace / ".tt/journal/story.jsonl"), Not(HasSubstr("\"state\":\"failed\"")));
}

// The sentence is the same; what it names never changes by waiting.
TEST_F(Limits, WhatIsTooLongForItsQosIsRefusedAndDoesNotWait) {
  make_qos("short", {"MaxWall=00:01:00", "flags=DenyOnLimit"});
  const Workspace workspace(some(1));
  const tt::ProcessResult run = workspace.submit({"run", "sweep.yaml", "--qos", "short", "--account", "lab"});
  EXPECT_EQ(run.status, 1) << run.out << run.err;
  EXPECT_THAT(run.err, HasSubstr("was refused: QOSMaxWallDurationPerJobLimit; Job violates accounting/QOS policy (job "
                                 "submit limit, user's size and/or time limits); nothing of it started"));
  EXPECT_THAT(run.err, Not(HasSubstr("waits")));
}

}  // namespace
