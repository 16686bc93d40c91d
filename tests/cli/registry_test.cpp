// A sweep of the registry era through the tools: an installed TorchTitan, no checkout; torchrun is a stand-in that says
// what it was given and prints the lines of a training.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/tools.hpp"
#include "tt/base/environment.hpp"
#include "tt/base/value.hpp"

namespace tt {
namespace {

using test::read;

constexpr const char* kTorchrun = R"sh(#!/bin/bash
printf '%s\n' "$@" >words
printf '%s\n' "$MODULE" "$CONFIG" "$TT_RUN_CONFIG" "${CONFIG_FILE-none}" "$PWD" >launch
[[ -r ${PYTHONPATH%%:*}/tt_run.py ]] && echo there >>launch
p='[rank0]:[titan] 2026-09-03 10:00:0'
echo "${p}0,000 - root - INFO - torchtitan version: 0.3.0 (0.0.0 means ..)"
echo "${p}0,000 - root - INFO - Trainer is initialized with local batch size 1, global batch size 1, gradient accumulation steps 1, sequence length 256, total steps 2 (warmup 0)"
echo "${p}0,000 - root - INFO - Training starts at step 1"
echo "${p}1,000 - root - INFO - step:  1  loss:  8.10000  grad_norm:  1.0000  memory:  1.00GiB(1.00%)  tps: 100  tflops: 0.01  mfu: 0.01%"
echo "${p}2,000 - root - INFO - step:  2  loss:  7.10000  grad_norm:  1.0000  memory:  1.00GiB(1.00%)  tps: 200  tflops: 0.01  mfu: 0.01%"
echo "${p}3,000 - root - INFO - Training completed"
echo "${p}3,000 - root - INFO - Process group destroyed"
)sh";

class RegistryEra : public ::testing::Test {
 protected:
  RegistryEra() {
    bin_.write("torchrun", kTorchrun);
    std::filesystem::permissions(bin_ / "torchrun", std::filesystem::perms::owner_all);
  }

  void sweep(const std::string& torchtitan, const std::string& more = "") {
    std::filesystem::remove(workspace_ / "r.yaml");
    std::ofstream(workspace_ / "r.yaml") << "sweep: r\nbase: {module: llama3, config: llama3_debugmodel}\ntorchtitan: "
                                         << torchtitan
                                         << "\nfixed: {training.steps: 2, training.seq_len: 256}\n"
                                            "matrix: {optimizer.lr: [0.001, 2.0e-4]}\n"
                                            "resources: {gpus: 1, walltime: \"00:05:00\"}\n"
                                         << more;
  }

  ProcessResult tool(const std::string& name, const std::vector<std::string>& words) const {
    const std::string path = Environment::of_this_process().get("PATH").value_or("/usr/bin:/bin");
    return workspace_.tool(name, words, {{"PATH", bin_.path().string() + ":" + path}});
  }

  std::filesystem::path run(const std::string& name) const { return workspace_ / ("logs/llama3_debugmodel/" + name); }

  test::Workspace workspace_;
  test::TempFolder bin_;
};

TEST_F(RegistryEra, TrainsWithTheModuleThatSetsWhatTheRunSets) {
  sweep("{version: 0.3.0}");
  const ProcessResult done = tool("tt-submit", {"run", "r.yaml", "--quiet"});
  ASSERT_TRUE(done.ok()) << done.err;
  const std::filesystem::path folder = run("_lr0.001");
  EXPECT_EQ(
      read(folder / "config.toml"),
      "module = \"llama3\"\nconfig = \"llama3_debugmodel\"\n\n[set]\n\"training.steps\" = 2\n\"training.seq_len\" = "
      "256\n\"optimizer.param_groups.0.optimizer_kwargs.lr\" = 0.001\n\"dump_folder\" = \"" +
          (folder / "out").string() + "\"\n");
  EXPECT_EQ(read(folder / "launch"),
            "tt_run\nrun\n" + (folder / "config.toml").string() + "\nnone\n" + folder.string() + "\nthere\n");
  const std::string words = read(folder / "words");
  EXPECT_NE(words.find("--max_restarts=0\n--log_dir=" + (folder / "attempt-1/torchrun").string()), std::string::npos);
  EXPECT_NE(words.find("\n-m\ntorchtitan.train\n--module\ntt_run\n--config\nrun\n"), std::string::npos);
  const Value summary = parse_json(read(folder / "summary.json"), "summary.json");
  EXPECT_EQ(summary.text_or("state"), "finished");
  EXPECT_EQ(summary.text_or("torchtitan_version"), "0.3.0");
  EXPECT_EQ(summary.at("software").text_or("runtime").substr(0, 7), "Python ");
}

TEST_F(RegistryEra, TakesFlagsInPlaceOfTheModule) {
  sweep("{version: 0.3.0, apply: flags}", "derive: {activation_checkpoint.mode: '\"full\"'}\n");
  const ProcessResult done = tool("tt-submit", {"run", "r.yaml", "--quiet"});
  ASSERT_TRUE(done.ok()) << done.err;
  const std::filesystem::path folder = run("_lr0.0002");
  const std::string words = read(folder / "words");
  EXPECT_EQ(
      words.substr(words.find("torchtitan.train")),
      "torchtitan.train\n--module\nllama3\n--config\nllama3_debugmodel\n--training.steps=2\n--training.seq_len=256\n"
      "--optimizer.param_groups.0.optimizer_kwargs.lr=0.0002\n--dump_folder=" +
          (folder / "out").string() + "\nactivation-checkpoint:full\n");
}

TEST_F(RegistryEra, ShowsInDiffWhatARunSets) {
  sweep("{version: 0.3.0}");
  ASSERT_TRUE(tool("tt-sweep", {"expand", "r.yaml"}).ok());
  const ProcessResult alone = tool("tt-sweep", {"diff", "_lr0.001", "--json"});
  ASSERT_TRUE(alone.ok()) << alone.err;
  const Value differences = parse_json(alone.out, "diff").at("differences");
  ASSERT_EQ(differences.as_list().size(), 4U) << alone.out;
  EXPECT_EQ(differences.as_list()[0].text_or("key"), "training.steps");
  const ProcessResult both = tool("tt-sweep", {"diff", "_lr0.001", "_lr0.0002"});
  EXPECT_NE(both.out.find("optimizer.param_groups.0.optimizer_kwargs.lr"), std::string::npos) << both.out;
  EXPECT_EQ(both.out.find("training.steps"), std::string::npos);
}

TEST_F(RegistryEra, RefusesAsAFlagWhatOnlyTheModuleCanSet) {
  sweep("{version: 0.3.0, apply: flags}", "include: [{model.flavor: 1B}]\n");
  const ProcessResult refused = tool("tt-sweep", {"expand", "r.yaml"});
  EXPECT_EQ(refused.status, 2);
  EXPECT_EQ(
      refused.err,
      "tt-sweep: error: the command line of 0.3.0 cannot say model.flavor = 1B: only a config function can set it\n");
  sweep("{version: 0.3.0}", "include: [{model.flavor: 1B}]\n");
  EXPECT_TRUE(tool("tt-sweep", {"expand", "r.yaml"}).ok());
}

TEST_F(RegistryEra, ExpandsAgainWithoutAChange) {
  sweep("{version: 0.3.0}");
  ASSERT_TRUE(tool("tt-sweep", {"expand", "r.yaml"}).ok());
  const std::string before = test::snapshot(workspace_ / "logs");
  ASSERT_TRUE(tool("tt-sweep", {"expand", "r.yaml"}).ok());
  EXPECT_EQ(test::snapshot(workspace_ / "logs"), before);
}

}  // namespace
}  // namespace tt
