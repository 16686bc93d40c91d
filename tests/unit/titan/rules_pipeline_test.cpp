#include "tt/titan/rules.hpp"

#include <gtest/gtest.h>

#include "support/titan.hpp"
#include "support/titan_keys.hpp"

namespace tt::titan {
namespace {

using namespace test::keys;
using test::reason_of;

TEST(ScheduleName, IsOnePyTorchKnows) {
  EXPECT_EQ(reason_of("schedule-name", Era::v0_2_2, 2, {{pp, 2}, {schedule, "gpipe"}}), holds);
  EXPECT_EQ(reason_of("schedule-name", Era::v0_2_2, 2, {{schedule, "nonsense"}}), holds);  // no pipeline
  EXPECT_EQ(
      reason_of("schedule-name", Era::v0_2_2, 2, {{pp, 2}, {schedule, "1F1BB"}}),
      "there is no pipeline schedule '1F1BB' (did you mean '1F1B'?); there are 1F1B, GPipe, Interleaved1F1B, "
      "LoopedBFS, InterleavedZeroBubble, ZBVZeroBubble, DualPipeV, PipelineScheduleSingle, PipelineScheduleMulti");
}

TEST(MicrobatchSizePositive, IsAskedOfEveryRunIn030) {
  EXPECT_EQ(reason_of("microbatch-size-positive", Era::v0_2_2, 1, {{microbatch, 0}}), holds);
  EXPECT_EQ(reason_of("microbatch-size-positive", Era::v0_2_2, 2, {{pp, 2}, {microbatch, 0}}),
            "parallelism.pipeline_parallel_microbatch_size is 0, it must be 1 or more");
  EXPECT_EQ(reason_of("microbatch-size-positive", Era::v0_3_0, 1, {{microbatch, 0}}),
            "parallelism.pipeline_parallel_microbatch_size is 0, it must be 1 or more");
}

TEST(MicrobatchDividesBatch, BySizeSinceTheTypedEra) {
  EXPECT_EQ(reason_of("microbatch-divides-batch", Era::v0_1_0, 2, {{pp, 2}, {batch, 8}, {microbatch, 4}}), holds);
  EXPECT_EQ(reason_of("microbatch-divides-batch", Era::v0_3_0, 2, {{pp, 2}, {batch, 8}, {microbatch, 3}}),
            "training.local_batch_size 8 is no multiple of parallelism.pipeline_parallel_microbatch_size 3");
  EXPECT_EQ(reason_of("microbatch-divides-batch", Era::v0_2_2, 1, {{batch, 8}, {microbatch, 3}}), holds);
}

TEST(MicrobatchDividesBatch, ByCountBefore) {
  const Overrides pp2 = {{"experimental.pipeline_parallel_degree", 2}};
  auto with = [&](Overrides more) {
    more.insert(more.begin(), pp2.begin(), pp2.end());
    return more;
  };
  EXPECT_EQ(reason_of("microbatch-divides-batch", Era::march_2025, 2, with({{"training.batch_size", 8}})), holds);
  EXPECT_EQ(reason_of("microbatch-divides-batch", Era::march_2025, 2, with({{"training.batch_size", 5}})),
            "training.batch_size 5 is no multiple of the 2 microbatches (one per stage, as none are set)");
  EXPECT_EQ(reason_of("microbatch-divides-batch", Era::early_2025, 2,
                      with({{"training.batch_size", 8}, {"experimental.pipeline_parallel_microbatches", 3}})),
            "training.batch_size 8 is no multiple of experimental.pipeline_parallel_microbatches 3");
  EXPECT_EQ(reason_of("microbatch-divides-batch", Era::early_2025, 2,
                      with({{"experimental.pipeline_parallel_microbatches", 0}})),
            "experimental.pipeline_parallel_microbatches is 0, it must be 1 or more");
}

TEST(EnoughMicrobatches, FillEveryStageOfASingleStageSchedule) {
  EXPECT_EQ(reason_of("enough-microbatches", Era::v0_2_2, 4, {{pp, 4}, {batch, 4}}), holds);
  EXPECT_EQ(reason_of("enough-microbatches", Era::v0_2_2, 4, {{pp, 4}, {batch, 1}}),
            "1 microbatches are fewer than the 4 stages 1F1B fills; raise the local batch size or lower the microbatch "
            "size");
  EXPECT_EQ(reason_of("enough-microbatches", Era::v0_2_2, 4, {{pp, 4}, {batch, 1}, {schedule, "Interleaved1F1B"}}),
            holds);
  EXPECT_EQ(reason_of("enough-microbatches", Era::early_2025, 4,
                      {{"experimental.pipeline_parallel_degree", 4},
                       {"experimental.pipeline_parallel_schedule", "GPipe"},
                       {"experimental.pipeline_parallel_microbatches", 2}}),
            "2 microbatches are fewer than the 4 stages GPipe fills; raise the batch size and the number of "
            "microbatches");
}

TEST(EnoughMicrobatches, SaysNothingAboutAScheduleFromAFile) {
  EXPECT_EQ(reason_of("enough-microbatches", Era::v0_2_2, 4,
                      {{pp, 4}, {batch, 1}, {"parallelism.pipeline_parallel_schedule_csv", "mine.csv"}}),
            holds);
}

TEST(InterleavedMicrobatchMultiple, WantsWholeRounds) {
  const auto with_batch = [](std::int64_t rows) {
    return reason_of("interleaved-microbatch-multiple", Era::v0_3_0, 2,
                     {{pp, 2}, {batch, rows}, {schedule, "Interleaved1F1B"}});
  };
  EXPECT_EQ(with_batch(1), holds);
  EXPECT_EQ(with_batch(3), holds);
  EXPECT_EQ(with_batch(4), holds);
  EXPECT_EQ(with_batch(5), "5 microbatches are no multiple of the 2 rounds Interleaved1F1B makes of them with pp 2");
  EXPECT_EQ(
      reason_of("interleaved-microbatch-multiple", Era::v0_3_0, 2, {{pp, 2}, {batch, 5}, {schedule, "LoopedBFS"}}),
      holds);
}

const std::string modules = "parallelism.module_fqns_per_model_part";
Value parts(int count) {
  Value::List list;
  for (int part = 0; part < count; ++part) list.push_back(Value::List{"layers." + std::to_string(part)});
  return list;
}

TEST(StagesDivisibleByPp, IsTrueOfStagesCutByHand) {
  EXPECT_EQ(reason_of("stages-divisible-by-pp", Era::v0_2_2, 2, {{pp, 2}, {modules, parts(4)}}), holds);
  EXPECT_EQ(reason_of("stages-divisible-by-pp", Era::v0_2_2, 2, {{pp, 2}, {modules, parts(3)}}),
            "3 stages cannot be shared evenly by pp 2");
  // One split point more makes one stage more.
  EXPECT_EQ(reason_of("stages-divisible-by-pp", Era::early_2025, 2,
                      {{"experimental.pipeline_parallel_degree", 2},
                       {"experimental.pipeline_parallel_split_points", Value::List{"layers.2", "layers.4"}}}),
            "3 stages cannot be shared evenly by pp 2");
}

TEST(StagesDivisibleByPp, CountsLayersPerStageOfAKnownModel) {
  const std::string size = "parallelism.pipeline_parallel_layers_per_stage";
  const Overrides llama8b = {{"model.flavor", "8B"}};
  // 32 layers + 2 in stages of 7 are 5 stages.
  EXPECT_EQ(reason_of("stages-divisible-by-pp", Era::v0_2_2, 2, {{pp, 2}, {size, 7}}, llama8b),
            "5 stages cannot be shared evenly by pp 2");
  EXPECT_EQ(reason_of("stages-divisible-by-pp", Era::v0_2_2, 2, {{pp, 2}, {size, 9}}, llama8b), holds);
  EXPECT_EQ(reason_of("stages-divisible-by-pp", Era::v0_2_2, 2, {{pp, 2}, {size, 7}}, {{"model.flavor", "mine"}}),
            holds);
}

TEST(StagesExactFit, WasWantedIn010) {
  const std::string size = "parallelism.pipeline_parallel_layers_per_stage";
  const Overrides llama8b = {{"model.flavor", "8B"}};
  EXPECT_EQ(reason_of("stages-exact-fit", Era::v0_1_0, 2, {{pp, 2}, {size, 17}}, llama8b), holds);
  EXPECT_EQ(reason_of("stages-exact-fit", Era::v0_1_0, 2, {{pp, 2}, {size, 9}}, llama8b),
            "32 layers + 2 do not fill pp 2 with stages of 9 layers exactly");
  EXPECT_EQ(reason_of("stages-exact-fit", Era::v0_2_0, 2, {{pp, 2}, {size, 9}}, llama8b), holds);
}

TEST(StagesPerRank, FitTheSchedule) {
  EXPECT_EQ(reason_of("stages-per-rank", Era::v0_2_2, 2, {{pp, 2}, {modules, parts(2)}}), holds);
  EXPECT_EQ(reason_of("stages-per-rank", Era::v0_2_2, 2, {{pp, 2}, {modules, parts(4)}}),
            "1F1B holds exactly 1 stage per rank, but 4 stages on pp 2 are 2");
  EXPECT_EQ(reason_of("stages-per-rank", Era::v0_2_2, 2, {{pp, 2}, {schedule, "LoopedBFS"}, {modules, parts(2)}}),
            "LoopedBFS holds at least 2 stages per rank, but 2 stages on pp 2 are 1");
}

TEST(TwoStagesPerRank, IsWhatAVTakes) {
  EXPECT_EQ(reason_of("two-stages-per-rank", Era::v0_2_2, 2, {{pp, 2}, {schedule, "ZBVZeroBubble"}}), holds);
  EXPECT_EQ(
      reason_of("two-stages-per-rank", Era::v0_2_2, 2, {{pp, 2}, {schedule, "ZBVZeroBubble"}, {modules, parts(6)}}),
      "ZBVZeroBubble holds exactly 2 stages per rank, but there are 6 stages on pp 2");
}

TEST(StagesWithinLayers, CountTheEndsSinceTheTypedEra) {
  EXPECT_EQ(reason_of("stages-within-layers", Era::v0_2_2, 8, {{pp, 8}}), holds);  // debug model: 6 layers + 2
  EXPECT_EQ(reason_of("stages-within-layers", Era::v0_2_2, 16, {{pp, 8}, {schedule, "Interleaved1F1B"}}),
            "16 stages are more than the 6 layers of llama3_debugmodel + 2 for embedding and head");
}

TEST(StagesWithinLayers, CountedLayersOnlyBefore) {
  const Overrides llama3 = {{"model.name", "llama3"}};
  EXPECT_EQ(
      reason_of("stages-within-layers", Era::march_2025, 8, {{"experimental.pipeline_parallel_degree", 8}}, llama3),
      holds);
  EXPECT_EQ(
      reason_of("stages-within-layers", Era::march_2025, 9, {{"experimental.pipeline_parallel_degree", 9}}, llama3),
      "9 stages are more than the 8 layers of llama3_debugmodel");
}

TEST(PipelineSupport, CameToQwenAndGptOssWith030) {
  EXPECT_EQ(reason_of("pipeline-support", Era::v0_2_2, 2, {{pp, 2}}, {{"model.name", "qwen3"}}),
            "qwen3 has no pipelining in 0.2.2");
  EXPECT_EQ(reason_of("pipeline-support", Era::v0_2_2, 2, {}, {{"model.name", "qwen3"}}), holds);
  EXPECT_EQ(reason_of("pipeline-support", Era::v0_3_0, 2, {{pp, 2}}, {{"module", "qwen3"}, {"config", "qwen3_14b"}}),
            holds);
}

TEST(PipelineUntied, RefusesTheSmallQwens) {
  EXPECT_EQ(reason_of("pipeline-untied", Era::v0_3_0, 2, {{pp, 2}}, {{"module", "qwen3"}, {"config", "qwen3_1_7b"}}),
            "qwen3_1_7b shares its embedding with its head, which no pipeline can");
  EXPECT_EQ(reason_of("pipeline-untied", Era::v0_3_0, 2, {{pp, 2}}, {{"module", "qwen3"}, {"config", "qwen3_14b"}}),
            holds);
}

TEST(CudaGraphsWithPp, AreToBeSwitchedOff) {
  EXPECT_EQ(reason_of("cuda-graphs-with-pp", Era::v0_3_0, 2, {{pp, 2}}),
            "CUDA graphs are on unless switched off, and do not go with pp > 1; set training.disable_cuda_graphs = "
            "true");
  EXPECT_EQ(reason_of("cuda-graphs-with-pp", Era::v0_3_0, 2, {{pp, 2}, {"training.disable_cuda_graphs", true}}), holds);
  EXPECT_EQ(reason_of("cuda-graphs-with-pp", Era::v0_2_2, 2, {{pp, 2}}), holds);
  EXPECT_EQ(reason_of("cuda-graphs-with-pp", Era::v0_3_0, 2, {{pp, 2}}, {{"module", "m"}, {"config", "mine"}}), holds);
}

}  // namespace
}  // namespace tt::titan
