// What somebody asked for when runs were chosen goes with them, whoever hands them over and when.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>

#include "support/cluster_story.hpp"
#include "support/eventually.hpp"
#include "support/scheduler_under_test.hpp"
#include "support/tools.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using tt::test::ask;
using tt::test::in_words_of;
using tt::test::site_with;
using tt::test::Sweep;
using tt::test::Workspace;

class Asked : public testing::Test {
 protected:
  void SetUp() override { TT_CLUSTER_ONLY("accounts and queues are for batch systems"); }
};

Sweep four(const std::string& more = "") {
  return {"story", "  training.local_batch_size: [1, 2, 3, 4]\n", more, "00:05:00"};
}

// One hand-over: its runs, its throttle, and the account that the scheduler has it under.
struct HandedOver {
  std::string runs;
  std::string throttle;
  std::string account;
  friend bool operator==(const HandedOver&, const HandedOver&) = default;
  friend std::ostream& operator<<(std::ostream& out, const HandedOver& it) {
    return out << "{" << it.runs << " | " << it.throttle << " | " << it.account << "}";
  }
};

std::string account_of(const std::string& job) {
  if (tt::test::scheduler_under_test().is_slurm())
    return std::string(tt::trim(tt::split_lines(ask({"squeue", "-h", "-t", "all", "-j", job, "-o", "%a"}).out).at(0)));
  const std::string shown = ask({"qstat", "-x", "-f", job}).out;
  const std::size_t at = shown.find("Account_Name = ");
  return at == std::string::npos ? "" : shown.substr(at + 15, shown.find('\n', at) - at - 15);
}

// In the order of their first run.
std::vector<HandedOver> handed_over(const Workspace& workspace) {
  std::map<std::string, std::string> jobs;  // token → job
  for (const std::string& line : tt::split_lines(tt::test::read(workspace / ".tt/journal/story.jsonl"))) {
    const tt::Value event = tt::parse_json(line, "journal");
    if (event.text_or("event") == "answered") jobs[event.text_or("token")] = event.text_or("job");
  }
  std::map<std::string, HandedOver> by_first;
  for (const auto& [token, job] : jobs) {
    const tt::Value record =
        tt::parse_json(tt::test::read(workspace / ("submissions/" + token + "/submission.json")), token);
    std::vector<std::string> names;
    std::string first;
    for (const tt::Value& run : record.at("runs").as_list()) {
      names.push_back(run.text_or("name"));
      if (first.empty()) first = run.text_or("name") + std::to_string(run.integer_or("attempt"));
    }
    std::string throttle;
    for (const tt::Value& word : record.at("argv").as_list()) {
      const std::size_t percent = word.as_string().find('%');
      const bool is_array = word.as_string().starts_with(in_words_of("--array=", "0-"));
      if (is_array && percent != std::string::npos) throttle = word.as_string().substr(percent + 1);
    }
    by_first[first] = {tt::join(names, " "), throttle, account_of(job)};
  }
  std::vector<HandedOver> all;
  for (auto& [first, one] : by_first) all.push_back(std::move(one));
  return all;
}

std::map<std::string, std::string> window_of_two(const Workspace& workspace) {
  const std::string name = in_words_of("main", "workq");
  return site_with(workspace, "[launch]",
                   fmt::format("[[queue]]\nname = \"{0}\"\nmax_queued = 2\n[launch]\npartition = \"{0}\"", name));
}

// What makes trainings fail goes away, outside of the runs.
void let_them_train(const Workspace& workspace) {
  const std::string trainer = tt::test::read(workspace / "run_train.sh");
  tt::write_new_file(workspace / "run_train.sh",
                     "#!/usr/bin/env bash\nSTAND_IN_EXIT=0\n" + trainer.substr(trainer.find('\n') + 1));
}

TEST_F(Asked, WhatWaitsForRoomGoesAsItWasAskedFor) {
  const Workspace workspace(four());
  const auto site = window_of_two(workspace);
  const tt::ProcessResult run =
      workspace.tool("tt-submit", {"run", "sweep.yaml", "--no-wait", "--throttle", "1", "--account", "m1"}, site);
  ASSERT_EQ(run.status, 0) << run.err;
  ASSERT_THAT(run.err, HasSubstr("2 runs wait: lab takes 2 jobs of one user at a time"));
  EXPECT_THAT(workspace.tool("tt-submit", {"explain", "_bs4"}, site).out,
              HasSubstr("  goes with   --account m1 --throttle 1\n"));
  const tt::ProcessResult wait = workspace.tool("tt-submit", {"wait"}, site);
  EXPECT_EQ(wait.status, 0) << wait.out << wait.err;
  for (const HandedOver& one : handed_over(workspace)) {
    EXPECT_EQ(one.account, "m1") << one;
    EXPECT_EQ(one.throttle, one.runs.find(' ') == std::string::npos ? "" : "1") << one;
  }
  EXPECT_THAT(workspace.trainings(), testing::SizeIs(4));
}

TEST_F(Asked, WhatWaitsBehindACanaryGoesAsItWasAskedForUnlessTheLaterCommandSaysOtherwise) {
  const Workspace workspace(four("env: {STAND_IN_EXIT: \"3\"}\n"));
  const tt::ProcessResult run =
      workspace.tool("tt-submit", {"run", "sweep.yaml", "--canary", "--throttle", "2"}, {{"TT_ACCOUNT", "m1"}});
  ASSERT_EQ(run.status, 3) << run.err;
  let_them_train(workspace);
  ASSERT_EQ(workspace.submit({"retry", "_bs1", "--no-wait"}).status, 0);
  const tt::ProcessResult wait = workspace.tool("tt-submit", {"wait", "--account", "m2"}, {{"TT_ACCOUNT", "m3"}});
  EXPECT_EQ(wait.status, 0) << wait.out << wait.err;
  EXPECT_THAT(handed_over(workspace), ElementsAre(HandedOver{"_bs1", "", "m1"}, HandedOver{"_bs1", "", "m1"},
                                                  HandedOver{"_bs2 _bs3 _bs4", "2", "m2"}));
}

TEST_F(Asked, TheNextRunAndReleaseHandOverWhatWaitsAsItWasAskedFor) {
  const Workspace workspace(four("env: {STAND_IN_EXIT: \"3\"}\n"));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--canary", "--throttle", "2", "--account", "m1"}).status, 3);
  let_them_train(workspace);
  ASSERT_EQ(workspace.submit({"release", "_bs2"}).status, 0);
  ASSERT_EQ(workspace.submit({"wait"}).status, 3);
  ASSERT_EQ(workspace.submit({"retry", "_bs1", "--no-wait"}).status, 0);
  const tt::ProcessResult next = workspace.submit({"run", "sweep.yaml"});
  EXPECT_EQ(next.status, 3) << "the trainer was changed under runs that had started: " << next.err;
  EXPECT_THAT(handed_over(workspace), ElementsAre(HandedOver{"_bs1", "", "m1"}, HandedOver{"_bs1", "", "m1"},
                                                  HandedOver{"_bs2", "", "m1"}, HandedOver{"_bs3 _bs4", "", "m1"}));
}

TEST_F(Asked, WhatWasCutShortIsHandedOverAgainAsItWasAskedFor) {
  const Workspace workspace(four());
  const tt::ProcessResult killed = workspace.tool(
      "tt-submit", {"run", "sweep.yaml", "--throttle", "2", "--account", "m1"}, {{"TT_STOP_AT", "after-intent"}});
  ASSERT_EQ(killed.ending, tt::Ending::signalled) << killed.err;
  const tt::ProcessResult wait = workspace.submit({"wait"});
  EXPECT_EQ(wait.status, 0) << wait.out << wait.err;
  EXPECT_THAT(handed_over(workspace), ElementsAre(HandedOver{"_bs1 _bs2 _bs3 _bs4", "2", "m1"}));
}

// The site wants to be told an account: what was told once is enough.
TEST_F(Asked, WhatASiteWantsToBeToldIsSaidOnce) {
  const Workspace workspace(four());
  auto site = window_of_two(workspace);
  const std::string profile = tt::test::read(workspace / "site.toml");
  tt::write_new_file(workspace / "site.toml",
                     tt::replace_all(profile, "[launch]", "[launch]\nrequired = [\"account\"]"));
  ASSERT_EQ(workspace.tool("tt-submit", {"run", "sweep.yaml", "--no-wait"}, site).status, 2);
  ASSERT_EQ(workspace.tool("tt-submit", {"run", "sweep.yaml", "--no-wait", "--account", "m1"}, site).status, 0);
  const tt::ProcessResult next = workspace.tool("tt-submit", {"run", "sweep.yaml"}, site);
  EXPECT_EQ(next.status, 0) << next.out << next.err;
  EXPECT_THAT(next.err, Not(HasSubstr("wants to be told")));
  for (const HandedOver& one : handed_over(workspace)) EXPECT_EQ(one.account, "m1") << one;
}

}  // namespace
