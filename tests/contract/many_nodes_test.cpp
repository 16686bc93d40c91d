// A training on three nodes of a batch system: one process on each, one world, one end.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>

#include "support/cluster_story.hpp"
#include "support/eventually.hpp"

namespace {

using testing::HasSubstr;
using testing::SizeIs;
using tt::test::eventually;
using tt::test::site_with;
using tt::test::Workspace;

const char* const kManyNodes = R"sh(#!/usr/bin/env bash
set -e
torchrun --nproc_per_node="$NGPU" --rdzv_backend c10d --rdzv_endpoint=localhost:0 --local-ranks-filter "$LOG_RANK" \
  --role rank --tee 3 -m torchtitan.train --job.config_file "$CONFIG_FILE" "$@"
)sh";
// Says what it was called with and where, then behaves like a training.
const char* const kTorchrun = R"sh(#!/usr/bin/env bash
echo "${SLURMD_NODENAME:-n$((TT_NODE + 1))} $*" >>"$STAND_IN_NOTES"
echo "[rank0]:[titan] 2026-01-01 00:00:00,000 - root - INFO - step:  1  loss:  4.0  grad_norm:  1.0000  memory:  1.00GiB(1.00%)  tps: 1,000  tflops: 1.00  mfu: 1.00%"
if [ "${STAND_IN_BAD_NODE-}" = "$TT_NODE" ]; then
  while [ "$(wc -l <"$STAND_IN_NOTES")" -lt "$TT_NODES" ]; do sleep 0.1; done # all of them train
  exit 3
fi
[ -z "${STAND_IN_SECONDS-}" ] || sleep "$STAND_IN_SECONDS"
echo "[rank0]:[titan] 2026-01-01 00:00:00,000 - root - INFO - Training completed"
)sh";

class ManyNodes : public testing::Test {
 protected:
  void SetUp() override {
    TT_CLUSTER_ONLY("this machine is one node");
    if (tt::test::scheduler_under_test().name == "pbs-real") {
      std::set<std::string> hosts;
      for (const std::string& line : tt::split_lines(tt::test::ask({"pbsnodes", "-av"}).out))
        if (tt::trim(line).starts_with("Mom = ")) hosts.insert(line);
      if (hosts.size() < 3) GTEST_SKIP() << "three hosts are wanted, and this PBS has " << hosts.size();
    }
    namespace fs = std::filesystem;
    tt::make_folders(workspace / "bin");
    tt::write_new_file(workspace / "bin/torchrun", kTorchrun);
    tt::write_new_file(workspace / "run_train.sh", kManyNodes);
    for (const char* name : {"bin/torchrun", "run_train.sh"}) fs::permissions(workspace / name, fs::perms::owner_all);
    site = site_with(workspace, "cpus = 128", "cpus = 16",
                     "[setup]\njob = [\"export PATH=" + (workspace / "bin").string() + ":$PATH\"]\n");
  }
  void write_sweep(const std::string& variables) {
    tt::write_new_file(workspace / "sweep.yaml",
                       "sweep: story\nbase: base.toml\nmodel: story\ntorchtitan: {root: ., version: 0.2.2}\n"
                       "matrix:\n  training.local_batch_size: [1]\nfixed: {training.steps: 1}\n"
                       "env: {STAND_IN_NOTES: \"" +
                           (workspace / "notes").string() + "\"" + variables +
                           "}\nresources: {gpus: 24, walltime: \"00:05:00\"}\n");
  }
  tt::ProcessResult submit(std::vector<std::string> words) {
    return workspace.tool("tt-submit", std::move(words), site);
  }
  tt::Value exit_record() { return tt::parse_json(tt::test::read(workspace.run("_bs1") / "exit.json"), "exit.json"); }
  Workspace workspace;
  std::map<std::string, std::string> site;
};

TEST_F(ManyNodes, OneProcessOnEveryNodeFormsOneWorld) {
  write_sweep("");
  const tt::ProcessResult run = submit({"run", "sweep.yaml"});
  ASSERT_EQ(run.status, 0) << run.out << run.err << tt::test::read(workspace / "notes");
  std::vector<std::string> notes = tt::split_lines(tt::test::read(workspace / "notes"));
  ASSERT_THAT(notes, SizeIs(3));
  std::sort(notes.begin(), notes.end());
  std::set<std::string> meetings;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_THAT(notes[i], testing::StartsWith(fmt::format("n{} --nproc_per_node=8 ", i + 1)));
    EXPECT_THAT(notes[i], HasSubstr(fmt::format(" --nnodes=3 --node_rank={} --rdzv_backend=static ", i)));
    const std::size_t from = notes[i].rfind("--rdzv_endpoint=");
    meetings.insert(notes[i].substr(from, notes[i].find(" --max_restarts") - from));
  }
  EXPECT_THAT(meetings, SizeIs(1)) << "one address, port and name for all";
  EXPECT_THAT(exit_record().at("nodes").as_list(), SizeIs(3));
  EXPECT_TRUE(tt::is_there(workspace.run("_bs1") / "attempt-1/node-2.txt"));
}

TEST_F(ManyNodes, ANodeThatEndsBadlyEndsTheOthersAndAllSaySo) {
  write_sweep(", STAND_IN_BAD_NODE: \"1\", STAND_IN_SECONDS: \"100\"");
  const tt::ProcessResult run = submit({"run", "sweep.yaml"});
  EXPECT_EQ(run.status, 3) << run.out << run.err;
  const tt::Value record = exit_record();
  const auto& nodes = record.at("nodes").as_list();
  ASSERT_THAT(nodes, SizeIs(3));
  EXPECT_EQ(nodes[1].integer_or("status"), 3);
  EXPECT_EQ(nodes[0].text_or("signal"), "SIGTERM");
  EXPECT_EQ(nodes[2].text_or("signal"), "SIGTERM");
  EXPECT_EQ(workspace.states().at("_bs1"), "failed");
}

TEST_F(ManyNodes, ACancelEndsEveryNodeAndIsRecorded) {
  write_sweep(", STAND_IN_SECONDS: \"100\"");
  ASSERT_EQ(submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  ASSERT_TRUE(eventually([&] {
    return tt::is_there(workspace / "notes") && tt::split_lines(tt::test::read(workspace / "notes")).size() == 3;
  }));
  ASSERT_EQ(submit({"cancel"}).status, 0);
  ASSERT_TRUE(eventually([&] { return workspace.states().at("_bs1") == "cancelled"; }));
  ASSERT_TRUE(eventually([&] { return tt::is_there(workspace.run("_bs1") / "exit.json"); }));
  const tt::Value record = exit_record();
  EXPECT_EQ(record.text_or("ended_by"), "SIGTERM");
  for (const tt::Value& node : record.at("nodes").as_list()) EXPECT_EQ(node.text_or("signal"), "SIGTERM");
}

// --- launchers of PBS ------------------------------------------------------------------------------------------------

class EachLauncher : public ManyNodes {
 protected:
  void SetUp() override {
    ManyNodes::SetUp();
    if (!IsSkipped() && tt::test::scheduler_under_test().name != "pbs")
      GTEST_SKIP() << "of the fake PBS, which has all of them";
  }
  // `expect` after a run of three nodes with each.
  template <class Expect>
  void run_with_each(Expect expect) {
    const std::string profile = tt::test::read(workspace / "site.toml");
    for (const char* launcher : {"mpiexec-pals", "mpirun", "pbs_tmrsh", "pbsdsh", "ssh"}) {
      SCOPED_TRACE(launcher);
      tt::write_new_file(workspace / "site.toml", tt::replace_all(profile, "launcher = \"pbs_tmrsh\"",
                                                                  fmt::format("launcher = \"{}\"", launcher)));
      std::filesystem::remove(workspace / "notes");
      expect(submit({"run", "sweep.yaml", "--again"}));
    }
  }
};

TEST_F(EachLauncher, FormsOneWorldOfThreeNodes) {
  write_sweep("");
  run_with_each([&](const tt::ProcessResult& run) {
    EXPECT_EQ(run.status, 0) << run.out << run.err;
    std::vector<std::string> notes = tt::split_lines(tt::test::read(workspace / "notes"));
    std::sort(notes.begin(), notes.end());
    ASSERT_THAT(notes, SizeIs(3));
    for (std::size_t i = 0; i < 3; ++i) EXPECT_THAT(notes[i], HasSubstr(fmt::format(" --nnodes=3 --node_rank={} ", i)));
    const tt::Value record = exit_record();
    for (const tt::Value& node : record.at("nodes").as_list()) EXPECT_EQ(node.integer_or("status", -1), 0);
  });
}

TEST_F(EachLauncher, EndsTheOthersWhenOneNodeEndsBadly) {
  write_sweep(", STAND_IN_BAD_NODE: \"1\", STAND_IN_SECONDS: \"100\"");
  run_with_each([&](const tt::ProcessResult& run) {
    EXPECT_EQ(run.status, 3) << run.out << run.err;
    const tt::Value record = exit_record();
    const auto& nodes = record.at("nodes").as_list();
    ASSERT_THAT(nodes, SizeIs(3));
    EXPECT_EQ(nodes[0].text_or("signal"), "SIGTERM");
    EXPECT_EQ(nodes[1].integer_or("status"), 3);
    EXPECT_EQ(nodes[2].text_or("signal"), "SIGTERM");
  });
}

TEST_F(EachLauncher, TellsEveryNodeBeforeTheTimeLimit) {
  write_sweep(", STAND_IN_SECONDS: \"100\"");
  const std::string sweep = tt::test::read(workspace / "sweep.yaml");
  tt::write_new_file(workspace / "sweep.yaml", tt::replace_all(sweep, "00:05:00", "00:00:30"));  // told 20 s before
  run_with_each([&](const tt::ProcessResult& run) {
    EXPECT_EQ(run.status, 3) << run.out << run.err;
    EXPECT_EQ(workspace.states().at("_bs1"), "timed-out");
    const tt::Value record = exit_record();
    EXPECT_EQ(record.text_or("ended_by"), "SIGUSR1");
    ASSERT_THAT(record.at("nodes").as_list(), SizeIs(3));
    for (const tt::Value& node : record.at("nodes").as_list()) EXPECT_EQ(node.text_or("signal"), "SIGTERM");
  });
}

}  // namespace
