// The first commands on a cluster: what the next one will ask for is said before, and names are names.
#include <gmock/gmock.h>

#include "support/tools.hpp"
#include "tt/base/files.hpp"

namespace {

using testing::HasSubstr;
using testing::Not;
using tt::ProcessResult;
using tt::test::Workspace;

class FirstSteps : public testing::Test {
 protected:
  // A host with a batch system that no profile knows.
  std::map<std::string, std::string> on_a_cluster(std::map<std::string, std::string> more = {}) const {
    tt::make_folders(workspace_ / "bin");
    tt::write_file(workspace_ / "bin/sbatch", "#!/bin/sh\n");
    std::filesystem::permissions(workspace_ / "bin/sbatch", std::filesystem::perms::owner_all);
    more.emplace("PATH", (workspace_ / "bin").string() + ":/usr/bin:/bin");
    more.emplace("TT_SITE", "");
    return more;
  }
  ProcessResult init(std::vector<std::string> more, const std::map<std::string, std::string>& extra) const {
    std::vector<std::string> words{"init", "base.toml", "-o", "first.yaml"};
    words.insert(words.end(), more.begin(), more.end());
    return workspace_.tool("tt-sweep", words, extra);
  }
  Workspace workspace_;
};

TEST_F(FirstSteps, InitSaysThatTheNextCommandWantsASite) {
  const ProcessResult result = init({}, on_a_cluster());
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err,
            "tt-sweep: note: wrote first.yaml; next: tt-sweep plan first.yaml --site NAME\n"
            "tt-sweep: note: this host has a batch system (" +
                (workspace_ / "bin/sbatch").string() +
                ") and no site profile recognises it; say --site slurm to use it as it is, --site FILE with a profile "
                "of your own (`tt-submit site show slurm` prints one to begin with), or --site laptop to train on this "
                "host itself\n");
  EXPECT_EQ(workspace_.tool("tt-sweep", {"plan", "first.yaml"}, on_a_cluster()).status, 2);
  EXPECT_EQ(workspace_.tool("tt-sweep", {"plan", "first.yaml", "--site", "slurm"}, on_a_cluster()).status, 0);
}

TEST_F(FirstSteps, InitRepeatsTheSiteThatWasSaid) {
  EXPECT_EQ(init({"--site", "slurm"}, on_a_cluster()).err,
            "tt-sweep: note: wrote first.yaml; next: tt-sweep plan first.yaml --site slurm\n");
}

TEST_F(FirstSteps, InitAddsNothingWhereNothingIsAsked) {
  EXPECT_EQ(init({}, on_a_cluster({{"TT_SITE", "slurm"}})).err,
            "tt-sweep: note: wrote first.yaml; next: tt-sweep plan first.yaml\n");
}

TEST_F(FirstSteps, InitSaysThatTheRootIsNotSet) {
  tt::remove_tree(workspace_ / "run_train.sh");  // now the base lies in no checkout
  const std::string note =
      "tt-sweep: note: the base lies in no checkout, and TORCHTITAN_ROOT is not set: first export TORCHTITAN_ROOT=... "
      "with the path of the TorchTitan that is to train\n";
  const ProcessResult without = init({}, {{"TORCHTITAN_ROOT", ""}});
  EXPECT_EQ(without.status, 0);
  EXPECT_THAT(without.err, HasSubstr(note));
  EXPECT_EQ(workspace_.tool("tt-sweep", {"plan", "first.yaml"}, {{"TORCHTITAN_ROOT", ""}}).status, 2);
  tt::remove_tree(workspace_ / "first.yaml");
  EXPECT_THAT(init({}, {{"TORCHTITAN_ROOT", "/opt/torchtitan"}}).err, Not(HasSubstr("TORCHTITAN_ROOT")));
}

TEST_F(FirstSteps, AnAccountThatIsNoNameIsRefusedBeforeAnythingIsWritten) {
  const std::string before = tt::test::snapshot(workspace_.path());
  const std::map<std::string, std::string> by_flag, by_variable{{"TT_ACCOUNT", "my project;"}};
  for (const auto& [words, extra] : {std::pair(std::vector<std::string>{"--account", "my project;"}, by_flag),
                                     std::pair(std::vector<std::string>{}, by_variable)}) {
    std::vector<std::string> all{"run", "sweep.yaml", "--site", "slurm", "--no-wait"};
    all.insert(all.end(), words.begin(), words.end());
    const ProcessResult result = workspace_.tool("tt-submit", all, extra);
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(
        result.err,
        "tt-submit: error: account 'my project;' (--account, TT_ACCOUNT, or launch.account of site 'slurm') is no "
        "name that Slurm takes: it has ' ', and may have letters, digits and _ - . @ + : / % =\n");
  }
  tt::remove_tree(workspace_ / ".tt/tt.log");  // what was said is kept
  EXPECT_EQ(tt::test::snapshot(workspace_.path()), before);
}

TEST_F(FirstSteps, APartitionThatTheProfileDoesNotListIsTold) {
  tt::write_file(workspace_ / "cluster.toml",
                 "name = \"cluster\"\nscheduler = \"slurm\"\n[node]\ngpus = 8\n"
                 "[[queue]]\nname = \"debug\"\n[[queue]]\nname = \"normal\"\n");
  const auto told = [&](const std::string& partition) {
    const ProcessResult result = workspace_.tool(
        "tt-submit", {"run", "sweep.yaml", "--site", "cluster.toml", "--dry-run", "--partition", partition});
    EXPECT_EQ(result.status, 0) << result.err;
    return result.err;
  };
  EXPECT_EQ(told("debug"), "");
  EXPECT_EQ(told(""), "") << "nothing is bounded";
  EXPECT_EQ(told("debug,normal"), "");
  EXPECT_EQ(
      told("normla"),
      "tt-submit: note: partition 'normla' is none of those the profile of cluster lists (debug, normal): what it "
      "takes is not known; did you mean 'normal'?\n");
}

TEST_F(FirstSteps, BoundsOfPartitionsThatNobodyNamedAreToldNotToBeKept) {
  const std::string profile =
      "name = \"cluster\"\nscheduler = \"slurm\"\n[node]\ngpus = 8\n[[queue]]\nname = \"debug\"\n";
  const auto told = [&](const std::string& more) {
    tt::write_file(workspace_ / "cluster.toml", profile + more);
    const ProcessResult result =
        workspace_.tool("tt-submit", {"run", "sweep.yaml", "--site", "cluster.toml", "--dry-run"});
    EXPECT_EQ(result.status, 0) << result.err;
    return result.err;
  };
  EXPECT_EQ(told("max_queued = 5\n"), "") << "the only one is meant";
  EXPECT_EQ(
      told("max_queued = 5\n[[queue]]\nname = \"normal\"\n"),
      "tt-submit: note: no partition is named, so the numbers of jobs that the profile of cluster allows in debug are "
      "not kept to; --partition names one\n");
  EXPECT_EQ(told("max_queued = 5\n[[queue]]\nname = \"normal\"\n[launch]\npartition = \"normal\"\n"), "");
}

}  // namespace
