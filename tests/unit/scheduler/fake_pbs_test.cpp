// The PBS for tests refuses as the real one did.
#include "support/fake_pbs.hpp"

#include <gmock/gmock.h>

#include "support/pbs_recording.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace tt::test {
namespace {

std::string first_line(const std::string& text) {
  const auto lines = split_lines(text);
  return lines.empty() ? "" : lines.front();
}

class FakePbsRefuses : public testing::TestWithParam<const char*> {};

TEST_P(FakePbsRefuses, AsTheRecordedOneDid) {
  const FakePbs pbs;
  write_file(pbs.folder() / "ok.sh", "#!/bin/bash\n#PBS -j oe -k doe -W umask=022\nexit 0\n");
  write_file(pbs.folder() / "comment.sh", "#!/bin/bash\n#PBS -l walltime=1:00:00  # an hour\ntrue\n");
  const std::string name = std::string("pbs-openpbs/refused-") + GetParam();
  const std::string command =
      first_line(read(std::filesystem::path(TT_SOURCE_DIR) / "tests/transcripts" / (name + ".txt")));
  ASSERT_TRUE(command.starts_with("$ qsub "));
  const ProcessResult recorded = recorded_reply(name);
  const ProcessResult told = pbs.run(split(command.substr(2), ' '));
  EXPECT_EQ(told.status, recorded.status);
  EXPECT_EQ(first_line(told.err), first_line(recorded.err));
  EXPECT_EQ(told.out, "");
}

INSTANTIATE_TEST_SUITE_P(EveryRecording, FakePbsRefuses,
                         testing::Values("J-one", "J-list", "directive", "queue", "resource", "select-resource",
                                         "walltime", "no-script", "array-size", "array-not-rerunnable"),
                         [](const auto& one) { return replace_all(one.param, "-", "_"); });

}  // namespace
}  // namespace tt::test
