// Who does not hold the claim does not train and touches nothing.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/eventually.hpp"
#include "support/job_support.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace tt::render {
namespace {

using test::JobOnDisk;

TEST(JobClaim, AClaimOfAnotherJobStopsThisOneAndNothingIsTouched) {
  JobOnDisk job("touch seen");
  const ClaimRecord theirs{"r00112233445566ff", 1, "otherother", 4, "123_4", "node07", "some-nonce", false};
  write_file(job.folder().claim(1), claim_text(theirs));
  const std::string before = test::snapshot(job.folder().path());
  const ProcessResult result = job.run();
  EXPECT_EQ(result.status, 66);
  EXPECT_EQ(result.out, "tt: attempt 1 of " + job.folder().path().string() +
                            " belongs to job 123_4 on node07 (token otherother); this job does not train\n");
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(test::snapshot(job.folder().path()), before);
}

TEST(JobClaim, ARerunOfTheSameTokenStopsToo) {
  JobOnDisk job("echo once");
  EXPECT_EQ(job.run().status, 0);
  const std::string before = test::snapshot(job.folder().path());
  const ProcessResult result = job.run();
  EXPECT_EQ(result.status, 66);
  EXPECT_EQ(result.out, "tt: attempt 1 of " + job.folder().path().string() + " belongs to job local-17 on " +
                            this_host() + " (token abcdefgh23); this job does not train\n");
  EXPECT_EQ(test::snapshot(job.folder().path()), before);
}

TEST(JobClaim, AWithdrawnAttemptIsNotTrained) {
  JobOnDisk job("touch seen");
  revoke_claim(job.folder(), {"r00112233445566ff", 1, "abcdefgh23", 0, "", "login01", "tool-nonce", true});
  const ProcessResult result = job.run();
  EXPECT_EQ(result.status, 66);
  EXPECT_EQ(result.out, "tt: attempt 1 of " + job.folder().path().string() +
                            " was withdrawn on login01; this job does not train\n");
  EXPECT_FALSE(job.has_seen());
}

TEST(JobClaim, AnUnreadableClaimStopsTheJob) {
  JobOnDisk job("touch seen");
  write_file(job.folder().claim(1), "torn {");
  EXPECT_EQ(job.run().status, 66);
  EXPECT_FALSE(job.has_seen());
}

TEST(JobClaim, AClaimThatIsAFolderStopsTheJob) {
  JobOnDisk job("touch seen");
  make_folders(job.folder().claim(1));
  EXPECT_EQ(job.run().status, 73);
  EXPECT_FALSE(job.has_seen());
  EXPECT_TRUE(list_folder(job.folder().claim(1)).empty());
}

TEST(JobClaim, OfEightAtOnceExactlyOneTrains) {
  JobOnDisk job("echo trained >>seen");
  job.write();
  std::vector<ProcessIdentity> jobs;
  for (int i = 0; i < 8; ++i) jobs.push_back(job.start());
  std::vector<int> statuses;
  ASSERT_TRUE(test::eventually([&] {
    for (const Reaped& child : reap_children()) statuses.push_back(child.exit_status.value_or(-1));
    return statuses.size() == jobs.size();
  }));
  EXPECT_EQ(job.seen(), "trained\n");
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 0), 1);
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 66), 7);
  EXPECT_TRUE(job.exit_record().all_zero());
}

TEST(JobClaim, ARunFolderThatIsGoneStopsTheJob) {
  JobOnDisk job("true");
  job.write();
  remove_tree(job.folder().path());
  const ProcessResult result = job.run();
  EXPECT_EQ(result.status, 67);
  EXPECT_EQ(result.out, "tt: the run folder " + job.folder().path().string() + " is gone; nothing was started\n");
  EXPECT_FALSE(exists(job.folder().path()));
}

TEST(JobClaim, AFolderThatHoldsAnotherRunByNowStopsTheJob) {
  JobOnDisk job("touch seen");
  write_file(job.folder().record(), "{\"schema\": \"tt.run/1\", \"id\": \"r99\"}\n");
  const ProcessResult result = job.run();
  EXPECT_EQ(result.status, 67);
  EXPECT_EQ(result.out, "tt: the run folder " + job.folder().path().string() +
                            " does not hold run r00112233445566ff; nothing was started\n");
  EXPECT_FALSE(exists(job.folder().claim(1)));
  EXPECT_FALSE(job.has_seen());
}

}  // namespace
}  // namespace tt::render
