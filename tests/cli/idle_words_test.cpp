// Words that would be ignored are refused, with what to do, before anything is done.
#include <gmock/gmock.h>

#include "support/tools.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace {

using testing::HasSubstr;
using tt::ProcessResult;
using tt::test::Workspace;

struct IdleCase {
  std::string name;
  std::string line;   // tool and words
  std::string error;  // after "<tool>: error: "
};
void PrintTo(const IdleCase& one, std::ostream* out) { *out << one.name; }

class IdleWords : public testing::TestWithParam<IdleCase> {};

TEST_P(IdleWords, AreRefusedAndNothingIsDone) {
  const Workspace workspace;
  const std::string before = tt::test::snapshot(workspace.path());
  std::vector<std::string> words = tt::split(GetParam().line, ' ');
  const std::string tool = words.front();
  words.erase(words.begin());
  const ProcessResult result = workspace.tool(tool, words);
  EXPECT_EQ(result.status, 2) << result.out;
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, tool + ": error: " + GetParam().error);
  EXPECT_EQ(tt::test::snapshot(workspace.path()), before);
}

const std::string trace =
    "tt-comm trace " TT_SOURCE_DIR "/tests/transcripts/traces/param-comms-fsdp2-tp2.rank0.json --pp-rank 0";

INSTANTIATE_TEST_SUITE_P(
    Sweep, IdleWords,
    testing::Values(IdleCase{"CsvAndJson", "tt-sweep plan sweep.yaml --csv --json",
                             "--csv and --json exclude each other\n  leave one of them out\n"},
                    IdleCase{"MatrixAndCsv", "tt-sweep plan sweep.yaml --matrix --csv",
                             "--csv and --matrix exclude each other\n  leave one of them out\n"},
                    IdleCase{"MatrixAndJson", "tt-sweep plan sweep.yaml --json --matrix",
                             "--matrix and --json exclude each other\n  leave one of them out\n"},
                    IdleCase{"GpusAndCsv", "tt-sweep plan sweep.yaml --csv --gpus 8",
                             "--csv and --gpus exclude each other\n  leave one of them out\n"},
                    IdleCase{"CellWithoutMatrix", "tt-sweep plan sweep.yaml --cell hours",
                             "--cell changes nothing without --matrix\n  add --matrix, or leave --cell out\n"},
                    IdleCase{"PythonWithoutTorchtitan", "tt-sweep check sweep.yaml --python python3",
                             "--python changes nothing without --with-torchtitan\n  add --with-torchtitan, or leave "
                             "--python out\n"},
                    IdleCase{"QuietAndVerbose", "tt-sweep plan sweep.yaml -q -v",
                             "--quiet and --verbose exclude each other\n  leave one of them out\n"},
                    IdleCase{"AKeyOfTheJsonSchema", "tt-sweep schema training.steps --json-schema",
                             "--json-schema and KEY exclude each other\n  leave one of them out\n"},
                    IdleCase{"ABudgetOfAnExplanation", "tt-sweep explain sweep.yaml bs=1 --max-gpu-hours 1",
                             "The following argument was not expected: --max-gpu-hours\n  `tt-sweep explain --help` "
                             "shows examples\n"}),
    [](const auto& one) { return one.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Submit, IdleWords,
    testing::Values(IdleCase{"ForceWithoutAgain", "tt-submit run sweep.yaml --force",
                             "--force changes nothing without --again\n  add --again, or leave --force out\n"},
                    IdleCase{"ANameOfTheListOfSites", "tt-submit site list polaris",
                             "site list: it lists all there are; `tt-submit site show polaris` shows one\n"}),
    [](const auto& one) { return one.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Comm, IdleWords,
    testing::Values(
        IdleCase{"RankWithoutCompare", trace,
                 "--pp-rank changes nothing without --compare\n  add --compare, or leave --pp-rank out\n"},
        IdleCase{"ForceWithoutWrite", "tt-comm calibrate _bs1 --hardware h100 --force",
                 "--force changes nothing without --write\n  add --write, or leave --force out\n"},
        IdleCase{"ExpertsOfADenseModel", "tt-comm estimate --arch llama3_8b --ep 8 --dp-shard 8",
                 "--ep 8: llama3_8b has no experts\n  leave it out\n"},
        IdleCase{"AScheduleThatIsNone", "tt-comm estimate --arch llama3_8b --pp-schedule 1F2B",
                 "--pp-schedule: there is no pipeline schedule '1F2B'\n  did you mean '1F1B'?\n"},
        IdleCase{"StagesWithoutAPipeline", "tt-comm estimate --arch llama3_8b --stages-per-rank 2",
                 "--stages-per-rank 2: pp is 1, there is no pipeline\n  say --pp N, or leave it out\n"},
        IdleCase{"EfficiencyOfNothing", "tt-comm estimate --arch llama3_8b --efficiency 0.4",
                 "--efficiency changes nothing without hardware: --hardware names it, or the site\n  --hardware "
                 "h100\n"},
        IdleCase{"WhatThePublishedModelIgnores",
                 "tt-comm estimate --arch llama3_8b --model published --hardware h100 --explain",
                 "--hardware changes nothing with --model published\n  leave one of them out\n"
                 "tt-comm: error: --explain changes nothing with --model published\n  leave one of them out\n"},
        IdleCase{"UnitsOfAnotherDevice",
                 "tt-comm mfu --arch llama3_8b --seq-len 8192 --tps 5762 --device H100 --compute-units 512",
                 "--compute-units 512: 'H100' is no Intel Data Center GPU Max\n  leave it out\n"},
        IdleCase{"GpusOfMfu", "tt-comm mfu --arch llama3_8b --seq-len 8192 --tps 5762 --device H100 --gpus 8",
                 "The following argument was not expected: --gpus\n  `tt-comm mfu --help` shows examples\n"}),
    [](const auto& one) { return one.param.name; });

// A loop over degrees says these at degree 1 too: they are told, and the estimate is made.
TEST(IdleWordsOfALoop, AreTold) {
  const Workspace workspace;
  const ProcessResult result =
      workspace.tool("tt-comm", {"estimate", "--arch", "llama3_8b", "--pp", "1", "--pp-schedule", "gpipe",
                                 "--pp-microbatch-size", "2", "--cp-method", "allgather-kv", "--stages-per-rank", "1"});
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("note: --pp-schedule gpipe changes nothing: pp is 1\n"));
  EXPECT_THAT(result.out, HasSubstr("note: --pp-microbatch-size 2 changes nothing: pp is 1\n"));
  EXPECT_THAT(result.out, HasSubstr("note: --cp-method allgather-kv changes nothing: cp is 1\n"));
  EXPECT_THAT(
      workspace
          .tool("tt-comm", {"estimate", "--arch", "llama3_8b", "--loss-parallel", "off", "--profile", "titan-0.2.2"})
          .out,
      HasSubstr("note: --loss-parallel off changes nothing: tp is 1\n"));
}

TEST(IdleWordsOfALoop, ImbalanceIsOfSeveralExpertRanks) {
  const Workspace workspace;
  const auto estimate = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"estimate", "--arch", "deepseek_v3_16b", "--dp-shard", "8", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    return tt::parse_json(workspace.tool("tt-comm", words).out, "estimate");
  };
  const auto memory = [](const tt::Value& record) {
    return record.at("ranks").as_list()[0].at("memory").at("predicted_reserved_gib").as_number();
  };
  const tt::Value told = estimate({"--imbalance", "1.5"});
  EXPECT_EQ(memory(told), memory(estimate({})));
  EXPECT_THAT(tt::to_json(told.at("warnings")), HasSubstr("\"--imbalance 1.5 changes nothing: ep is 1\""));
  EXPECT_GT(memory(estimate({"--ep", "8", "--imbalance", "1.5"})), memory(estimate({"--ep", "8"})));
}

}  // namespace
