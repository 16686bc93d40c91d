// The torchrun wrapper that every submission carries, in front of a torchrun that prints its words.
#include <gtest/gtest.h>

#include <filesystem>

#include "support/temp_folder.hpp"
#include "tt/base/process.hpp"
#include "tt/base/text.hpp"
#include "tt/render/support_files.hpp"

namespace tt::render {
namespace {

void make_program(const std::filesystem::path& file) {
  std::filesystem::permissions(file, std::filesystem::perms::owner_all);
}

class TorchrunWrapper : public ::testing::Test {
 protected:
  TorchrunWrapper() {
    for (const SupportFile& file : support_files()) {
      folder_.write("submission/" + file.name, file.text);
      if (file.executable) make_program(folder_ / ("submission/" + file.name));
    }
    make_program(folder_.write("real/torchrun", "#!/bin/bash\nprintf '%s\\n' \"${PET_STANDALONE-unset}\" \"$@\"\n"));
    environment_.set("PATH",
                     (folder_ / "submission/bin").string() + ":" + (folder_ / "real").string() + ":/usr/bin:/bin");
  }

  void several_nodes() {
    environment_.set("TT_NODES", "3");
    environment_.set("TT_NODE", "1");
    environment_.set("TT_HEAD", "node9");
    environment_.set("TT_PORT", "23456");
    environment_.set("TT_RENDEZVOUS", "abc.0.1");
    environment_.set("TT_RANK_LOGS", "/w/a run/torchrun/node10");
  }

  ProcessResult run(std::vector<std::string> words) {
    words.insert(words.begin(), "torchrun");
    return SystemRunner().run({words, environment_, folder_.path()}, Seconds{20});
  }

  // The words the torchrun behind the wrapper was given.
  std::vector<std::string> words(const std::vector<std::string>& given) {
    const ProcessResult result = run(given);
    EXPECT_TRUE(result.ok()) << result.err;
    std::vector<std::string> lines = split(result.out, '\n');
    lines.pop_back();
    lines.erase(lines.begin());
    return lines;
  }

  test::TempFolder folder_;
  Environment environment_;
};

using Words = std::vector<std::string>;

TEST_F(TorchrunWrapper, OnOneNodeAddsOnlyTheLogsAndLeavesTheFreePort) {
  environment_.set("TT_NODES", "1");
  environment_.set("TT_RANK_LOGS", "/w/logs");
  EXPECT_EQ(
      words({"--nproc_per_node=2", "--rdzv_backend", "c10d", "--rdzv_endpoint=localhost:0", "--local-ranks-filter",
             "0,1", "--role", "rank", "--tee", "3", "-m", "torchtitan.train", "--module", "llama3", "--a.b=x y"}),
      (Words{"--nproc_per_node=2", "--rdzv_backend", "c10d", "--rdzv_endpoint=localhost:0", "--local-ranks-filter",
             "0,1", "--role", "rank", "--tee", "3", "--max_restarts=0", "--log_dir=/w/logs", "-m", "torchtitan.train",
             "--module", "llama3", "--a.b=x y"}));
}

TEST_F(TorchrunWrapper, OnSeveralNodesMakesOneWorldBeforeTheModule) {
  several_nodes();
  EXPECT_EQ(
      words({"--nproc_per_node=2", "--rdzv_endpoint=localhost:0", "-m", "torchtitan.train", "-m", "x"}),
      (Words{"--nproc_per_node=2", "--rdzv_endpoint=localhost:0", "--nnodes=3", "--node_rank=1",
             "--rdzv_backend=static", "--rdzv_endpoint=node9:23456", "--rdzv_id=abc.0.1", "--rdzv_conf=timeout=600",
             "--max_restarts=0", "--log_dir=/w/a run/torchrun/node10", "-m", "torchtitan.train", "-m", "x"}));
}

TEST_F(TorchrunWrapper, InsertsBeforeAScriptThatIsTrainedWithoutAModule) {
  EXPECT_EQ(words({"--nproc-per-node", "2", "--standalone", "-t3", "train.py", "--lr", "1"}),
            (Words{"--nproc-per-node", "2", "--standalone", "-t3", "--max_restarts=0", "train.py", "--lr", "1"}));
  EXPECT_EQ(words({"-t", "3", "--no-python", "./train", "-m"}),
            (Words{"-t", "3", "--max_restarts=0", "--no-python", "./train", "-m"}));
}

TEST_F(TorchrunWrapper, SwitchesOffAStandaloneOfTheEnvironment) {
  environment_.set("PET_STANDALONE", "1");
  EXPECT_EQ(run({"-m", "x"}).out, "unset\n--max_restarts=0\n-m\nx\n");
}

TEST_F(TorchrunWrapper, SaysWhatToDoWithoutATorchrun) {
  environment_.set("PATH", (folder_ / "submission/bin").string() + ":/usr/bin:/bin");
  const ProcessResult result = run({"-m", "x"});
  EXPECT_EQ(result.status, 127);
  EXPECT_EQ(result.err,
            "tt: torchrun: no torchrun in PATH; activate the environment with PyTorch before tt-submit, or in the "
            "site's setup lines\n");
}

TEST_F(TorchrunWrapper, DoesNotStartSeveralNodesWithoutAMeetingPlace) {
  several_nodes();
  environment_.set("TT_PORT", "");
  const ProcessResult result = run({"-m", "x"});
  EXPECT_EQ(result.status, 64);
  EXPECT_EQ(result.err, "tt: torchrun: TT_PORT is not set, and 3 nodes are to become one world\n");
}

TEST_F(TorchrunWrapper, HandsTheStatusOn) {
  make_program(folder_.write("real/torchrun", "#!/bin/bash\nexit 7\n"));
  EXPECT_EQ(run({"-m", "x"}).status, 7);
}

// run_train.sh for a wheel, with the contract of TorchTitan's own.
TEST_F(TorchrunWrapper, IsCalledByOurRunTrainAsByTorchTitans) {
  environment_.set("NGPU", "4");
  environment_.set("LOG_RANK", "3");
  environment_.set("MODULE", "tt_run");
  environment_.set("CONFIG", "run");
  const ProcessResult result = SystemRunner().run(
      {{(folder_ / "submission/run_train.sh").string(), "--a.b=x y"}, environment_, folder_.path()}, Seconds{20});
  EXPECT_EQ(result.out,
            "unset\n--nproc_per_node=4\n--rdzv_backend\nc10d\n--rdzv_endpoint=localhost:0\n--local-ranks-filter\n3\n"
            "--role\nrank\n--tee\n3\n--max_restarts=0\n-m\ntorchtitan.train\n--module\ntt_run\n--config\nrun\n"
            "--a.b=x y\n");
}

}  // namespace
}  // namespace tt::render
