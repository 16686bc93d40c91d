#include "tt/flow/software.hpp"

#include <gtest/gtest.h>

#include "support/temp_folder.hpp"
#include "tt/titan/installation.hpp"

namespace tt::flow {
namespace {

class Answers : public ProcessRunner {
 public:
  ProcessResult run(const Command& command, Seconds /*limit*/) override {
    asked.push_back(command);
    return answer;
  }
  ProcessResult answer{Ending::exited, 0, "", "", ""};
  std::vector<Command> asked;
};

class SoftwareHere : public ::testing::Test {
 protected:
  Software seen() { return look_at_software({environment_, checkout_, folder_ / "driver"}, git_); }

  test::TempFolder folder_;
  Environment environment_;
  std::filesystem::path checkout_;
  Answers git_;
};

TEST_F(SoftwareHere, IsUnknownWhereNothingTells) {
  EXPECT_EQ(seen(), Software{});
  EXPECT_TRUE(git_.asked.empty());
}

TEST_F(SoftwareHere, IsReadFromTheWheelsOfTheEnvironment) {
  folder_.write("venv/lib/python3.11/site-packages/torch-2.15.0.dist-info/METADATA", "");
  folder_.write("venv/lib/python3.11/site-packages/torchdata-0.11.0.dist-info/METADATA", "");
  folder_.write("venv/lib/python3.11/site-packages/nvidia_nccl_cu13-2.28.9.dist-info/METADATA", "");
  environment_.set("VIRTUAL_ENV", (folder_ / "venv").string());
  EXPECT_EQ(seen(), (Software{{}, {}, "2.15.0", "2.28.9", {}}));
}

TEST_F(SoftwareHere, TakesTheCommitOfACheckout) {
  checkout_ = folder_ / "titan";
  folder_.write("titan/.git/HEAD", "ref: refs/heads/main\n");
  git_.answer.out = "# branch.oid 73a0e6979c\n# branch.head main\n";
  EXPECT_EQ(seen(), (Software{"73a0e6979c", false, {}, {}, {}}));
  ASSERT_EQ(git_.asked.size(), 1U);
  EXPECT_EQ(git_.asked[0].folder, checkout_);
}

TEST_F(SoftwareHere, SaysWhenACheckoutHasChangesNobodyCommitted) {
  checkout_ = folder_ / "titan";
  folder_.write("titan/.git/HEAD", "");
  git_.answer.out =
      "# branch.oid 73a0e6979c\n# branch.head main\n1 .M N... 100644 100644 100644 a b torchtitan/train.py\n";
  EXPECT_EQ(seen().modified, true);
}

TEST_F(SoftwareHere, DoesNotTakeTheCommitOfARepositoryAround) {
  checkout_ = folder_ / "titan";
  folder_.write("titan/run_train.sh", "");
  git_.answer.out = "# branch.oid 73a0e6979c\n";
  EXPECT_EQ(seen(), Software{});
}

TEST_F(SoftwareHere, WithoutGitHasNoCommit) {
  checkout_ = folder_ / "titan";
  folder_.write("titan/.git/HEAD", "");
  git_.answer = {Ending::never_started, 0, "no such file", "", ""};
  EXPECT_EQ(seen(), Software{});
}

TEST_F(SoftwareHere, KnowsBothKindsOfDriver) {
  folder_.write(
      "driver",
      "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024\nGCC version:  12\n");
  EXPECT_EQ(seen().driver, "550.54.15");
  folder_.write("driver", "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build  (a@b)\n");
  EXPECT_EQ(seen().driver, "570.86.15");
}

}  // namespace
}  // namespace tt::flow
