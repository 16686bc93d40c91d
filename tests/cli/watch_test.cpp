// tt-submit watch, on a terminal and not on one, with trainings that go on while there is a file `closed`.
#include <gmock/gmock.h>

#include <map>

#include "support/eventually.hpp"
#include "support/on_terminal.hpp"
#include "support/tools.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;
using tt::test::OnTerminal;
using tt::test::Sweep;
using tt::test::Workspace;

// Two trainings that say their first step and wait.
class Gated : public Workspace {
 public:
  explicit Gated(const std::string& environment = "")
      : Workspace(Sweep{"story", kMatrix, "env: {STAND_IN_SECONDS: \"1\"" + environment + "}\n", "00:30:00"}) {
    const std::string script = tt::test::read(*this / "run_train.sh");
    tt::write_file(*this / "gated.sh", tt::replace_all(script, "sleep \"$STAND_IN_SECONDS\"",
                                                       "while [ -e \"$here/closed\" ]; do sleep 0.05; done"));
    std::filesystem::permissions(*this / "gated.sh", std::filesystem::perms::owner_all);
    std::filesystem::rename(*this / "gated.sh", *this / "run_train.sh");
    tt::write_file(*this / "closed", "");
  }
  void start() const {
    ASSERT_EQ(submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
    ASSERT_TRUE(tt::test::eventually([&] { return trainings().size() == 2; }));
  }
  void open() const { tt::remove_tree(*this / "closed"); }

 private:
  static constexpr const char* kMatrix = "  training.local_batch_size: [1, 2]\n";
};

tt::Command watch(const Workspace& workspace, const std::map<std::string, std::string>& extra = {}) {
  tt::Command command;
  command.argv = {std::string(TT_TOOLS_DIR) + "/tt-submit", "watch"};
  command.environment = tt::Environment::of_this_process();
  for (const char* leftover : {"NO_COLOR", "TT_STOP_AT", "CUDA_VISIBLE_DEVICES"}) command.environment.unset(leftover);
  command.environment.set("TT_SITE", "laptop");
  command.environment.set("TERM", "xterm");
  for (const auto& [variable, value] : extra) command.environment.set(variable, value);
  command.folder = workspace.path();
  return command;
}

constexpr const char* kBothRun = "> 2 running";
constexpr const char* kHint = "Ctrl-C stops watching; the runs go on";

TEST(WatchOnATerminal, ShowsWhatRunsAndEndsWithTheRanking) {
  const Gated workspace;
  workspace.start();
  OnTerminal terminal(watch(workspace), 80, 24);
  ASSERT_TRUE(terminal.shows(kBothRun)) << terminal.bytes();
  ASSERT_TRUE(terminal.shows("1/4")) << terminal.screen().text();
  const std::vector<std::string> lines = terminal.screen().lines();
  ASSERT_EQ(lines.size(), 11U) << terminal.screen().text();
  EXPECT_THAT(lines[0], MatchesRegex("story on laptop +asked [0-9]+ s ago, [0-9:]{8} UTC"));
  EXPECT_EQ(lines[1], "[" + std::string(59, '>') + "] 0 of 2 runs ended");
  EXPECT_EQ(lines[2], kBothRun);
  EXPECT_EQ(lines[3], "");
  EXPECT_THAT(lines[4], MatchesRegex("running \\(2\\)       step     for  tokens/s/GPU     loss     left"));
  EXPECT_THAT(lines[5], MatchesRegex("_bs[12]               1/4 +[0-9]+ s         1,000   4.0000        -"));
  EXPECT_THAT(lines[6], MatchesRegex("_bs[12]               1/4 +[0-9]+ s         1,000   4.0000        -"));
  EXPECT_THAT(lines[7], MatchesRegex("slowest: _bs[12], 1,000 tokens/s/GPU \\(median 1,000\\)"));
  EXPECT_EQ(lines[8], "");
  EXPECT_EQ(lines[9], "next: nothing to type: this goes on by itself until all runs ended");
  EXPECT_EQ(lines[10], kHint);

  workspace.open();
  EXPECT_EQ(terminal.end(), 0) << terminal.screen().text();
  const std::string left = terminal.screen().text();
  EXPECT_THAT(left, Not(HasSubstr(kHint)));
  EXPECT_THAT(terminal.screen().lines().front(), StartsWith("rank "));
  EXPECT_THAT(left, HasSubstr("finished"));
  EXPECT_THAT(left, HasSubstr("tt-submit: note: summaries: "));
  EXPECT_EQ(terminal.screen().strange(), "") << "no mode of the terminal is changed";
  EXPECT_THAT(terminal.bytes(), Not(HasSubstr("\x1b[2J"))) << "a blanked screen flickers";
}

TEST(WatchOnATerminal, SaysWhatFailedAndWhatToType) {
  const Gated workspace(", STAND_IN_EXIT: \"3\"");
  workspace.start();
  OnTerminal terminal(watch(workspace), 80, 24);
  ASSERT_TRUE(terminal.shows(kBothRun)) << terminal.bytes();
  workspace.open();
  EXPECT_EQ(terminal.end(), 3) << terminal.screen().text();
  EXPECT_THAT(terminal.screen().text(), HasSubstr("tt-submit: note: next: tt-submit explain _bs1"));
}

TEST(WatchOnATerminal, CtrlCLeavesTheTerminalAndTheRunsAsTheyWere) {
  const Gated workspace;
  workspace.start();
  OnTerminal terminal(watch(workspace), 80, 24);
  const termios before = terminal.modes();
  ASSERT_TRUE(terminal.shows(kBothRun)) << terminal.bytes();
  terminal.type("\x03");
  EXPECT_EQ(terminal.end(), 130);
  const termios after = terminal.modes();
  EXPECT_EQ(before.c_lflag, after.c_lflag);
  EXPECT_EQ(before.c_iflag, after.c_iflag);
  EXPECT_EQ(before.c_oflag, after.c_oflag);
  EXPECT_EQ(terminal.screen().strange(), "");
  const std::vector<std::string> lines = terminal.screen().lines();
  ASSERT_GE(lines.size(), 2U);
  EXPECT_EQ(lines[lines.size() - 2], kHint) << "the last frame stays";
  EXPECT_EQ(lines.back(), "tt-submit: note: stopped watching; the runs go on");
  EXPECT_EQ(workspace.status().at("counts").integer_or("running"), 2);
  workspace.open();
  EXPECT_EQ(workspace.submit({"wait"}).status, 0);
  EXPECT_EQ(workspace.trainings(), (std::map<std::string, int>{{"_bs1", 1}, {"_bs2", 1}}));
}

TEST(WatchOnATerminal, FollowsItsSize) {
  const Gated workspace;
  workspace.start();
  OnTerminal terminal(watch(workspace), 80, 24);
  ASSERT_TRUE(terminal.shows("[" + std::string(59, '>') + "] 0 of 2 runs ended")) << terminal.bytes();
  terminal.resize(60, 6);
  ASSERT_TRUE(terminal.shows("[" + std::string(39, '>') + "] 0 of 2 runs ended")) << terminal.screen().text();
  ASSERT_TRUE(tt::test::eventually([&] { return terminal.shows("UTC"); }));
  EXPECT_LE(terminal.screen().lines().size(), 5U) << terminal.screen().text();
  terminal.resize(200, 50);
  EXPECT_TRUE(terminal.shows("[" + std::string(179, '>') + "] 0 of 2 runs ended")) << terminal.screen().text();
  EXPECT_TRUE(terminal.shows(kHint));
}

TEST(WatchOnATerminal, HasColoursUnlessSomebodySaysNo) {
  const Gated workspace;
  workspace.start();
  OnTerminal colourful(watch(workspace), 80, 24);
  ASSERT_TRUE(colourful.shows(kBothRun)) << colourful.bytes();
  EXPECT_THAT(colourful.bytes(), HasSubstr("\x1b[33m> 2 running\x1b[0m"));
  OnTerminal plain(watch(workspace, {{"NO_COLOR", "1"}}), 80, 24);
  ASSERT_TRUE(plain.shows(kBothRun)) << plain.bytes();
  EXPECT_THAT(plain.bytes(), Not(HasSubstr("\x1b[33m")));
  EXPECT_THAT(plain.bytes(), Not(HasSubstr("\x1b[0m")));
}

TEST(WatchOnATerminal, ThatIsDumbPrintsLines) {
  const Gated workspace;
  workspace.start();
  OnTerminal terminal(watch(workspace, {{"TERM", "dumb"}}), 80, 24);
  ASSERT_TRUE(terminal.shows("_bs2 running")) << terminal.bytes();
  EXPECT_THAT(terminal.bytes(), Not(HasSubstr("\x1b")));
}

std::vector<std::string> lines_of(const tt::ProcessResult& result) { return tt::split_lines(result.out); }

TEST(WatchElsewhere, PrintsALineForEachChangeAndTheCounts) {
  const Gated workspace;
  workspace.start();
  tt::Command command = watch(workspace);
  const tt::ProcessIdentity watching = tt::start_detached(command, workspace / "changes");
  const auto said = [&] { return tt::split_lines(tt::read_file_if_there(workspace / "changes").value_or("")); };
  const auto both_run = [&] { return said().size() >= 2 && said()[1].ends_with(" running"); };
  ASSERT_TRUE(tt::test::eventually(both_run, std::chrono::seconds(60)));
  workspace.open();
  ASSERT_TRUE(tt::test::eventually([&] { return !tt::is_alive(watching); }, std::chrono::seconds(60)));
  std::vector<std::string> lines = said();
  lines.pop_back();  // the note about summaries, on stderr
  ASSERT_EQ(lines.size(), 5U) << tt::join(lines, "\n");
  EXPECT_EQ(lines.back(), "2 runs: 2 finished");
  lines.pop_back();
  EXPECT_THAT(lines, Each(MatchesRegex("20[0-9-]{8}T[0-9:]{8}Z _bs[12] (running|finished)")));
  for (const char* change : {" _bs1 running", " _bs2 running", " _bs1 finished", " _bs2 finished"})
    EXPECT_THAT(lines, Contains(EndsWith(change)));
}

TEST(WatchElsewhere, SaysWhyARunFailedAndIsExitCodeThree) {
  const Workspace workspace(Sweep{"story", "  training.local_batch_size: [1]\n", "env: {STAND_IN_EXIT: \"3\"}\n"});
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  const tt::ProcessResult watched = workspace.submit({"watch"});
  EXPECT_EQ(watched.status, 3);
  EXPECT_EQ(lines_of(watched).back(), "1 run: 1 failed");
  EXPECT_THAT(watched.err, HasSubstr("next: tt-submit explain _bs1"));
}

TEST(WatchElsewhere, OfWhatHasEndedIsOnlyTheCounts) {
  const Workspace workspace;
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml"}).status, 0);
  const tt::ProcessResult watched = workspace.submit({"watch"});
  EXPECT_EQ(watched.status, 0);
  EXPECT_THAT(lines_of(watched), ElementsAre("2 runs: 2 finished"));
}

TEST(WatchElsewhere, WithJsonEndsWithTheStatusAndNothingElse) {
  const Workspace workspace;
  ASSERT_EQ(workspace.submit({"run", "sweep.yaml", "--no-wait"}).status, 0);
  const tt::ProcessResult watched = workspace.submit({"watch", "--json"});
  EXPECT_EQ(watched.status, 0);
  const tt::Value record = tt::parse_json(watched.out, "stdout");
  EXPECT_EQ(record.text_or("schema"), "tt.status/1");
  EXPECT_EQ(record.at("counts").integer_or("finished"), 2);
}

TEST(WatchElsewhere, SettlesWhatWasInterruptedAsWaitDoes) {
  const Workspace workspace;
  ASSERT_EQ(workspace.tool("tt-submit", {"run", "sweep.yaml"}, {{"TT_STOP_AT", "after-submission-folder"}}).ending,
            tt::Ending::signalled);
  const tt::ProcessResult watched = workspace.submit({"watch"});
  EXPECT_EQ(watched.status, 0) << watched.out << watched.err;
  EXPECT_EQ(lines_of(watched).back(), "2 runs: 2 finished");
  EXPECT_EQ(workspace.trainings(), (std::map<std::string, int>{{"_bs1", 1}, {"_bs2", 1}}));
}

}  // namespace
