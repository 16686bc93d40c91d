#include "tt/comm/estimate.hpp"

#include <gtest/gtest.h>

#include "support/titan.hpp"
#include "tt/comm/estimate_text.hpp"

namespace tt::comm {
namespace {

using titan::Era;

// Llama 3 8B on tp 2 x pp 2, the second published row; m = 1 in this model.
titan::TrainingShape llama(const Overrides& more = {}, std::int64_t world = 4) {
  Overrides sweep = {{"model.flavor", "8B"},
                     {"training.seq_len", 1024},
                     {"training.local_batch_size", 8},
                     {"parallelism.tensor_parallel_degree", 2},
                     {"parallelism.pipeline_parallel_degree", 2}};
  sweep.insert(sweep.end(), more.begin(), more.end());
  return titan::shape_of(test::settings_of(Era::v0_2_2, sweep), world);
}

Estimate estimate(const titan::TrainingShape& shape) {
  return estimate_published(shape, titan::find_architecture(shape.era, shape.model, shape.flavor));
}

constexpr double mib = 1048576.0;

TEST(EstimatePublished, CarriesABlockOnToAStep) {
  const Estimate found = estimate(llama());
  EXPECT_EQ(found.block_total_mib, 288.0);
  // Each of the two ranks: 16 layers * 288 MiB, and one message of 32 MiB.
  EXPECT_EQ(found.wire_bytes_per_step_max, (16 * 288 + 32) * mib);
  EXPECT_EQ(found.verdict, "unknown");
  const Value& step = found.record.at("per_step");
  EXPECT_EQ(step.at("layers"), Value(16));
  EXPECT_EQ(step.at("tensor_parallel_mib"), Value(4608.0));
  EXPECT_EQ(step.at("pipeline_sends"), Value(1));
  EXPECT_EQ(step.at("pipeline_mib"), Value(32.0));
  EXPECT_EQ(step.at("wire_bytes_max"), Value(std::int64_t{4640} * 1048576));
  EXPECT_EQ(found.record.at("block").at("total_mib"), Value(288.0));
}

TEST(EstimatePublished, IsTheRecordOfTheContract) {
  const Value record = estimate(llama()).record;
  EXPECT_EQ(record.at("schema"), Value("tt.comm.estimate/1"));
  EXPECT_EQ(record.at("model"), Value("published"));
  EXPECT_TRUE(record.find("profile")->is_null());
  EXPECT_EQ(record.at("arch"), Value("llama3_8b"));
  EXPECT_EQ(record.at("shape").at("tp"), Value(2));
  EXPECT_EQ(record.at("convention"), Value("wire bytes sent per GPU (ring), MiB = 2^20 bytes"));
  EXPECT_TRUE(record.find("step_seconds")->is_null());
  EXPECT_EQ(record.at("memory_verdict"), Value("unknown"));
  EXPECT_EQ(record.at("warnings"), Value(Value::List{}));
}

TEST(EstimatePublished, MultipliesByAccumulationNotByMicrobatches) {
  // dp 1, 8 rows at once, 32 wanted: 4 steps of accumulation.
  const Estimate found =
      estimate(llama({{"training.global_batch_size", 32}, {"parallelism.pipeline_parallel_microbatch_size", 1}}));
  EXPECT_EQ(found.wire_bytes_per_step_max, 4 * (16 * 288 + 32) * mib);
}

TEST(EstimatePublished, TakesTheWorstPipelineRank) {
  // 34 effective layers on 4 stages: 9 9 8 8, less the ends 8 9 8 7. Ranks 1 and 2 send twice.
  const Estimate found = estimate(llama({{"parallelism.pipeline_parallel_degree", 4}}, 8));
  EXPECT_EQ(found.record.at("per_step").at("pp_rank"), Value(1));
  EXPECT_EQ(found.wire_bytes_per_step_max, (9 * 288 + 2 * 32) * mib);
}

TEST(EstimatePublished, LeavesOutMessagesInsideARank) {
  // A V on 2 ranks: stages 0 3 and 1 2. The message from 1 to 2 stays on rank 1, so each rank sends 2.
  const Estimate found = estimate(llama({{"parallelism.pipeline_parallel_schedule", "ZBVZeroBubble"}}));
  EXPECT_EQ(found.record.at("per_step").at("pipeline_sends"), Value(2));
  // Looped: stages 0 2 and 1 3. Rank 0 sends 1 + 2, rank 1 sends 2 + 1.
  const Estimate looped = estimate(llama({{"parallelism.pipeline_parallel_schedule", "Interleaved1F1B"}}));
  EXPECT_EQ(looped.record.at("per_step").at("pipeline_sends"), Value(3));
}

TEST(EstimatePublished, IsZeroOnlyWhereNothingMoves) {
  const Estimate found =
      estimate(llama({{"parallelism.pipeline_parallel_degree", 1}, {"parallelism.tensor_parallel_degree", 1}}, 1));
  EXPECT_EQ(found.wire_bytes_per_step_max, 0.0);
}

TEST(EstimatePublished, ListsWhatItDoesNotCount) {
  const Estimate found = estimate(llama({{"parallelism.data_parallel_shard_degree", 2},
                                         {"parallelism.data_parallel_replicate_degree", 3},
                                         {"parallelism.context_parallel_degree", 2},
                                         {"parallelism.expert_parallel_degree", 4}},
                                        48));
  EXPECT_EQ(found.record.at("not_counted"),
            Value(Value::List{"embedding, head and loss", "FSDP over 4 ranks (dp_shard 2 * cp 2)",
                              "gradients of 3 replicas (dp_replicate)", "context parallelism over 2 ranks",
                              "expert parallelism over 4 ranks"}));
  EXPECT_EQ(estimate(llama()).record.at("not_counted"), Value(Value::List{"embedding, head and loss"}));
}

TEST(EstimatePublished, KnowsNothingOfAnUnknownModel) {
  const Estimate found = estimate(llama({{"model.flavor", "9B"}}));
  EXPECT_EQ(found.block_total_mib, std::nullopt);
  EXPECT_EQ(found.wire_bytes_per_step_max, std::nullopt);
  EXPECT_TRUE(found.record.find("arch")->is_null());
  for (const char* part : {"block", "per_step"})
    for (const auto& [key, value] : found.record.at(part).as_table()) EXPECT_TRUE(value.is_null()) << key;
  EXPECT_EQ(found.record.at("warnings"),
            Value(Value::List{"the sizes of model 'llama3' flavor '9B' are not known in 0.2.2: no estimate"}));
}

TEST(EstimatePublished, KnowsNothingWithoutASize) {
  titan::TrainingShape shape = llama();
  shape.seq_len = 0;
  const Estimate found = estimate(shape);
  EXPECT_EQ(found.wire_bytes_per_step_max, std::nullopt);
  EXPECT_TRUE(found.record.at("shape").find("seq_len")->is_null());
  EXPECT_EQ(found.record.at("warnings"), Value(Value::List{"training.seq_len is not known: no estimate"}));
}

TEST(EstimatePublished, KnowsNoStepOfAnUnknownSchedule) {
  const Estimate found = estimate(llama({{"parallelism.pipeline_parallel_schedule", "odd"}}));
  EXPECT_EQ(found.block_total_mib, 288.0);
  EXPECT_EQ(found.wire_bytes_per_step_max, std::nullopt);
  EXPECT_EQ(found.record.at("warnings"),
            Value(Value::List{"32 layers cannot be put on pp 2 with schedule 'odd': no estimate of a step"}));
}

TEST(EstimateSection, IsATableWithUnits) {
  EXPECT_EQ(
      estimate_section(estimate(llama()).record),
      "<!-- tt:estimate -->\n"
      "## Communication estimate\n"
      "\n"
      "Model `published`, llama3_8b on 4 GPUs, tp 2, pp 2, seq_len 1024, local batch 8.\n"
      "Numbers are wire bytes sent per GPU (ring), MiB = 2^20 bytes.\n"
      "\n"
      "| what | amount | unit |\n"
      "|---|---:|---|\n"
      "| one block, forward reduce-scatter | 32.00 | MiB |\n"
      "| one block, forward all-gather | 32.00 | MiB |\n"
      "| one block, backward reduce-scatter | 96.00 | MiB |\n"
      "| one block, backward all-gather | 128.00 | MiB |\n"
      "| one block, total | 288.00 | MiB |\n"
      "| one activation between pipeline stages | 32.00 | MiB |\n"
      "| layers of the worst pipeline rank | 16 | layers |\n"
      "| accumulation steps | 1 | per step |\n"
      "| one step, tensor parallel | 4608.00 | MiB |\n"
      "| one step, pipeline sends | 1 | messages |\n"
      "| one step, pipeline | 32.00 | MiB |\n"
      "| one step, total | 4640.00 | MiB |\n"
      "| one step, total in bytes | 4,865,392,640 | bytes |\n"
      "| time of a step | unknown |  |\n"
      "| memory | unknown |  |\n"
      "\n"
      "Assumptions:\n"
      "\n"
      "- one block as the published calculator counts it, 2 bytes an element, the whole local batch as one "
      "microbatch\n"
      "- a step is that block times the layers of the worst pipeline rank times the accumulation steps: carried "
      "on by this tool, not part of the published figures\n"
      "- stages as TorchTitan cuts them; each sends one activation forward and one gradient back per accumulation "
      "step\n"
      "\n"
      "Not counted:\n"
      "\n"
      "- embedding, head and loss\n"
      "\n"
      "This model counts 9 T (tp - 1) / tp a block, T being its activation. TorchTitan moves 8 T without activation\n"
      "checkpointing, 10 T with the op-level one, 11 T with full and early stop (or compiled), 12 T with full, in\n"
      "bfloat16 under FSDP and float32 without (0.2). `tt-comm estimate` counts that.\n"
      "<!-- /tt:estimate -->\n");
}

TEST(EstimateSection, WritesUnknownForWhatIsNotKnown) {
  const std::string text = estimate_section(estimate(llama({{"model.flavor", "9B"}})).record);
  EXPECT_NE(text.find("Model `published`, an unknown architecture on 4 GPUs"), std::string::npos);
  EXPECT_NE(text.find("| one step, total | unknown |  |\n"), std::string::npos);
  EXPECT_EQ(text.find("0.00"), std::string::npos);
}

const std::string new_section = "<!-- tt:estimate -->\nnew\n<!-- /tt:estimate -->\n";

TEST(WithSection, AppendsToADocumentWithoutOne) {
  EXPECT_EQ(with_section("# Run\ntext\n", new_section), "# Run\ntext\n\n" + new_section);
  EXPECT_EQ(with_section("# Run", new_section), "# Run\n\n" + new_section);
  EXPECT_EQ(with_section("", new_section), new_section);
}

TEST(WithSection, ReplacesTheOneThereIs) {
  EXPECT_EQ(with_section("# Run\n\n<!-- tt:estimate -->\nold\nold\n<!-- /tt:estimate -->\n\n## Notes\n", new_section),
            "# Run\n\n" + new_section + "\n## Notes\n");
}

TEST(WithSection, DoneTwiceChangesNothing) {
  for (const std::string& document : {std::string("# Run\n"), std::string(), std::string("no end of line")}) {
    const std::string once = with_section(document, new_section);
    EXPECT_EQ(with_section(once, new_section), once);
  }
}

TEST(WithSection, LeavesALonelyMarkerAlone) {
  const std::string once = with_section("a <!-- tt:estimate --> b\nkept\n", new_section);
  EXPECT_EQ(once, "a <!-- tt:estimate --> b\nkept\n\n" + new_section);
  EXPECT_EQ(with_section(once, new_section), once);
}

}  // namespace
}  // namespace tt::comm
