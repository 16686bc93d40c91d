// Whole screens, as a person sees them.
#include "tt/report/watch_view.hpp"

#include <gmock/gmock.h>

#include <limits>

#include "tt/base/text.hpp"

namespace tt::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Terminal screen(std::size_t width, std::size_t height) {
  Terminal terminal;
  terminal.is_terminal = terminal.can_rewrite = true;
  terminal.width = width;
  terminal.height = height;
  return terminal;
}

std::string shown(const WatchState& state, const Terminal& terminal) {
  return join(watch_lines(state, terminal), "\n");
}

WatchedRun training(const std::string& name, double minutes, std::int64_t step, double tokens, double loss) {
  WatchedRun run;
  run.name = name;
  run.runs_for = Seconds{60 * minutes};
  run.step = step;
  run.steps = 200;
  run.tokens_per_second_per_gpu = tokens;
  run.loss = loss;
  run.left = Seconds{120};
  return run;
}

WatchedEnd ended(const std::string& name, RunState state, const std::string& cause, double seconds_ago) {
  return {name, state, cause, Seconds{seconds_ago}, {}};
}

// In the middle of the night.
WatchState some_state() {
  WatchState state;
  state.title = "llama3 on juwels";
  state.time = "02:05:12 UTC";
  state.asked_ago = Seconds{4};
  state.counts = {{RunState::finished, 8},
                  {RunState::failed, 1},
                  {RunState::timed_out, 1},
                  {RunState::running, 3},
                  {RunState::queued, 7}};
  state.running = {training("_bs2_tp1", 41, 120, 12345, 3.51234), training("_bs4_tp1", 12, 40, 987.6, 4.25),
                   training("_bs4_tp8", 3, 10, 56789, 6.125)};
  state.ended_badly = {ended("_bs8_tp1", RunState::failed, "cuda-oom", 130),
                       ended("_bs8_tp2", RunState::timed_out, "", 7500)};
  state.waiting = {{"Priority", 5}, {"Resources", 2}};
  return state;
}

TEST(WatchScreen, ShowsEverythingOnAnOrdinaryTerminal) {
  EXPECT_EQ(shown(some_state(), screen(80, 24)),
            "llama3 on juwels                                    asked 4 s ago, 02:05:12 UTC\n"
            "[######################xxxxxx>>>>>>>>>....................] 10 of 20 runs ended\n"
            "# 8 finished   x 1 failed   x 1 timed-out   > 3 running   . 7 queued\n"
            "\n"
            "running (3)       step     for  tokens/s/GPU     loss     left\n"
            "_bs2_tp1       120/200  41 min        12,345   3.5123   ~2 min\n"
            "_bs4_tp1        40/200  12 min           988   4.2500   ~2 min\n"
            "_bs4_tp8        10/200   3 min        56,789   6.1250   ~2 min\n"
            "slowest: _bs4_tp1, 988 tokens/s/GPU (median 12,345)\n"
            "\n"
            "ended badly (2)    ago  why\n"
            "_bs8_tp1         2 min  cuda-oom: Lower local_batch_size or seq_len, or use ac…\n"
            "_bs8_tp2           2 h  timed-out\n"
            "\n"
            "waiting: Priority (5), Resources (2)\n"
            "\n"
            "next: `tt-submit explain _bs8_tp1` says why and what helps; 2 runs need you\n"
            "Ctrl-C stops watching; the runs go on");
}

TEST(WatchScreen, OfTenRowsShowsTheFirstOfEach) {
  EXPECT_EQ(shown(some_state(), screen(80, 10)),
            "llama3 on juwels                                    asked 4 s ago, 02:05:12 UTC\n"
            "[######################xxxxxx>>>>>>>>>....................] 10 of 20 runs ended\n"
            "# 8 finished   x 1 failed   x 1 timed-out   > 3 running   . 7 queued\n"
            "running (3)       step     for  tokens/s/GPU     loss     left\n"
            "_bs2_tp1       120/200  41 min        12,345   3.5123   ~2 min\n"
            "ended badly (2)    ago  why\n"
            "_bs8_tp1         2 min  cuda-oom: Lower local_batch_size or seq_len, or use ac…\n"
            "waiting: Priority (5), Resources (2)\n"
            "next: `tt-submit explain _bs8_tp1` says why and what helps; 2 runs need you");
}

TEST(WatchScreen, OfThreeRowsSaysWhatToTypeAndTheCounts) {
  EXPECT_EQ(shown(some_state(), screen(80, 3)),
            "# 8 finished   x 1 failed   x 1 timed-out   > 3 running   . 7 queued\n"
            "next: `tt-submit explain _bs8_tp1` says why and what helps; 2 runs need you");
}

TEST(WatchScreen, OfOneRowSaysWhatToType) {
  EXPECT_EQ(shown(some_state(), screen(80, 1)),
            "next: `tt-submit explain _bs8_tp1` says why and what helps; 2 runs need you");
}

TEST(WatchScreen, BreaksWhatMustBeReadOnANarrowTerminal) {
  EXPECT_EQ(shown(some_state(), screen(40, 12)),
            "llama3 on juwels  asked 4 s ago, 02:05…\n"
            "[######xx>>>......] 10 of 20 runs ended\n"
            "# 8 finished   x 1 failed\n"
            "x 1 timed-out   > 3 running\n"
            ". 7 queued\n"
            "ended badly (2)    ago  why\n"
            "_bs8_tp1         2 min  cuda-oom: Lowe…\n"
            "waiting: Priority (5), Resources (2)\n"
            "next: `tt-submit explain _bs8_tp1` says\n"
            "      why and what helps; 2 runs need\n"
            "      you");
}

TEST(WatchScreen, LeavesOutTheColumnsThatDoNotFit) {
  WatchState state = some_state();
  state.ended_badly.clear();
  state.waiting.clear();
  EXPECT_EQ(shown(state, screen(46, 12)),
            "llama3 on juwels  asked 4 s ago, 02:05:12 UTC\n"
            "[########xxx>>>>........] 10 of 20 runs ended\n"
            "# 8 finished   x 1 failed   x 1 timed-out\n"
            "> 3 running   . 7 queued\n"
            "running (3)       step     for  tokens/s/GPU\n"
            "_bs2_tp1       120/200  41 min        12,345\n"
            "_bs4_tp1        40/200  12 min           988\n"
            "1 more; slowest: _bs4_tp1, 988 tokens/s/GPU …\n"
            "next: nothing to type: this goes on by itself\n"
            "      until all runs ended\n"
            "Ctrl-C stops watching; the runs go on");
}

// Eighty trainings, a dozen failures.
WatchState busy_state() {
  WatchState state = some_state();
  state.running.clear();
  state.ended_badly.clear();
  for (int i = 0; i < 80; ++i) state.running.push_back(training("_lr" + std::to_string(i), 5, 100, 1000 + i, 3));
  for (int i = 0; i < 12; ++i)
    state.ended_badly.push_back(ended("_bad" + std::to_string(i), RunState::failed, "segfault", 60 * i));
  state.counts = {{RunState::running, 80}, {RunState::failed, 12}};
  return state;
}

TEST(WatchScreen, SaysHowManyRunningOnesItDoesNotShow) {
  // 23 lines: 3 above, 1 next, 1 hint, 1 waiting, 1 slowest, 4 gaps, 1 + 3 ended badly, the title and 7 running ones.
  const std::vector<std::string> lines = watch_lines(busy_state(), screen(80, 24));
  EXPECT_EQ(lines.size(), 23U);
  EXPECT_THAT(lines[11], HasSubstr("_lr6 "));
  EXPECT_EQ(lines[12], "73 more; slowest: _lr0, 1,000 tokens/s/GPU (median 1,040)");
  EXPECT_THAT(lines[17], HasSubstr("_bad2 "));
}

TEST(WatchScreen, OfALargeTerminalHoldsMoreOfBoth) {
  WatchState state = busy_state();
  state.running.resize(20);
  // 49 lines are enough for all 20, and for the last ten that ended badly.
  const std::string text = shown(state, screen(200, 50));
  EXPECT_THAT(text, HasSubstr("_lr19 "));
  EXPECT_THAT(text, HasSubstr("_bad9 "));
  EXPECT_THAT(text, Not(HasSubstr("_bad10 ")));
  EXPECT_THAT(text, HasSubstr("ended badly (12)"));
}

TEST(WatchScreen, FitsEveryTerminal) {
  for (WatchState state : {some_state(), busy_state(), WatchState{}}) {
    state.could_not_ask = {"juwels: squeue: no answer in 30 s", "laptop: gone", "third: gone"};
    state.said = "warning: cannot retry _bs8_tp1: its folder holds another run";
    state.title = "a_sweep_with_a_long_name_日本語 on juwels";
    for (std::size_t width = 20; width <= 200; width += width < 90 ? 3 : 37) {
      for (const std::size_t height : {2U, 5U, 12U, 24U, 50U}) {
        const std::vector<std::string> lines = watch_lines(state, screen(width, height));
        ASSERT_LT(lines.size(), height) << width;
        for (const std::string& line : lines) ASSERT_LT(display_width(line), width) << height << ": " << line;
      }
    }
  }
}

TEST(WatchScreen, SaysWhoCouldNotBeAskedAndWhatWasSaidLast) {
  WatchState state;
  state.title = "tiny on juwels";
  state.asked_ago = Seconds{240};
  state.could_not_ask = {"juwels: squeue: no answer in 30 s"};
  state.counts = {{RunState::queued, 2}};
  state.said = "warning: cannot retry _a: it moved";
  EXPECT_EQ(shown(state, screen(60, 24)), "tiny on juwels" + std::string(30, ' ') +
                                              "asked 4 min ago\n"
                                              "could not ask juwels: squeue: no answer in 30 s\n"
                                              "[" +
                                              std::string(39, '.') +
                                              "] 0 of 2 runs ended\n"
                                              ". 2 queued\n"
                                              "\n"
                                              "warning: cannot retry _a: it moved\n"
                                              "\n"
                                              "next: nothing to type: the scheduler is asked again by\n"
                                              "      itself, and no run is lost meanwhile\n"
                                              "Ctrl-C stops watching; the runs go on");
}

TEST(WatchScreen, OfATrainingThatSaidNothingYetHasNoNumbers) {
  WatchState state;
  state.counts = {{RunState::running, 1}};
  state.running.resize(1);
  state.running[0].name = "_a";
  EXPECT_THAT(watch_lines(state, screen(80, 24)),
              testing::Contains("_a                   -       -             -        -        -"));
}

TEST(WatchScreen, ShowsASilentTrainingAndALossThatIsNoNumber) {
  WatchState state;
  state.title = "tiny on juwels";
  state.counts = {{RunState::running, 1}};
  state.running = {training("_a", 41, 120, 12345, std::numeric_limits<double>::quiet_NaN())};
  state.running[0].left.reset();
  state.running[0].silent_for = Seconds{840};
  EXPECT_EQ(shown(state, screen(80, 24)), "tiny on juwels" + std::string(52, ' ') +
                                              "not asked yet\n"
                                              "[" +
                                              std::string(60, '>') +
                                              "] 0 of 1 run ended\n"
                                              "> 1 running\n"
                                              "\n"
                                              "running (1)  silent       step     for  tokens/s/GPU     loss     left\n"
                                              "_a           14 min    120/200  41 min        12,345      nan        -\n"
                                              "\n"
                                              "next: `tt-submit logs _a` shows what it said last, 14 min ago\n"
                                              "Ctrl-C stops watching; the runs go on");
}

TEST(WatchScreen, HasColoursOnlyWhereTheyAreWanted) {
  Terminal terminal = screen(80, 24);
  EXPECT_THAT(shown(some_state(), terminal), Not(HasSubstr("\x1b")));
  terminal.colour = true;
  const std::string text = shown(some_state(), terminal);
  EXPECT_THAT(text, HasSubstr("\x1b[32m# 8 finished\x1b[0m"));
  EXPECT_THAT(text, HasSubstr("\x1b[31m_bs8_tp1"));
}

TEST(WatchScreen, ShowsWhatATerminalWouldObey) {
  WatchState state;
  state.title = "a\x1b[2J";
  state.could_not_ask = {"b\x1b]0;c\x07"};
  state.said = "d\re";
  state.waiting = {{"f\x1b", 1}};
  state.running = {training("g\x1b", 1, 1, 1, 1)};
  state.ended_badly = {ended("h\x1b", RunState::failed, "i\x1b", 1)};
  const std::string text = shown(state, screen(200, 50));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, Not(HasSubstr("\r")));
  EXPECT_THAT(text, HasSubstr("a\\x1b[2J"));
}

TEST(NextStep, IsToExplainWhatFailedLast) {
  WatchState state = some_state();
  state.flags = " --workspace demo";
  EXPECT_EQ(next_step(state), "`tt-submit explain _bs8_tp1 --workspace demo` says why and what helps; 2 runs need you");
  state.ended_badly.pop_back();
  EXPECT_EQ(next_step(state), "`tt-submit explain _bs8_tp1 --workspace demo` says why and what helps");
}

TEST(NextStep, LeavesOutWhatIsTriedAgainByItself) {
  WatchState state = some_state();
  state.ended_badly[0].again = Seconds{25};
  EXPECT_EQ(next_step(state), "`tt-submit explain _bs8_tp2` says why and what helps");
  state.ended_badly[1].again = Seconds{25};
  EXPECT_EQ(next_step(state), "nothing to type: what failed is tried again by itself");
}

TEST(NextStep, GoesOnWithWhatWasPreempted) {
  WatchState state;
  state.ended_badly = {ended("_a", RunState::preempted, "", 1), ended("_b", RunState::preempted, "", 1)};
  state.what = " '_*'";
  EXPECT_EQ(next_step(state), "`tt-submit retry '_*'` goes on with what was preempted (2 runs)");
}

TEST(NextStep, TakesBackWhatWillNeverStart) {
  WatchState state;
  state.counts = {{RunState::queued, 3}, {RunState::held, 1}};
  state.in_vain = {"_a", "_b"};
  EXPECT_EQ(next_step(state), "`tt-submit cancel _a` takes back what will never start (2 runs)");
}

TEST(NextStep, ReleasesWhatIsHeld) {
  WatchState state;
  state.counts = {{RunState::held, 1}};
  EXPECT_EQ(next_step(state), "`tt-submit release` lets what is held start (1 run)");
}

TEST(NextStep, LooksAtTheLogOfTheMostSilent) {
  WatchState state;
  state.running = {training("_a", 1, 1, 1, 1), training("_b", 1, 1, 1, 1), training("_c", 1, 1, 1, 1)};
  state.running[0].silent_for = Seconds{400};
  state.running[1].silent_for = Seconds{840};
  EXPECT_EQ(next_step(state), "`tt-submit logs _b` shows what it said last, 14 min ago");
}

TEST(NextStep, IsNothingWhileAllIsWell) {
  WatchState state;
  state.counts = {{RunState::running, 1}};
  state.running = {training("_a", 1, 1, 1, 1)};
  EXPECT_EQ(next_step(state), "nothing to type: this goes on by itself until all runs ended");
  state.could_not_ask = {"juwels: gone"};
  EXPECT_EQ(next_step(state), "nothing to type: the scheduler is asked again by itself, and no run is lost meanwhile");
}

TEST(ChangeLine, IsTimeRunStateAndReason) {
  const Instant noon = parse_iso_time("2026-03-01T12:00:00Z").value();
  EXPECT_EQ(change_line(noon, "_tp2", RunState::timed_out, ""), "2026-03-01T12:00:00Z _tp2 timed-out");
  EXPECT_EQ(change_line(noon, "_tp2", RunState::queued, "Priority\n"),
            "2026-03-01T12:00:00Z _tp2 queued Priority\\x0a");
}

}  // namespace
}  // namespace tt::report
