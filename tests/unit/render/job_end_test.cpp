// How a job ends: told by a signal, with workers that do not listen, on a full disk.
#include <gtest/gtest.h>
#include <signal.h>

#include "support/eventually.hpp"
#include "support/job_support.hpp"
#include "support/small_disk.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace tt::render {
namespace {

using test::eventually;
using test::JobOnDisk;

// The exit status of the script, waited for.
int status_of(const ProcessIdentity& script) {
  int status = -1;
  EXPECT_TRUE(eventually([&] {
    for (const Reaped& child : reap_children()) {
      if (child.pid == script.pid) status = child.exit_status.value_or(-1);
    }
    return status >= 0;
  }));
  return status;
}

// Starts the job, waits until the training wrote `ready`, signals the script alone, and answers its exit status.
int signal_during_training(const JobOnDisk& job, int signal) {
  job.write();
  const ProcessIdentity script = job.start();
  EXPECT_TRUE(eventually([&] { return job.has_seen("ready"); })) << test::read(job.output());
  send_signal(script.pid, signal);
  return status_of(script);
}

// True when the process whose number the training wrote is no more.
bool is_gone(const JobOnDisk& job, const std::string& file) {
  const auto pid = to_integer(trim(job.seen(file)));
  return pid && !identify(static_cast<pid_t>(*pid));
}

TEST(JobEnd, TermToTheScriptEndsTheTrainingAndIsRecorded) {
  JobOnDisk job("sleep 1000 & echo $! >child; touch ready; wait");
  EXPECT_EQ(signal_during_training(job, SIGTERM), 128 + SIGTERM);
  EXPECT_EQ(job.exit_record().ended_by, "SIGTERM");
  EXPECT_EQ(job.exit_record().nodes.at(0).signal, "SIGTERM");
  EXPECT_EQ(job.exit_record().nodes.at(0).status, std::nullopt);
  EXPECT_TRUE(is_gone(job, "child"));
}

TEST(JobEnd, TheWarningBeforeTheTimeLimitEndsTheTrainingInTime) {
  JobOnDisk job("sleep 1000 & echo $! >child; touch ready; wait");
  EXPECT_EQ(signal_during_training(job, SIGUSR1), 128 + SIGTERM);
  EXPECT_EQ(job.exit_record().ended_by, "SIGUSR1");
  EXPECT_TRUE(is_gone(job, "child"));
}

// A new supervisor repeats the warning of its predecessor; a cancel may follow a warning.
int signal_twice_during_training(const JobOnDisk& job, int first, int second) {
  job.write();
  const ProcessIdentity script = job.start();
  EXPECT_TRUE(eventually([&] { return job.has_seen("ready"); })) << test::read(job.output());
  send_signal(script.pid, first);
  EXPECT_TRUE(eventually([&] { return job.has_seen("told"); })) << test::read(job.output());
  send_signal(script.pid, second);
  return status_of(script);
}

TEST(JobEnd, ASecondWarningIsTheSameWarning) {
  JobOnDisk job("trap 'echo told >>told; sleep 1; exit 9' TERM; touch ready; while :; do sleep 0.1; done");
  EXPECT_EQ(signal_twice_during_training(job, SIGUSR1, SIGUSR1), 9);
  EXPECT_EQ(job.seen("told"), "told\n") << "the training is told once";
  EXPECT_EQ(job.exit_record().ended_by, "SIGUSR1");
  EXPECT_EQ(job.exit_record().nodes.at(0).status, 9);
}

TEST(JobEnd, ACancelAfterTheWarningLeavesNoMoreTimeThanACancel) {
  JobOnDisk job("trap 'touch told' TERM; touch ready; while :; do sleep 0.1; done");
  job.request.site.warn_before = Seconds{600};
  EXPECT_EQ(signal_twice_during_training(job, SIGUSR1, SIGTERM), 128 + SIGKILL);
  EXPECT_EQ(job.exit_record().ended_by, "SIGUSR1") << "what ended it came first";
}

TEST(JobEnd, ATrainingThatTidiesUpWhenToldKeepsItsOwnStatus) {
  JobOnDisk job("trap 'echo saved; exit 9' TERM; touch ready; while :; do sleep 0.1; done");
  EXPECT_EQ(signal_during_training(job, SIGTERM), 9);
  EXPECT_EQ(job.exit_record().ended_by, "SIGTERM");
  EXPECT_EQ(job.exit_record().nodes.at(0).status, 9);
  EXPECT_TRUE(job.log().ends_with("saved\n")) << job.log();
}

TEST(JobEnd, ATrainingThatDoesNotListenIsKilled) {
  JobOnDisk job("trap '' TERM; setsid sleep 1000 & echo $! >child; touch ready; wait");
  EXPECT_EQ(signal_during_training(job, SIGTERM), 128 + SIGKILL);
  EXPECT_EQ(job.exit_record().ended_by, "SIGTERM");
  EXPECT_EQ(job.exit_record().nodes.at(0).signal, "SIGKILL");
  EXPECT_TRUE(is_gone(job, "child"));
}

TEST(JobEnd, WorkersLeftBehindAreEndedBeforeTheRecordIsWritten) {
  JobOnDisk job("setsid sleep 1000 & echo $! >session; sleep 1000 & echo $! >child; exit 0");
  EXPECT_EQ(job.run().status, 0);
  EXPECT_TRUE(is_gone(job, "session"));
  EXPECT_TRUE(is_gone(job, "child"));
  EXPECT_TRUE(job.exit_record().all_zero());
  EXPECT_EQ(job.exit_record().ended_by, std::nullopt);
}

TEST(JobEnd, TermDuringTheSetupOfTheSiteIsRecordedAndNothingIsTrained) {
  JobOnDisk job("touch seen");
  job.request.site.setup = {"touch " + std::string("\"$tt_folder/ready\""), "sleep 1000"};
  EXPECT_EQ(signal_during_training(job, SIGTERM), 128 + SIGTERM);
  EXPECT_EQ(job.exit_record().ended_by, "SIGTERM");
  EXPECT_FALSE(job.has_seen());
}

TEST(JobEnd, AFullDiskLeavesNoHalfExitRecord) {
  test::SmallDisk disk;
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  JobOnDisk job("head -c 1000000 /dev/zero; exit 5", disk.path());
  const ProcessResult result = job.run();
  EXPECT_EQ(result.status, 5);
  EXPECT_FALSE(exists(job.folder().attempt_exit(1)));
  EXPECT_EQ(list_folder(job.folder().attempt(1)), (std::vector<std::string>{"log.txt", "torchrun"}));
  const std::string sentence = "tt: cannot write " + job.folder().attempt_exit(1).string() +
                               " (disk full, or removed?); it would have said: {\"schema\":\"tt.exit/1\",";
  EXPECT_NE(result.err.find(sentence), std::string::npos) << result.err;
}

TEST(JobEnd, AFullDiskBeforeTheClaimStartsNothing) {
  test::SmallDisk disk;
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  JobOnDisk job("touch seen", disk.path());
  const ProcessResult filled =
      SystemRunner().run({{"sh", "-c", "cat /dev/zero >fill"}, job.environment, disk.path()}, Seconds{10});
  ASSERT_NE(filled.status, 0);
  const std::string before = test::snapshot(job.folder().path());
  const ProcessResult result = job.run();
  EXPECT_EQ(result.status, 73);
  EXPECT_EQ(result.out, "tt: cannot write into the run folder " + job.folder().path().string() +
                            " (disk full, or no permission?); nothing was started\n");
  EXPECT_EQ(test::snapshot(job.folder().path()), before);
}

}  // namespace
}  // namespace tt::render
