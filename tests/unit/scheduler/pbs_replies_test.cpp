#include "tt/scheduler/pbs_replies.hpp"

#include <gmock/gmock.h>

#include "support/pbs_recording.hpp"

namespace tt::scheduler::pbs {
namespace {

using test::recorded_reply;
using testing::ElementsAre;
using testing::IsEmpty;

std::string accepted(const std::string& recording) {
  const SubmitAnswer answer = read_submit(recorded_reply(recording));
  return std::holds_alternative<Accepted>(answer) ? std::get<Accepted>(answer).job.text : "not accepted";
}
std::string refused(const std::string& recording) {
  const SubmitAnswer answer = read_submit(recorded_reply(recording));
  return std::holds_alternative<Refused>(answer) ? std::get<Refused>(answer).reason : "not refused";
}

TEST(PbsReplies, AnIdIsTheLastLineThatIsOne) {
  EXPECT_EQ(accepted("pbs-openpbs/submit"), "19.pbs0");
  EXPECT_EQ(accepted("pbs-openpbs/submit-array"), "20[].pbs0");
  EXPECT_EQ(accepted("pbs-other/submit-banner"), "349726.polaris-pbs-01.hsn.cm.polaris.alcf.anl.gov");
}

TEST(PbsReplies, ARefusalIsItsOwnSentenceWithoutUsageAndBanner) {
  EXPECT_EQ(refused("pbs-openpbs/refused-J-one"), "qsub: illegal -J value");
  EXPECT_EQ(refused("pbs-openpbs/refused-directive"), "qsub: directive error: -l walltime=1:00:00 # an hour");
  EXPECT_EQ(refused("pbs-openpbs/refused-queue"),
            "qsub: Unknown queue (--partition NAME names another; `qstat -Q` lists them)");
  EXPECT_EQ(refused("pbs-openpbs/refused-array-size"),
            "qsub: Array job exceeds server or queue size limit (`tt-submit run` asks for the limit and cuts there)");
  EXPECT_EQ(refused("pbs-openpbs/refused-array-not-rerunnable"), "qsub:  cannot submit non-rerunable Array Job");
  EXPECT_EQ(
      refused("pbs-other/refused-hook"),
      "qsub: Resource: filesystems is required to be set. (launch.always = [\"-l filesystems=...\"] of the profile)");
  EXPECT_EQ(refused("pbs-other/refused-limit"), "qsub: would exceed queue generic's per-user limit");
}

TEST(PbsReplies, AQsubThatFoundNoServerSentNothing) {
  const SubmitAnswer down = read_submit(recorded_reply("pbs-openpbs/down-qsub"));
  ASSERT_TRUE(std::holds_alternative<Refused>(down));
  EXPECT_EQ(std::get<Refused>(down).reason,
            "PBS cannot be reached: Connection refused; qsub: cannot connect to server pbs0 (errno=15010)");
  EXPECT_TRUE(std::get<Refused>(down).for_now);
}

TEST(PbsReplies, AServerThatIsSilentIsNoRefusal) {
  ProcessResult hung;
  hung.ending = Ending::timed_out;
  const SubmitAnswer silent = read_submit(hung);
  ASSERT_TRUE(std::holds_alternative<NoAnswer>(silent));
  EXPECT_EQ(std::get<NoAnswer>(silent).why, "PBS did not answer in time");
  ProcessResult killed;
  killed.ending = Ending::signalled;
  killed.status = 9;
  EXPECT_EQ(std::get<NoAnswer>(read_submit(killed)).why, "the PBS command was ended by SIGKILL");
}

TEST(PbsReplies, SuccessWithoutAnIdMayHaveGoneIn) {
  ProcessResult reply = recorded_reply("pbs-openpbs/submit");
  reply.out = "Welcome to node 12.x of the site\n";
  EXPECT_EQ(std::get<NoAnswer>(read_submit(reply)).why,
            "qsub ended well and told no job id: 'Welcome to node 12.x of the site'");
}

TEST(PbsReplies, AJobIsFoundByItsNameOrIsAbsent) {
  EXPECT_EQ(std::get<Found>(read_find(recorded_reply("pbs-openpbs/find"))).job.text, "33[].pbs0");
  EXPECT_TRUE(std::holds_alternative<Absent>(read_find(recorded_reply("pbs-openpbs/find-absent"))));
  EXPECT_TRUE(std::holds_alternative<CouldNotAsk>(read_find(recorded_reply("pbs-openpbs/down-qselect"))));
  EXPECT_TRUE(has_no_history(recorded_reply("pbs-openpbs/no-history-find")));
  EXPECT_FALSE(has_no_history(recorded_reply("pbs-openpbs/find-absent")));
}

TEST(PbsReplies, JsonTellsOfAnArrayAndItsElements) {
  const auto answer = read_listing(recorded_reply("pbs-openpbs/array-ended-json"), Format::json);
  const Listing& listing = std::get<Listing>(answer);
  std::vector<std::string> keys;
  for (const auto& [key, job] : listing.jobs) keys.push_back(key);
  EXPECT_THAT(keys, ElementsAre("20[0]", "20[1]", "20[2]", "20[3]", "20[]"));
  const Job& first = listing.jobs.at("20[0]");
  EXPECT_EQ(first.id, "20[0].pbs0");
  EXPECT_EQ(first.text("job_state"), "F");
  EXPECT_EQ(first.number("Exit_status"), 7);
  EXPECT_EQ(first.number("array_index"), 0);
  EXPECT_EQ(first.text("resources_used.walltime"), "00:00:00");
  EXPECT_FALSE(first.has("Variable_List"));
}

TEST(PbsReplies, DelimitedTextSaysTheSameAsJson) {
  const auto json = read_listing(recorded_reply("pbs-openpbs/array-running-json"), Format::json);
  const auto text = read_listing(recorded_reply("pbs-openpbs/array-running-dsv"), Format::delimited);
  const Listing& a = std::get<Listing>(json);
  const Listing& b = std::get<Listing>(text);
  ASSERT_EQ(a.jobs.size(), 7U);
  ASSERT_EQ(b.jobs.size(), 7U);
  for (const auto& [key, job] : a.jobs) {
    for (const char* name : {"job_state", "substate", "Exit_status", "exec_host", "comment", "stime", "Job_Name"})
      EXPECT_EQ(b.jobs.at(key).text(name), job.text(name)) << key << " " << name;
  }
}

TEST(PbsReplies, SeveralIdsAreToldWithWhatIsOverAndWhatIsUnknown) {
  const auto answer = read_listing(recorded_reply("pbs-openpbs/several-dsv"), Format::delimited);
  const Listing& listing = std::get<Listing>(answer);
  EXPECT_TRUE(listing.jobs.contains("31"));
  EXPECT_TRUE(listing.jobs.contains("33[5]"));
  EXPECT_TRUE(listing.jobs.contains("34[2]"));
  EXPECT_THAT(listing.finished, ElementsAre("19"));
  EXPECT_THAT(listing.unknown, ElementsAre("99999"));
}

TEST(PbsReplies, JsonOfSeveralIdsTellsOfTheFirstOnly) {
  // Why several ids are asked for as delimited text.
  const auto answer = read_listing(recorded_reply("pbs-openpbs/several-json"), Format::json);
  EXPECT_TRUE(std::get<Listing>(answer).jobs.contains("31"));
  EXPECT_FALSE(std::get<Listing>(answer).jobs.contains("33[]"));
}

TEST(PbsReplies, ValuesWithSeparatorsAndLineEndsDamageNoRecord) {
  const auto answer = read_listing(recorded_reply("pbs-openpbs/strange-values-dsv"), Format::delimited);
  const Listing& listing = std::get<Listing>(answer);
  ASSERT_EQ(listing.jobs.size(), 2U);
  EXPECT_EQ(listing.jobs.at("1002").text("job_state"), "H");
  EXPECT_EQ(listing.jobs.at("1001").text("Job_Name"), "nan");
  ProcessResult raw;
  raw.ending = Ending::exited;
  raw.out = "Job Id: 7.pbs0|Job_Name=a\\|b|Variable_List=X=1\nstate=2|job_state=R\nJob Id: 8.pbs0|job_state=Q\n";
  const auto torn = read_listing(raw, Format::delimited);
  EXPECT_EQ(std::get<Listing>(torn).jobs.at("7").text("Job_Name"), "a|b");
  EXPECT_EQ(std::get<Listing>(torn).jobs.at("7").text("job_state"), "R");
  EXPECT_EQ(std::get<Listing>(torn).jobs.at("8").text("job_state"), "Q");
}

TEST(PbsReplies, ADocumentThatIsNoneIsUnreadableAndNotGone) {
  EXPECT_TRUE(std::holds_alternative<Unreadable>(read_listing(recorded_reply("pbs-other/broken-json"), Format::json)));
}

TEST(PbsReplies, OverUnknownAndUnreachableAreThreeAnswers) {
  const auto over = read_listing(recorded_reply("pbs-openpbs/finished-without-x"), Format::json);
  EXPECT_THAT(std::get<Listing>(over).finished, ElementsAre("19"));
  const auto unknown = read_listing(recorded_reply("pbs-openpbs/unknown"), Format::json);
  EXPECT_THAT(std::get<Listing>(unknown).unknown, ElementsAre("99999"));
  const auto no_history = read_listing(recorded_reply("pbs-openpbs/no-history-unknown"), Format::json);
  EXPECT_THAT(std::get<Listing>(no_history).unknown, ElementsAre("37[]"));
  EXPECT_TRUE(
      std::holds_alternative<CouldNotAsk>(read_listing(recorded_reply("pbs-openpbs/down-qstat"), Format::json)));
  const auto malformed = read_listing(recorded_reply("pbs-openpbs/malformed-id"), Format::json);
  EXPECT_EQ(std::get<CouldNotAsk>(malformed).why, "qstat: illegally formed job identifier: 14.nohost");
}

TEST(PbsReplies, WhatQdelSaysIsSortedByItsTask) {
  const auto answer_of = [](const std::string& recording, const std::string& id) {
    return read_act(recorded_reply(recording), "qdel", std::vector<std::string>{id}).at(key_of(id));
  };
  EXPECT_TRUE(std::holds_alternative<Done>(answer_of("pbs-openpbs/cancel-running", "31.pbs0")));
  EXPECT_TRUE(std::holds_alternative<Done>(answer_of("pbs-openpbs/cancel-finished", "19.pbs0")));
  EXPECT_TRUE(std::holds_alternative<Done>(answer_of("pbs-openpbs/cancel-unknown", "99999.pbs0")));
  EXPECT_TRUE(std::holds_alternative<Done>(answer_of("pbs-openpbs/cancel-elements", "33[5]")));
  const ActAnswer foreign = answer_of("pbs-openpbs/other-user-cancel", "36.pbs0");
  EXPECT_EQ(std::get<CouldNot>(foreign).why, "qdel: Unauthorized Request  36.pbs0");
  const ActAnswer down = answer_of("pbs-openpbs/down-qdel", "14");
  EXPECT_EQ(std::get<CouldNotAsk>(down).why,
            "PBS cannot be reached: Connection refused; Couldn't connect to cluster: pbs0");
}

TEST(PbsReplies, TheLargestArrayIsTheServersWord) {
  EXPECT_EQ(read_max_array_size(recorded_reply("pbs-openpbs/server")), 10000);
  EXPECT_EQ(read_max_array_size(recorded_reply("pbs-openpbs/down-qstat")), std::nullopt);
}

}  // namespace
}  // namespace tt::scheduler::pbs
