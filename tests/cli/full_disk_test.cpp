// A full disk: a clear error, nothing half-written that counts, and everything made good once there is room.
#include <gmock/gmock.h>

#include <fstream>

#include "support/small_disk.hpp"
#include "support/tools.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"
#include "tt/job/run_folder.hpp"

namespace {

using testing::HasSubstr;
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

}  // namespace
