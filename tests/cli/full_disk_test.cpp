// A full disk, a workspace that is read only: a clear error, nothing half-written that counts, and everything made good
// once there is room.
#include <gmock/gmock.h>

#include <fstream>

#include "support/eventually.hpp"
#include "support/read_only.hpp"
#include "support/small_disk.hpp"
#include "support/tools.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"
#include "tt/job/run_folder.hpp"

namespace {

using testing::HasSubstr;
using tt::test::eventually;
using tt::test::Workspace;

TEST(FullDisk, ExpandFailsClearlyAndTheNextOneRepairs) {
  tt::test::SmallDisk disk;
  if (!disk.why_not().empty()) GTEST_SKIP() << disk.why_not();
  const Workspace source({"story", "  training.local_batch_size: {from: 1, to: 20, step: 1}\n", "", "00:05:00"});
  const std::vector<std::string> expand{"expand", (source / "sweep.yaml").string(), "--workspace",
                                        disk.path().string()};
  // Room for some of the twenty runs.
  {
    std::ofstream filler(disk / "filler", std::ios::binary);
    filler << std::string(std::size_t{36} * 1024, 'x');
  }
  const tt::ProcessResult full = source.sweep(expand);
  EXPECT_EQ(full.status, 1) << full.out << full.err;
  EXPECT_THAT(full.err, HasSubstr("No space left on device"));
  tt::remove_tree(disk / "filler");
  // Twenty runs need more than the whole disk: the sweep is cut, what is there is made good.
  tt::write_new_file(source / "sweep.yaml", tt::replace_all(tt::test::read(source / "sweep.yaml"), "to: 20", "to: 3"));
  const tt::ProcessResult repaired = source.sweep(expand);
  EXPECT_EQ(repaired.status, 0) << repaired.out << repaired.err;
  for (const char* run : {"_bs1", "_bs2", "_bs3"}) {
    const tt::RunFolder folder(disk / ("logs/story/" + std::string(run)));
    EXPECT_TRUE(folder.load_record()) << run;
    EXPECT_THAT(tt::test::read(folder.config()), HasSubstr("local_batch_size = " + std::string(run).substr(3))) << run;
  }
}

// Somebody else's workspace, a file system that was mounted read only after a fault.
TEST(ReadOnlyWorkspace, IsLookedAtAllTheSame) {
  // The first attempt of _bs1 failed, and its summary says so.
  const Workspace workspace({"story", "  training.local_batch_size: [1, 2]\n", "", "00:05:00"});
  const std::string trainer = tt::test::read(workspace / "run_train.sh");
  tt::write_new_file(workspace / "run_train.sh", "#!/bin/bash\nexit 3\n");
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 3);
  tt::write_new_file(workspace / "run_train.sh", trainer);
  ASSERT_EQ(workspace.submit({"retry", "--no-wait"}).status, 0);
  ASSERT_TRUE(eventually([&] {
    return tt::is_there(workspace.run("_bs1") / "attempt-2/exit.json") &&
           tt::is_there(workspace.run("_bs2") / "attempt-2/exit.json") && !workspace.supervisor();
  }));
  {
    const tt::test::ReadOnly read_only(workspace.path());
    if (!read_only.why_not().empty()) GTEST_SKIP() << read_only.why_not();
    const tt::ProcessResult status = workspace.submit({"status"});
    EXPECT_EQ(status.status, 0) << status.err;
    EXPECT_THAT(status.out, HasSubstr("2 runs: 2 finished"));
    EXPECT_THAT(status.err, HasSubstr("warning: what is seen is not written down, and is looked for again: "));
    EXPECT_THAT(status.err, HasSubstr("Read-only file system"));
    EXPECT_EQ(tt::split_lines(status.err).size(), 1U) << status.err;
    const tt::ProcessResult explain = workspace.submit({"explain", "_bs1"});
    EXPECT_EQ(explain.status, 0) << explain.err;
    EXPECT_THAT(explain.out, HasSubstr("_bs1: finished"));
    EXPECT_THAT(explain.out, testing::Not(HasSubstr("exit status 3"))) << "that was the attempt before";
    const tt::ProcessResult logs = workspace.submit({"logs", "_bs1"});
    EXPECT_EQ(logs.status, 0) << logs.err;
    EXPECT_THAT(logs.out, HasSubstr("Training completed"));
    const tt::ProcessResult wait = workspace.submit({"wait"});
    EXPECT_EQ(wait.status, 1) << "who waits for summaries is not told that they are there";
    EXPECT_THAT(wait.err, HasSubstr("Read-only file system"));
  }
  EXPECT_EQ(workspace.submit({"wait"}).status, 0);
  EXPECT_TRUE(tt::is_there(workspace.run("_bs1") / "summary.json"));
}

}  // namespace
