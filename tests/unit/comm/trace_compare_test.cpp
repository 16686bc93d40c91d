// Measured beside estimated. The estimate is written by hand from the formulas: FSDP 2 x TP 2, bfloat16, one layer,
// op-level checkpointing, T = 2 * 16 * 96 * 2 = 6,144 bytes.
#include "tt/comm/trace_compare.hpp"

#include <gmock/gmock.h>

#include "support/recordings.hpp"
#include "tt/base/text.hpp"
#include "tt/comm/trace_text.hpp"

namespace tt::comm {
namespace {

using testing::ElementsAre;

// tp: 3 gathers forward (2 of the block, 1 of the head), 3 backward, 2 recomputed; 3 and 3 reduce-scatters; the loss 3
// times 128 bytes, norm weights 3 times 192. fsdp: embedding 24,192 twice, block 98,688 twice, norm and head 24,384
// once; their gradients 48,384, 197,376 and 48,768. The gradient norm, 4 * 12 tensors, is control traffic.
const std::string kEstimate = R"({"schema": "tt.comm.estimate/1", "model": "titan",
  "groups": {"tp": {"size": 2}, "fsdp": {"size": 2}, "cp": {"size": 1}},
  "ranks": [{"pp_rank": 0,
    "rows": [{"dim": "tp", "op": "all_reduce", "logical_bytes_per_call": 128},
             {"dim": "tp", "op": "all_reduce", "logical_bytes_per_call": 192}],
    "total": {"tp.all_gather": {"count": 8, "logical_bytes": 49152},
              "tp.reduce_scatter": {"count": 6, "logical_bytes": 36864},
              "tp.all_reduce": {"count": 6, "logical_bytes": 960},
              "fsdp.all_gather": {"count": 5, "logical_bytes": 270144},
              "fsdp.reduce_scatter": {"count": 3, "logical_bytes": 294528}}}],
  "control": [{"pp_rank": 0, "what": "gradient norm", "group_size": 2, "bytes": 48}]})";

Comparison against(const std::string& estimate) {
  return compare(test::load(test::recording("param-comms-fsdp2-tp2.rank0.json")), parse_json(estimate, "estimate"), 0);
}

TEST(TraceCompare, ARecordingOfWhatWasEstimatedAgreesInEveryRow) {
  const Comparison made = against(kEstimate);
  ASSERT_EQ(made.rows.size(), 5U);
  for (const ComparedRow& row : made.rows) {
    EXPECT_TRUE(row.agrees()) << row.dim << " " << row.op << " " << row.measured.value_or(Amount{}).calls << " "
                              << row.measured.value_or(Amount{}).logical_bytes;
    EXPECT_EQ(row.ratio, 1.0);
  }
  EXPECT_EQ(first_disagreement(made), "");
  // Two gradient norms, and four values that are logged or counted.
  EXPECT_THAT(made.notes, ElementsAre("6 calls of control traffic left out, as in the estimate"));
}

TEST(TraceCompare, NamesTheFirstRowThatDisagrees) {
  const Comparison made =
      against(replace_all(kEstimate, R"("count": 6, "logical_bytes": 36864)", R"("count": 8, "logical_bytes": 49152)"));
  EXPECT_EQ(first_disagreement(made),
            "tp reduce_scatter: 6 calls and 36,864 bytes measured, 8 calls and 49,152 bytes estimated (ratio 0.75)");
}

TEST(TraceCompare, AnEstimateThatIsFarOffInAllIsDoubted) {
  // 10 times the gathers of fsdp: 651,648 bytes were measured, 49,152 + 36,864 + 960 + 2,701,440 + 294,528 = 3,082,944
  // are not 5 times as many.
  std::string other =
      replace_all(kEstimate, R"("count": 5, "logical_bytes": 270144)", R"("count": 5, "logical_bytes": 2701440)");
  EXPECT_EQ(against(other).notes.size(), 1U);
  // And 100 times: 27,395,904 bytes in all.
  other = replace_all(kEstimate, R"("count": 5, "logical_bytes": 270144)", R"("count": 5, "logical_bytes": 27014400)");
  EXPECT_EQ(against(replace_all(other, R"("model": "titan",)",
                                R"("model": "titan", "arch": "llama3_8b", "shape": {"world": 64},)"))
                .notes.back(),
            "in all 0.0238 times what was estimated: is this the estimate of another run? It is of llama3_8b on 64 "
            "GPUs");
}

TEST(TraceCompare, WhatWasMeasuredOnlyIsARowOfItsOwn) {
  const Comparison made =
      against(replace_all(kEstimate, R"("tp.reduce_scatter": {"count": 6, "logical_bytes": 36864},)", ""));
  EXPECT_EQ(first_disagreement(made),
            "tp reduce_scatter: 6 calls and 36,864 bytes measured, 0 calls and 0 bytes estimated");
}

// Without names and ranks nobody can say whether a group of 2 is tp or fsdp: what was measured of them is not known.
TEST(TraceCompare, WhatCouldBeOfTwoDimensionsIsUnknownAndNotZero) {
  Recording recording = test::load(test::recording("param-comms-fsdp2-tp2.rank0.json"));
  for (TraceRow& row : recording.rows) row.group_desc.clear();
  const Comparison made = compare(recording, parse_json(kEstimate, "estimate"), 0);
  ASSERT_EQ(made.rows.size(), 5U);
  for (const ComparedRow& row : made.rows) {
    if (row.op == "all_reduce") continue;  // only tp has one
    EXPECT_FALSE(row.measured) << row.dim << " " << row.op;
    EXPECT_FALSE(row.ratio);
  }
  EXPECT_THAT(made.notes, testing::Contains("8 calls of all_gather in a group without a name may be of tp or of fsdp: "
                                            "all of them unknown"));
  const Value record = comparison_record(made);
  EXPECT_TRUE(record.at("rows").as_list().front().at("measured_calls").is_null());
  EXPECT_TRUE(record.at("rows").as_list().front().at("agrees").is_null());
  EXPECT_NE(comparison_text(made).find("unknown"), std::string::npos);
}

TEST(TraceCompare, WhatIsOfNoDimensionMakesNoRowUnknown) {
  Recording recording = test::load(test::recording("param-comms-fsdp2-tp2.rank0.json"));
  TraceRow other;
  other.op = "all_gather";
  other.group_size = 5;
  other.calls = 3;
  other.logical_bytes = 30;
  recording.rows.push_back(other);
  const Comparison made = compare(recording, parse_json(kEstimate, "estimate"), 0);
  for (const ComparedRow& row : made.rows) EXPECT_TRUE(row.measured) << row.dim << " " << row.op;
  EXPECT_THAT(made.notes,
              testing::Contains("3 calls of all_gather in a group without a name are of no dimension of the estimate"));
}

TEST(TraceCompare, AnotherModelOrADumpIsNotCompared) {
  EXPECT_THAT(against(R"({"model": "published"})").notes,
              ElementsAre("only an estimate of model `titan` counts collectives: nothing to compare with"));
  const Recording dump = test::load(test::recording("flight-recorder-tp2.rank0.json"));
  EXPECT_THAT(compare(dump, parse_json(kEstimate, "estimate"), 0).notes,
              ElementsAre("a dump of the flight recorder holds the last calls of a job, not a step"));
}

}  // namespace
}  // namespace tt::comm
