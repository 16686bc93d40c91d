#include "tt/comm/advise.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/comm.hpp"
#include "support/error_text.hpp"

namespace tt::comm {
namespace {

AdviceRequest request(std::int64_t gpus, std::int64_t global_batch) {
  AdviceRequest made;
  made.architecture = test::llama3_8b();
  made.fabric = find_hardware("h200").value();
  made.gpus = gpus;
  made.seq_len = 8192;
  made.global_batch = global_batch;
  return made;
}

TEST(Advise, RanksWhatFitsByTime) {
  const AdviceRequest asked = request(16, 32);
  const Advice advice = advise(asked);
  ASSERT_FALSE(advice.layouts.empty());
  EXPECT_LE(advice.layouts.size(), asked.best);
  EXPECT_GT(advice.too_large, 0);
  double before = 0;
  for (const Layout& layout : advice.layouts) {
    const titan::TrainingShape& on = layout.shape;
    EXPECT_EQ(on.dp_replicate * on.dp_shard * on.cp * on.tp * on.pp, 16);
    EXPECT_EQ(on.local_batch_size * on.accumulation_steps * on.dp(), 32);
    EXPECT_NE(layout.verdict, "likely-out-of-memory");
    EXPECT_GE(layout.figures.time.total, before);
    before = layout.figures.time.total;
  }
}

TEST(Advise, LeavesOutWhatTheRulesRefuse) {
  AdviceRequest asked = request(16, 32);
  const std::int64_t without = advise(asked).illegal;
  asked.is_legal = [](const titan::TrainingShape& on) { return on.tp == 1; };
  asked.best = 1000;
  const Advice advice = advise(asked);
  EXPECT_GT(advice.illegal, without);
  for (const Layout& layout : advice.layouts) EXPECT_EQ(layout.shape.tp, 1);
}

TEST(Advise, SaysWhenNothingFits) {
  AdviceRequest asked = request(1, 1);
  asked.architecture = test::llama3_405b();
  const Advice advice = advise(asked);
  EXPECT_TRUE(advice.layouts.empty());
  EXPECT_EQ(advice.too_large, advice.considered - advice.illegal);
  EXPECT_NE(advice_text(advice, asked, Terminal{}).find("No layout fits.\n"), std::string::npos);
  ASSERT_TRUE(advice.leanest);
  EXPECT_EQ(advice.leanest->shape.checkpointing, titan::Checkpointing::full);
  EXPECT_TRUE(advice_record(advice, asked).at("leanest").at("shape").is_table());
}

TEST(Advise, SaysWhatWouldFit) {
  AdviceRequest asked = request(8, 8);
  asked.architecture = test::llama3_70b();
  asked.fabric = find_hardware("h100").value();
  const Advice advice = advise(asked);
  EXPECT_TRUE(advice.layouts.empty());
  // 16 bytes of 70,553,706,496 parameters are 1,051 GiB: 8 cards of 80 GiB cannot hold them.
  ASSERT_FALSE(advice.remedies.empty());
  EXPECT_EQ(advice.remedies.front().substr(0, 18), "16 GPUs would do: ");
}

TEST(Advise, BeforeAccumulationABatchIsDoneAtOnce) {
  AdviceRequest asked = request(16, 32);
  asked.profile = Profile::titan_0_2_1;
  asked.like.era = titan::Era::march_2025;
  asked.best = 1000;
  const Advice advice = advise(asked);
  ASSERT_FALSE(advice.layouts.empty());
  for (const Layout& layout : advice.layouts) {
    EXPECT_EQ(layout.shape.era, titan::Era::march_2025);
    EXPECT_EQ(layout.shape.accumulation_steps, 1);
    EXPECT_EQ(layout.shape.local_batch_size * layout.shape.dp(), 32);
  }
}

TEST(Advise, NamesWhatIsApproximatedOnceForAllLayouts) {
  AdviceRequest asked = request(8, 16);
  asked.warnings = {"what the caller says"};
  asked.architecture = test::tiny_moe();
  asked.profile = Profile::titan_0_2_2;
  const Advice advice = advise(asked);
  ASSERT_FALSE(advice.layouts.empty());
  EXPECT_EQ(advice.warnings.front(), "what the caller says");
  EXPECT_EQ(std::count(advice.warnings.begin(), advice.warnings.end(),
                       "routing is taken as balanced, and memory of experts is approximated"),
            1);
}

TEST(Advise, RefusesSizesThatMakeNoSense) {
  EXPECT_EQ(test::error_text([] { advise(request(0, 8)); }), "the number of GPUs is 0, it must be 1 to 16777216");
  EXPECT_EQ(test::error_text([] { advise(request(8, -2)); }), "the global batch is -2, it must be 1 to 16777216");
}

TEST(Advise, IsARecordOfTheContract) {
  const AdviceRequest asked = request(8, 16);
  const Value record = advice_record(advise(asked), asked);
  EXPECT_EQ(record.at("schema"), Value("tt.comm.advice/1"));
  EXPECT_TRUE(record.at("considered").is_integer());
  const Value& best = record.at("layouts").as_list().at(0);
  EXPECT_TRUE(best.at("shape").is_table());
  EXPECT_TRUE(best.at("step_seconds").is_floating());
  EXPECT_TRUE(best.at("bound_by").is_string());
  EXPECT_TRUE(best.at("memory").is_table());
  EXPECT_TRUE(best.at("comm_wire_bytes_per_step_max").is_integer());
}

TEST(Advise, NamesALayoutByWhatDiffersFromOne) {
  titan::TrainingShape on;
  EXPECT_EQ(layout_text(on), "one GPU");
  on.dp_shard = 4;
  on.tp = 8;
  EXPECT_EQ(layout_text(on), "dp_shard 4, tp 8");
}

}  // namespace
}  // namespace tt::comm
