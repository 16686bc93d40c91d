// The record tt.comm.estimate/1 of model `titan`, its tables and its section of a summary.
#include "tt/comm/titan_estimate.hpp"

#include <gtest/gtest.h>

#include "support/comm.hpp"
#include "support/error_text.hpp"
#include "tt/comm/estimate_text.hpp"

namespace tt::comm {
namespace {

// V11: Llama 3 70B, FSDP 32 x TP 8, full recomputation, on H100 nodes.
TitanEstimate v11(std::optional<Fabric> fabric = find_hardware("h100")) {
  titan::TrainingShape on = test::shape(8192, 2);
  on.era = titan::Era::v0_2_2;
  on.world = 256;
  on.tp = 8;
  on.dp_shard = 32;
  on.checkpointing = titan::Checkpointing::full;
  TitanOptions options;
  options.profile = Profile::titan_0_2_2;
  options.fabric = std::move(fabric);
  return make_titan_estimate(on, test::llama3_70b(), options);
}

TitanEstimate two_stages(std::optional<std::int64_t> rank = std::nullopt) {
  titan::TrainingShape on = test::shape(1024, 8);
  on.era = titan::Era::v0_2_2;
  on.world = 4;
  on.tp = 2;
  test::pipeline(on, 2);
  TitanOptions options;
  options.profile = Profile::titan_0_2_2;
  options.rank = rank;
  return make_titan_estimate(on, test::llama3_8b(), options);
}

TEST(TitanRecord, HasTheKeysScriptsRelyOn) {
  const Value record = titan_record(v11());
  EXPECT_EQ(record.at("schema"), Value("tt.comm.estimate/1"));
  EXPECT_EQ(record.at("model"), Value("titan"));
  EXPECT_EQ(record.at("profile"), Value("titan-0.2.2"));
  EXPECT_EQ(record.at("groups").at("tp").at("size"), Value(8));
  EXPECT_EQ(record.at("groups").at("tp").at("nodes"), Value(1));
  EXPECT_EQ(record.at("groups").at("tp").at("ranks_per_node"), Value(8));
  EXPECT_EQ(record.at("groups").at("fsdp").at("nodes"), Value(32));
  EXPECT_EQ(record.at("parameters"), Value(std::int64_t{70'553'706'496}));
  EXPECT_EQ(record.at("flops_per_token"), Value(std::int64_t{481'442'709'504}));
  const Value& rank = record.at("ranks").as_list().at(0);
  EXPECT_EQ(rank.at("pp_rank"), Value(0));
  EXPECT_EQ(rank.at("layers"), Value(80));
  EXPECT_EQ(rank.at("microbatches"), Value(1));
  EXPECT_EQ(rank.at("tokens_per_microbatch"), Value(16384));
  EXPECT_EQ(rank.at("activation_dtype_bytes"), Value(2));
  const Value& gathers = rank.at("total").at("tp.all_gather");
  EXPECT_EQ(gathers.at("count"), Value(482));
  EXPECT_EQ(gathers.at("logical_bytes"), Value(std::int64_t{129'385'889'792}));
  EXPECT_EQ(gathers.at("wire_bytes"), Value(std::int64_t{113'212'653'568}));
  EXPECT_EQ(rank.at("by_phase").at("tp.all_gather.recompute").at("count"), Value(160));
  EXPECT_EQ(rank.at("by_phase").at("fsdp.reduce_scatter.grad_sync").at("count"), Value(82));
  EXPECT_NEAR(rank.at("link_seconds").at("tp").as_number(), 0.669198, 5e-7);
  EXPECT_EQ(rank.at("memory").at("sharded_params"), Value(275'636'480));
  EXPECT_EQ(rank.at("memory").at("verdict"), Value("fits"));
  EXPECT_EQ(record.at("step_seconds").at("exposed").at("tp"), rank.at("link_seconds").at("tp"));
  EXPECT_FALSE(record.at("step_seconds").at("assumptions").as_list().empty());
  EXPECT_EQ(record.at("control").as_list().at(0).at("what"), Value("gradient norm"));
  EXPECT_EQ(rank.at("total").find("control"), nullptr);
}

TEST(TitanRecord, SaysNullForWhatNobodyToldIt) {
  const Value record = titan_record(v11(std::nullopt));
  EXPECT_TRUE(record.at("step_seconds").is_null());
  EXPECT_TRUE(record.at("groups").at("tp").at("nodes").is_null());
  EXPECT_TRUE(record.at("ranks").as_list().at(0).at("link_seconds").is_null());
  EXPECT_EQ(record.at("memory_verdict"), Value("unknown"));
}

TEST(TitanRecord, ListsEveryPipelineRankOrTheOneAskedFor) {
  EXPECT_EQ(titan_record(two_stages()).at("ranks").as_list().size(), 2u);
  const Value record = titan_record(two_stages(1));
  EXPECT_EQ(record.at("ranks").as_list().size(), 1u);
  EXPECT_EQ(record.at("ranks").as_list().at(0).at("pp_rank"), Value(1));
  EXPECT_EQ(record.at("ranks").as_list().at(0).at("total").at("pp.recv").at("wire_bytes"), Value(0));
}

TEST(TitanEstimates, RefuseARankThatIsNotThere) {
  EXPECT_EQ(test::error_text([] { two_stages(2); }), "no estimate: there is no pipeline rank 2: pp 2 has ranks 0 to 1");
}

TEST(TitanEstimates, RefuseWithEveryReason) {
  EXPECT_EQ(test::error_text([] {
              titan::TrainingShape on = test::shape(1024, 8);
              on.tp = 3;
              make_titan_estimate(on, test::llama3_8b(), {});
            }),
            "no estimate: tp 3 does not divide the heads of the model (32); "
            "no estimate: tp 3 does not divide the key-value heads of the model (8); "
            "no estimate: tp 3 does not divide the inner size of the feed-forward of the model (14336); "
            "no estimate: training.seq_len 1024 is no multiple of tp 3");
}

TEST(TitanText, ShowsRowsTotalsAndUnits) {
  const std::string text = titan_text(v11(), Explain::no, Terminal{});
  EXPECT_NE(text.find("model titan, profile titan-0.2.2"), std::string::npos) << text;
  EXPECT_NE(text.find("wire MiB/step"), std::string::npos) << text;
  EXPECT_NE(text.find("control all-reduces, latency only, in no total:"), std::string::npos) << text;
  EXPECT_EQ(text.find("where the rows come from"), std::string::npos);
}

TEST(TitanText, ExplainsEveryRow) {
  const TitanEstimate made = v11();
  const std::string text = titan_text(made, Explain::yes, Terminal{});
  for (const Row& row : made.largest().rows) {
    const std::string sentence = explain_row(row, made.step);
    EXPECT_FALSE(sentence.empty());
    EXPECT_NE(text.find(sentence), std::string::npos);
  }
}

TEST(TitanSection, TakesThePlaceOfTheOneBefore) {
  const std::string section = estimate_section(titan_record(v11()));
  EXPECT_EQ(section.find("<!-- tt:estimate -->\n## Communication estimate\n\nModel `titan`, profile `titan-0.2.2`, "
                         "llama3_test on 256 GPUs, dp_shard 32, tp 8, seq_len 8192, local batch 2.\n"),
            0u)
      << section;
  EXPECT_NE(section.find("| tp.all_gather | 8 | 1 | 482 | 123392.00 | 107968.00 |\n"), std::string::npos) << section;
  EXPECT_NE(section.find("; bound by compute.\n"), std::string::npos) << section;
  const std::string once = with_section("# Run\n", section);
  EXPECT_EQ(with_section(once, section), once);
}

TEST(TitanSection, SaysThatTimeIsUnknown) {
  const std::string section = estimate_section(titan_record(two_stages()));
  EXPECT_NE(section.find("Time of a step: unknown, the links and cards of the site are not described.\n"),
            std::string::npos)
      << section;
  EXPECT_NE(section.find("Pipeline rank 1, which sends the most:\n"), std::string::npos) << section;
}

}  // namespace
}  // namespace tt::comm
