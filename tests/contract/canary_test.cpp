// A sweep that is edited while runs wait behind a canary: nothing goes before a canary has trained, and that is said.
#include <gmock/gmock.h>

#include "support/scheduler_under_test.hpp"
#include "support/tools.hpp"
#include "tt/base/files.hpp"

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using tt::test::Sweep;
using tt::test::Workspace;

Sweep sweep_of(const std::string& sizes, const std::string& more = "") {
  return {"story", "  training.local_batch_size: [" + sizes + "]\n", more, "00:05:00"};
}
const char* const kFailing = "env: {STAND_IN_EXIT: \"3\"}\n";

TEST(EditedCanary, OfOtherSettingsAnotherRunGoesFirstInItsPlace) {
  Workspace workspace(sweep_of("1, 2, 3", kFailing));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--canary"}).status, 3);
  workspace.write_sweep(sweep_of("1, 2, 3", "env: {STAND_IN_EXIT: \"4\"}\n"));  // mended, and still wrong
  const char* const said =
      "tt-submit: note: the sweep changed since the canary _bs1 was chosen: _bs2 goes first in its "
      "place\n";
  const tt::ProcessResult dry = workspace.submit({"run", "sweep.yaml", "--dry-run"});
  EXPECT_THAT(dry.err, HasSubstr(said));
  const tt::ProcessResult run = workspace.submit({"run", "sweep.yaml"});
  EXPECT_EQ(run.status, 3) << run.err;
  EXPECT_THAT(run.err, HasSubstr(said));
  EXPECT_THAT(run.err,
              HasSubstr("tt-submit: warning: 1 run waits: the canary _bs2 failed; next: tt-submit retry _bs2"));
  EXPECT_THAT(workspace.trainings(), ElementsAre(Pair("_bs1", 1), Pair("_bs2", 1))) << "_bs3 waits";
  // Right at last, and the canary of the beginning is asked for.
  workspace.write_sweep(sweep_of("1, 2, 3"));
  const tt::ProcessResult last = workspace.submit({"run", "sweep.yaml", "--again"});
  EXPECT_EQ(last.status, 0) << last.out << last.err;
  EXPECT_THAT(last.err, HasSubstr("the sweep changed since the canary _bs2 was chosen: _bs1 goes first in its place"));
  EXPECT_THAT(last.err, HasSubstr("2 runs wait: goes once the canary _bs1 is finished"));
  EXPECT_THAT(workspace.trainings(), ElementsAre(Pair("_bs1", 2), Pair("_bs2", 2), Pair("_bs3", 1)));
}

TEST(EditedCanary, ThatIsNoRunOfTheSweepAnyMoreAnotherGoesFirst) {
  Workspace workspace(sweep_of("1, 2, 3", kFailing));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--canary"}).status, 3);
  workspace.write_sweep(sweep_of("2, 3", kFailing));
  const tt::ProcessResult run = workspace.submit({"run", "sweep.yaml"});
  EXPECT_EQ(run.status, 3) << run.err;
  EXPECT_THAT(run.err, HasSubstr("the sweep changed since the canary _bs1 was chosen: _bs2 goes first in its place"));
  EXPECT_THAT(workspace.trainings(), ElementsAre(Pair("_bs1", 1), Pair("_bs2", 1)));
}

TEST(EditedCanary, ThatIsStillARunOfTheSweepKeepsWhatWasAdded) {
  Workspace workspace(sweep_of("1, 2", kFailing));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--canary"}).status, 3);
  workspace.write_sweep(sweep_of("1, 2, 3", kFailing));
  const tt::ProcessResult run = workspace.submit({"run", "sweep.yaml"});
  EXPECT_EQ(run.status, 3) << run.err;
  EXPECT_THAT(run.err,
              HasSubstr("tt-submit: warning: 2 runs wait: the canary _bs1 failed; next: tt-submit retry _bs1"));
  EXPECT_THAT(run.err, Not(HasSubstr("the sweep changed")));
  EXPECT_THAT(workspace.trainings(), ElementsAre(Pair("_bs1", 1)));
}

}  // namespace
