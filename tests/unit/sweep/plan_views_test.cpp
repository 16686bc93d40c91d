// A plan as costs, as lines for a spreadsheet and as a table of two keys.
#include <gmock/gmock.h>

#include "support/sweep_support.hpp"
#include "tt/base/error.hpp"
#include "tt/sweep/plan_cost.hpp"
#include "tt/sweep/plan_csv.hpp"
#include "tt/sweep/plan_matrix.hpp"

namespace tt::sweep {
namespace {

using test::plan_of;
using test::sweep_with;

PlanCost cost_with(const Plan& plan, std::optional<std::int64_t> gpus) {
  return cost_of(plan, test::roomy_site(), 8, gpus);
}

TEST(PlanCost, CountsWavesOfRunsThatFitTogether) {
  const Plan plan =
      plan_of(sweep_with("matrix: {training.seq_len: [1024, 2048, 4096, 8192, 16384]}\nresources: {gpus: 16}\n"));
  EXPECT_EQ(cost_text(plan, cost_with(plan, 40)),
            "5 runs, 1 array, 40 GPU hours at most; at 40 GPUs about 3 waves of 30 min");
  EXPECT_EQ(cost_text(plan, cost_with(plan, std::nullopt)), "5 runs, 1 array, 40 GPU hours at most")
      << "nobody knows how many GPUs there are at once";
}

TEST(PlanCost, SaysWhatIsTooLarge) {
  const Plan plan = plan_of(sweep_with("matrix: {resources.gpus: [8, 16]}\n"));
  EXPECT_EQ(
      cost_text(plan, cost_with(plan, 8)),
      "2 runs, 2 arrays, 12 GPU hours at most; at 8 GPUs about 1 wave of different lengths, 30 min in all; 1 run needs "
      "more than 8 GPUs");
}

TEST(PlanOrder, PutsTheCheapestFirstWhenAsked) {
  EXPECT_EQ(test::names_of(plan_of(sweep_with("matrix: {resources.gpus: [32, 8, 16]}\norder: cheapest-first\n"))),
            (std::vector<std::string>{"_gpus8", "_gpus16", "_gpus32"}));
}

TEST(PlanCsv, QuotesAndLeavesTheUnknownEmpty) {
  const Plan plan =
      plan_of(sweep_with("matrix: {env.NOTE: [\"a,b\", \"say \\\"x\\\"\"]}\nname: \"_n\"\ninclude: []\n"
                         "exclude: [{env.NOTE: \"a,b\"}]\n"));
  // Sharded over eight GPUs something moves; how much is the estimator's own tests' business. All are on one node.
  const std::string bytes =
      std::to_string(static_cast<std::int64_t>(plan.runs.front().estimate.comm_wire_bytes_per_step_max.value()));
  EXPECT_NE(bytes, "0");
  EXPECT_EQ(
      plan_csv(plan),
      "state,name,model,env.NOTE,nodes,gpus_per_node,gpus,walltime_seconds,gpu_hours,comm_wire_bytes_per_step_max,"
      "between_nodes_share,memory_verdict,step_seconds,estimated_gpu_hours,rule,reason\r\n"
      "run,_n,base,\"say \"\"x\"\"\",1,8,8,1800,4," +
          bytes + ",0,,,,,\r\n");
}

TEST(PlanMatrix, ShowsRunsRefusedAndCutPoints) {
  const Plan plan =
      plan_of(sweep_with("matrix: {parallelism.tensor_parallel_degree: [1, 3], training.local_batch_size: [2, 4]}\n"
                         "exclude: [{parallelism.tensor_parallel_degree: 1, training.local_batch_size: 4}]\n"));
  EXPECT_EQ(
      plan_matrix(plan, {}, MatrixCell::gpus, {}),
      "tensor_parallel_degree \\ local_batch_size           2           4\n"
      "1                                                   8           .\n"
      "3                                          world-size  world-size\n"
      "\na number: GPUs of the run; a word: the rule that refuses the point; a dot: cut by where, exclude or sample\n");
}

TEST(PlanMatrix, NamesTheModelOfItsEstimates) {
  const Plan plan = plan_of(sweep_with("matrix: {parallelism.tensor_parallel_degree: [1, 2]}\n"));
  EXPECT_THAT(
      plan_matrix(plan, {}, MatrixCell::comm, {}),
      testing::HasSubstr("a number: MiB sent per step by one GPU of the worst pipeline rank, model titan, profile "
                         "titan-0.2.2; "));
}

TEST(PlanMatrix, SplitsWhatIsTooWideIntoBlocks) {
  const Plan plan = plan_of(sweep_with("matrix: {env.A: [1], training.seq_len: {from: 1024, to: 16384, times: 2}}\n"));
  Terminal narrow;
  narrow.width = 24;
  const std::string text = plan_matrix(plan, {"env.A", "training.seq_len"}, MatrixCell::gpus, narrow);
  EXPECT_EQ(text.find("A \\ seq_len  1024  2048\n"
                      "1               8     8\n"
                      "\n"
                      "A \\ seq_len  4096  8192\n"
                      "1               8     8\n"
                      "\n"
                      "A \\ seq_len  16384\n"
                      "1                8\n"),
            0U)
      << text;
}

TEST(PlanMatrix, SaysWhatVaries) {
  const Plan plan = plan_of(sweep_with("matrix: {training.seq_len: [1024]}\n"));
  try {
    plan_matrix(plan, {"training.steps"}, MatrixCell::gpus, {});
    FAIL() << "a key that does not vary was taken";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "'training.steps' does not vary in this plan; what varies is training.seq_len");
  }
}

}  // namespace
}  // namespace tt::sweep
