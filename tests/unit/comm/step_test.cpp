// Layers, schedules and what stops an estimate.
#include "tt/comm/step.hpp"

#include <gtest/gtest.h>

#include "support/comm.hpp"

namespace tt::comm {
namespace {

using test::Calls;
using test::Moved;
using enum Dim;
using enum Op;
using enum Phase;
using enum Profile;

std::vector<std::int64_t> layers_of(const Step& step) {
  std::vector<std::int64_t> layers;
  for (std::int64_t rank = 0; rank < step.p; ++rank) layers.push_back(layers_of_rank(step, rank).layers);
  return layers;
}

TEST(StepLayers, AreCutAsTorchTitanCutsThem) {
  titan::TrainingShape on = test::shape(8192, 8);
  test::pipeline(on, 8);
  // 126 layers and 2 for the ends, on 8: 16 each, the ends one less.
  EXPECT_EQ(layers_of(test::step(titan_0_2_2, on, test::llama3_405b())),
            (std::vector<std::int64_t>{15, 16, 16, 16, 16, 16, 16, 15}));
}

TEST(StepLayers, OfAVAreTheFirstAndTheLastStage) {
  titan::TrainingShape on = test::shape(16, 4);
  test::pipeline(on, 2);
  on.pipeline_schedule = "ZBVZeroBubble";
  on.schedule = titan::ScheduleKind::zbv_zero_bubble;
  on.stages = 4;
  const Step step = test::step(titan_0_2_2, on, test::tiny(6));  // 8 with the ends: 2 a stage, 1 2 2 1 layers
  const RankLayers first = layers_of_rank(step, 0), second = layers_of_rank(step, 1);
  EXPECT_EQ(first.layers, 2);
  EXPECT_TRUE(first.has_first && first.has_last);
  EXPECT_EQ(second.layers, 4);
  EXPECT_FALSE(second.has_first || second.has_last);
  // Stage 0 sends forward, stage 3 sends back; the turn from 1 to 2 is inside the second rank.
  EXPECT_EQ(Moved(step, 0).calls(pp, send), (Calls{{3'072 * 2, 8}}));
  EXPECT_EQ(Moved(step, 1).calls(pp, send), (Calls{{3'072 * 2, 8}}));
}

TEST(StepLayers, OfALoopSendAtEveryBoundary) {
  titan::TrainingShape on = test::shape(16, 4);
  test::pipeline(on, 2);
  on.pipeline_schedule = "Interleaved1F1B";
  on.schedule = titan::ScheduleKind::interleaved;
  on.stages = 4;
  const Step step = test::step(titan_0_3, on, test::tiny(6));
  // Rank 0 holds stages 0 and 2: two successors and one predecessor elsewhere, 4 microbatches.
  EXPECT_EQ(Moved(step, 0).calls(pp, send, fwd), (Calls{{3'072, 8}}));
  EXPECT_EQ(Moved(step, 0).calls(pp, send, bwd), (Calls{{3'072, 4}}));
  EXPECT_EQ(Moved(step, 0).calls(pp, recv, fwd), (Calls{{3'072, 4}}));
  EXPECT_EQ(Moved(step, 0).calls(pp, recv, bwd), (Calls{{3'072, 8}}));
}

TEST(StepCheckpointing, EveryNthBlockCountsTheBlocksOfTheRank) {
  titan::TrainingShape on = test::shape(16, 2);
  on.tp = 2;
  test::pipeline(on, 2);
  on.checkpointing = titan::Checkpointing::every_nth_block;
  on.checkpoint_every = 2;
  const Step step = test::step(titan_0_2_2, on, test::tiny(6));  // 3 layers a rank: one of them
  EXPECT_EQ(Moved(step, 0).calls(tp, all_gather, recompute), (Calls{{6'144, 2 * 2}}));
  EXPECT_EQ(Moved(step, 0).calls(tp, reduce_scatter, recompute), (Calls{{6'144, 2 * 2}}));
}

TEST(StepCheckpointing, StoppingEarlyLeavesOutTheLastReduceScatter) {
  titan::TrainingShape on = test::shape(16, 2);
  on.tp = 2;
  on.checkpointing = titan::Checkpointing::full;
  on.early_stop = true;
  const Moved moved(test::step(titan_0_2_2, on, test::tiny()));
  EXPECT_EQ(moved.calls(tp, all_gather, recompute), (Calls{{12'288, 4}}));
  EXPECT_EQ(moved.calls(tp, reduce_scatter, recompute), (Calls{{12'288, 2}}));
}

// What a real test of PyTorch counts for two layers with sequence parallelism: forward 4+2 RS and 4+1+1 AG, backward
// 4+1 RS and 4+2 AG; one RS and one AG of them belong to a position embedding Llama has not.
TEST(StepTensorParallel, CountsATwoLayerTransformer) {
  titan::TrainingShape on = test::shape(16, 2);
  on.tp = 2;
  on.loss_parallel = false;
  const Moved moved(test::step(titan_0_2_2, on, test::tiny()));
  EXPECT_EQ(moved.calls(tp, reduce_scatter, fwd), (Calls{{12'288, 4 + 1}}));
  EXPECT_EQ(moved.calls(tp, all_gather, fwd), (Calls{{12'288, 4 + 1}, {2 * 16 * 250 * 4, 1}}));
  EXPECT_EQ(moved.calls(tp, reduce_scatter, bwd), (Calls{{12'288, 4 + 1}}));
  EXPECT_EQ(moved.calls(tp, all_gather, bwd), (Calls{{12'288, 4 + 1}}));
}

TEST(StepTensorParallel, WithoutSequenceParallelismReducesInstead) {
  titan::TrainingShape on = test::shape(16, 2);
  on.tp = 2;
  on.sequence_parallel = false;
  const Moved moved(test::step(titan_0_3, on, test::tiny()));
  EXPECT_EQ(moved.calls(tp, all_reduce, fwd), (Calls{{6'144, 2 * 2 + 1}, {16, 24}}));
  EXPECT_EQ(moved.calls(tp, all_reduce, bwd), (Calls{{6'144, 2 * 2 + 1}}));
  EXPECT_EQ(moved.calls(tp, all_reduce, grad_sync), Calls{});
  EXPECT_EQ(moved.calls(tp, all_gather), Calls{});
}

TEST(StepContext, TravelsAsTheOldReleaseRepeatedItsHeads) {
  titan::TrainingShape on = test::shape(16, 2);
  on.cp = 2;
  on.rotate_method = titan::RotateMethod::all_to_all;
  const Moved moved(test::step(titan_0_2_1, on, test::tiny()));
  // 16 tokens * 6 heads * 16 of K and of V: 1,536 elements each.
  EXPECT_EQ(moved.calls(cp, permute, fwd), (Calls{{2 * 1'536 * 2, 2}}));
  EXPECT_EQ(moved.calls(cp, permute, bwd), (Calls{{2 * 1'536 * 2, 2}, {2 * 1'536 * 4, 4}}));
}

TEST(StepSharding, NeverGathersAgainWhereNothingIsFreed) {
  titan::TrainingShape on = test::shape(16, 2);
  on.dp_shard = 2;
  on.reshard = titan::Reshard::never;
  EXPECT_EQ(Moved(test::step(titan_0_2_2, on, test::tiny())).calls(fsdp, all_gather),
            (Calls{{48'000, 1}, {196'992, 2}, {48'192, 1}}));
  on.reshard = titan::Reshard::always;
  EXPECT_EQ(Moved(test::step(titan_0_2_2, on, test::tiny())).calls(fsdp, all_gather),
            (Calls{{48'000, 2}, {196'992, 4}, {48'192, 2}}));
}

TEST(StepSharding, TiedMatricesMoveTwiceInOneGroupOfTheNewProfile) {
  titan::TrainingShape on = test::shape(16, 2);
  on.dp_shard = 2;
  titan::Architecture model = test::tiny();
  model.tied_embeddings = true;
  const Moved moved(test::step(titan_0_3, on, model));
  const std::int64_t matrix = 250 * 96;
  EXPECT_EQ(moved.calls(fsdp, all_gather), (Calls{{196'992, 4}, {(2 * matrix + 96) * 2, 3}}));
  EXPECT_EQ(moved.calls(fsdp, reduce_scatter), (Calls{{393'984, 2}, {matrix * 4, 1}, {(matrix + 96) * 4, 1}}));
}

TEST(StepReplicas, SumInBucketsOfAHundredMebibytes) {
  titan::TrainingShape on = test::shape(16, 2);
  on.dp_replicate = 2;
  const Step step = test::step(titan_0_2_2, on, test::llama3_8b());
  std::int64_t sum = 0;
  const Moved moved(step);
  for (const auto& [bytes, calls] : moved.calls(dp_replicate, all_reduce)) {
    sum += bytes * calls;
    if (calls > 1) {
      EXPECT_GE(bytes, 104'857'600);
    }
  }
  EXPECT_EQ(sum, 4 * std::int64_t{8'030'261'248});
  // The head alone is more than a bucket; the final norm opens the next.
  EXPECT_EQ(moved.calls(dp_replicate, all_reduce).at(std::int64_t{128256} * 4096 * 4), 2);
}

TEST(StepStops, SayEveryReason) {
  titan::TrainingShape on = test::shape(30, 2);
  on.tp = 4;
  EXPECT_EQ(what_stops(on, test::tiny(), titan_0_3),
            (std::vector<std::string>{"tp 4 does not divide the heads of the model (6)",
                                      "tp 4 does not divide the key-value heads of the model (2)",
                                      "tp 4 does not divide the vocabulary of the model (250)",
                                      "training.seq_len 30 is no multiple of tp 4"}));
  on.tp = -1;
  on.seq_len = 0;
  EXPECT_EQ(what_stops(on, test::tiny(), titan_0_2_2),
            (std::vector<std::string>{"training.seq_len is 0, it must be 1 or more",
                                      "the degree of tp is -1, it must be 1 or more"}));
  EXPECT_EQ(what_stops(test::shape(16, 2), std::nullopt, titan_0_2_2),
            (std::vector<std::string>{"the sizes of model 'llama3' flavor 'test' are not known in 0.2.2"}));
}

TEST(StepNotes, NameWhatIsApproximated) {
  titan::Architecture latent = test::tiny();
  latent.latent = titan::LatentAttention{64, 0, 16, 8, 16};
  EXPECT_EQ(what_is_approximate(test::shape(16, 2), latent, titan_0_2_2),
            (std::vector<std::string>{"latent attention is approximated: its parameters are exact, its collectives "
                                      "follow one measured layout"}));
  titan::TrainingShape old = test::shape(16, 2);
  old.era = titan::Era::v0_1_0;
  EXPECT_EQ(what_is_approximate(old, test::tiny(), titan_0_2_1),
            (std::vector<std::string>{"TorchTitan 0.1.0 was not measured: approximated with profile titan-0.2.1"}));
}

}  // namespace
}  // namespace tt::comm
