#include "tt/report/run_bar.hpp"

#include <gmock/gmock.h>

namespace tt::report {
namespace {

using testing::ElementsAre;

Terminal bar_room(std::size_t width) {
  Terminal terminal;
  terminal.width = width;
  return terminal;
}

TEST(RunBar, GivesEveryPartItsShare) {
  // 20 cells: one for each of the two parts, the other 18 in the proportion 1 to 2.
  EXPECT_EQ(bar_line({{RunState::finished, 1}, {RunState::queued, 2}}, bar_room(40)),
            "[#######.............] 1 of 3 runs ended");
}

TEST(RunBar, LeavesOutNoPartHoweverSmall) {
  // 15 cells: one for each of three parts; 11 of the other 12 are the first one's in full, the last is rounded.
  EXPECT_EQ(bar_line({{RunState::finished, 10000}, {RunState::failed, 1}, {RunState::running, 1}}, bar_room(45)),
            "[############x>>] 10,001 of 10,002 runs ended");
}

TEST(RunBar, CountsEveryEndAsAnEnd) {
  EXPECT_EQ(bar_line({{RunState::finished, 1},
                      {RunState::failed, 1},
                      {RunState::timed_out, 1},
                      {RunState::preempted, 1},
                      {RunState::lost, 1},
                      {RunState::cancelled, 1}},
                     bar_room(26)),
            "[#xxx--] 6 of 6 runs ended");
}

TEST(RunBar, IsAllMarksWhenAllAreFinished) {
  EXPECT_EQ(bar_line({{RunState::finished, 3}}, bar_room(30)), "[##########] 3 of 3 runs ended");
}

TEST(RunBar, IsOnlyWordsWhereThereIsNoRoom) {
  EXPECT_EQ(bar_line({{RunState::finished, 1}, {RunState::queued, 2}}, bar_room(24)), "1 of 3 runs ended");
  EXPECT_EQ(bar_line({{RunState::finished, 1}, {RunState::queued, 2}}, bar_room(10)), "1 of 3 ru…");
}

TEST(RunCounts, ExplainTheMarksOfTheBar) {
  EXPECT_THAT(counts_lines({{RunState::queued, 12},
                            {RunState::running, 1234},
                            {RunState::finished, 3},
                            {RunState::failed, 1},
                            {RunState::cancelled, 2},
                            {RunState::held, 4}},
                           bar_room(84)),
              ElementsAre("# 3 finished   x 1 failed   - 2 cancelled   > 1,234 running   . 12 queued   . 4 held"));
}

TEST(RunCounts, TakeAsManyLinesAsTheyNeed) {
  EXPECT_THAT(counts_lines({{RunState::running, 1}, {RunState::finished, 3}, {RunState::lost, 1}}, bar_room(23)),
              ElementsAre("# 3 finished   x 1 lost", "> 1 running"));
}

TEST(RunCounts, OfNothingSaySo) { EXPECT_THAT(counts_lines({}, bar_room(80)), ElementsAre("no runs")); }

}  // namespace
}  // namespace tt::report
