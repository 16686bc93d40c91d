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

TEST(EditedCanary, ARetryOfItSaysThatTheSweepSaysOtherwise) {
  Workspace workspace(sweep_of("1, 2", kFailing));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--canary"}).status, 3);
  EXPECT_THAT(workspace.submit({"retry", "_bs1"}).err, Not(HasSubstr("by now")));
  workspace.write_sweep(sweep_of("1, 2"));
  EXPECT_THAT(workspace.submit({"retry", "_bs1"}).err,
              HasSubstr("tt-submit: note: _bs1: the sweep says otherwise by now, and this tries it again as it was "
                        "started; `tt-submit run sweep.yaml --again=_bs1` trains what the sweep says\n"));
  workspace.write_sweep(sweep_of("2, 3"));
  EXPECT_THAT(workspace.submit({"retry", "_bs1"}).err,
              HasSubstr("tt-submit: note: _bs1: no run of the sweep any more, and this tries it again as it was "
                        "started; `tt-submit run sweep.yaml` trains what the sweep says\n"));
}

TEST(EditedCanary, ItsRetryNamesTheNextStepOfTheRest) {
  Workspace workspace(sweep_of("1, 2, 3", "env: {STAND_IN_EXIT: \"3\", STAND_IN_SECONDS: \"2\"}\n"));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--canary"}).status, 3);
  const std::string trainer = tt::test::read(workspace / "run_train.sh");
  tt::write_new_file(workspace / "run_train.sh",
                     "#!/usr/bin/env bash\nSTAND_IN_EXIT=0\n" + trainer.substr(trainer.find('\n') + 1));
  const tt::ProcessResult retry = workspace.submit({"retry", "_bs1"});
  EXPECT_EQ(retry.status, 0) << retry.err;
  EXPECT_THAT(retry.err,
              HasSubstr("tt-submit: note: 2 other runs go on; next: tt-submit wait   (follows, and hands over "
                        "what waits)\n"));
  EXPECT_EQ(workspace.submit({"wait"}).status, 0);
}

TEST(Held, ARunThatWaitsForACanaryIsNoJobThatCouldBe) {
  const Workspace workspace(sweep_of("1, 2, 3", kFailing));
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--canary"}).status, 3);
  const tt::ProcessResult named = workspace.submit({"hold", "_bs2"});
  EXPECT_EQ(named.status, 1);
  EXPECT_THAT(
      named.err,
      HasSubstr("_bs2: no job yet that could be held, it waits: the canary _bs1 failed; `tt-submit cancel` takes it "
                "off, `tt-submit retry` brings it back\n"));
  const tt::ProcessResult all = workspace.submit({"hold"});
  EXPECT_EQ(all.status, 0);
  EXPECT_THAT(all.err,
              HasSubstr("tt-submit: note: nothing to do: no run can be held\n"
                        "tt-submit: note: 2 runs have no job yet that could be held: `wait` and `run` still hand "
                        "them over; `tt-submit cancel` takes them off\n"));
}

}  // namespace
