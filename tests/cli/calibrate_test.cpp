// tt-comm calibrate as it is run: finished runs teach a site file its constants, and estimates name them.
#include <gmock/gmock.h>

#include "support/tools.hpp"
#include "tt/base/files.hpp"

namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using tt::ProcessResult;
using tt::Value;
using tt::test::Workspace;

using Words = std::vector<std::string>;

const char* const kConfig = R"([model]
name = "llama3"
flavor = "8B"

[training]
local_batch_size = 1
seq_len = 8192
steps = 100

[parallelism]
data_parallel_shard_degree = -1
tensor_parallel_degree = 1

[activation_checkpoint]
mode = "full"
)";
const char* const kSite = R"(# The cluster, as its people describe it.
name = "cluster"
scheduler = "slurm"  # behind the login node

[node]
gpus = 8

[hardware]
name = "h100"
)";
// What the machine of these tests really reaches: the runs' times and memory are taken from estimates with it.
const char* const kTruth = R"(
[hardware.calibration]
efficiency_eager = 0.45
link_gb_per_second = 250.0
nic_gb_per_second = 20.0
memory_slack = 1.05
)";

class Calibrate : public testing::Test {
 protected:
  void SetUp() override {
    write("config.toml", kConfig);
    write("cluster.toml", kSite);
    write("truth.toml", std::string(kSite) + kTruth);
    write(
        "layouts.yaml",
        "sweep: layouts\nbase: config.toml\nmodel: llama3\ntorchtitan: {root: ., version: 0.2.2}\n"
        "alias: {tp: parallelism.tensor_parallel_degree, bs: training.local_batch_size}\n"
        "matrix:\n  resources.gpus: [8, 64]\n  tp: [1, 2, 4, 8]\n  bs: [1, 2]\nresources: {walltime: \"00:30:00\"}\n");
    const ProcessResult expanded = workspace_.tool("tt-sweep", {"expand", "layouts.yaml", "--site", "cluster.toml"});
    ASSERT_EQ(expanded.status, 0) << expanded.err;
    for (const std::string& name : tt::list_folder(workspace_ / "logs/llama3")) runs_.push_back(name);
    ASSERT_EQ(runs_.size(), 16u);
  }

  void write(const std::string& name, const std::string& text) const { tt::write_file(workspace_ / name, text); }
  std::string site() const { return tt::read_file(workspace_ / "cluster.toml"); }
  ProcessResult comm(Words words) const { return workspace_.tool("tt-comm", std::move(words)); }
  ProcessResult calibrate(Words more = {"--write", "cluster.toml"}) const {
    Words words{"calibrate"};
    words.insert(words.end(), runs_.begin(), runs_.end());
    words.insert(words.end(), more.begin(), more.end());
    return comm(words);
  }
  Value estimate_on(const std::string& hardware, const std::string& run) const {
    return tt::parse_json(comm({"estimate", run, "--hardware", hardware, "--json"}).out, "estimate");
  }

  // As `collect` leaves it, with what is not asked here left out.
  void finish(const std::string& run, double seconds, double gib) const {
    const Value metrics = Value::object().set("seconds_per_step_median", seconds).set("memory_gib_max", gib);
    write("logs/llama3/" + run + "/summary.json", tt::to_pretty_json(Value::object()
                                                                         .set("schema", "tt.summary/1")
                                                                         .set("run", run)
                                                                         .set("state", "finished")
                                                                         .set("device", "NVIDIA H100 80GB HBM3")
                                                                         .set("metrics", metrics)));
  }
  void finish_all_as_the_truth_says() const {
    for (const std::string& run : runs_) {
      const Value estimate = estimate_on("truth.toml", run);
      finish(run, estimate.at("step_seconds").at("total").as_number(),
             estimate.at("ranks").as_list()[0].at("memory").at("predicted_reserved_gib").as_number());
    }
  }

  Workspace workspace_;
  Words runs_;
};

TEST_F(Calibrate, WritesItsSectionAndEstimatesNameIt) {
  finish_all_as_the_truth_says();
  const ProcessResult result = calibrate();
  ASSERT_EQ(result.status, 0) << result.out << result.err;
  EXPECT_EQ(result.err, "tt-comm: note: wrote [hardware.calibration] of cluster.toml\n");
  EXPECT_THAT(result.out, HasSubstr("fitted to 16 runs on H100 SXM of cluster:\n"));

  // All that was there stays as it was written; the section follows.
  const std::string written = site();
  ASSERT_EQ(written.substr(0, std::string(kSite).size()), kSite);
  EXPECT_THAT(
      written.substr(std::string(kSite).size()),
      MatchesRegex("\n.hardware.calibration.\nfrom = \"16 runs, [0-9-]*\"\nefficiency_eager = 0[.]4(5|49)[0-9]*\n"
                   "efficiency_compiled = [0-9.]*\nlink_gb_per_second = 2(49|50)[.][0-9]*\n"
                   "nic_gb_per_second = (20|19[.]9)[0-9.]*\nmemory_slack = 1[.]0(5|49)[0-9]*\n"));
  EXPECT_EQ(workspace_.tool("tt-submit", {"site", "check", "cluster.toml"}).status, 0);

  const Value hardware = estimate_on("cluster.toml", runs_.front()).at("hardware");
  EXPECT_THAT(hardware.text_or("calibration"), testing::StartsWith("16 runs, "));
  EXPECT_NEAR(hardware.at("link_gb_per_second").as_number(), 250, 3);
  EXPECT_NEAR(hardware.at("nic_gb_per_second").as_number(), 20, 0.5);
  EXPECT_THAT(comm({"estimate", runs_.front(), "--site", "cluster.toml"}).out, HasSubstr("(calibrated by 16 runs, "));
  EXPECT_THAT(comm({"advise", "--arch", "llama3_8b", "--gpus", "16", "--seq-len", "8192", "--global-batch", "64",
                    "--site", "cluster.toml"})
                  .out,
              HasSubstr(", calibrated by 16 runs, "));
  for (const std::string& run : runs_) {
    const double truth = estimate_on("truth.toml", run).at("step_seconds").at("total").as_number();
    EXPECT_NEAR(estimate_on("cluster.toml", run).at("step_seconds").at("total").as_number(), truth, 0.01 * truth)
        << run;
  }
}

TEST_F(Calibrate, FitsToTheConstantsTheFileHasAndNotToThoseOfTheTable) {
  write("cluster.toml", std::string(kSite) + kTruth);
  finish_all_as_the_truth_says();
  const ProcessResult result = calibrate({"--write", "cluster.toml", "--hardware", "h100"});
  EXPECT_THAT(result.out, HasSubstr("time of a step: off by 0.0 % before"));
}

class CalibrateWorse : public Calibrate {
 protected:
  // Two runs of one layout that disagree by a factor of 4, on either side of what the file's constants predict: the
  // constants are off by 2, and each run predicts the other by a factor of 4.
  void SetUp() override {
    Calibrate::SetUp();
    runs_ = {"_gpus8_tp1_bs1", "_gpus8_tp1_bs2"};
    finish(runs_[0], 2 * seconds_predicted(runs_[0]), 60);
    finish(runs_[1], seconds_predicted(runs_[1]) / 2, 60);
  }
  double seconds_predicted(const std::string& run) const {
    return estimate_on("cluster.toml", run).at("step_seconds").at("total").as_number();
  }
};

TEST_F(CalibrateWorse, IsRefusedWithoutForceAndWrittenWithIt) {
  const ProcessResult refused = calibrate();
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.out, HasSubstr("time of a step: these constants predict worse than the ones there are\n"));
  EXPECT_EQ(refused.err,
            "tt-comm: warning: nothing was written to cluster.toml: these constants predict worse than the ones there "
            "are (--force writes them)\n");
  EXPECT_EQ(site(), kSite);

  const ProcessResult forced = calibrate({"--write", "cluster.toml", "--force"});
  EXPECT_EQ(forced.status, 0);
  EXPECT_EQ(forced.err, "tt-comm: note: wrote [hardware.calibration] of cluster.toml\n");
  EXPECT_THAT(site(), testing::ContainsRegex("from = \"2 runs, [0-9-]*\"\nefficiency_eager = 0[.][0-9]*\n"));
  EXPECT_THAT(estimate_on("cluster.toml", runs_.front()).at("hardware").text_or("calibration"),
              testing::StartsWith("2 runs, "));
}

TEST_F(Calibrate, OfFewerConstantsKeepsTheOthersAndSaysWhereTheyAreFrom) {
  write("cluster.toml", std::string(kSite) + kTruth + "from = \"40 runs, 2026-01-31\"\n");
  for (const std::string& run : runs_) {
    const Value rank = estimate_on("truth.toml", run).at("ranks").as_list()[0];
    finish(run, -1, 1.1 / 1.05 * rank.at("memory").at("predicted_reserved_gib").as_number());
    // No time was measured.
    const std::string file = "logs/llama3/" + run + "/summary.json";
    const Value summary = tt::parse_json(tt::read_file(workspace_ / file), file);
    write(file, tt::to_pretty_json(Value(summary).set(
                    "metrics", Value::object()
                                   .set("seconds_per_step_median", Value())
                                   .set("memory_gib_max", summary.at("metrics").at("memory_gib_max")))));
  }
  const ProcessResult result = calibrate();
  ASSERT_EQ(result.status, 0) << result.out << result.err;
  EXPECT_THAT(site(), HasSubstr("efficiency_eager = 0.45\nlink_gb_per_second = 250.0\nnic_gb_per_second = 20.0\n"));
  EXPECT_THAT(site(), testing::ContainsRegex("from = \"40 runs, 2026-01-31; 16 runs, [0-9-]*\"\n"));
}

TEST_F(Calibrate, RefusesToWriteWhatIsNoSiteOfThisHardwareBeforeItFitsAnything) {
  const auto refusal = [&](Words words) {
    const ProcessResult result = calibrate(std::move(words));
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.out, "");
    return result.err;
  };
  EXPECT_EQ(refusal({"--write", "nowhere.toml"}),
            "tt-comm: error: nowhere.toml: there is no such file\n"
            "  `tt-submit site show NAME > FILE` makes a site file to write to\n");
  EXPECT_THAT(refusal({"--write", "config.toml"}), HasSubstr("a site profile needs a 'name'\n"));
  EXPECT_EQ(tt::read_file(workspace_ / "config.toml"), kConfig);
  write("bare.toml", "name = \"bare\"\nscheduler = \"slurm\"\n[node]\ngpus = 8\n");
  EXPECT_EQ(refusal({"--write", "bare.toml"}),
            "tt-comm: error: bare.toml: this site names no hardware: no estimate would use its calibration\n"
            "  say under [hardware] which it is, such as name = \"h100\"\n");
  EXPECT_EQ(refusal({"--write", "cluster.toml", "--hardware", "h200"}),
            "tt-comm: error: --hardware is h200, and cluster.toml describes H100 SXM of cluster: its calibration is "
            "not theirs\n  leave --hardware out, or write another site file\n");
}

}  // namespace
