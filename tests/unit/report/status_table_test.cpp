#include "tt/report/status_table.hpp"

#include <gtest/gtest.h>

namespace tt::report {
namespace {

const Instant now{std::chrono::hours{1000}};

std::vector<StatusLines> some_lines() {
  return {{{"_tp1"}, RunState::running, "RUNNING", "", "4711_0", 1, now - std::chrono::hours{5}},
          {{"_tp2"}, RunState::unknown, "HYPERSLEEP", "", "4711_1", 2, std::nullopt},
          {{"_tp4"}, RunState::queued, "PENDING", "Priority", "4711_2", 1, now - std::chrono::seconds{42}},
          {{"_tp8"}, RunState::planned, "", "", "", 0, std::nullopt}};
}

TEST(StatusTable, KeepsTheSchedulersOwnWord) {
  EXPECT_EQ(status_text(some_lines(), now, Terminal{}),
            "run   state                 since  job     attempt  reason\n"
            "_tp1  running                 5 h  4711_0        1\n"
            "_tp2  unknown (HYPERSLEEP)      -  4711_1        2\n"
            "_tp4  queued (PENDING)       42 s  4711_2        1  Priority\n"
            "_tp8  planned                   -  -             -\n"
            "\n"
            "4 runs: 1 running, 1 queued, 1 unknown, 1 planned\n");
}

TEST(StatusTable, ShowsRunsThatStandAlikeAsItShowsOthers) {
  const std::vector<StatusLines> lines = {{{"_tp1", "_tp16"}, RunState::queued, "PENDING", "Priority", "11", 1, {}},
                                          {{"_tp4"}, RunState::finished, "", "", "11", 1, {}}};
  EXPECT_EQ(status_text(lines, now, Terminal{}),
            "run    state             job  attempt  reason\n"
            "_tp1   queued (PENDING)  11         1  Priority\n"
            "_tp16  queued (PENDING)  11         1  Priority\n"
            "_tp4   finished          11         1\n"
            "\n"
            "3 runs: 2 queued, 1 finished\n");
}

TEST(StatusTable, LeavesOutColumnsNobodyFills) {
  const std::vector<StatusLines> lines = {{{"_tp8"}, RunState::planned, "", "", "", 0, std::nullopt}};
  EXPECT_EQ(status_text(lines, now, Terminal{}),
            "run   state\n"
            "_tp8  planned\n"
            "\n"
            "1 run: 1 planned\n");
}

TEST(StatusTable, NamesTheSweepsWhereThereAreSeveral) {
  std::vector<StatusLines> lines = {{{"_tp8"}, RunState::planned, "", "", "", 0, std::nullopt, "first"},
                                    {{"_tp8"}, RunState::planned, "", "", "", 0, std::nullopt, "second"}};
  EXPECT_EQ(status_text(lines, now, Terminal{}),
            "run   sweep   state\n"
            "_tp8  first   planned\n"
            "_tp8  second  planned\n"
            "\n"
            "2 runs: 2 planned\n");
  lines[1].sweep = "first";
  EXPECT_EQ(status_text(lines, now, Terminal{}),
            "run   state\n"
            "_tp8  planned\n"
            "_tp8  planned\n"
            "\n"
            "2 runs: 2 planned\n");
}

TEST(StatusTable, SaysWhenThereIsNothing) { EXPECT_EQ(status_text({}, now, Terminal{}), "no runs\n"); }

TEST(StatusTable, ColoursOnATerminalOnly) {
  Terminal terminal;
  terminal.colour = true;
  const std::vector<StatusLines> lines = {{{"a"}, RunState::finished, "", "", "", 0, std::nullopt}};
  EXPECT_NE(status_text(lines, now, terminal).find("\x1b[32mfinished"), std::string::npos);
}

TEST(StatusCounts, NameEveryState) {
  std::vector<StatusLines> lines;
  for (const auto* word : {"planned", "submitted", "queued", "held", "running", "finished", "failed", "cancelled",
                           "timed-out", "preempted", "lost", "skipped", "unknown"}) {
    StatusLines line;
    line.names = {"a"};
    line.state = *parse_run_state(word);
    lines.push_back(line);
  }
  EXPECT_EQ(counts_text(lines),
            "13 runs: 1 running, 1 queued, 1 held, 1 submitted, 1 unknown, 1 finished, 1 failed, 1 timed-out, "
            "1 preempted, 1 lost, 1 cancelled, 1 planned, 1 skipped");
}

}  // namespace
}  // namespace tt::report
