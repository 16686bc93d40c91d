#include "tt/comm/analysis.hpp"

#include <gtest/gtest.h>

#include "tt/base/error.hpp"

namespace tt::comm {
namespace {

TEST(Analysis, HasTheSevenPublishedCases) {
  std::vector<std::string> names;
  for (const Case& one : published_cases()) names.push_back(one.model + " " + strategy(one));
  EXPECT_EQ(names, (std::vector<std::string>{"llama3_8b TP1xPP4", "llama3_8b TP2xPP2", "llama3_8b TP4xPP1",
                                             "qwen_1_5b TP1xPP4", "qwen_1_5b TP2xPP2", "qwen_0_5b TP1xPP4",
                                             "qwen_0_5b TP2xPP2"}));
}

TEST(Analysis, EndsWithTheSummaryTable) {
  const std::string text = analysis_text(published_cases());
  const std::string summary =
      "Summary\n"
      "-------\n"
      "Model      Strategy  Fwd RS (MB)  Fwd AG (MB)  Bwd RS (MB)  Bwd AG (MB)  Activation MB  Gradient MB\n"
      "llama3_8b  TP1xPP4          0.00         0.00         0.00         0.00          64.00        64.00\n"
      "llama3_8b  TP2xPP2         32.00        32.00        96.00       128.00          32.00        32.00\n"
      "llama3_8b  TP4xPP1         48.00        48.00       144.00       192.00          16.00        16.00\n"
      "qwen_1_5b  TP1xPP4          0.00         0.00         0.00         0.00          96.00        96.00\n"
      "qwen_1_5b  TP2xPP2         48.00        48.00       144.00       192.00          48.00        48.00\n"
      "qwen_0_5b  TP1xPP4          0.00         0.00         0.00         0.00         112.00       112.00\n"
      "qwen_0_5b  TP2xPP2         56.00        56.00       168.00       224.00          56.00        56.00\n"
      "\n"
      "This model counts 9 T (tp - 1) / tp a block, T being its activation. TorchTitan moves 8 T without activation\n"
      "checkpointing, 10 T with the op-level one, 11 T with full and early stop (or compiled), 12 T with full, in\n"
      "bfloat16 under FSDP and float32 without (0.2). `tt-comm estimate` counts that.\n";
  ASSERT_GE(text.size(), summary.size());
  EXPECT_EQ(text.substr(text.size() - summary.size()), summary);
}

TEST(Analysis, HasASectionForEachCase) {
  const std::vector<Case> one = {{"llama3_8b", 4096, 14336, 1024, 8, 2, 2}};
  EXPECT_EQ(
      analysis_text(one),
      "Communication analysis, model published\n"
      "Wire bytes sent per GPU (ring) by one transformer block, whole batch as one microbatch, 2 bytes an "
      "element.\n"
      "MB = 2^20 bytes. FSDP, context, expert and data parallelism are not in this model.\n"
      "\n"
      "llama3_8b, TP2xPP2\n"
      "------------------\n"
      "hidden_size 4096, intermediate_size 14336, seq_length 1024, batch_size 8, tp 2, pp 2\n"
      "Forward reduce-scatter       32.00 MB\n"
      "Forward all-gather           32.00 MB\n"
      "Backward reduce-scatter      96.00 MB\n"
      "Backward all-gather         128.00 MB\n"
      "Total per block             288.00 MB\n"
      "Pipeline activation          32.00 MB\n"
      "Pipeline gradient            32.00 MB\n"
      "\n"
      "Summary\n"
      "-------\n"
      "Model      Strategy  Fwd RS (MB)  Fwd AG (MB)  Bwd RS (MB)  Bwd AG (MB)  Activation MB  Gradient MB\n"
      "llama3_8b  TP2xPP2         32.00        32.00        96.00       128.00          32.00        32.00\n"
      "\n"
      "This model counts 9 T (tp - 1) / tp a block, T being its activation. TorchTitan moves 8 T without activation\n"
      "checkpointing, 10 T with the op-level one, 11 T with full and early stop (or compiled), 12 T with full, in\n"
      "bfloat16 under FSDP and float32 without (0.2). `tt-comm estimate` counts that.\n");
}

TEST(Analysis, IsWrittenAsARecord) {
  const std::vector<Case> one = {{"m", 4096, 14336, 1024, 8, 2, 2}};
  EXPECT_EQ(to_json(analysis_record(one)),
            R"({"schema":"tt.comm.analysis/1","model":"published","cases":[{"name":"m","strategy":"TP2xPP2",)"
            R"("hidden_size":4096,"intermediate_size":14336,"seq_length":1024,"batch_size":8,"tp":2,"pp":2,)"
            R"("forward_reduce_scatter_mib":32.0,"forward_all_gather_mib":32.0,"backward_reduce_scatter_mib":96.0,)"
            R"("backward_all_gather_mib":128.0,"total_mib":288.0,"pipeline_block_mib":32.0}]})");
}

TEST(ReadCases, TakesAListOfTables) {
  const Value list = parse_json(
      R"([{"model":"m","hidden_size":8,"intermediate_size":16,"seq_length":4,"batch_size":2,"tp":2,"pp":1},
          {"model":"n","hidden_size":8,"seq_length":4,"batch_size":2}])",
      "test");
  const std::vector<Case> expected = {{"m", 8, 16, 4, 2, 2, 1}, {"n", 8, 0, 4, 2, 1, 1}};
  EXPECT_EQ(read_cases(list, "cases.yaml"), expected);
  Value table = Value::object();
  table.set("cases", list);
  EXPECT_EQ(read_cases(table, "cases.yaml"), expected);
}

TEST(ReadCases, ReportsAllThatIsWrong) {
  const Value list = parse_json(R"([{"model":"m","hiden_size":8,"seq_length":0,"batch_size":2},7])", "test");
  try {
    read_cases(list, "cases.yaml");
    FAIL() << "accepted";
  } catch (const BadInput& input) {
    std::vector<std::string> lines;
    for (const Problem& problem : input.problems())
      lines.push_back(problem.place.file + ": " + problem.message + (problem.hint.empty() ? "" : " | " + problem.hint));
    EXPECT_EQ(lines, (std::vector<std::string>{
                         "cases.yaml: case 1 lacks 'hidden_size'",
                         "cases.yaml: case 1 has seq_length = 0, it must be a whole number of 1 or more",
                         "cases.yaml: case 1 has an unknown key 'hiden_size' | did you mean 'hidden_size'?",
                         "cases.yaml: case 2 is an integer, it must be a table"}));
  }
}

TEST(ReadCases, WantsAtLeastOne) {
  EXPECT_THROW(read_cases(Value::array(), "cases.yaml"), BadInput);
  EXPECT_THROW(read_cases(Value("text"), "cases.yaml"), BadInput);
}

}  // namespace
}  // namespace tt::comm
