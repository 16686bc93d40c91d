#include "tt/flow/watch.hpp"

#include <gmock/gmock.h>

#include "support/temp_folder.hpp"
#include "tt/base/files.hpp"

namespace tt::flow {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

const Instant kNow = parse_iso_time("2026-03-01T12:00:00Z").value();
Instant ago(double seconds) { return kNow - std::chrono::duration_cast<Instant::duration>(Seconds{seconds}); }

RunView run_of(const std::string& name, RunState state, double seconds_ago = 60) {
  RunView run;
  run.id = RunId{name};
  run.name = name;
  run.sweep = "tiny";
  run.state = state;
  run.attempt = state == RunState::planned ? 0 : 1;
  run.since = ago(seconds_ago);
  return run;
}

TEST(WatchTitle, NamesSweepsAndSites) {
  std::vector<RunView> runs{run_of("_a", RunState::running), run_of("_b", RunState::finished)};
  runs[1].site = "juwels";
  EXPECT_EQ(title_of(runs, "laptop"), "tiny on laptop") << "what ended on juwels is over";
  runs[0].site = "juwels";
  runs[1].sweep = "large";
  EXPECT_EQ(title_of(runs, "laptop"), "large, tiny on juwels");
  for (int i = 0; i < 4; ++i) {
    runs.push_back(run_of("_", RunState::planned));
    runs.back().sweep = std::to_string(i);
  }
  EXPECT_EQ(title_of(runs, "laptop"), "6 sweeps on juwels");
  EXPECT_EQ(title_of({}, "laptop"), "nothing on laptop");
}

TEST(WatchedRuns, StandInTheOrderOfTheirStart) {
  const std::vector<RunView> runs{run_of("_a", RunState::running, 5), run_of("_b", RunState::queued, 900),
                                  run_of("_c", RunState::running, 70), run_of("_d", RunState::running, 70)};
  const std::vector<const RunView*> running = running_of(runs);
  EXPECT_THAT(running, ElementsAre(&runs[2], &runs[3], &runs[0]));
  const WatchState state = watch_state(runs, {}, {}, kNow);
  EXPECT_EQ(state.running[0].name, "_c");
  EXPECT_EQ(state.running[0].runs_for->count(), 70);
  EXPECT_FALSE(state.running[0].step);
  EXPECT_EQ(state.counts, (RunCounts{{RunState::running, 3}, {RunState::queued, 1}}));
}

TEST(WatchedEnds, StandTheLastFirstWithoutThoseThatAreWell) {
  std::vector<RunView> runs{run_of("_a", RunState::failed, 500), run_of("_b", RunState::finished, 10),
                            run_of("_c", RunState::lost, 20), run_of("_d", RunState::cancelled, 5),
                            run_of("_e", RunState::preempted, 30)};
  runs[0].cause = "segfault";
  const WatchState state = watch_state(runs, {{RunId{"_a"}, kNow + std::chrono::seconds{25}}}, {}, kNow);
  EXPECT_THAT(state.ended_badly, ElementsAre(Field(&WatchedEnd::name, "_c"), Field(&WatchedEnd::name, "_e"),
                                             Field(&WatchedEnd::name, "_a")));
  EXPECT_EQ(state.ended_badly[2].cause, "segfault");
  EXPECT_EQ(state.ended_badly[2].ago->count(), 500);
  EXPECT_EQ(state.ended_badly[2].again->count(), 25);
  EXPECT_FALSE(state.ended_badly[0].again);
}

TEST(WatchedQueue, CountsReasons) {
  std::vector<RunView> runs{run_of("_a", RunState::queued), run_of("_b", RunState::queued),
                            run_of("_c", RunState::submitted), run_of("_d", RunState::running),
                            run_of("_e", RunState::queued)};
  runs[0].reason = runs[1].reason = "Priority";
  runs[2].reason = "no answer from the scheduler: timed out";
  runs[3].reason = "of no interest: it runs";
  runs.push_back(run_of("_f", RunState::planned));
  runs.push_back(run_of("_g", RunState::planned));
  runs[5].reason = "waits for room";
  runs[5].waits = "room";
  runs[6].reason = "of no interest: nobody chose it";
  EXPECT_EQ(watch_state(runs, {}, {}, kNow).waiting,
            (std::map<std::string, std::int64_t>{
                {"Priority", 2}, {"no answer from the scheduler: timed out", 1}, {"waits for room", 1}}));
}

class WatchedLog : public testing::Test {
 protected:
  // What the screen says of a training with this log, so long after it was written last.
  WatchedRun seen(const std::string& log, Seconds after) {
    RunView run = run_of("_a", RunState::running);
    run.folder = RunFolder(folder_ / "_a");
    folder_.write("_a/attempt-1/log.txt", log);
    RunningProgress progress;
    progress.read({&run}, 1);
    const Instant written = progress.of(run).spoke.value();
    return watch_state({run}, {}, progress, written + std::chrono::duration_cast<Instant::duration>(after)).running[0];
  }
  static std::string steps(const std::string& second) {
    return "2026-01-01 00:00:00,000 - root - INFO - Trainer is initialized with total steps 100\n"
           "2026-01-01 00:00:00,000 - root - INFO - step: 10  loss: 3.0  tps: 100\n"
           "2026-01-01 " +
           second + ",000 - root - INFO - step: 20  loss: 2.0  tps: 100\n";
  }
  test::TempFolder folder_;
};

TEST_F(WatchedLog, TellsHowLongTheRestWillTake) {
  // 10 steps took 50 seconds and 80 are left: 400 seconds, of which 30 have passed.
  EXPECT_EQ(seen(steps("00:00:50"), Seconds{30}).left->count(), 370);
  EXPECT_EQ(seen(steps("00:00:50"), Seconds{0}).left->count(), 400);
}

TEST_F(WatchedLog, IsSilentAfterFiveMinutesWithoutALine) {
  EXPECT_FALSE(seen(steps("00:00:50"), Seconds{300}).silent_for);
  const WatchedRun run = seen(steps("00:00:50"), Seconds{301});
  EXPECT_EQ(run.silent_for->count(), 301);
  EXPECT_FALSE(run.left) << "nobody can say";
}

TEST_F(WatchedLog, MaySpeakSeldom) {
  EXPECT_FALSE(seen(steps("00:02:00"), Seconds{600}).silent_for) << "five times two minutes";
  EXPECT_TRUE(seen(steps("00:02:00"), Seconds{601}).silent_for);
}

TEST_F(WatchedLog, MayCompileForAQuarterOfAnHour) {
  EXPECT_FALSE(seen("compiling\n", Seconds{900}).silent_for);
  EXPECT_TRUE(seen("compiling\n", Seconds{901}).silent_for);
}

TEST(RunChanges, BeginWithWhatIsOpenAndGoOnWithWhatChanges) {
  RunChanges changes;
  std::vector<RunView> runs{run_of("_a", RunState::running), run_of("_b", RunState::queued),
                            run_of("_c", RunState::finished), run_of("_d", RunState::planned)};
  runs[1].reason = "Priority";
  EXPECT_THAT(changes.lines(runs, kNow),
              ElementsAre("2026-03-01T12:00:00Z _a running", "2026-03-01T12:00:00Z _b queued Priority"));
  EXPECT_THAT(changes.lines(runs, kNow), IsEmpty());
  runs[0].state = RunState::failed;
  runs[0].cause = "segfault";
  runs[1].reason = "Resources";
  EXPECT_THAT(changes.lines(runs, kNow), ElementsAre("2026-03-01T12:00:00Z _a failed segfault"))
      << "another reason is no change of the state";
  runs[3].state = RunState::unknown;
  runs[3].raw_state = "HYPERSLEEP";
  runs.push_back(run_of("_e", RunState::submitted));
  EXPECT_THAT(changes.lines(runs, kNow),
              ElementsAre("2026-03-01T12:00:00Z _d unknown HYPERSLEEP", "2026-03-01T12:00:00Z _e submitted"));
}

TEST(RunChanges, TellAnotherAttempt) {
  RunChanges changes;
  std::vector<RunView> runs{run_of("_a", RunState::running)};
  changes.lines(runs, kNow);
  runs[0].attempt = 2;
  EXPECT_THAT(changes.lines(runs, kNow), ElementsAre("2026-03-01T12:00:00Z _a running"));
}

}  // namespace
}  // namespace tt::flow
