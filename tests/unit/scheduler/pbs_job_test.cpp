#include "tt/scheduler/pbs_job.hpp"

#include <gmock/gmock.h>

#include "support/pbs_recording.hpp"
#include "tt/scheduler/pbs_replies.hpp"

namespace tt::scheduler::pbs {
namespace {

using test::recorded_reply;

// What a recording says of a task, as the flow would hear it.
Known known(const std::string& recording, const std::string& key, Format format = Format::json) {
  const auto answer = read_listing(recorded_reply(recording), format);
  const auto& jobs = std::get<Listing>(answer).jobs;
  const std::size_t bracket = key.find('[');
  const auto array = jobs.find(bracket == std::string::npos ? "" : key.substr(0, bracket) + "[]");
  return read_task(jobs.at(key), array == jobs.end() ? nullptr : &array->second);
}
Known ended(const std::string& key) { return known("pbs-other/ends-dsv", key, Format::delimited); }

TEST(PbsJob, AnElementOfARunningArrayIsItsOwnJob) {
  EXPECT_EQ(known("pbs-openpbs/array-running-json", "33[2]").state, RunState::running);
  const Known failed = known("pbs-openpbs/array-running-json", "33[1]");
  ASSERT_TRUE(failed.ended);
  EXPECT_EQ(failed.raw, "X");
  EXPECT_EQ(failed.ended->reason, EndReason::exited);
  EXPECT_EQ(failed.ended->status, 1);
  EXPECT_TRUE(failed.ended->started);
}

TEST(PbsJob, TheStatusOfAnElementIsItsOwnAndNotItsArrays) {
  EXPECT_EQ(known("pbs-openpbs/array-ended-json", "20[0]").ended->status, 7);  // the array says 0
  EXPECT_EQ(known("pbs-openpbs/array-ended-json", "20[3]").ended->status, 0);
}

TEST(PbsJob, WhatLooksLikeSuccessWithoutAHostNeverRan) {
  const Known dropped = known("pbs-openpbs/dependency-failed-json", "28");
  ASSERT_TRUE(dropped.ended);
  EXPECT_EQ(dropped.ended->reason, EndReason::never_started);
  EXPECT_FALSE(dropped.ended->started);
  EXPECT_EQ(dropped.ended->status, std::nullopt);
  const Known deleted = known("pbs-openpbs/array-waiting-element-deleted-json", "1000[2]");
  ASSERT_TRUE(deleted.ended);
  EXPECT_EQ(deleted.ended->reason, EndReason::cancelled);
  EXPECT_FALSE(deleted.ended->started);
  EXPECT_EQ(deleted.ended->status, std::nullopt) << "92 and 0 are those of the array";
}

TEST(PbsJob, DeletingAnArrayWipesWhatItsElementsWere) {
  const Known wiped = known("pbs-openpbs/array-cancelled-json", "33[0]");  // had ended with 0
  EXPECT_EQ(wiped.ended->reason, EndReason::cancelled);
  EXPECT_FALSE(wiped.ended->started);
  const Known ran = known("pbs-openpbs/array-cancelled-json", "33[2]");
  EXPECT_EQ(ran.ended->reason, EndReason::cancelled);
  EXPECT_TRUE(ran.ended->started);
}

TEST(PbsJob, EndsOfSingleJobs) {
  EXPECT_EQ(known("pbs-openpbs/single-ended-json", "19").ended->status, 0);
  EXPECT_EQ(known("pbs-openpbs/failed-json", "27").ended->status, 3);
  EXPECT_EQ(known("pbs-openpbs/signalled-json", "29").ended->signal, "SIGTERM");
  EXPECT_EQ(known("pbs-openpbs/overtime-json", "30").ended->reason, EndReason::time_limit);
  EXPECT_EQ(known("pbs-openpbs/cancelled-json", "31").ended->reason, EndReason::cancelled);
  const Known held = known("pbs-openpbs/held-cancelled-json", "32");
  EXPECT_EQ(held.ended->reason, EndReason::cancelled);
  EXPECT_FALSE(held.ended->started);
}

TEST(PbsJob, EndsThatOtherVersionsTellInTheirOwnWay) {
  EXPECT_EQ(ended("301").ended->reason, EndReason::node_failed) << "first node lost";
  EXPECT_EQ(ended("302").ended->reason, EndReason::node_failed) << "another node lost";
  EXPECT_EQ(ended("303").ended->reason, EndReason::time_limit) << "271 with all its time used, before 22.05";
  EXPECT_EQ(ended("304").ended->reason, EndReason::exited);
  EXPECT_EQ(ended("304").ended->signal, "SIGKILL");
  EXPECT_EQ(ended("305").ended->reason, EndReason::out_of_memory);
  EXPECT_EQ(ended("305").reason, "Job run at Sun Nov 22 at 15:36 on (node01:ncpus=8) and exceeded resource mem");
  EXPECT_EQ(ended("306").ended->reason, EndReason::never_started);
}

TEST(PbsJob, WhatWaitsSaysWhy) {
  const Known never = known("pbs-openpbs/never-json", "25");
  EXPECT_EQ(never.state, RunState::queued);
  EXPECT_EQ(never.reason, "Can Never Run: Insufficient amount of resource: ncpus (R: 999 A: 64 T: 64)");
  EXPECT_TRUE(never.hopeless);
  const Known missing = known("pbs-openpbs/missing-folder-json", "35");
  EXPECT_EQ(missing.state, RunState::held);
  EXPECT_EQ(missing.reason, "job held, too many failed attempts to run");
  EXPECT_TRUE(missing.hopeless);
  const Known full{known("pbs-other/node-lost-requeued-json", "207")};
  EXPECT_EQ(full.reason, "Not Running: Not enough free nodes available");
  EXPECT_FALSE(full.hopeless);
}

TEST(PbsJob, WhatWaitsDoesNotTellThatItsArrayBegan) {
  const Known runs = known("pbs-openpbs/array-throttled-json", "1095[0]");
  EXPECT_EQ(runs.state, RunState::running);
  EXPECT_EQ(runs.reason, "Job run at Sat Nov 28 at 22:06 on (pbs0:ncpus=1)");
  const Known waits = known("pbs-openpbs/array-throttled-json", "1095[1]");
  EXPECT_EQ(waits.state, RunState::queued);
  EXPECT_EQ(waits.reason, "") << "recorded: 'Job Array Began at ...', of the array";
}

TEST(PbsJob, AFileSystemThatIsMarkedDownIsWaitedFor) {
  Job job{"7.pbs0",
          {{"job_state", "Q"},
           {"comment", "Can Never Run: Insufficient amount of server resource: eagle_fs (True != False)"}}};
  EXPECT_FALSE(read_task(job, nullptr).hopeless);
  EXPECT_EQ(read_task(job, nullptr).reason, job.text("comment"));
}

TEST(PbsJob, ElementsOfAHeldArrayAreHeldThoughTheySayQ) {
  EXPECT_EQ(known("pbs-openpbs/array-held-json", "34[1]").state, RunState::held);
  EXPECT_EQ(known("pbs-openpbs/held-json", "32").state, RunState::held);
}

TEST(PbsJob, AStatusOfTheStartBeforeIsNoEnd) {
  const Known again = known("pbs-other/node-lost-requeued-json", "207");
  EXPECT_EQ(again.state, RunState::queued);
  EXPECT_FALSE(again.ended);
}

TEST(PbsJob, AStartThatFoundItsAttemptClaimedLostItsNodeBefore) {
  Job job{"7.pbs0", {{"job_state", "F"}, {"exec_host", "node01/0"}, {"substate", "93"}, {"Exit_status", "66"}}};
  EXPECT_EQ(read_task(job, nullptr).ended->reason, EndReason::exited)
      << "its only start: somebody else has the attempt";
  job.attributes["run_count"] = "2";
  EXPECT_EQ(read_task(job, nullptr).ended->reason, EndReason::node_failed);
}

TEST(PbsJob, AnUnknownStateKeepsItsWord) {
  Job job{"7.pbs0", {{"job_state", "Y"}}};
  EXPECT_EQ(read_task(job, nullptr).state, RunState::unknown);
  EXPECT_EQ(read_task(job, nullptr).raw, "Y");
}

TEST(PbsJob, KeysLeaveTheServerOut) {
  EXPECT_EQ(key_of("349726[].polaris-pbs-01.hsn.cm.polaris.alcf.anl.gov"), "349726[]");
  EXPECT_EQ(key_of_task("12[].pbs0", 7), "12[7]");
  EXPECT_EQ(key_of_task("12.pbs0", 0), "12");
  EXPECT_TRUE(is_array("12[].pbs0"));
  EXPECT_FALSE(is_array("12.pbs0"));
}

TEST(PbsJob, TimesAreReadInUtc) {
  EXPECT_EQ(iso_time(*read_time("Sun Nov 22 15:36:58 2026")), "2026-11-22T15:36:58Z");
  EXPECT_EQ(iso_time(*read_time("Tue Dec  1 05:06:07 2026")), "2026-12-01T05:06:07Z");
  EXPECT_FALSE(read_time("Sun Nov 31 15:36:58 2026"));
  EXPECT_FALSE(read_time("yesterday"));
  EXPECT_EQ(read_duration("30:00:00"), Seconds{108000});
  EXPECT_EQ(read_duration("1:30"), Seconds{90});
  EXPECT_FALSE(read_duration("soon"));
}

}  // namespace
}  // namespace tt::scheduler::pbs
