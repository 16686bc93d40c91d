// tt-comm as it is run: advice that becomes a sweep, flags that contradict, sentences of what cannot be.
#include <gmock/gmock.h>

#include "support/tools.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace {

using testing::HasSubstr;
using testing::Not;
using tt::ProcessResult;
using tt::Value;
using tt::test::TempFolder;
using tt::test::Workspace;

using Words = std::vector<std::string>;

class Comm : public testing::Test {
 protected:
  ProcessResult comm(Words words, const std::map<std::string, std::string>& extra = {}) const {
    return workspace_.tool("tt-comm", std::move(words), extra);
  }
  ProcessResult sweep(Words words, const std::map<std::string, std::string>& extra = {}) const {
    return workspace_.tool("tt-sweep", std::move(words), extra);
  }
  void write(const std::string& name, const std::string& text) const { tt::write_new_file(workspace_ / name, text); }
  Workspace workspace_;
};

// A config of each generation of TorchTitan, with a layout of its own that advice must not be bound by.
const char* const before_parallelism = R"([model]
name = "llama3"
flavor = "8B"

[training]
batch_size = 1
seq_len = 8192
steps = 1000
data_parallel_replicate_degree = 1
data_parallel_shard_degree = -1
tensor_parallel_degree = 4
compile = false

[experimental]
context_parallel_degree = 1
pipeline_parallel_degree = 1

[activation_checkpoint]
mode = 'selective'
selective_ac_option = 'op'
)";
const char* const v0_1 = R"([model]
name = "llama3"
flavor = "8B"

[training]
local_batch_size = 1
seq_len = 8192
steps = 1000
compile = false

[parallelism]
data_parallel_shard_degree = -1
tensor_parallel_degree = 2
pipeline_parallel_degree = 1

[activation_checkpoint]
mode = "selective"
selective_ac_option = "op"

[float8]
filter_fqns = ["output"]
)";
const char* const experts_0_2 = R"([model]
name = "deepseek_v3"
flavor = "16B"

[training]
local_batch_size = 4
seq_len = 4096
steps = 1000

[parallelism]
data_parallel_shard_degree = -1
tensor_parallel_degree = 1
expert_parallel_degree = 8
expert_tensor_parallel_degree = 1
pipeline_parallel_schedule = "Interleaved1F1B"

[activation_checkpoint]
mode = "selective"
selective_ac_option = "op"

[compile]
enable = false

[quantize.linear.float8]
filter_fqns = ["output"]
)";
const char* const old_converter = R"([model]
name = "llama3"
flavor = "8B"
converters = ["float8"]

[training]
local_batch_size = 2
seq_len = 8192
steps = 3000

[parallelism]
data_parallel_shard_degree = -1
tensor_parallel_degree = 8
enable_async_tensor_parallel = true

[activation_checkpoint]
mode = "full"

[compile]
enable = true

[quantize.linear.float8]
filter_fqns = ["output"]
)";

struct Base {
  std::string name;
  std::string config;  // empty: `model` is named by a flag
  Words model;
  std::string era;  // what the plan says it is for
};
void PrintTo(const Base& base, std::ostream* out) { *out << base.name; }

class AdviceAsASweep : public Comm, public testing::WithParamInterface<Base> {};

TEST_P(AdviceAsASweep, IsAcceptedAsItIsAndShowsWhatWasEstimated) {
  const Base& base = GetParam();
  const std::map<std::string, std::string> root{{"TORCHTITAN_ROOT", workspace_.path().string()}};
  Words advise{"advise", "--gpus", "16", "--global-batch", "32",          "--hardware",
               "h200",   "--best", "3",  "--write",        "advice.yaml", "--json"};
  if (!base.config.empty()) {
    tt::make_folders(workspace_ / "configs");
    write("configs/base.toml", base.config);
    advise.push_back("configs/base.toml");
  }
  advise.insert(advise.end(), base.model.begin(), base.model.end());
  const ProcessResult advised = comm(advise, root);
  ASSERT_EQ(advised.status, 0) << advised.out << advised.err;
  const Value advice = tt::parse_json(advised.out, "advice");

  write("cluster.toml", "name = \"cluster\"\nscheduler = \"slurm\"\n[node]\ngpus = 8\n");
  const ProcessResult checked = sweep({"check", "advice.yaml", "--site", "cluster.toml"}, root);
  EXPECT_EQ(checked.status, 0) << checked.err << tt::read_file(workspace_ / "advice.yaml");
  EXPECT_THAT(checked.out, HasSubstr("(TorchTitan " + base.era + ", known by "));
  const ProcessResult planned = sweep({"plan", "advice.yaml", "--site", "cluster.toml", "--json"}, root);
  ASSERT_EQ(planned.status, 0) << planned.err;
  const Value plan = tt::parse_json(planned.out, "plan");
  EXPECT_EQ(plan.at("skipped").as_list().size(), 0u) << tt::to_json(plan.at("skipped"));
  const auto& runs = plan.at("runs").as_list();
  const auto& layouts = advice.at("layouts").as_list();
  ASSERT_GT(runs.size(), layouts.size()) << "no neighbours";
  for (const Value& run : runs) {
    EXPECT_EQ(run.integer_or("world"), 16);
    EXPECT_NE(run.at("estimate").text_or("memory_verdict"), "unknown");
    EXPECT_TRUE(run.at("estimate").at("step_seconds").is_number());
  }
  // The best stand first, and the plan estimates of them what the advice did.
  for (std::size_t i = 0; i < layouts.size(); ++i) {
    EXPECT_EQ(runs[i].at("estimate").at("comm_wire_bytes_per_step_max").as_number(),
              layouts[i].at("comm_wire_bytes_per_step_max").as_number())
        << runs[i].text_or("name");
    EXPECT_NEAR(runs[i].at("estimate").at("step_seconds").as_number(), layouts[i].at("step_seconds").as_number(),
                1e-9 * layouts[i].at("step_seconds").as_number());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Bases, AdviceAsASweep,
    testing::Values(
        Base{"BeforeParallelism", before_parallelism, {}, "2025-03"}, Base{"V01", v0_1, {}, "0.1.0"},
        Base{"Experts", experts_0_2, {}, "0.2.2"}, Base{"OldConverter", old_converter, {}, "0.2.2"},
        Base{"ByNameOfARelease", "", {"--arch", "llama3_8b", "--seq-len", "4096", "--profile", "titan-0.2.2"}, "0.2.2"},
        Base{"ByNameInTheRegistry", "", {"--arch", "llama3_8b", "--seq-len", "4096"}, "0.3.0"},
        Base{"ASizeWithoutAFunction", "", {"--arch", "qwen3_8b", "--seq-len", "4096"}, "0.3.0"},
        Base{"ExpertsInTheRegistry", "", {"--arch", "deepseek_v3_16b", "--seq-len", "4096"}, "0.3.0"}),
    [](const auto& base) { return base.param.name; });

TEST_F(Comm, AdviceWithoutACheckoutSaysWhatHasToBeSet) {
  TempFolder elsewhere;
  const std::string config = elsewhere.write("base.toml", v0_1).string();
  const ProcessResult advised = comm({"advise", config, "--gpus", "8", "--global-batch", "8", "--hardware", "h200",
                                      "--write", (elsewhere / "advice.yaml").string()});
  ASSERT_EQ(advised.status, 0) << advised.err;
  EXPECT_THAT(advised.err, HasSubstr("its base lies in no checkout: set TORCHTITAN_ROOT to the TorchTitan that is to "
                                     "train\n"));
  const ProcessResult checked =
      workspace_.tool("tt-sweep", {"check", (elsewhere / "advice.yaml").string()}, {{"TORCHTITAN_ROOT", ""}});
  EXPECT_EQ(checked.status, 2);
  EXPECT_THAT(checked.err, HasSubstr("TORCHTITAN_ROOT"));
}

TEST_F(Comm, AdviceSaysWhatIsApproximated) {
  const ProcessResult advised = comm({"advise", "--arch", "deepseek_v3_16b", "--seq-len", "4096", "--gpus", "16",
                                      "--global-batch", "32", "--hardware", "h200"});
  EXPECT_THAT(advised.out,
              HasSubstr("note: latent attention is approximated: its parameters are exact, its collectives "
                        "follow one measured layout\n"));
}

TEST_F(Comm, AdviceSaysWhatWouldFit) {
  const ProcessResult advised = comm({"advise", "--arch", "llama3_70b", "--seq-len", "8192", "--gpus", "8",
                                      "--global-batch", "8", "--hardware", "h100"});
  EXPECT_EQ(advised.status, 1);
  EXPECT_THAT(advised.out, HasSubstr("No layout fits.\nThe leanest ("));
  EXPECT_THAT(advised.out, HasSubstr("mostly parameters and optimizer state.\n  16 GPUs would do: "));
}

TEST_F(Comm, AdviceIsShownAlsoWhereItsFileIsThereAlready) {
  write("advice.yaml", "mine\n");
  const ProcessResult advised = comm({"advise", "--arch", "llama3_8b", "--gpus", "16", "--seq-len", "8192",
                                      "--global-batch", "64", "--hardware", "h100", "--write", "advice.yaml"});
  EXPECT_EQ(advised.status, 1);
  EXPECT_THAT(advised.out, HasSubstr("llama3_8b"));
  EXPECT_THAT(advised.out, HasSubstr("\nmodel titan, profile titan-0.3; times and memory are approximate"));
  EXPECT_EQ(advised.err,
            "tt-comm: error: " + (workspace_ / "advice.yaml").string() + " is there already; nothing was written\n");
  EXPECT_EQ(tt::read_file(workspace_ / "advice.yaml"), "mine\n");
}

TEST_F(Comm, OneSettingSaidTwiceIsAnError) {
  const ProcessResult result = comm({"estimate", "--arch", "llama3_8b", "--tp", "2", "--set",
                                     "parallelism.tensor_parallel_degree=4", "--profile", "titan-0.2.2"});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.err,
            "tt-comm: error: --tp says 2 and --set says 4: they are the same setting "
            "(parallelism.tensor_parallel_degree)\n  leave one of them out\n");
  EXPECT_EQ(comm({"estimate", "--arch", "llama3_8b", "--tp", "2", "--set", "parallelism.tensor_parallel_degree=2",
                  "--profile", "titan-0.2.2"})
                .status,
            0);
}

TEST_F(Comm, NumbersBeyond64BitsAreRefused) {
  for (const Words& words : {Words{"estimate", "--arch", "llama3_8b", "--seq-len", "99999999999999999999"},
                             Words{"estimate", "--arch", "llama3_8b", "--seq-len=99999999999999999999"}}) {
    const ProcessResult result = comm(words);
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.err, "tt-comm: error: " + tt::join(Words(words.begin() + 3, words.end()), " ") +
                              " is a larger number than can be counted with\n");
  }
  EXPECT_EQ(comm({"estimate", "--arch", "llama3_8b", "--seq-len", "9223372036854775807"}).status, 2);
}

TEST_F(Comm, BlockRefusesANegativeIntermediateSize) {
  const ProcessResult result = comm({"block", "--hidden_size", "4096", "--intermediate_size", "-5", "--seq_length",
                                     "1024", "--batch_size", "8", "--tp_size", "2"});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.err, "tt-comm: error: intermediate_size must be 1 or more, got -5\n");
}

TEST_F(Comm, MfuNeedsNoNumberOfGpus) {
  write("config.toml", v0_1);
  const ProcessResult result = comm({"mfu", "config.toml", "--tps", "5762", "--device", "NVIDIA H100 80GB HBM3"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out,
            "MFU 33.74 %: 57,914,449,920 FLOPs a token * 5762 tokens/s a GPU, of 989.0 TFLOPS (as TorchTitan counts, "
            "profile titan-0.2.1)\n");
}

TEST_F(Comm, TheUnitsOfAnIntelGpuHaveToBeSaid) {
  Words words{"mfu",       "--arch",   "llama3_8b",
              "--seq-len", "8192",     "--tps",
              "1000",      "--device", "Intel(R) Data Center GPU Max 1550"};
  const ProcessResult without = comm(words);
  EXPECT_EQ(without.status, 2);
  EXPECT_EQ(without.err,
            "tt-comm: error: the peak of an Intel Data Center GPU Max depends on its compute units\n"
            "  --compute-units N says how many it has; TorchTitan asks the driver\n");
  words.insert(words.end(), {"--compute-units", "512"});
  EXPECT_THAT(comm(words).out, HasSubstr("of 340.8 TFLOPS"));  // 512 * 512 * 1300e6
}

TEST_F(Comm, TimeWarnsOfAGroupThatItsNodesCannotHold) {
  const ProcessResult result =
      comm({"time", "--op", "all_gather", "--bytes", "1000000", "--group", "32", "--nodes", "1", "--hardware", "h100"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.err,
            "tt-comm: warning: 32 ranks on a node, and a node of H100 SXM has 8 GPUs: --nodes 4 would hold them\n");
  EXPECT_EQ(
      comm({"time", "--op", "all_gather", "--bytes", "1000000", "--group", "32", "--nodes", "4", "--hardware", "h100"})
          .err,
      "");
}

TEST_F(Comm, ImbalanceOfAModelWithoutExpertsIsTold) {
  EXPECT_THAT(comm({"estimate", "--arch", "llama3_8b", "--imbalance", "1.5"}).out,
              HasSubstr("note: --imbalance 1.5 changes nothing: llama3_8b has no experts\n"));
}

TEST_F(Comm, APublishedEstimateIsNoMarkdownOnATerminal) {
  const ProcessResult result = comm({"estimate", "--arch", "llama3_8b", "--tp", "2", "--model", "published"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, Not(HasSubstr("<!--")));
  EXPECT_THAT(result.out, Not(HasSubstr("| ")));
  EXPECT_THAT(result.out, HasSubstr("Model published, llama3_8b on 2 GPUs, tp 2"));
  EXPECT_THAT(result.out, HasSubstr("layers of the worst pipeline rank"));
}

TEST_F(Comm, AConfigThatIsNotThereIsSaidSo) {
  const ProcessResult result = comm({"estimate", "nowhere/llama3.toml"});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.err,
            "tt-comm: error: nowhere/llama3.toml: there is no such file\n"
            "  name a TorchTitan config, a run folder or a run of this workspace\n");
}

TEST_F(Comm, AModelWhoseHeadsCannotBeSharedIsRefused) {
  write("own.toml",
        "family = \"llama3\"\nhidden_size = 256\nlayers = 6\nheads = 16\nkv_heads = 3\nffn_size = 768\nvocab_size = "
        "2048\n");
  const ProcessResult result = comm({"estimate", "--arch", "own.toml"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err,
              HasSubstr("own.toml:5:12: 16 heads cannot be shared by kv_heads 3: every key-value head serves "
                        "the same number of heads\n"));
}

TEST_F(Comm, TraceRefusesAPipelineRankThatIsNotThere) {
  const ProcessResult estimate = comm(
      {"estimate", "--arch", "llama3_8b", "--pp", "2", "--local-batch-size", "2", "--pp-schedule", "1F1B", "--json"});
  ASSERT_EQ(estimate.status, 0) << estimate.err;
  write("estimate.json", estimate.out);
  const std::string trace = std::string(TT_SOURCE_DIR) + "/tests/transcripts/traces/param-comms-fsdp2-tp2.rank0.json";
  const ProcessResult result = comm({"trace", trace, "--compare", "estimate.json", "--pp-rank", "7"});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.err, "tt-comm: error: --pp-rank 7: the estimate holds no such pipeline rank\n  it holds 0, 1\n");
}

TEST_F(Comm, TraceComparesWithAnEstimateOnly) {
  write("estimate.txt", "Model titan, profile titan-0.3\n");
  // The recording is not even looked at.
  const ProcessResult result = comm({"trace", "nowhere.json", "--compare", "estimate.txt"});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, testing::StartsWith("tt-comm: error: estimate.txt:1:1: this is not JSON: "));
  EXPECT_THAT(result.err, testing::EndsWith("\n  tt-comm estimate ... --json > FILE writes an estimate\n"));
}

// The sizes a sweep describes are those its runs are estimated with, whatever TorchTitan's own table says.
TEST(CommOfASweep, TheArchitectureOfASweepReachesTheSummaries) {
  const Workspace workspace({"own", "  training.local_batch_size: [1]\n", "architecture: own.toml\n", "00:05:00"});
  // 2 layers of 4*64*64 + 3*64*128 + 2*64, twice 512 * 64 and the last norm's 64.
  const std::string base = tt::read_file(workspace / "base.toml");
  ASSERT_THAT(base, HasSubstr("llama3"));
  tt::write_new_file(workspace / "own.toml",
                     "family = \"llama3\"\nhidden_size = 64\nlayers = 2\nheads = 4\nffn_size = 128\nvocab_size = "
                     "512\n");
  const ProcessResult expanded = workspace.sweep({"expand", "sweep.yaml"});
  ASSERT_EQ(expanded.status, 0) << expanded.err;
  const ProcessResult run = workspace.submit({"run", "sweep.yaml"});
  ASSERT_EQ(run.status, 0) << run.out << run.err;
  const Value record = tt::parse_json(tt::read_file(workspace.run("_bs1") / "run.json"), "run.json");
  EXPECT_EQ(record.at("architecture").integer_or("hidden_size"), 64);
  const Value summary = tt::parse_json(tt::read_file(workspace.run("_bs1") / "summary.json"), "summary.json");
  EXPECT_EQ(summary.at("estimate").integer_or("parameters"),
            2 * (4 * 64 * 64 + 3 * 64 * 128 + 2 * 64) + 2 * 512 * 64 + 64);
  // And nothing changes when it is expanded again.
  EXPECT_THAT(workspace.sweep({"expand", "sweep.yaml"}).out, Not(HasSubstr("changed")));
}

// A trace that the training left in out/ stands beside the estimate, as soon as it is collected.
TEST(CommOfASweep, WhatARunRecordedStandsInItsSummary) {
  const Workspace workspace({"traced", "  training.local_batch_size: [1]\n", "", "00:05:00"});
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  const auto summary = [&] {
    return tt::parse_json(tt::read_file(workspace.run("_bs1") / "summary.json"), "summary.json");
  };
  EXPECT_TRUE(summary().at("measured_comm").is_null());
  const auto traces = workspace.run("_bs1") / "out/profile_traces/iteration_4";
  tt::make_folders(traces);
  tt::write_new_file(
      traces / "rank0_trace.json",
      tt::read_file(std::string(TT_SOURCE_DIR) + "/tests/transcripts/traces/param-comms-fsdp2-tp2.rank0.json"));
  ASSERT_EQ(workspace.submit({"collect"}).status, 0);
  const Value measured = summary().at("measured_comm");
  EXPECT_EQ(measured.text_or("schema"), "tt.comm.trace/1");
  ASSERT_EQ(measured.at("files").as_list().size(), 1u);
  EXPECT_EQ(measured.at("files").as_list()[0].text_or("file"), "profile_traces/iteration_4/rank0_trace.json");
  const std::string page = tt::read_file(workspace.run("_bs1") / "summary.md");
  const std::size_t section = page.find("## Measured communication");
  ASSERT_NE(section, std::string::npos) << page;
  EXPECT_LT(section, page.find("<!-- tt:estimate -->"));  // the page ends with the estimate
}

TEST(CommOfASweep, CalibrationThatDeterminesNothingWritesNothing) {
  const Workspace workspace({"calibrated", "  training.local_batch_size: [1]\n", "", "00:05:00"});
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  const std::string site = "name = \"cluster\"\nscheduler = \"slurm\"\n[node]\ngpus = 8\n[hardware]\nname = \"h100\"\n";
  tt::write_new_file(workspace / "cluster.toml", site);
  const ProcessResult result =
      workspace.tool("tt-comm", {"calibrate", "_bs1", "--hardware", "h100", "--write", "cluster.toml"});
  EXPECT_EQ(result.status, 1) << result.out << result.err;
  EXPECT_THAT(result.err, HasSubstr("tt-comm: warning: nothing was written to cluster.toml: these runs determine no "
                                    "constant; take more of them, in different layouts\n"));
  EXPECT_EQ(tt::read_file(workspace / "cluster.toml"), site);
}

TEST(CommOfASweep, HardwareThatNobodyKnowsIsRefusedWithItsPlace) {
  const Workspace workspace({"hardware", "  training.local_batch_size: [1]\n", "hardware: h900\n", "00:05:00"});
  const ProcessResult result = workspace.sweep({"check", "sweep.yaml"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("sweep.yaml:8:11: 'h900' is no hardware that estimates know\n"));
  EXPECT_THAT(result.err, HasSubstr("\n  known are a100, h100, h200, b200\n"));
}

}  // namespace
