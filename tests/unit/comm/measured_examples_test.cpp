// Examples measured on the real code, collective by collective: W1-W8 on TorchTitan 0.2.2 with torch 2.11, W9-W13 on
// 0.3.0 with torch 2.15, one process a rank. Entries: logical bytes of a call → calls of the step.
#include <gtest/gtest.h>

#include "support/comm.hpp"

namespace tt::comm {
namespace {

using test::Calls;
using test::Moved;
using titan::Checkpointing;
using enum Dim;
using enum Op;
using enum Phase;
using enum Profile;

titan::TrainingShape layout(Checkpointing checkpointing = Checkpointing::none) {
  titan::TrainingShape made = test::shape(16, 2);
  made.checkpointing = checkpointing;
  return made;
}

TEST(MeasuredExamples, W1TensorParallelByOperation) {
  titan::TrainingShape on = layout(Checkpointing::by_operation);
  on.tp = 2;
  const Moved moved(test::step(titan_0_2_2, on, test::tiny(4)));
  EXPECT_EQ(moved.calls(tp, all_gather, fwd), (Calls{{12'288, 9}}));
  EXPECT_EQ(moved.calls(tp, all_gather, bwd), (Calls{{12'288, 9}}));
  EXPECT_EQ(moved.calls(tp, all_gather, recompute), (Calls{{12'288, 8}}));
  EXPECT_EQ(moved.calls(tp, reduce_scatter, fwd), (Calls{{12'288, 9}}));
  EXPECT_EQ(moved.calls(tp, reduce_scatter, bwd), (Calls{{12'288, 9}}));
  EXPECT_EQ(moved.calls(tp, reduce_scatter, recompute), Calls{});
  EXPECT_EQ(moved.calls(tp, all_reduce), (Calls{{128, 3}}));
  EXPECT_EQ(moved.control("gradient norm").at("tp"), (Calls{{156, 1}}));
  EXPECT_EQ(moved.control("norm weights").at("tp"), (Calls{{384, 27}}));
}

TEST(MeasuredExamples, W2ShardsWithPadding) {
  titan::TrainingShape on = layout();
  on.dp_shard = 3;
  const Moved moved(test::step(titan_0_2_2, on, test::tiny(2, 251)));
  EXPECT_EQ(moved.calls(fsdp, all_gather), (Calls{{48'384, 2}, {198'144, 4}, {48'576, 1}}));
  EXPECT_EQ(moved.calls(fsdp, reduce_scatter), (Calls{{96'768, 1}, {396'288, 2}, {97'152, 1}}));
  EXPECT_EQ(moved.control("gradient norm").at("fsdp"), (Calls{{84, 1}}));
  EXPECT_EQ(moved.control("valid tokens").at("dp_replicate*dp_shard"), (Calls{{8, 1}}));
  EXPECT_EQ(moved.control("loss (logging step)").at("dp_replicate*dp_shard*cp"), (Calls{{4, 1}}));
  EXPECT_EQ(moved.control("maximum of loss (logging step)").at("dp_replicate*dp_shard*cp"), (Calls{{4, 1}}));
  EXPECT_EQ(moved.control("tokens (logging step)").at("dp_replicate*dp_shard*cp"), (Calls{{8, 1}}));
}

TEST(MeasuredExamples, W3ReplicasOfShardsWithAccumulation) {
  titan::TrainingShape on = layout();
  on.dp_replicate = on.dp_shard = 2;
  on.accumulation_steps = 2;
  const Moved moved(test::step(titan_0_2_2, on, test::tiny()));
  EXPECT_EQ(moved.calls(fsdp, all_gather), (Calls{{48'000, 4}, {196'992, 8}, {48'192, 2}}));
  EXPECT_EQ(moved.calls(fsdp, reduce_scatter), (Calls{{96'000, 2}, {393'984, 4}, {96'384, 2}}));
  EXPECT_EQ(moved.calls(dp_replicate, all_reduce), (Calls{{48'000, 2}, {196'992, 4}, {48'192, 2}}));
}

TEST(MeasuredExamples, W4ShardsTimesTensorParallelFull) {
  titan::TrainingShape on = layout(Checkpointing::full);
  on.dp_shard = on.tp = 2;
  on.accumulation_steps = 2;
  const Moved moved(test::step(titan_0_2_2, on, test::tiny()));
  for (const Op op : {all_gather, reduce_scatter}) {
    EXPECT_EQ(moved.calls(tp, op, fwd), (Calls{{6'144, 10}}));
    EXPECT_EQ(moved.calls(tp, op, bwd), (Calls{{6'144, 10}}));
    EXPECT_EQ(moved.calls(tp, op, recompute), (Calls{{6'144, 8}}));
  }
  EXPECT_EQ(moved.calls(tp, all_reduce, fwd), (Calls{{128, 6}}));
  EXPECT_EQ(moved.calls(tp, all_reduce, grad_sync), (Calls{{192, 10}}));
  EXPECT_EQ(moved.calls(fsdp, all_gather), (Calls{{24'192, 4}, {98'688, 8}, {24'384, 2}}));
  EXPECT_EQ(moved.calls(fsdp, reduce_scatter), (Calls{{48'384, 2}, {197'376, 4}, {48'768, 2}}));
}

TEST(MeasuredExamples, W5PipelineOfShards) {
  titan::TrainingShape on = test::shape(16, 4);
  on.dp_shard = 2;
  test::pipeline(on, 2);
  const Step step = test::step(titan_0_2_2, on, test::tiny(4));
  EXPECT_EQ(Moved(step, 0).calls(fsdp, all_gather), (Calls{{48'000, 1}, {196'992, 2}}));
  EXPECT_EQ(Moved(step, 0).calls(fsdp, reduce_scatter), (Calls{{96'000, 1}, {393'984, 2}}));
  EXPECT_EQ(Moved(step, 1).calls(fsdp, all_gather), (Calls{{196'992, 2}, {48'192, 1}}));
  EXPECT_EQ(Moved(step, 1).calls(fsdp, reduce_scatter), (Calls{{393'984, 2}, {96'384, 1}}));
  for (const std::int64_t rank : {0, 1}) {
    EXPECT_EQ(Moved(step, rank).calls(pp, send), (Calls{{3'072, 4}}));
    EXPECT_EQ(Moved(step, rank).calls(pp, recv), (Calls{{3'072, 4}}));
  }
  on.reshard = titan::Reshard::always;
  const Step always = test::step(titan_0_2_2, on, test::tiny(4));
  EXPECT_EQ(Moved(always, 0).calls(fsdp, all_gather), (Calls{{48'000, 5}, {196'992, 10}}));
  EXPECT_EQ(Moved(always, 1).calls(fsdp, all_gather), (Calls{{196'992, 10}, {48'192, 5}}));
}

TEST(MeasuredExamples, W6ContextParallelFull) {
  titan::TrainingShape on = layout(Checkpointing::full);
  on.cp = 2;
  const Moved moved(test::step(titan_0_2_2, on, test::tiny()));
  EXPECT_EQ(moved.calls(cp, all_gather, fwd), (Calls{{4'096, 2}}));
  EXPECT_EQ(moved.calls(cp, all_gather, bwd), (Calls{{4'096, 2}}));
  EXPECT_EQ(moved.calls(cp, all_gather, recompute), (Calls{{4'096, 2}}));
  EXPECT_EQ(moved.calls(cp, permute), (Calls{{4'096, 4}}));
  EXPECT_EQ(moved.calls(fsdp, all_gather), (Calls{{48'000, 2}, {196'992, 4}, {48'192, 1}}));
  EXPECT_EQ(moved.calls(fsdp, reduce_scatter), (Calls{{96'000, 1}, {393'984, 2}, {96'384, 1}}));
}

TEST(MeasuredExamples, W7ExpertParallelFull) {
  titan::TrainingShape on = layout(Checkpointing::full);
  on.dp_shard = 4;
  on.ep = 2;
  const Moved moved(test::step(titan_0_2_2, on, test::tiny_moe()));
  EXPECT_EQ(moved.calls(ep, all_to_all, fwd), (Calls{{64, 2}, {12'288, 4}}));
  EXPECT_EQ(moved.calls(ep, all_to_all, bwd), (Calls{{12'288, 4}}));
  EXPECT_EQ(moved.calls(ep, all_to_all, recompute), (Calls{{64, 2}, {12'288, 4}}));
  EXPECT_EQ(moved.calls(fsdp, all_gather), (Calls{{48'384, 2}, {75'744, 4}, {48'576, 1}}));
  EXPECT_EQ(moved.calls(fsdp, reduce_scatter), (Calls{{96'768, 1}, {151'488, 2}, {97'152, 1}}));
  EXPECT_EQ(moved.calls(efsdp, all_gather), (Calls{{147'456, 4}}));
  EXPECT_EQ(moved.calls(efsdp, reduce_scatter), (Calls{{294'912, 2}}));
}

TEST(MeasuredExamples, W8ExpertsUnderTensorParallel) {
  titan::TrainingShape on = layout(Checkpointing::by_operation);
  on.dp_shard = on.tp = 2;
  const Moved moved(test::step(titan_0_2_2, on, test::tiny_moe(1)));
  EXPECT_EQ(moved.calls(tp, all_gather, fwd), (Calls{{6'144, 5}}));
  EXPECT_EQ(moved.calls(tp, all_gather, bwd), (Calls{{6'144, 5}}));
  EXPECT_EQ(moved.calls(tp, all_gather, recompute), (Calls{{6'144, 4}}));
  EXPECT_EQ(moved.calls(tp, reduce_scatter, fwd), (Calls{{6'144, 5}}));
  EXPECT_EQ(moved.calls(tp, reduce_scatter, bwd), (Calls{{6'144, 3}}));
  EXPECT_EQ(moved.calls(tp, reduce_scatter, recompute), Calls{});
  EXPECT_EQ(moved.calls(tp, all_reduce, bwd), (Calls{{6'144, 4}, {12'288, 2}}));
  EXPECT_EQ(moved.calls(tp, all_reduce, grad_sync), (Calls{{192, 5}, {48, 4}}));
  EXPECT_EQ(moved.calls(tp, all_reduce, fwd), (Calls{{128, 3}}));
  EXPECT_EQ(moved.calls(fsdp, all_gather), (Calls{{24'192, 2}, {204'768, 4}, {24'384, 1}}));
  EXPECT_EQ(moved.calls(fsdp, reduce_scatter), (Calls{{48'384, 1}, {409'536, 2}, {48'768, 1}}));
}

TEST(MeasuredExamples, W9TheNewProfileCannotSaveItsCalls) {
  titan::TrainingShape on = layout(Checkpointing::by_operation);
  on.tp = 2;
  const Moved moved(test::step(titan_0_3, on, test::tiny(4)));
  EXPECT_EQ(moved.calls(tp, all_gather, fwd), (Calls{{6'144, 9}}));
  EXPECT_EQ(moved.calls(tp, all_gather, bwd), (Calls{{6'144, 9}}));
  EXPECT_EQ(moved.calls(tp, all_gather, recompute), (Calls{{6'144, 8}}));
  EXPECT_EQ(moved.calls(tp, reduce_scatter, fwd), (Calls{{6'144, 9}}));
  EXPECT_EQ(moved.calls(tp, reduce_scatter, bwd), (Calls{{6'144, 9}}));
  EXPECT_EQ(moved.calls(tp, reduce_scatter, recompute), (Calls{{6'144, 8}}));
  EXPECT_EQ(moved.calls(tp, all_reduce, fwd), (Calls{{16, 24}}));
  EXPECT_EQ(moved.calls(tp, all_reduce, grad_sync), (Calls{{384, 9}}));
  EXPECT_EQ(moved.control("gradient norm").at("tp"), (Calls{{124, 1}}));
  EXPECT_TRUE(moved.control("norm weights").empty());
}

TEST(MeasuredExamples, W10TheHeadOfAChunkedLossReducesAlone) {
  titan::TrainingShape on = layout();
  on.dp_shard = 3;
  const Moved moved(test::step(titan_0_3, on, test::tiny(2, 251)));
  EXPECT_EQ(moved.calls(fsdp, all_gather), (Calls{{48'384, 2}, {198'144, 4}, {48'576, 3}}));
  EXPECT_EQ(moved.calls(fsdp, reduce_scatter), (Calls{{96'768, 2}, {396'288, 2}, {384, 1}}));
  EXPECT_EQ(moved.control("gradient norm").at("fsdp"), (Calls{{68, 1}}));
  EXPECT_EQ(moved.control("valid tokens").at("dp_replicate*dp_shard"), (Calls{{8, 1}}));
  EXPECT_EQ(moved.control("loss (logging step)").at("dp_replicate*dp_shard*cp"), (Calls{{4, 1}}));
}

TEST(MeasuredExamples, W11PipelineUnderAChunkedLoss) {
  titan::TrainingShape on = test::shape(16, 4);
  on.dp_shard = 2;
  test::pipeline(on, 2);
  const Step step = test::step(titan_0_3, on, test::tiny(4));
  EXPECT_EQ(Moved(step, 0).calls(fsdp, all_gather), (Calls{{48'000, 1}, {196'992, 2}}));
  EXPECT_EQ(Moved(step, 0).calls(fsdp, reduce_scatter), (Calls{{96'000, 1}, {393'984, 2}}));
  EXPECT_EQ(Moved(step, 1).calls(fsdp, all_gather), (Calls{{196'992, 2}, {48'192, 9}}));
  EXPECT_EQ(Moved(step, 1).calls(fsdp, reduce_scatter), (Calls{{393'984, 2}, {96'000, 1}, {96'384, 3}, {384, 1}}));
  for (const std::int64_t rank : {0, 1}) {
    EXPECT_EQ(Moved(step, rank).calls(pp, send), (Calls{{3'072, 4}}));
    EXPECT_EQ(Moved(step, rank).calls(pp, recv), (Calls{{3'072, 4}}));
  }
}

TEST(MeasuredExamples, W12ExpertsOnTensorParallelRanks) {
  titan::TrainingShape on = layout(Checkpointing::by_operation);
  on.dp_shard = on.tp = on.ep = 2;
  const Moved moved(test::step(titan_0_3, on, test::tiny_moe()));
  for (const Op op : {all_gather, reduce_scatter}) {
    EXPECT_EQ(moved.calls(tp, op, fwd), (Calls{{6'144, 3}}));
    EXPECT_EQ(moved.calls(tp, op, bwd), (Calls{{6'144, 3}}));
    EXPECT_EQ(moved.calls(tp, op, recompute), (Calls{{6'144, 2}}));
  }
  EXPECT_EQ(moved.calls(tp, all_reduce, fwd), (Calls{{16, 24}}));
  EXPECT_EQ(moved.calls(tp, all_reduce, grad_sync), (Calls{{384, 5}, {96, 4}, {3'072, 2}}));
  EXPECT_EQ(moved.calls(ep, all_to_all, fwd), (Calls{{64, 2}, {6'144, 4}}));
  EXPECT_EQ(moved.calls(ep, all_to_all, bwd), (Calls{{6'144, 4}}));
  EXPECT_EQ(moved.calls(ep, all_to_all, recompute), (Calls{{64, 2}, {6'144, 4}}));
  EXPECT_EQ(moved.calls(fsdp, all_gather), (Calls{{24'192, 2}, {38'880, 4}, {24'384, 3}}));
  EXPECT_EQ(moved.calls(fsdp, reduce_scatter), (Calls{{48'384, 2}, {77'760, 2}, {384, 1}}));
  EXPECT_EQ(moved.calls(efsdp, all_gather), (Calls{{147'456, 4}}));
  EXPECT_EQ(moved.calls(efsdp, reduce_scatter), (Calls{{294'912, 2}}));
  const std::map<std::string, Calls> norm{{"fsdp", {{68, 1}}}, {"tp", {{68, 1}}}};
  EXPECT_EQ(moved.control("gradient norm"), norm);
  const std::map<std::string, Calls> norm_of_experts{{"efsdp", {{24, 1}}}, {"ep", {{24, 1}}}};
  EXPECT_EQ(moved.control("gradient norm of experts"), norm_of_experts);
  const std::map<std::string, Calls> balance{{"dp_replicate*dp_shard*cp", {{64, 1}}}, {"tp", {{64, 1}}}};
  EXPECT_EQ(moved.control("load balance of experts"), balance);
  EXPECT_EQ(moved.control("valid tokens").at("dp_replicate*dp_shard"), (Calls{{8, 1}}));
  EXPECT_EQ(moved.control("tokens (logging step)").at("dp_replicate*dp_shard*cp"), (Calls{{8, 1}}));
}

TEST(MeasuredExamples, W13ContextParallelGathersKeysAndValues) {
  titan::TrainingShape on = test::shape(512, 1);
  on.checkpointing = Checkpointing::by_operation;
  on.cp = on.dp_shard = 2;
  const Moved moved(test::step(titan_0_3, on, test::tiny()));
  EXPECT_EQ(moved.calls(cp, all_gather, fwd), (Calls{{32'768, 4}}));
  EXPECT_EQ(moved.calls(cp, all_gather, recompute), (Calls{{32'768, 4}}));
  EXPECT_EQ(moved.calls(cp, reduce_scatter), (Calls{{32'768, 4}}));
  EXPECT_EQ(moved.calls(fsdp, all_gather), (Calls{{48'384, 2}, {196'992, 4}, {48'576, 3}}));
  EXPECT_EQ(moved.calls(fsdp, reduce_scatter), (Calls{{96'768, 2}, {393'984, 2}, {384, 1}}));
}

}  // namespace
}  // namespace tt::comm
