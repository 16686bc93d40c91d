// Examples worked out by hand from the description of the model: bytes and calls per rank and step.
#include <gtest/gtest.h>

#include "support/comm.hpp"
#include "tt/comm/fabric.hpp"
#include "tt/comm/groups.hpp"
#include "tt/comm/memory.hpp"
#include "tt/comm/work.hpp"

namespace tt::comm {
namespace {

using test::Calls;
using test::Moved;
using titan::Checkpointing;
using enum Dim;
using enum Op;
using enum Phase;
using enum Profile;

// calls, logical bytes, wire bytes
Sum sum(std::int64_t calls, std::int64_t logical, std::int64_t wire) { return {calls, logical, wire}; }

// One layer, TP 2 without FSDP: float32. Every second block would be checkpointed: of one block, none.
TEST(WorkedExamples, V8OneLayerOnTwoRanks) {
  titan::TrainingShape layout = test::shape(2048, 8);
  layout.tp = 2;
  layout.checkpointing = Checkpointing::every_nth_block;
  layout.checkpoint_every = 2;
  const Moved moved(test::step(titan_0_2_2, layout, test::dense(256, 1, 16, 16, 16, 768, 2048)));
  const std::int64_t T = 16'777'216;
  EXPECT_EQ(moved.calls(tp, all_gather, fwd), (Calls{{T, 2 + 1}}));
  EXPECT_EQ(moved.calls(tp, reduce_scatter, fwd), (Calls{{T, 2 + 1}}));
  EXPECT_EQ(moved.calls(tp, all_gather, bwd), (Calls{{T, 2 + 1}}));
  EXPECT_EQ(moved.calls(tp, reduce_scatter, bwd), (Calls{{T, 2 + 1}}));
  EXPECT_EQ(moved.calls(tp, all_reduce), (Calls{{65'536, 3}}));
  EXPECT_EQ(moved.sum(tp, all_gather), sum(6, 6 * T, 2 * 16'777'216 + 2 * 8'388'608));
  EXPECT_EQ(moved.sum(tp, reduce_scatter), sum(6, 6 * T, 2 * 16'777'216 + 2 * 8'388'608));
  EXPECT_EQ(moved.sum(tp, all_reduce).wire, 196'608);
  for (const Row& row : moved.rows()) EXPECT_EQ(row.dtype, DType::float32);
  EXPECT_EQ(moved.control("norm weights").at("tp"), (Calls{{1'024, 9}}));
  EXPECT_EQ(moved.control("gradient norm").at("tp"), (Calls{{48, 1}}));
}

Step v9() {
  titan::TrainingShape layout = test::shape(8192, 2);
  layout.dp_shard = 8;
  layout.checkpointing = Checkpointing::by_operation;
  return test::step(titan_0_2_2, layout, test::llama3_8b());
}

TEST(WorkedExamples, V9Llama8bOnEightShards) {
  const Moved moved(v9());
  EXPECT_EQ(moved.calls(fsdp, all_gather), (Calls{{436'224'000, 64}, {1'050'673'152, 2}, {1'050'681'344, 1}}));
  EXPECT_EQ(moved.calls(fsdp, reduce_scatter), (Calls{{872'448'000, 32}, {2'101'346'304, 1}, {2'101'362'688, 1}}));
  EXPECT_EQ(moved.sum(fsdp, all_gather), sum(67, 31'070'363'648, 27'186'568'192));
  EXPECT_EQ(moved.sum(fsdp, reduce_scatter), sum(34, 32'121'044'992, 28'105'914'368));
  EXPECT_EQ(moved.rows().size(), 6u);  // nothing but FSDP
}

double link_seconds(const Moved& moved, const Step& step, Dim dim, const Fabric& fabric) {
  double seconds = 0;
  for (const Row& row : moved.rows())
    if (row.dim == dim)
      seconds += static_cast<double>(row.calls) *
                 call_seconds(row.op, row.logical, place(step, dim, fabric.gpus_per_node), fabric);
  return seconds;
}

TEST(WorkedExamples, V9TakesItsTimeOnOneNode) {
  const Fabric h100 = find_hardware("h100").value();
  const Step step = v9();
  const Placement node = place(step, fsdp, 8);
  EXPECT_NEAR(call_seconds(all_gather, 436'224'000, node, h100) * 1e3, 1.09246667, 1e-8);
  EXPECT_NEAR(call_seconds(reduce_scatter, 872'448'000, node, h100) * 1e3, 2.15273333, 1e-8);
  EXPECT_NEAR(link_seconds(Moved(step), step, fsdp, h100), 0.156842, 5e-7);
}

TEST(WorkedExamples, V9FillsItsMemory) {
  const Step step = v9();
  const Memory memory = memory_of(step, layers_of_rank(step, 0));
  EXPECT_EQ(memory.shard, 1'003'782'656);
  EXPECT_EQ(memory.state, 16'060'522'496);
  EXPECT_EQ(memory.buffers, 4'540'473'344);
  EXPECT_EQ(memory.activations, 33'285'996'544);
  EXPECT_EQ(memory.logits, 25'216'155'648);
  constexpr double gib = 1024.0 * 1024 * 1024;
  EXPECT_NEAR(static_cast<double>(memory.peak()) / gib, 73.671, 5e-4);
  EXPECT_NEAR(memory.reserved() / gib, 83.25, 5e-3);
}

TEST(WorkedExamples, V10Llama8bOnTwoByTwo) {
  titan::TrainingShape layout = test::shape(1024, 8);
  layout.tp = 2;
  test::pipeline(layout, 2);
  const Step step = test::step(titan_0_2_2, layout, test::llama3_8b());
  const std::int64_t T = 16'777'216;
  for (const std::int64_t rank : {0, 1}) {
    const Moved moved(step, rank);
    EXPECT_EQ(moved.held().layers, 16);
    EXPECT_EQ(moved.sum(tp, all_gather), sum(520, 8'724'152'320, 4'362'076'160));
    EXPECT_EQ(moved.sum(tp, reduce_scatter), sum(520, 8'724'152'320, 4'362'076'160));
    EXPECT_EQ(moved.calls(pp, send), (Calls{{8'388'608, 8}}));
    EXPECT_EQ(moved.calls(pp, recv), (Calls{{8'388'608, 8}}));
  }
  EXPECT_EQ(Moved(step, 0).calls(tp, all_gather, fwd), (Calls{{T, 256}}));
  EXPECT_EQ(Moved(step, 0).calls(tp, reduce_scatter, fwd), (Calls{{T, 256 + 8}}));
  EXPECT_EQ(Moved(step, 0).calls(tp, all_reduce), Calls{});
  EXPECT_EQ(Moved(step, 1).calls(tp, all_gather, fwd), (Calls{{T, 256 + 8}}));
  EXPECT_EQ(Moved(step, 1).calls(tp, all_reduce), (Calls{{4'096, 24}}));
}

Step step_of_v11() {
  titan::TrainingShape layout = test::shape(8192, 2);
  layout.tp = 8;
  layout.dp_shard = 32;
  layout.checkpointing = Checkpointing::full;
  return test::step(titan_0_2_2, layout, test::llama3_70b());
}

TEST(WorkedExamples, V11Llama70bOn256Gpus) {
  const Step step = step_of_v11();
  const Moved moved(step);
  const std::int64_t T = 268'435'456;
  EXPECT_EQ(moved.calls(tp, all_gather, fwd), (Calls{{T, 160 + 1}}));
  EXPECT_EQ(moved.calls(tp, all_gather, bwd), (Calls{{T, 160 + 1}}));
  EXPECT_EQ(moved.calls(tp, all_gather, recompute), (Calls{{T, 160}}));
  EXPECT_EQ(moved.sum(tp, all_gather), sum(482, 129'385'889'792, 113'212'653'568));
  EXPECT_EQ(moved.sum(tp, reduce_scatter), sum(482, 129'385'889'792, 113'212'653'568));
  EXPECT_EQ(moved.calls(tp, all_reduce), (Calls{{65'536, 3}, {16'384, 161}}));
  EXPECT_EQ(padded_groups(step).dense_block, 106'971'136);
  EXPECT_EQ(moved.calls(fsdp, all_gather).at(213'942'272), 160);
  EXPECT_EQ(moved.sum(fsdp, all_gather), sum(163, 35'018'784'768, 33'924'447'744));
  EXPECT_EQ(moved.sum(fsdp, reduce_scatter), sum(82, 35'281'469'440, 34'178'923'520));
  EXPECT_EQ(memory_of(step, moved.held()).shard, 275'636'480);
}

TEST(WorkedExamples, V11TakesItsTimeOn32Nodes) {
  const Fabric h100 = find_hardware("h100").value();
  const Step step = step_of_v11();
  const Placement spread = place(step, fsdp, 8);
  EXPECT_EQ(spread.nodes, 32);
  EXPECT_EQ(spread.per_node, 1);
  const Moved moved(step);
  EXPECT_NEAR(link_seconds(moved, step, fsdp, h100), 1.621796, 5e-7);
  EXPECT_NEAR(link_seconds(moved, step, tp, h100), 0.669198, 5e-7);
}

TEST(WorkedExamples, V12Llama8bOnFourDimensions) {
  titan::TrainingShape layout = test::shape(16384, 1);
  layout.dp_replicate = layout.dp_shard = layout.cp = layout.tp = 2;
  layout.checkpointing = Checkpointing::by_operation;
  const Step step = test::step(titan_0_2_2, layout, test::llama3_8b());
  const Moved moved(step);
  const std::int64_t T = 67'108'864;
  EXPECT_EQ(step.tokens, 8192);
  EXPECT_EQ(moved.calls(tp, all_gather), (Calls{{T, 64 + 64 + 64 + 1 + 1}}));
  EXPECT_EQ(moved.sum(tp, all_gather).wire, 6'509'559'808);
  EXPECT_EQ(moved.sum(tp, reduce_scatter), sum(130, 130 * T, 4'362'076'160));
  EXPECT_EQ(moved.calls(tp, all_reduce), (Calls{{32'768, 3}, {8'192, 65}}));
  EXPECT_EQ(moved.calls(cp, all_gather), (Calls{{33'554'432, 64}}));
  EXPECT_EQ(moved.sum(cp, all_gather).wire, 1'073'741'824);
  EXPECT_EQ(moved.calls(cp, permute), (Calls{{33'554'432, 64}}));
  EXPECT_EQ(moved.sum(cp, permute).wire, 2'147'483'648);
  EXPECT_EQ(moved.sum(fsdp, all_gather).calls, 67);
  EXPECT_EQ(moved.sum(fsdp, all_gather).wire, 11'651'782'656);
  EXPECT_EQ(moved.sum(fsdp, reduce_scatter).calls, 34);
  EXPECT_EQ(moved.sum(fsdp, reduce_scatter).wire, 12'045'791'232);
  EXPECT_EQ(moved.sum(dp_replicate, all_reduce), sum(34, 4'015'263'744, 4'015'263'744));
  for (const Dim inside : {tp, cp, fsdp}) EXPECT_EQ(place(step, inside, 8).nodes, 1);
  EXPECT_EQ(place(step, dp_replicate, 8).nodes, 2);
}

TEST(WorkedExamples, V13AToyWithExperts) {
  titan::TrainingShape layout = test::shape(2048, 1);
  layout.dp_shard = 8;
  layout.ep = 4;
  layout.checkpointing = Checkpointing::by_operation;
  titan::Architecture model = test::dense(512, 4, 8, 4, 64, 2048, 32000);
  model.experts = titan::Experts{16, 1, 2, 1024, 1, 1, false};
  const Moved moved(test::step(titan_0_2_2, layout, model));
  EXPECT_EQ(moved.calls(ep, all_to_all), (Calls{{128, 3}, {4'194'304, 6 + 6}}));
  EXPECT_EQ(moved.sum(ep, all_to_all).wire, 37'749'024);
  EXPECT_EQ(moved.sum(fsdp, all_gather).calls, 11);
  EXPECT_EQ(moved.sum(fsdp, all_gather).logical, 142'459'904);
  EXPECT_EQ(moved.sum(fsdp, reduce_scatter).calls, 6);
  EXPECT_EQ(moved.sum(fsdp, reduce_scatter).logical, 175'228'928);
  EXPECT_EQ(moved.sum(efsdp, all_gather), sum(6, 75'497'472, 75'497'472 / 2));
  EXPECT_EQ(moved.sum(efsdp, reduce_scatter), sum(3, 75'497'472, 75'497'472 / 2));
}

}  // namespace
}  // namespace tt::comm
