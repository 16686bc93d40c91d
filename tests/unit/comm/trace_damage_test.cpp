// Recordings that are cut, broken or something else: a sentence with the place, never a number.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "support/error_text.hpp"
#include "support/recordings.hpp"
#include "support/temp_folder.hpp"
#include "tt/base/text.hpp"
#include "tt/comm/trace_nccl.hpp"

namespace tt::comm {
namespace {

using test::lines_of;
using test::load_text;
using test::recording;
using test::refusal_of;
using testing::ElementsAre;
using testing::StartsWith;

TEST(DamagedTrace, CutInAnEventNamesTheByteWhereItEnds) {
  const std::string text = test::read(recording("param-comms-fsdp2-tp2.rank0.json"));
  EXPECT_EQ(
      refusal_of(text.substr(0, 60000)),
      "trace: byte 60,000: the trace ends here, after 139 whole elements of a list that has no end: it was cut short");
}

TEST(DamagedTrace, CutBehindItsEventsIsStillCut) {
  EXPECT_EQ(refusal_of(R"({"traceEvents": [{"name": "a"}])"),
            "trace: byte 31: the trace ends here, where ',' or '}' should follow: it was cut short");
  EXPECT_EQ(refusal_of(R"({"traceEvents": [{"name": "a"}], "traceName": "x)"),
            "trace: byte 48: the trace ends here, in the middle of a value: it was cut short");
  EXPECT_EQ(refusal_of("{"), "trace: byte 1: the trace ends here, where a key or '}' should follow: it was cut short");
}

TEST(DamagedTrace, AnEventThatIsNotJsonIsNamed) {
  EXPECT_EQ(
      refusal_of(R"({"traceEvents": [{"name": "a"}, {"name": b}, {"name": "c"}]})"),
      "trace: byte 32: element 2 of the list is not JSON (The JSON document has an improper structure: missing or "
      "superfluous commas, braces, missing keys, etc.): {\"name\": b}");
  EXPECT_EQ(refusal_of(R"({"traceEvents": [{"name": "a"} {"name": "b"}]})"),
            "trace: byte 16: from here the list is not JSON (The JSON document has an improper structure: missing or "
            "superfluous commas, braces, missing keys, etc.)");
  EXPECT_EQ(refusal_of(R"({"traceEvents": [{"name": "a"}, 7]})"),
            "trace: byte 32: an event is not an object: the file is damaged");
}

TEST(DamagedTrace, SomethingElseIsNamed) {
  EXPECT_EQ(refusal_of(""), "trace: is empty");
  EXPECT_EQ(refusal_of(" \n\n"), "trace: is empty");
  EXPECT_EQ(refusal_of("step 1 loss 3.2\n"), "trace: has no line of a collective, and is not JSON");
  EXPECT_EQ(refusal_of(R"({"schema": "tt.summary/1", "run": "a"})"),
            "trace: is JSON, but neither a Chrome trace (`traceEvents`) nor a dump of the flight recorder (`entries`)");
  EXPECT_EQ(refusal_of("\x80\x02}q"),
            "trace: is a Python pickle, the binary form of a flight recorder dump, which is not read");
  EXPECT_EQ(refusal_of(R"({"traceEvents": {"a": 1}})"), "trace: byte 25: `traceEvents` is no list");
  EXPECT_EQ(refusal_of(R"({"traceEvents": []} x)"), "trace: byte 20: more text follows the end of the trace");
  const test::TempFolder folder;
  const auto load = [](const std::filesystem::path& path) { load_recording("trace", path); };
  EXPECT_EQ(test::error_text([&] { load(folder.path()); }), "trace: is a folder");
  EXPECT_EQ(test::error_text([&] { load(folder / "nothing"); }), "trace: there is no such file");
  EXPECT_EQ(test::error_text([&] { load("/dev/null"); }), "trace: is a pipe or a device");
}

TEST(DamagedTrace, GzipCutShortOrDamagedIsNamed) {
  const std::string packed = test::gzip(test::read(recording("gloo-tp2.rank0.json")));
  EXPECT_THAT(
      refusal_of(packed.substr(0, packed.size() / 2)),
      testing::MatchesRegex("trace: byte [0-9,]+ of the unpacked text: the gzip data ends here, before its own end "
                            "mark: the file was cut short"));
  EXPECT_EQ(
      refusal_of(packed.substr(0, packed.size() - 1)),
      "trace: byte 46,031 of the unpacked text: the gzip data ends here, before its own end mark: the file was cut "
      "short");
  std::string damaged = packed;
  damaged[damaged.size() - 6] = static_cast<char>(damaged[damaged.size() - 6] ^ 1);  // in the checksum
  EXPECT_EQ(refusal_of(damaged),
            fmt::format("trace: byte 46,031 of the unpacked text: the gzip data is damaged near byte "
                        "{} of the file (incorrect data check)",
                        with_thousands(static_cast<std::int64_t>(packed.size() - 4))));
}

const std::string kLine =
    "node0:4242:4299 [0] NCCL INFO AllGather: opCount 1f sendbuff 0x7f recvbuff 0x7e count 100 datatype 9 op 0 root 0 "
    "comm "
    "0x55d0 [nranks=4] stream 0x55\n";

TEST(NcclLog, FindsValuesByKeyInLinesOfAllReleases) {
  // RCCL: acc before count; older NCCL: task and globalrank at the end; a launcher's rank in front.
  const std::string rccl =
      "3: node0:4242:4299 [3] NCCL INFO AllGather: opCount 20 sendbuff 0x7f recvbuff 0x7e acc (nil) count 50 datatype "
      "9 op 0 "
      "root 0 comm 0x55d0 [nranks=4] stream 0x55 task 0 globalrank 3\n";
  const Recording read = load_text("NCCL version 2.28.9\n" + kLine + rccl + "loss 3.2\n");
  EXPECT_THAT(lines_of(read), ElementsAre("comm 0x55d0 - all_gather BFloat16 2 300 1200 1200"));
  EXPECT_EQ(read.rank, 3);
  EXPECT_EQ(read.rows.front().group_size, 4);
}

TEST(NcclLog, OfSeveralProcessesGivesEachItsRows) {
  const test::TempFolder folder;
  const auto path = folder.write("log", kLine + replace_all(kLine, "4242", "4243"));
  const auto recordings = load_recording("log", path);
  ASSERT_EQ(recordings.size(), 2U);
  EXPECT_EQ(recordings[0].process, "node0:4242");
  EXPECT_EQ(recordings[1].process, "node0:4243");
  EXPECT_EQ(recordings[1].rows.front().calls, 1U);
}

TEST(NcclLog, SendAndReceiveAreTheMessage) {
  const std::string send = replace_all(replace_all(kLine, "AllGather", "Send"), "datatype 9", "datatype 7");
  const std::string receive = replace_all(send, "Send", "Recv");
  EXPECT_THAT(lines_of(load_text(send + receive)),
              ElementsAre("comm 0x55d0 - recv Float 1 0 400 400", "comm 0x55d0 - send Float 1 400 0 400"));
}

TEST(NcclLog, ABrokenLineIsNamed) {
  EXPECT_EQ(refusal_of(kLine + kLine.substr(0, 99)), "trace:2: the collective has no readable `datatype`");
  EXPECT_EQ(refusal_of(kLine + replace_all(kLine, "count 100", "count 1O0")),
            "trace:2: the collective has no readable `count`");
  EXPECT_EQ(refusal_of(kLine + replace_all(kLine, "datatype 9", "datatype 77")),
            "trace:2: datatype 77 is not one this reader knows");
  EXPECT_EQ(refusal_of(kLine.substr(0, 60) + kLine), "trace:1: two messages stand in one line");
  EXPECT_EQ(refusal_of(kLine + replace_all(kLine, "nranks=4", "nranks=8")),
            "trace:2: comm 0x55d0 has 8 ranks here and 4 before: the line is damaged");
}

TEST(NcclLog, SaysWhenLinesMayBeMissing) {
  const Recording read =
      load_text(kLine + replace_all(kLine, "opCount 1f", "opCount 22") + kLine.substr(0, kLine.size() - 1));
  EXPECT_THAT(read.notes, ElementsAre("NCCL names a group by an address of this process only: its ranks are unknown",
                                      "opCount jumps 1 time: lines may be missing",
                                      "the last line has no end: the log may still be written, or was cut short"));
}

std::string dump(const std::string& entry) { return R"({"version": "2.10", "entries": [)" + entry + "]}"; }

TEST(FlightRecorder, OfNcclKnowsRanksAndTheWholeTensor) {
  const std::string entry =
      R"({"record_id": 0, "process_group": ["7", "mesh_tp"], "profiling_name": "nccl:_all_gather_base", "state": "completed",)"
      R"( "input_sizes": [[4, 8]], "input_dtypes": ["BFloat16"], "output_sizes": [[8, 8]], "output_dtypes": ["BFloat16"]})";
  const std::string started =
      replace_all(replace_all(entry, "\"record_id\": 0", "\"record_id\": 3"), "completed", "started");
  const std::string groups =
      R"({"entries": [)" + entry + "," + started + R"(], "pg_config": {"7": {"ranks": "[4, 5]"}}})";
  const Recording read = load_text(groups);
  EXPECT_THAT(lines_of(read), ElementsAre("mesh_tp [4,5] nccl:_all_gather_base BFloat16 2 128 256 256"));
  EXPECT_THAT(read.notes, ElementsAre("2 entries between them are not in the dump",
                                      "1 entry counted that had not completed when the dump was made"));
  EXPECT_EQ(wire_bytes(read.rows.front()), 128U);
}

TEST(FlightRecorder, MissingSizesAreRefused) {
  EXPECT_EQ(refusal_of(dump(R"({"process_group": ["0", "x"], "profiling_name": "nccl:all_reduce"})")),
            "trace: byte 32: entry `nccl:all_reduce` has no sizes (`input_sizes`, `input_dtypes`, ...)");
  EXPECT_EQ(refusal_of(dump(R"({"profiling_name": "nccl:all_reduce", "input_sizes": [[2]], "input_dtypes": [],)"
                            R"( "output_sizes": [], "output_dtypes": []})")),
            "trace: byte 32: entry `nccl:all_reduce` has elements of type ``, whose size is not known");
  EXPECT_THAT(
      refusal_of(dump(R"({"profiling_name": "nccl:all_reduce", "input_sizes": [[-2]], "input_dtypes": ["Float"],)"
                      R"( "output_sizes": [], "output_dtypes": []})")),
      StartsWith("trace: byte 32: entry `nccl:all_reduce` has a size that cannot be: [-2]"));
}

}  // namespace
}  // namespace tt::comm
