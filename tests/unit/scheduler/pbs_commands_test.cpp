#include "tt/scheduler/pbs_commands.hpp"

#include <gmock/gmock.h>

#include "support/pbs_recording.hpp"
#include "support/temp_folder.hpp"
#include "tt/base/error.hpp"

namespace tt::scheduler::pbs {
namespace {

using test::recorded_reply;
using testing::ElementsAre;

const Programs kHere{"/opt/pbs/bin", "23.06.06"};

std::string range(std::vector<int> indices) { return array_range(indices).value_or("none"); }

TEST(PbsCommands, AnArrayIsARangeWithAStep) {
  EXPECT_EQ(range({0}), "none");
  EXPECT_EQ(range({3}), "3-4:2");
  EXPECT_EQ(range({0, 1}), "0-1");
  EXPECT_EQ(range({0, 1, 2, 3}), "0-3");
  EXPECT_EQ(range({4, 7, 10}), "4-10:3");
}

TEST(PbsCommands, AListOfIndicesIsRefusedWithWhatToDo) {
  try {
    array_range(std::vector<int>{0, 1, 5});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "PBS knows arrays of the form X-Y:STEP only, and the indices 1, 5, ... are none; number the tasks from "
        "0");
  }
}

TEST(PbsCommands, AThrottleIsAskedForWhereTheVersionKnowsIt) {
  const std::vector<int> ten{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  EXPECT_EQ(array_option(ten, 4, "23.06.06"), "0-9%4");
  EXPECT_EQ(array_option(ten, 4, "22.05.11"), "0-9%4");
  EXPECT_EQ(array_option(ten, 4, "2022.1.1.20220926110806"), "0-9%4");
  EXPECT_EQ(array_option(ten, 4, "2021.1.0"), "0-9%4");
  EXPECT_EQ(array_option(ten, 4, "2020.1.4"), "0-9");
  EXPECT_EQ(array_option(ten, 4, "20.0.1"), "0-9");
  EXPECT_EQ(array_option(ten, 4, "19.1.3"), "0-9");
  EXPECT_EQ(array_option(ten, 0, "23.06.06"), "0-9") << "%0 never starts";
  EXPECT_EQ(array_option(ten, std::nullopt, "23.06.06"), "0-9");
}

TEST(PbsCommands, ASubmissionSaysNothingButTheTokenOnItsCommandLine) {
  SubmitRequest request;
  request.token = Token{"abcdefgh23"};
  request.script = "/work/my sweeps/submissions/abcdefgh23/job.sh";
  request.indices = {0, 1, 2};
  request.throttle = 2;
  request.environment.set("SECRET", "x");
  EXPECT_THAT(submit_command(kHere, request),
              ElementsAre("/opt/pbs/bin/qsub", "-f", "-C", "#PBS", "-v", "TT_TOKEN=abcdefgh23", "-J", "0-2%2",
                          "/work/my sweeps/submissions/abcdefgh23/job.sh"));
  request.indices = {0};
  EXPECT_THAT(submit_command(Programs{}, request), ElementsAre("qsub", "-f", "-C", "#PBS", "-v", "TT_TOKEN=abcdefgh23",
                                                               "/work/my sweeps/submissions/abcdefgh23/job.sh"));
}

TEST(PbsCommands, OneQuestionForAllJobs) {
  const std::vector<std::string> ids{"12[]", "13"};
  EXPECT_THAT(status_command(kHere, ids, Format::delimited, History::no),
              ElementsAre("/opt/pbs/bin/qstat", "-t", "-f", "-F", "dsv", "12[]", "13"));
  EXPECT_THAT(status_command(kHere, std::vector<std::string>{"12[]"}, Format::json, History::yes),
              ElementsAre("/opt/pbs/bin/qstat", "-t", "-f", "-F", "json", "-x", "12[]"));
  EXPECT_THAT(find_command(kHere, Token{"abcdefgh23"}, History::yes),
              ElementsAre("/opt/pbs/bin/qselect", "-N", "tt-abcdefgh23", "-x"));
}

TEST(PbsCommands, ElementsOfAnArrayAreFewWords) {
  EXPECT_THAT(element_ranges("12[]", {7, 1, 3, 2}), ElementsAre("12[1-3]", "12[7]"));
  EXPECT_THAT(element_ranges("12[]", {0}), ElementsAre("12[0]"));
}

TEST(PbsCommands, AWalltimeHasAllItsHours) {
  EXPECT_EQ(walltime_word(Seconds{90}), "00:01:30");
  EXPECT_EQ(walltime_word(Seconds{108000}), "30:00:00");
  EXPECT_EQ(walltime_word(Seconds{360000.5}), "100:00:01");
}

TEST(PbsPrograms, OnlyTheVersionLineMakesAPbs) {
  const auto family = [](const std::string& recording, const std::string& beginning =
                                                           "\x7f"
                                                           "ELF") {
    return read_identity(beginning, recorded_reply(recording)).family;
  };
  EXPECT_EQ(family("pbs-openpbs/version"), Family::pbs);
  EXPECT_EQ(read_identity("\x7f"
                          "ELF",
                          recorded_reply("pbs-openpbs/version"))
                .version,
            "23.06.06");
  EXPECT_EQ(read_identity("\x7f"
                          "ELF",
                          recorded_reply("pbs-other/version-professional"))
                .version,
            "2022.1.1.20220926110806");
  EXPECT_EQ(family("pbs-other/version-torque"), Family::torque);
  EXPECT_EQ(family("pbs-other/version-slurm-wrapper"), Family::unknown);
  EXPECT_EQ(family("pbs-other/version-slurm-wrapper", "#! /usr/bin/perl -w\n#  This file is part of Slurm, a resource"),
            Family::slurm_wrapper);
}

TEST(PbsPrograms, WhatIsNoPbsIsRefusedWithWhatToDo) {
  const std::vector<Candidate> found{{"/usr/bin", {Family::slurm_wrapper, ""}},
                                     {"/opt/torque/bin", {Family::torque, "6.1.3"}}};
  EXPECT_EQ(
      refusal(found),
      "no PBS Professional or OpenPBS here: /usr/bin/qsub is Slurm's look-alike; --site slurm speaks to Slurm "
      "itself; /opt/torque/bin/qsub is Torque 6.1.3, and tt does not speak its dialect: arrays by -t, nodes=N:ppn=C "
      "instead of select, PBS_ARRAYID, other end codes, XML instead of JSON would be needed. Inside an interactive "
      "job (qsub -I) --site laptop trains on the node it gives; put the bin folder of PBS into PATH, or set "
      "PBS_CONF_FILE to its pbs.conf");
  EXPECT_EQ(
      refusal({}),
      "there is no qsub in PATH and none where pbs.conf says; load the module of PBS, or set PBS_CONF_FILE to its "
      "pbs.conf");
}

TEST(PbsPrograms, CandidatesComeFromPathAndThenFromPbsConf) {
  const test::TempFolder folder;
  folder.write("a/qsub", "");
  folder.write("pbs/bin/qsub", "");
  folder.write("empty/other", "");
  Environment environment;
  environment.set("PATH",
                  (folder / "empty").string() + ":" + (folder / "a").string() + ":relative:" + (folder / "a").string());
  const std::string conf = "PBS_SERVER=pbs0\nPBS_EXEC=" + (folder / "pbs").string() + "\n";
  EXPECT_THAT(candidate_folders(environment, conf), ElementsAre(folder / "a", folder / "pbs/bin"));
}

TEST(PbsPrograms, CommandsKeepWhatNamesTheServerAndLoseWhatBelongsToAJob) {
  Environment ours({{"PATH", "/bin"},
                    {"PBS_SERVER", "pbs1"},
                    {"PBS_DPREFIX", "#XYZ"},
                    {"PBS_JOBID", "7.pbs0"},
                    {"PBS_CONF_FILE", "/etc/other.conf"},
                    {"TZ", "Europe/Berlin"}});
  const Environment built = client_environment(ours);
  EXPECT_EQ(built.get("PBS_SERVER"), "pbs1");
  EXPECT_EQ(built.get("PBS_CONF_FILE"), "/etc/other.conf");
  EXPECT_EQ(built.get("PBS_DPREFIX"), std::nullopt);
  EXPECT_EQ(built.get("PBS_JOBID"), std::nullopt);
  EXPECT_EQ(built.get("TZ"), "UTC");
}

}  // namespace
}  // namespace tt::scheduler::pbs
