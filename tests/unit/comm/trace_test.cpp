// What the recordings of tests/transcripts/traces add up to. The rows were worked out from the recordings by another
// program, when they were made.
#include "tt/comm/trace.hpp"

#include <gmock/gmock.h>

#include "support/recordings.hpp"
#include "support/temp_folder.hpp"
#include "tt/comm/trace_text.hpp"

namespace tt::comm {
namespace {

using test::lines_of;
using test::load;
using test::recording;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;

const std::vector<std::string> kTensorParallel = {
    "- [0,1] all_gather float 6 36864 73728 73728",
    "- [0,1] all_reduce float 13 3888 3888 3888",
    "- [0,1] reduce_scatter float 6 73728 36864 73728",
};

// Of rank 0 (ranks 0 and 2 share a shard group) or 1 (1 and 3).
std::vector<std::string> fsdp_and_tp(const std::string& shard) {
  return {
      "mesh_batch " + shard + " all_reduce Long 1 8 8 8",
      "mesh_fsdp " + shard + " all_gather BFloat16 5 135072 270144 270144",
      "mesh_fsdp " + shard + " all_reduce Float 1 48 48 48",
      "mesh_fsdp " + shard + " reduce_scatter Float 3 294528 147264 294528",
      "mesh_loss_mesh " + shard + " all_reduce Float 2 8 8 8",
      "mesh_loss_mesh " + shard + " all_reduce Long 1 8 8 8",
      "mesh_tp [0,1] all_gather BFloat16 8 24576 49152 49152",
      "mesh_tp [0,1] all_reduce BFloat16 3 576 576 576",
      "mesh_tp [0,1] all_reduce Float 4 432 432 432",
      "mesh_tp [0,1] reduce_scatter BFloat16 6 36864 18432 36864",
  };
}

TEST(Trace, OfGlooCountsTheOperatorsAndTakesTheirTypeFromTheOneAround) {
  for (const char* file : {"gloo-tp2.rank0.json", "gloo-tp2.rank1.json"}) {
    const Recording read = load(recording(file));
    EXPECT_THAT(lines_of(read), ElementsAreArray(kTensorParallel)) << file;
    EXPECT_EQ(read.kind, TraceKind::chrome);
    EXPECT_EQ(read.counted, "c10d events (the trace has no record_param_comms: no NCCL job)");
    EXPECT_THAT(read.notes, ElementsAre("groups are not recorded without NCCL: rows are per operation and type only",
                                        "the ranks are those of the only group that moves data"));
    EXPECT_THAT(read.steps, ElementsAre(2));
  }
  EXPECT_EQ(load(recording("gloo-tp2.rank0.json")).rank, 0);
  EXPECT_EQ(load(recording("gloo-tp2.rank1.json")).rank, 1);
}

TEST(Trace, OfAnNcclJobCountsEachCallOnceAndKeepsItsGroup) {
  const Recording first = load(recording("param-comms-fsdp2-tp2.rank0.json"));
  EXPECT_THAT(lines_of(first), ElementsAreArray(fsdp_and_tp("[0,2]")));
  EXPECT_THAT(lines_of(load(recording("param-comms-fsdp2-tp2.rank1.json"))), ElementsAreArray(fsdp_and_tp("[1,3]")));
  EXPECT_EQ(first.rank, 0);
  EXPECT_EQ(first.world_size, 4);
  EXPECT_THAT(first.notes, ElementsAre("42 c10d events not counted: the same calls, seen from above"));
}

TEST(Trace, KnowsTheSizeOfEveryCall) {
  const Recording read = load(recording("param-comms-fsdp2-tp2.rank0.json"));
  // Gathers of the embedding (twice), the block (twice) and norm with head: 24,192, 98,688 and 24,384 bytes.
  const std::map<std::uint64_t, std::uint64_t> gathers{{24192, 2}, {98688, 2}, {24384, 1}};
  EXPECT_EQ(read.rows.at(1).sizes, gathers);
}

TEST(Trace, OfTheFlightRecorderKeepsItsOwnNames) {
  for (const char* file : {"flight-recorder-tp2.rank0.json", "flight-recorder-tp2.rank1.json"}) {
    const Recording read = load(recording(file));
    EXPECT_THAT(lines_of(read), ElementsAre("default_pg - gloo:all_gather Float 6 36864 36864 -",
                                            "default_pg - gloo:all_reduce Float 19 77616 77616 77616"));
    EXPECT_THAT(read.notes,
                ElementsAre("records 50 to 74 only: earlier ones are not in the dump",
                            "gloo records a reduce-scatter as an all_reduce, and one shard as the output of an "
                            "all_gather"));
  }
}

TEST(Trace, OfAnNcclLogIsPerCommunicator) {
  const Recording read = load(recording("nccl-coll-constructed.rank0.log"));
  // The same step as the trace of rank 0, whose groups of equal ranks have communicators of their own.
  EXPECT_THAT(lines_of(read), ElementsAre("comm 0x55d0c0000000 - all_reduce Long 1 8 8 8",
                                          "comm 0x55d0c0001000 - all_gather BFloat16 5 135072 270144 270144",
                                          "comm 0x55d0c0001000 - all_reduce Float 1 48 48 48",
                                          "comm 0x55d0c0001000 - reduce_scatter Float 3 294528 147264 294528",
                                          "comm 0x55d0c0002000 - all_gather BFloat16 8 24576 49152 49152",
                                          "comm 0x55d0c0002000 - all_reduce BFloat16 3 576 576 576",
                                          "comm 0x55d0c0002000 - all_reduce Float 4 432 432 432",
                                          "comm 0x55d0c0002000 - reduce_scatter BFloat16 6 36864 18432 36864",
                                          "comm 0x55d0c0003000 - all_reduce Float 2 8 8 8",
                                          "comm 0x55d0c0003000 - all_reduce Long 1 8 8 8"));
  EXPECT_EQ(read.process, "node0:4242");
}

TEST(Trace, IsTheSameFromAGzipFile) {
  for (const char* file : {"gloo-tp2.rank0.json", "param-comms-fsdp2-tp2.rank1.json", "flight-recorder-tp2.rank0.json",
                           "nccl-coll-constructed.rank0.log"}) {
    const std::string text = test::read(recording(file));
    EXPECT_EQ(lines_of(test::load_text(test::gzip(text))), lines_of(load(recording(file)))) << file;
    // gzip files may stand one behind the other.
    const std::string parts = test::gzip(text.substr(0, 1000)) + test::gzip(text.substr(1000));
    EXPECT_EQ(lines_of(test::load_text(parts)), lines_of(load(recording(file)))) << file;
  }
}

TEST(Trace, WireBytesFollowTheRing) {
  TraceRow row;
  row.group_size = 8;
  row.logical_bytes = 800;
  const auto wire = [&](const char* op) {
    row.op = op;
    return wire_bytes(row);
  };
  EXPECT_EQ(wire("all_gather"), 700U);
  EXPECT_EQ(wire("reduce_scatter"), 700U);
  EXPECT_EQ(wire("all_reduce"), 1400U);
  EXPECT_EQ(wire("all_to_all"), 700U);
  EXPECT_EQ(wire("send"), 800U);
  EXPECT_EQ(wire("recv"), 0U);
  EXPECT_EQ(wire("gather"), std::nullopt);
  row.group_size.reset();
  EXPECT_EQ(wire("all_gather"), std::nullopt);
}

TEST(Trace, AsARecordKeepsTheContract) {
  Recording read = load(recording("param-comms-fsdp2-tp2.rank0.json"), "rank0.json");
  read.rows.resize(2);
  EXPECT_EQ(
      to_json(trace_record(std::vector<Recording>{read})),
      R"({"schema":"tt.comm.trace/1","files":[{"file":"rank0.json","kind":"chrome-trace","process":null,"rank":0,)"
      R"("world_size":4,"profiler_steps":[3],"counted":"record_param_comms events",)"
      R"("notes":["42 c10d events not counted: the same calls, seen from above"],"rows":[)"
      R"({"group_desc":"mesh_batch","ranks":[0,2],"group_size":2,"op":"all_reduce","dtype":"Long","calls":1,)"
      R"("in_elements":1,"in_bytes":8,"out_bytes":8,"logical_bytes":8,"wire_bytes":8,"device_seconds":null,)"
      R"("by_size":[{"logical_bytes":8,"calls":1}]},)"
      R"({"group_desc":"mesh_fsdp","ranks":[0,2],"group_size":2,"op":"all_gather","dtype":"BFloat16","calls":5,)"
      R"("in_elements":67536,"in_bytes":135072,"out_bytes":270144,"logical_bytes":270144,"wire_bytes":135072,)"
      R"("device_seconds":null,"by_size":[{"logical_bytes":24192,"calls":2},{"logical_bytes":24384,"calls":1},)"
      R"({"logical_bytes":98688,"calls":2}]}]}]})");
}

TEST(Trace, AsATableNamesUnitsAndWhatWasCounted) {
  Recording read = load(recording("param-comms-fsdp2-tp2.rank0.json"), "rank0.json");
  read.rows.resize(2);
  EXPECT_EQ(
      trace_text(std::vector<Recording>{read}),
      "rank0.json: chrome-trace, rank 0 of 4, profiler step 3\n"
      "  counted: record_param_comms events\n"
      "  note: 42 c10d events not counted: the same calls, seen from above\n"
      "\n"
      "  group       ranks   operation   type      calls  in bytes  out bytes  logical bytes  logical MiB  wire MiB\n"
      "  mesh_batch  [0, 2]  all_reduce  Long          1         8          8              8     0.000008  0.000008\n"
      "  mesh_fsdp   [0, 2]  all_gather  BFloat16      5   135,072    270,144        270,144     0.257629  0.128815\n"
      "\n"
      "Bytes are those of all calls in the recording. logical: the full tensor of a call; wire: what one rank sends "
      "in a ring. MiB = 2^20 bytes.\n");
}

}  // namespace
}  // namespace tt::comm
