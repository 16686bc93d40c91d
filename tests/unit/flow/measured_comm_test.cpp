#include "tt/flow/measured_comm.hpp"

#include <gmock/gmock.h>

#include "support/recordings.hpp"
#include "support/temp_folder.hpp"
#include "tt/base/files.hpp"
#include "tt/comm/measured_section.hpp"

namespace tt::flow {
namespace {

using testing::HasSubstr;

// A run of 4 GPUs, FSDP 2 x TP 2, as the recordings of tests/transcripts/traces were made: 8 gathers of tp.
const char* const estimate = R"({"schema": "tt.comm.estimate/1", "model": "titan", "shape": {"world": 4, "pp": 1},
  "groups": {"tp": {"size": 2}, "fsdp": {"size": 2}},
  "ranks": [{"pp_rank": 0, "rows": [], "total": {"tp.all_gather": {"count": 8, "logical_bytes": 49152},
                                                 "fsdp.all_gather": {"count": 4, "logical_bytes": 270144}}}],
  "control": []})";

class MeasuredComm : public testing::Test {
 protected:
  void record(const std::string& sample, const std::string& as) const {
    files_.write("run/out/" + as, read_file(test::recording(sample)));
  }
  std::optional<Value> measured(const Value& before = Value()) const {
    return measured_comm(folder_, parse_json(estimate, "estimate"), before);
  }
  test::TempFolder files_;
  RunFolder folder_{files_ / "run"};
};

TEST_F(MeasuredComm, IsNotKnownOfARunThatRecordedNothing) {
  EXPECT_EQ(measured(), std::nullopt);
  files_.write("run/out/checkpoint/step-10/rank0_trace.json", "{");
  files_.write("run/out/notes.json", "{}");
  EXPECT_EQ(measured(), std::nullopt);
}

TEST_F(MeasuredComm, StandsBesideTheEstimate) {
  record("param-comms-fsdp2-tp2.rank0.json", "profile_traces/iteration_10/rank0_trace.json");
  const auto found = measured();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->text_or("schema"), "tt.comm.trace/1");
  const Value& comparison = found->at("comparisons").as_list().at(0);
  EXPECT_EQ(comparison.text_or("file"), "profile_traces/iteration_10/rank0_trace.json");
  EXPECT_EQ(comparison.text_or("first_disagreement"),
            "fsdp all_gather: 5 calls and 270,144 bytes measured, 4 calls and 270,144 bytes estimated (ratio 1)");
  const std::string section = comm::measured_section(*found);
  EXPECT_THAT(section, HasSubstr("| tp | all_gather | 8 | 8 | 49,152 | 49,152 | 1.0000 |\n"));
  EXPECT_THAT(section, HasSubstr("\nThe first row that disagrees: fsdp all_gather: 5 calls"));
}

TEST_F(MeasuredComm, IsOfTheLastIterationAndTheFirstRank) {
  record("param-comms-fsdp2-tp2.rank0.json", "profiling/traces/iteration_10/rank0_trace.json");
  record("param-comms-fsdp2-tp2.rank1.json", "profiling/traces/iteration_20/rank1_trace.json");
  record("param-comms-fsdp2-tp2.rank0.json", "profiling/traces/iteration_20/rank0_trace.json");
  const auto found = measured();
  ASSERT_TRUE(found);
  ASSERT_EQ(found->at("files").as_list().size(), 1u);
  EXPECT_EQ(found->at("files").as_list()[0].text_or("file"), "profiling/traces/iteration_20/rank0_trace.json");
}

TEST_F(MeasuredComm, ALogOfNcclIsShownAndNotCompared) {
  record("nccl-coll-constructed.rank0.log", "nccl.node01.77.log");
  const auto found = measured();
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->at("comparisons").as_list().empty());
  EXPECT_THAT(comm::measured_section(*found), HasSubstr("`nccl.node01.77.log`, all of it:"));
}

TEST_F(MeasuredComm, ADamagedRecordingIsAProblemAndNoNumber) {
  files_.write("run/out/profile_traces/iteration_10/rank0_trace.json", R"({"traceEvents": [{"ph": "X", )");
  const auto found = measured();
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->at("files").as_list().empty());
  ASSERT_EQ(found->at("problems").as_list().size(), 1u);
  EXPECT_THAT(found->at("problems").as_list()[0].as_string(),
              HasSubstr("profile_traces/iteration_10/rank0_trace.json: "));
}

TEST_F(MeasuredComm, IsReadAgainOnlyWhenSomethingChanged) {
  record("param-comms-fsdp2-tp2.rank0.json", "profile_traces/iteration_10/rank0_trace.json");
  Value before = *measured();
  before.set("seen", true);  // what was made the last time comes back as it is
  EXPECT_EQ(measured(before), before);
  record("param-comms-fsdp2-tp2.rank0.json", "profile_traces/iteration_20/rank0_trace.json");
  EXPECT_TRUE(measured(before)->at("seen").is_null());
}

}  // namespace
}  // namespace tt::flow
