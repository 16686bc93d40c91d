#include "tt/logs/normalise.hpp"

#include <gtest/gtest.h>

namespace tt::logs {
namespace {

LogLine normal(std::string_view raw) {
  LogLine line;
  normalise(raw, line);
  return line;
}

TEST(Normalise, StripsColoursButKeepsPrefixesInTheEvidence) {
  const auto line = normal("[rank0]:\x1b[31mstep:  1  \x1b[38;2;180;60;0mgrad_norm:  2.1\x1b[39m\r\n");
  EXPECT_EQ(line.evidence, "[rank0]:step:  1  grad_norm:  2.1");
  EXPECT_EQ(line.text, "step:  1  grad_norm:  2.1");
  EXPECT_EQ(line.local_rank, 0);
  EXPECT_EQ(line.rank, std::nullopt);
}

TEST(Normalise, ReadsNodeLabelOuterAndInnerTag) {
  const auto line = normal("12: [rank7]:[rank103]: RuntimeError: CUDA error: uncorrectable ECC error encountered");
  EXPECT_EQ(line.node, 12);
  EXPECT_EQ(line.local_rank, 7);
  EXPECT_EQ(line.rank, 103);
  EXPECT_EQ(line.text, "RuntimeError: CUDA error: uncorrectable ECC error encountered");
}

TEST(Normalise, ReadsAPaddedLabelAndAnInnerTagWithoutSpace) {
  const auto line = normal(" 3: [default1]:[rank13]:[E1012 09:18:33.201 ProcessGroupNCCL.cpp:607] x");
  EXPECT_EQ(line.node, 3);
  EXPECT_EQ(line.local_rank, 1);
  EXPECT_EQ(line.rank, 13);
  EXPECT_EQ(line.text, "[E1012 09:18:33.201 ProcessGroupNCCL.cpp:607] x");
}

TEST(Normalise, KeepsTheIndentOfATraceback) {
  EXPECT_EQ(normal("[rank1]:[rank1]:   File \"a.py\", line 1, in <module>").text,
            "  File \"a.py\", line 1, in <module>");
  EXPECT_EQ(normal("[rank1]:  File \"a.py\", line 1, in <module>").text, "  File \"a.py\", line 1, in <module>");
}

TEST(Normalise, DropsNulAndWhatAProgressBarOverwrote) {
  EXPECT_EQ(normal(std::string_view("a\0b", 3)).text, "ab");
  EXPECT_EQ(normal("10%\r50%\r100% done\r\n").text, "100% done");
}

TEST(Normalise, PeelsTheSchedulersTime) {
  const auto line = normal("[2026-02-03T22:06:04.101] error: Detected 1 oom_kill event in StepId=7.0.");
  EXPECT_EQ(line.text, "error: Detected 1 oom_kill event in StepId=7.0.");
}

TEST(Normalise, LeavesWordsThatOnlyLookLikePrefixes) {
  EXPECT_EQ(normal("[titan] 2026-02-20 x").text, "[titan] 2026-02-20 x");
  EXPECT_EQ(normal("[Rank 2] NCCL watchdog").text, "[Rank 2] NCCL watchdog");
  EXPECT_EQ(normal("[ 1651.131921] Memory cgroup").text, "[ 1651.131921] Memory cgroup");
  EXPECT_EQ(normal("10:11:12 up").text, "10:11:12 up");
}

TEST(Normalise, CutsAnEndlessLine) {
  EXPECT_EQ(normal(std::string(longest_line + 100, 'x')).evidence.size(), longest_line);
}

}  // namespace
}  // namespace tt::logs
