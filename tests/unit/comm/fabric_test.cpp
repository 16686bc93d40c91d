// Times of collectives, placement, peaks, FLOPs and memory: figures of the published tables.
#include "tt/comm/fabric.hpp"

#include <gtest/gtest.h>

#include "support/comm.hpp"
#include "tt/comm/memory.hpp"
#include "tt/comm/step_time.hpp"
#include "tt/comm/work.hpp"

namespace tt::comm {
namespace {

using enum Op;
using titan::Checkpointing;

Fabric h100() { return find_hardware("h100").value(); }
Placement on(std::int64_t size, std::int64_t nodes) { return {size, nodes, size / nodes, true}; }

TEST(FabricTimes, AreThoseOfTheRing) {
  constexpr std::int64_t gib = std::int64_t{1} << 30;
  EXPECT_NEAR(call_seconds(all_gather, 16 * gib, on(8, 1), h100()) * 1e3, 41.789, 5e-4);
  const double reduce = call_seconds(all_reduce, 4 * gib, on(32, 4), h100());
  EXPECT_NEAR(reduce * 1e3, 23.398, 5e-4);
  EXPECT_NEAR(4.0 * gib / reduce * 2 * 31 / 32 / 1e9, 355.7, 0.06);  // bus bandwidth
  EXPECT_NEAR(call_seconds(reduce_scatter, 8192, on(8, 1), h100()) * 1e6, 32.2, 0.05);
}

TEST(FabricTimes, OfAllToAllAndSendsTakeTheSlowerWay) {
  // 8 ranks on 2 nodes: 3/8 of the bytes stay, 4/8 cross.
  EXPECT_DOUBLE_EQ(call_seconds(all_to_all, 8'000'000, on(8, 2), h100()), 8.4e-6 + 14e-6 + 4e6 / 45e9);
  EXPECT_DOUBLE_EQ(call_seconds(all_to_all, 8'000'000, on(8, 1), h100()), 8.4e-6 + 3.4e-6 + 7e6 / 360e9);
  EXPECT_DOUBLE_EQ(call_seconds(send, 4'500'000, on(2, 2), h100()), 8.4e-6 + 14e-6 + 1e-4);
  EXPECT_EQ(call_seconds(all_gather, 1 << 20, on(1, 1), h100()), 0.0);
}

TEST(FabricTimes, TakeWhatASiteMeasured) {
  Fabric fabric = h100();
  fabric.measured = {{all_gather, 2, 40e9}};
  EXPECT_DOUBLE_EQ(call_seconds(all_gather, 16'000'000, on(16, 2), fabric), 8.4e-6 + 14 * 3.4e-6 + 14e-6 + 15e6 / 40e9);
}

TEST(FabricPlaces, CountNodesFromTheFirstRank) {
  EXPECT_EQ(place(8, 1, 8).nodes, 1);
  EXPECT_EQ(place(32, 8, 8).nodes, 32);
  EXPECT_EQ(place(4, 4, 8).nodes, 2);
  EXPECT_EQ(place(4, 4, 8).per_node, 2);
  EXPECT_TRUE(place(4, 4, 8).even);
  EXPECT_EQ(place(6, 1, 4).nodes, 2);     // 4 + 2
  EXPECT_EQ(place(6, 1, 4).per_node, 2);  // the worst of them
  EXPECT_FALSE(place(6, 1, 4).even);
  EXPECT_FALSE(place(3, 1, 4).even);  // the second group of three straddles
}

TEST(FabricPeaks, FollowTheOrderOfTorchTitan) {
  using titan::Era;
  EXPECT_EQ(peak_of_device("NVIDIA H100 80GB HBM3", Era::v0_2_2).flops, 989e12);
  EXPECT_EQ(peak_of_device("NVIDIA H100 NVL", Era::v0_2_2).flops, 835e12);
  EXPECT_EQ(peak_of_device("NVIDIA H100 PCIe", Era::v0_2_2).flops, 756e12);
  EXPECT_EQ(peak_of_device("NVIDIA H200", Era::v0_2_2).flops, 989e12);
  EXPECT_EQ(peak_of_device("NVIDIA H20", Era::v0_2_2).flops, 148e12);
  EXPECT_EQ(peak_of_device("NVIDIA GB200", Era::v0_2_2).flops, 2.25e15);
  EXPECT_EQ(peak_of_device("NVIDIA GB200", Era::v0_3_0).flops, 2.5e15);
  EXPECT_EQ(peak_of_device("AMD Instinct MI300X", Era::v0_3_0).flops, 1300e12);
  EXPECT_EQ(peak_of_device("Intel(R) Data Center GPU Max 1550", Era::v0_3_0, 512).flops, 512.0 * 512 * 1300e6);
  const Peak unknown = peak_of_device("Voodoo 3", Era::v0_3_0);
  EXPECT_EQ(unknown.flops, 312e12);
  EXPECT_FALSE(unknown.is_known);
}

TEST(Work, CountsParametersAndFlopsOfTheShippedModels) {
  EXPECT_EQ(work_of(test::llama3_8b(), Profile::titan_0_2_2)->parameters, 8'030'261'248);
  EXPECT_EQ(work_of(test::llama3_70b(), Profile::titan_0_2_2)->parameters, 70'553'706'496);
  EXPECT_EQ(work_of(test::llama3_405b(), Profile::titan_0_2_2)->parameters, 405'853'388'800);
  EXPECT_EQ(work_of(test::llama3_8b(), Profile::titan_0_2_2)->flops_per_token(8192), 57'914'449'920.0);
  EXPECT_EQ(work_of(test::llama3_70b(), Profile::titan_0_2_2)->flops_per_token(8192), 481'442'709'504.0);
  EXPECT_EQ(work_of(test::llama3_405b(), Profile::titan_0_2_2)->flops_per_token(8192), 2'625'449'459'712.0);
  EXPECT_NEAR(mfu_percent(57'914'449'920.0, 5762, 989e12), 33.74, 5e-3);
  EXPECT_NEAR(mfu_percent(57'914'449'920.0, 6667, 989e12), 39.04, 5e-3);
}

TEST(Work, KnowsTheQwens) {
  const auto parameters = [](std::string_view model, std::string_view flavor) {
    return work_of(titan::find_architecture(titan::Era::v0_2_2, model, flavor).value(), Profile::titan_0_2_2)
        ->parameters;
  };
  EXPECT_EQ(parameters("qwen2", "0.5B"), 494'032'768);
  EXPECT_EQ(parameters("qwen2", "1.5B"), 1'543'714'304);
  EXPECT_EQ(parameters("qwen3", "1.7B"), 1'720'574'976);
  EXPECT_EQ(parameters("qwen3", "8B"), 8'190'735'360);
  EXPECT_EQ(parameters("qwen3", "14B"), 14'768'307'200);
  EXPECT_EQ(parameters("qwen3", "30B-A3B"), 30'532'122'624);
}

TEST(Work, OfATiedMatrixIsTheHeadsButForOneRelease) {
  const auto model = titan::find_architecture(titan::Era::v0_2_2, "qwen2", "0.5B").value();
  const std::int64_t matrix = *model.vocab_size * model.hidden_size;
  EXPECT_EQ(work_of(model, Profile::titan_0_3)->matmul_parameters, 494'032'768);
  EXPECT_EQ(work_of(model, Profile::titan_0_2_2)->matmul_parameters, 494'032'768 - matrix);
}

struct PublishedMemory {
  const char* run;
  titan::Architecture model;
  titan::TrainingShape shape;
  double reserved_gib;
};

titan::TrainingShape layout(std::int64_t seq, std::int64_t batch, std::int64_t shards, std::int64_t cp,
                            Checkpointing mode) {
  titan::TrainingShape made = test::shape(seq, batch);
  made.dp_shard = shards;
  made.cp = cp;
  made.checkpointing = mode;
  return made;
}

// The published runs repeated their key-value heads, as profile titan-0.2.1 does.
TEST(Memory, IsWhatTheTablePredicts) {
  titan::TrainingShape big = layout(8192, 16, 32, 1, Checkpointing::full);
  big.tp = 8;
  titan::TrainingShape huge = layout(8192, 32, 8, 1, Checkpointing::full);
  huge.tp = 8;
  test::pipeline(huge, 8);
  huge.microbatch_size = 4;
  huge.microbatches = 8;
  const PublishedMemory rows[] = {
      {"8B FSDP 8", test::llama3_8b(), layout(8192, 2, 8, 1, Checkpointing::by_operation), 83.2},
      {"8B FSDP 128", test::llama3_8b(), layout(8192, 2, 128, 1, Checkpointing::by_operation), 67.4},
      {"8B FSDP 8, 32768", test::llama3_8b(), layout(32768, 1, 8, 1, Checkpointing::full), 83.8},
      {"8B FSDP 4 x CP 2", test::llama3_8b(), layout(65536, 1, 4, 2, Checkpointing::full), 83.8},
      {"8B FSDP 2 x CP 4", test::llama3_8b(), layout(131072, 1, 2, 4, Checkpointing::full), 83.8},
      {"8B CP 8", test::llama3_8b(), layout(262144, 1, 1, 8, Checkpointing::full), 83.8},
      {"70B FSDP 32 x TP 8", test::llama3_70b(), big, 60.4},
      {"405B FSDP 8 x TP 8 x PP 8", test::llama3_405b(), huge, 77.8},
  };
  for (const PublishedMemory& row : rows) {
    const Step step = test::step(Profile::titan_0_2_1, row.shape, row.model);
    double most = 0;
    for (std::int64_t rank = 0; rank < step.p; ++rank)
      most = std::max(most, memory_of(step, layers_of_rank(step, rank)).reserved());
    EXPECT_NEAR(most / (1024.0 * 1024 * 1024), row.reserved_gib, 0.06) << row.run;
  }
}

TEST(Memory, IsJudgedAgainstTheCard) {
  Memory memory;
  memory.state = 1000;
  memory.slack = 1;
  EXPECT_EQ(verdict(memory, 1177), "fits");
  EXPECT_EQ(verdict(memory, 1176), "tight");
  EXPECT_EQ(verdict(memory, 1000), "tight");
  EXPECT_EQ(verdict(memory, 999), "likely-out-of-memory");
  EXPECT_EQ(verdict(memory, std::nullopt), "unknown");
  EXPECT_EQ(largest_part(memory), "parameters and optimizer state");
}

TEST(StepTime, RecomputesEverySecondProductByOperation) {
  titan::TrainingShape made = layout(8192, 2, 8, 1, Checkpointing::by_operation);
  EXPECT_NEAR(recompute_factor(test::step(Profile::titan_0_2_2, made, test::llama3_8b())), 1.1218, 5e-5);
  made.checkpointing = Checkpointing::full;
  EXPECT_DOUBLE_EQ(recompute_factor(test::step(Profile::titan_0_2_2, made, test::llama3_8b())), 4.0 / 3);
}

TEST(StepTime, OfThePublishedRunIsAboutWhatItMeasured) {
  // 8B on 8 H100, eager: 5,762 tokens a second and GPU were published, from which the efficiency was taken.
  const Step step =
      test::step(Profile::titan_0_2_2, layout(8192, 2, 8, 1, Checkpointing::by_operation), test::llama3_8b());
  const StepTime time =
      time_of(step, layers_of_rank(step, 0), *work_of(test::llama3_8b(), Profile::titan_0_2_2), h100());
  EXPECT_NEAR(16384 / time.total, 5762, 60);
  EXPECT_EQ(bound_by(time), "compute");
}

}  // namespace
}  // namespace tt::comm
