#include "tt/comm/published.hpp"

#include <gtest/gtest.h>

#include "tt/base/error.hpp"

namespace tt::comm {
namespace {

struct Expected {
  BlockInputs inputs;
  double forward_rs, forward_ag, backward_rs, backward_ag, total, pipeline;
};

TEST(Published, GivesTheSevenRows) {
  const Expected rows[] = {
      {{4096, 14336, 1024, 8, 1}, 0, 0, 0, 0, 0, 64},         {{4096, 14336, 1024, 8, 2}, 32, 32, 96, 128, 288, 32},
      {{4096, 14336, 1024, 8, 4}, 48, 48, 144, 192, 432, 16}, {{1536, 8960, 2048, 16, 1}, 0, 0, 0, 0, 0, 96},
      {{1536, 8960, 2048, 16, 2}, 48, 48, 144, 192, 432, 48}, {{896, 4864, 2048, 32, 1}, 0, 0, 0, 0, 0, 112},
      {{896, 4864, 2048, 32, 2}, 56, 56, 168, 224, 504, 56}};
  for (const Expected& row : rows) {
    const BlockTraffic traffic = block(row.inputs);
    SCOPED_TRACE(row.inputs.tp_size);
    EXPECT_EQ(traffic.forward_reduce_scatter_mib, row.forward_rs);
    EXPECT_EQ(traffic.forward_all_gather_mib, row.forward_ag);
    EXPECT_EQ(traffic.backward_reduce_scatter_mib, row.backward_rs);
    EXPECT_EQ(traffic.backward_all_gather_mib, row.backward_ag);
    EXPECT_EQ(traffic.total_mib, row.total);
    EXPECT_EQ(traffic.pipeline_block_mib, row.pipeline);
  }
}

TEST(Published, RoundsNothing) {
  // 1 * 3 * 5 * 2 = 30 bytes; of them 2/3 travel.
  const BlockTraffic traffic = block({5, 0, 3, 1, 3});
  EXPECT_EQ(traffic.forward_all_gather_mib, 30.0 / 1048576.0 * (2.0 / 3.0));
  EXPECT_EQ(traffic.backward_all_gather_mib, 4 * (30.0 / 1048576.0) * (2.0 / 3.0));
}

TEST(Published, DividesTheSequenceOfAPipelineMessageInWholeTokens) {
  EXPECT_EQ(block({1024, 0, 1025, 1, 2}).pipeline_block_mib, 1.0);  // 512 tokens * 1024 * 2 bytes
}

TEST(Published, CountsBytesOfAnElement) { EXPECT_EQ(block({4096, 0, 1024, 8, 2, 4}).forward_all_gather_mib, 64); }

TEST(Published, RefusesWhatIsNoSize) {
  const auto refusal = [](const BlockInputs& inputs) -> std::string {
    try {
      block(inputs);
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_code(), ExitCode::bad_input);
      return error.what();
    }
    return "counted";
  };
  EXPECT_EQ(refusal({4096, 0, 1024, 8, 0}), "tp_size must be 1 or more, got 0");
  EXPECT_EQ(refusal({-1, 0, 1024, 8, 1}), "hidden_size must be 1 or more, got -1");
  EXPECT_EQ(refusal({4'000'000'000, 0, 4'000'000'000, 8, 1}),
            "a tensor of 8 x 4000000000 x 4000000000 elements has more bytes than can be counted");
}

TEST(Published, IsWrittenAsARecord) {
  EXPECT_EQ(to_json(block_record(block({4096, 14336, 1024, 8, 2}))),
            R"({"schema":"tt.comm.block/1","model":"published","forward_reduce_scatter_mib":32.0,)"
            R"("forward_all_gather_mib":32.0,"backward_reduce_scatter_mib":96.0,"backward_all_gather_mib":128.0,)"
            R"("total_mib":288.0,"pipeline_block_mib":32.0})");
}

TEST(Published, IsWrittenAsASmallTable) {
  const BlockInputs inputs{4096, 14336, 1024, 8, 2};
  EXPECT_EQ(
      block_text(inputs, block(inputs)),
      "hidden_size 4096, seq_length 1024, batch_size 8, tp_size 2, dtype_size 2\n"
      "\n"
      "One block, model published             MB\n"
      "Forward reduce-scatter              32.00\n"
      "Forward all-gather                  32.00\n"
      "Backward reduce-scatter             96.00\n"
      "Backward all-gather                128.00\n"
      "Total                              288.00\n"
      "Pipeline activation, and gradient   32.00\n"
      "\n"
      "MB = 2^20 bytes, wire bytes sent per GPU (ring), forward and backward of the whole batch\n"
      "This model counts 9 T (tp - 1) / tp a block, T being its activation. TorchTitan moves 8 T without activation\n"
      "checkpointing, 10 T with the op-level one, 11 T with full and early stop (or compiled), 12 T with full, in\n"
      "bfloat16 under FSDP and float32 without (0.2). `tt-comm estimate` counts that.\n");
}

}  // namespace
}  // namespace tt::comm
