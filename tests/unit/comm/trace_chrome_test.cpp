// Chrome traces as other jobs write them: long groups, kernels, direct calls, barriers.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/recordings.hpp"
#include "tt/base/text.hpp"

namespace tt::comm {
namespace {

using test::lines_of;
using test::load_text;
using test::refusal_of;
using testing::ElementsAre;
using testing::IsEmpty;

std::string trace(const std::vector<std::string>& events, const std::string& info = "") {
  return "{" + info + "\"traceEvents\": [\n" + join(events, ",\n") + "\n]}\n";
}

std::string comms(const std::string& more, const std::string& sizes = "\"In msg nelems\": 4, \"Out msg nelems\": 32") {
  return "{\"ph\": \"X\", \"cat\": \"cpu_op\", \"name\": \"record_param_comms\", \"ts\": 1, \"dur\": 1, \"args\": {"
         "\"Collective name\": \"_allgather_base\", \"dtype\": \"Float\", \"Process Group Name\": \"7\", "
         "\"Process Group Description\": \"mesh_tp\", " +
         sizes + ", " + more + "}}";
}

std::string c10d(const std::string& name, double begin, double length, const std::string& args, int thread = 1) {
  return fmt::format(R"({{"ph": "X", "cat": "cpu_op", "name": "{}", "ts": {}, "dur": {}, "tid": {}, "args": {{{}}}}})",
                     name, begin, length, thread, args);
}

const std::string kEight = "\"Group size\": 8, ";

TEST(ChromeTrace, ALongListOfRanksIsCompletedByStartAndStride) {
  const std::string cut =
      R"("Process Group Ranks": "[3, 11, 19, ...]", "Global rank start": 3, "Global rank stride": 8)";
  EXPECT_THAT(lines_of(load_text(trace({comms(kEight + cut)}))),
              ElementsAre("mesh_tp [3,11,19,27,35,43,51,59] all_gather Float 1 16 128 128"));
}

TEST(ChromeTrace, ALongListOfRanksIsCompletedByTheListOfGroupsWhereverThatStands) {
  const std::string cut = R"("Process Group Ranks": "[0, 1, 5...", "Global rank start": 0, "Global rank stride": -1)";
  const std::string groups =
      R"("distributedInfo": {"rank": 5, "world_size": 99, "pg_config": [{"pg_name": "7", "pg_size": 8, "ranks": [0, 1, 5, 6, 7, 8, 9, 20]}]})";
  const std::string events = trace({comms(kEight + cut)});
  const std::string row = "mesh_tp [0,1,5,6,7,8,9,20] all_gather Float 1 16 128 128";
  EXPECT_THAT(lines_of(load_text(trace({comms(kEight + cut)}, groups + ", "))), ElementsAre(row));
  EXPECT_THAT(lines_of(load_text(events.substr(0, events.rfind('}')) + ", " + groups + "}")), ElementsAre(row));
  EXPECT_THAT(lines_of(load_text(events)), ElementsAre("mesh_tp - all_gather Float 1 16 128 128"))
      << "without it the ranks are unknown";
}

TEST(ChromeTrace, AGroupThatIsNowhereIsRefused) {
  EXPECT_EQ(refusal_of(trace({comms("\"Rank\": 0")})),
            "trace: byte 18: the ranks of group `7` (mesh_tp) are not recorded, nor how many they are");
  EXPECT_EQ(refusal_of(trace({comms("\"Group size\": 8")})),
            "trace: byte 18: the ranks of group `7` (mesh_tp) are not recorded");
}

TEST(ChromeTrace, AGroupThatContradictsItselfIsRefused) {
  EXPECT_EQ(
      refusal_of(trace({comms(kEight + R"("Process Group Ranks": "[0, 1]")")})),
      "trace: byte 18: the ranks of group `7` (mesh_tp) contradict its size, 8, or its start and stride: the file is "
      "damaged");
  EXPECT_EQ(refusal_of(trace({comms(R"("Group size": 2, "Process Group Ranks": "[0, 1]")")})),
            "trace: byte 18: an all_gather of 4 elements in a group of 2 cannot give 32 out: the file is damaged");
  EXPECT_EQ(refusal_of(trace({comms(kEight + R"("Process Group Ranks": "0 to 7")")})),
            "trace: byte 18: `0 to 7` is no list of ranks");
}

TEST(ChromeTrace, MissingSizesAndTypesAreRefused) {
  EXPECT_EQ(refusal_of(trace({"{\"name\": \"a\"}", comms("\"Rank\": 0", "\"In msg nelems\": 4")})),
            "trace: byte 33: `_allgather_base` has no sizes (`In msg nelems`, `Out msg nelems`)");
  EXPECT_EQ(refusal_of(trace({replace_all(comms("\"Rank\": 0"), "Float", "Posit")})),
            "trace: byte 18: `_allgather_base` has elements of type `Posit`, whose size is not known");
  EXPECT_EQ(refusal_of(trace({replace_all(comms("\"Rank\": 0"), "dtype", "type")})),
            "trace: byte 18: `_allgather_base` has no `dtype`");
}

TEST(ChromeTrace, KernelsGiveTheTimeOfTheCallsAndAreNotCountedASecondTime) {
  const std::string ranks = R"("Group size": 8, "Process Group Ranks": "[0, 1, 2, 3, 4, 5, 6, 7]")";
  std::string kernel = comms(ranks);
  kernel =
      replace_all(kernel, "\"cat\": \"cpu_op\", \"name\": \"record_param_comms\", \"ts\": 1, \"dur\": 1",
                  "\"cat\": \"kernel\", \"name\": \"ncclDevKernel_AllGather_RING_LL(ncclDevKernelArgs)\", \"ts\": 2, "
                  "\"dur\": 250.5");
  const Recording read = load_text(trace({comms(ranks), kernel, comms(ranks), kernel}));
  EXPECT_THAT(lines_of(read), ElementsAre("mesh_tp [0,1,2,3,4,5,6,7] all_gather Float 2 32 256 256"));
  EXPECT_NEAR(read.rows.front().device_seconds.value_or(0), 501e-6, 1e-12);
  EXPECT_THAT(read.notes,
              ElementsAre("2 kernels not counted: the same calls on the GPU; their time stands beside them"));

  const Recording only = load_text(trace({kernel}));
  EXPECT_THAT(lines_of(only), ElementsAre("mesh_tp [0,1,2,3,4,5,6,7] all_gather Float 1 16 128 128"));
  EXPECT_EQ(only.counted, "NCCL kernels (the trace has no CPU records of the calls)");
}

TEST(ChromeTrace, ABarrierMovesNoData) {
  const std::string barrier =
      R"({"name": "record_param_comms", "args": {"Collective name": "barrier", "In msg nelems": 0, "Out msg nelems": 0}})";
  const Recording read = load_text(trace({barrier, comms(kEight + R"("Process Group Ranks": "[0,1,2,3,4,5,6,7]")")}));
  EXPECT_EQ(read.rows.size(), 1U);
  EXPECT_THAT(read.notes, ElementsAre("1 record of `barrier` not counted: no data"));
}

TEST(ChromeTrace, OneCallRecordedAtTwoLevelsIsCountedOnce) {
  const std::string args = R"("Input Dims": [[12], [6], []], "Input type": ["float", "float", ""])";
  const Recording read =
      load_text(trace({c10d("c10d::_allgather_base_", 10, 5, args), c10d("c10d::_allgather_base_", 11, 3, args),
                       c10d("c10d::_allgather_base_", 11, 3, args, 2), c10d("c10d::_allgather_base_", 16, 3, args)}));
  EXPECT_THAT(lines_of(read), ElementsAre("- - all_gather float 3 72 144 144")) << "another thread is another call";
  EXPECT_EQ(read.notes.front(), "1 c10d event within another c10d event: the same call recorded twice, counted once");
}

TEST(ChromeTrace, ADirectCallOfAListTakesItsTypeFromGloo) {
  const std::string list = R"("Input Dims": [[[12]], [], []], "Input type": ["TensorList", "", ""])";
  const auto gloo = [](const std::string& type) {
    return c10d("gloo:all_reduce", 1, 1, R"("Input Dims": [[12]], "Input type": [")" + type + "\"]", 7);
  };
  const std::string around = c10d("_c10d_functional::all_reduce", 20, 5,
                                  R"("Input Dims": [[12], [], []], "Input type": ["long int", "", ""])");
  // Three all-reduces of 12 elements: one within a functional operator (long), so the others are the two floats.
  const std::vector<std::string> events{gloo("float"),
                                        gloo("long int"),
                                        gloo("float"),
                                        c10d("c10d::allreduce_", 10, 2, list),
                                        around,
                                        c10d("c10d::allreduce_", 21, 2, list),
                                        c10d("c10d::allreduce_", 30, 2, list)};
  EXPECT_THAT(lines_of(load_text(trace(events))),
              ElementsAre("- - all_reduce float 2 96 96 96", "- - all_reduce long int 1 96 96 96"));
  EXPECT_EQ(
      refusal_of(trace({c10d("c10d::allreduce_", 10, 2, list)})),
      "trace: byte 18: the element type of this all_reduce of [[12]] is not recorded (nor that of 0 more like it)");
}

TEST(ChromeTrace, WithoutShapesIsRefused) {
  EXPECT_EQ(refusal_of(trace({c10d("c10d::allreduce_", 10, 2, "\"Ev Idx\": 1")})),
            "trace: byte 18: `c10d::allreduce_` has no sizes (`Input Dims`)");
}

TEST(ChromeTrace, WithoutCollectivesSaysSo) {
  const Recording read = load_text("[{\"name\": \"aten::add\"}, {\"name\": \"aten::mm\"}]");
  EXPECT_THAT(read.rows, IsEmpty());
  EXPECT_EQ(read.counted, "nothing");
  EXPECT_THAT(read.notes, ElementsAre("there is no collective among its 2 events"));
}

}  // namespace
}  // namespace tt::comm
