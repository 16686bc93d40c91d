// What somebody asks for and a scheduler has no words for is said, never dropped.
#include "tt/scheduler/unsayable.hpp"

#include <gmock/gmock.h>

#include "support/error_text.hpp"
#include "support/pbs_recording.hpp"
#include "tt/scheduler/local.hpp"
#include "tt/scheduler/pbs_directives.hpp"
#include "tt/scheduler/slurm_calls.hpp"

namespace tt::scheduler {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

site::Profile lab() {
  site::Profile site;
  site.name = "lab";
  return site;
}
site::Profile all_said() {
  site::Profile site = lab();
  site.account = "m1";
  site.partition = "debug";
  site.qos = "high";
  site.constraint = "a100";
  return site;
}

TEST(Unsayable, SlurmHasWordsForAllOfThem) {
  EXPECT_THAT(slurm::unsayable(all_said()), IsEmpty());
  EXPECT_THAT(slurm::unsayable(lab()), IsEmpty());
}

TEST(Unsayable, ANameHasWhatItsSchedulerTakes) {
  site::Profile site = all_said();
  site.qos.clear();
  site.account = "proj one; rm";
  site.partition = "gpu,gpu-long";  // either
  EXPECT_THAT(slurm::unsayable(site),
              ElementsAre("account 'proj one; rm' (--account, TT_ACCOUNT, or launch.account of site 'lab') is no name "
                          "that Slurm takes: it has ' ', and may have letters, digits and _ - . @ + : / % ="));
  EXPECT_THAT(
      pbs::unsayable(site),
      ElementsAre("account 'proj one; rm' (--account, TT_ACCOUNT, or launch.account of site 'lab') is no name "
                  "that PBS takes: it has ';', and may have letters, digits and _ - . blanks @ + : / % = , #",
                  "partition 'gpu,gpu-long' (--partition, TT_PARTITION, or launch.partition of site 'lab') is no "
                  "name that PBS takes: it has ',', and may have letters, digits and _ - . @ :"));
  site.account = "proj one/two:3";  // PBS takes free text
  site.partition = "gpu@pbs0";
  EXPECT_THAT(pbs::unsayable(site), IsEmpty());
}

TEST(Unsayable, PbsHasNoQualityOfService) {
  EXPECT_THAT(pbs::unsayable(lab()), IsEmpty());
  EXPECT_THAT(
      pbs::unsayable(all_said()),
      ElementsAre("qos 'high' (--qos, TT_QOS, or launch.qos of site 'lab') means nothing to PBS: queues stand for "
                  "it there (--partition NAME; `qstat -Q` lists them); where the site has a resource for it, its "
                  "profile says so (launch.always = [\"-l qos=NAME\"])"));
}

TEST(Unsayable, ThisMachineHasNothingToTell) {
  site::Profile site = all_said();
  site.always = {"--exclusive"};
  site.gpu_request = "--gres=gpu:{gpus}";
  SystemClock clock;
  const std::string nothing = " means nothing to this machine, which has no batch system: leave it out";
  EXPECT_THAT(
      LocalScheduler({}, clock).unsayable(site),
      ElementsAre(
          "account 'm1' (--account, TT_ACCOUNT, or launch.account of site 'lab')" + nothing,
          "partition 'debug' (--partition, TT_PARTITION, or launch.partition of site 'lab')" + nothing,
          "qos 'high' (--qos, TT_QOS, or launch.qos of site 'lab')" + nothing,
          "constraint 'a100' (--constraint, TT_CONSTRAINT, or launch.constraint of site 'lab')" + nothing,
          "launch.always of site 'lab' has '--exclusive', and this machine has no batch system that could be told: "
          "take it out of the profile",
          "launch.gpu_request of site 'lab' is '--gres=gpu:{gpus}', and this machine has no batch system that could "
          "be told: node.slots says how many GPUs' worth of runs go at once"));
  EXPECT_THAT(LocalScheduler({}, clock).unsayable(lab()), IsEmpty());
}

TEST(Unsayable, WhatTheSiteForbidsOrSaysItselfDoesNotOverruleAUserInSilence) {
  site::Profile site = lab();
  site.account = "m1";
  site.partition = "debug";
  site.never = {"--partition"};
  site.always = {"--account=m2"};
  EXPECT_THAT(
      slurm::unsayable(site),
      ElementsAre("account 'm1' (--account, TT_ACCOUNT, or launch.account of site 'lab') would be overruled by "
                  "'--account=m2' in launch.always of the site's profile: only one of them can say it",
                  "partition 'debug' (--partition, TT_PARTITION, or launch.partition of site 'lab') cannot be said: "
                  "launch.never of the site's profile forbids --partition"));
  site.constraint = "system=polaris";
  site.never = {"-q"};
  site.always = {"-A m2", "-l select=2:ncpus=4"};
  const auto said = pbs::unsayable(site);
  ASSERT_EQ(said.size(), 3U);
  EXPECT_THAT(said[0], testing::HasSubstr("would be overruled by '-A m2'"));
  EXPECT_THAT(said[1], testing::HasSubstr("forbids -q"));
  EXPECT_THAT(said[2], testing::HasSubstr("would be overruled by '-l select=2:ncpus=4'"));
}

TEST(Unsayable, WordsForALauncherThatTakesNone) {
  site::Profile site = lab();
  site.launcher_words = {"--depth"};
  for (const char* launcher : {"mpiexec-pals", "mpirun", "ssh"}) {
    site.launcher = launcher;
    EXPECT_THAT(pbs::unsayable(site), IsEmpty());
  }
  site.launcher = "pbsdsh";
  EXPECT_THAT(pbs::unsayable(site),
              ElementsAre("launch.launcher_words of site 'lab' has '--depth', and pbsdsh takes no words: they are for "
                          "mpiexec, mpirun and ssh"));
}

TEST(Unsayable, AThrottleThatTheVersionDoesNotKnow) {
  SubmitRequest request;
  request.indices = {0, 1, 2};
  request.throttle = 2;
  const auto error = [&](const char* version) {
    return test::error_text([&] { pbs::refuse_unknown_throttle(request, version); });
  };
  const std::string none = test::error_text([] {});
  EXPECT_EQ(
      error("19.1.3"),
      "PBS 19.1.3 cannot be told to run 2 of an array at once (OpenPBS from 22.05, PBS Professional from 2021): leave "
      "--throttle out, or let the site's profile hand over fewer (max_queued of the queue)");
  EXPECT_EQ(error("23.06.06"), none);
  EXPECT_EQ(error(""), none) << "not asked yet";
  request.throttle.reset();
  EXPECT_EQ(error("19.1.3"), none);
}

TEST(Unsayable, SlurmStartsSeveralNodesBySrunOnly) {
  site::Profile site = lab();
  site.launcher = "ibrun";
  SubmitRequest request;
  request.shape = {1, 8, 8, Seconds{60}};
  const auto error = [&] { return test::error_text([&] { slurm::directives(request, site); }); };
  EXPECT_EQ(error(), test::error_text([] {}));
  request.shape = {2, 8, 16, Seconds{60}};
  EXPECT_EQ(
      error(),
      "site 'lab' says launch.launcher = \"ibrun\", and a job of 2 nodes is started by srun on Slurm: say \"srun\", or "
      "give a job script of your own (launch.job_template)");
}

// --- nodes to keep off -----------------------------------------------------------------------------------------------

TEST(CannotKeepOff, SlurmCanUnlessItsSiteForbidsIt) {
  site::Profile site = lab();
  const std::vector<std::string> nodes{"n1", "n3"};
  EXPECT_EQ(slurm::cannot_keep_off(nodes, site), "");
  site.never = {"--exclude"};
  EXPECT_EQ(
      slurm::cannot_keep_off(nodes, site),
      "n1 and n3 cannot be kept off: site 'lab' takes no --exclude (launch.never); tell its staff, who can drain a "
      "node");
}

// A select statement takes no "!=" (166), and "host=!n1" is a host of that name: accepted, and never run.
TEST(CannotKeepOff, PbsCannotAndSaysWhoCan) {
  EXPECT_EQ(test::recorded_reply("pbs-openpbs/refused-select-not").err,
            "qsub: Illegal attribute or resource value Resource_List.select\n");
  EXPECT_THAT(test::recorded_reply("pbs-openpbs/host-not-json").out,
              testing::HasSubstr("Can Never Run: Insufficient amount of resource: host (!pbs0 != pbs0)"));
  const std::vector<std::string> nodes{"n1", "n2", "n3"};
  EXPECT_EQ(
      pbs::cannot_keep_off(nodes),
      "n1, n2 and n3 cannot be kept off: PBS can ask for a node, and not for any but one. Tell the site's staff, who "
      "can take a node out of service (`pbsnodes -o n1 n2 n3`)");
}

}  // namespace
}  // namespace tt::scheduler
