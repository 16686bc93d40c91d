// Every example of every --help is run, in the order shown, in a workspace with the tiny sweep.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "support/eventually.hpp"
#include "support/temp_folder.hpp"
#include "tt/base/files.hpp"
#include "tt/base/process.hpp"
#include "tt/base/text.hpp"
#include "tt/base/value.hpp"

namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

const std::vector<std::pair<std::string, std::vector<std::string>>> kCommands = {
    {"tt-sweep", {"init", "check", "plan", "expand", "list", "show", "diff", "explain", "schema"}},
    {"tt-submit",
     {"run", "status", "watch", "wait", "explain", "logs", "hold", "release", "cancel", "retry", "collect", "summary",
      "site"}},
    {"tt-comm", {"block", "analyze", "estimate", "time", "mfu", "advise", "calibrate", "append", "trace"}},
};

// Their examples are run where there is something to act on: open runs.
const std::vector<std::string> kActing = {"hold", "release", "cancel", "retry"};
bool is_acting(const std::string& command) {
  return std::find(kActing.begin(), kActing.end(), command) != kActing.end();
}

tt::ProcessResult run(const std::vector<std::string>& words, const fs::path& folder) {
  tt::Command command;
  command.argv = words;
  command.argv.front() = std::string(TT_TOOLS_DIR) + "/" + words.front();
  command.environment = tt::Environment::of_this_process();
  command.environment.set("TT_SITE", "laptop");
  command.folder = folder;
  return tt::SystemRunner().run(command, tt::Seconds{240});
}

// "  A goal:    tt-sweep plan file --json" → {"tt-sweep", "plan", "file", "--json"}
std::vector<std::vector<std::string>> examples_of(const std::string& help, const std::string& tool) {
  std::vector<std::vector<std::string>> examples;
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find(" " + tool + " ");
    if (!line.starts_with("  ") || at == std::string::npos || line.find(":  ") == std::string::npos) continue;
    std::istringstream text(line.substr(at + 1));
    std::vector<std::string> words;
    for (std::string word; text >> word;) words.push_back(tt::replace_all(word, "'", ""));
    examples.push_back(words);
  }
  return examples;
}

TEST(Help, BeginsWithExamplesAndEveryCommandHasSome) {
  for (const auto& [tool, commands] : kCommands) {
    const tt::ProcessResult help = run({tool, "--help"}, ".");
    EXPECT_EQ(help.status, 0);
    EXPECT_THAT(help.out, StartsWith("Examples:\n"));
    for (const std::string& command : commands) {
      EXPECT_THAT(help.out, HasSubstr("\n  " + command)) << "not listed by " << tool;
      const tt::ProcessResult own = run({tool, command, "--help"}, ".");
      EXPECT_EQ(own.status, 0) << tool << " " << command;
      EXPECT_THAT(own.out, StartsWith("Examples:\n")) << tool << " " << command;
      EXPECT_FALSE(examples_of(own.out, tool).empty()) << tool << " " << command;
    }
  }
}

// What the examples of `tt-comm trace` read.
void copy_recordings(const tt::test::TempFolder& folder) {
  const fs::path traces = fs::path(TT_SOURCE_DIR) / "tests/transcripts/traces";
  fs::copy(traces / "param-comms-fsdp2-tp2.rank0.json", folder / "rank0_trace.json");
  fs::copy(traces / "param-comms-fsdp2-tp2.rank1.json", folder / "rank1_trace.json");
  fs::copy(traces / "nccl-coll-constructed.rank0.log", folder / "nccl.log");
}

void copy_tiny_sweep(const tt::test::TempFolder& folder) {
  fs::create_directories(folder / "sweeps");
  fs::copy(fs::path(TT_SOURCE_DIR) / "sweeps/tiny", folder / "sweeps/tiny", fs::copy_options::recursive);
}

// Four short trainings of which one fits on this machine at a time, and none goes on while there is a file `closed`.
void write_gated_sweep(const tt::test::TempFolder& folder) {
  const std::string base = tt::test::read(folder / "sweeps/tiny/base.toml");
  folder.write("sweeps/tiny/short.toml", tt::replace_all(base, "steps = 20", "steps = 2"));
  folder.write("sweeps/tiny/closed", "");
  const fs::path script = folder.write("sweeps/tiny/gate.sh",
                                       "#!/usr/bin/env bash\n"
                                       "here=$(cd \"$(dirname \"$0\")\" && pwd)\n"
                                       "while [ -e \"$here/closed\" ]; do sleep 0.05; done\n"
                                       "exec \"$here/run_train.sh\" \"$@\"\n");
  fs::permissions(script, fs::perms::owner_all);
  folder.write("sweeps/tiny/gated.yaml",
               "sweep: gated\nbase: short.toml\nmodel: gated\n"
               "torchtitan: {root: ., version: 0.2.2, script: gate.sh, apply: config}\n"
               "matrix:\n  training.local_batch_size: [2, 4]\n  optimizer.lr: [0.01, 0.05]\n"
               "resources: {gpus: 4, walltime: \"00:05:00\"}\n");
}

std::map<std::string, tt::Value> runs_of(const fs::path& folder) {
  std::map<std::string, tt::Value> runs;
  const tt::Value status = tt::parse_json(run({"tt-submit", "status", "--json"}, folder).out, "status");
  for (const tt::Value& one : status.at("runs").as_list()) runs[one.text_or("name")] = one;
  return runs;
}

std::vector<std::string> runs_that_are(const std::string& state, const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& [name, one] : runs_of(folder)) {
    if (one.text_or("state") == state) names.push_back(name);
  }
  return names;
}

void expect_done(const std::vector<std::string>& words, const fs::path& folder) {
  const tt::ProcessResult result = run(words, folder);
  EXPECT_EQ(result.ending, tt::Ending::exited) << tt::join(words, " ");
  if (words.size() > 1 && words[1] == "calibrate") {  // the runs here trained on the CPU
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.err, HasSubstr("it trained on CPU, not on "));
    return;
  }
  EXPECT_EQ(result.status, 0) << tt::join(words, " ") << "\n" << result.out << result.err;
}

std::vector<std::vector<std::string>> examples_of_submit(const std::string& command) {
  return examples_of(run({"tt-submit", command, "--help"}, ".").out, "tt-submit");
}

TEST(Help, TheExamplesOfHoldReleaseCancelAndRetryActOnOpenRuns) {
  const tt::test::TempFolder folder;
  copy_tiny_sweep(folder);
  write_gated_sweep(folder);
  const fs::path& here = folder.path();
  ASSERT_EQ(run({"tt-submit", "run", "sweeps/tiny/gated.yaml", "--no-wait", "--workspace", "."}, here).status, 0);
  ASSERT_TRUE(tt::test::eventually([&] { return runs_that_are("running", here).size() == 1; }));
  const std::vector<std::string> waiting = runs_that_are("queued", here);
  ASSERT_EQ(waiting.size(), 3U);

  for (const auto& words : examples_of_submit("hold")) expect_done(words, here);
  EXPECT_EQ(runs_that_are("held", here), waiting);
  EXPECT_EQ(runs_that_are("running", here).size(), 1U);

  for (const auto& words : examples_of_submit("release")) expect_done(words, here);
  EXPECT_EQ(runs_that_are("queued", here), waiting);

  const auto cancels = examples_of_submit("cancel");
  ASSERT_EQ(cancels.size(), 2U) << "some runs, then everything";
  expect_done(cancels.front(), here);
  const std::vector<std::string> some{"_bs4_lr0.01", "_bs4_lr0.05"};
  EXPECT_TRUE(tt::test::eventually([&] { return runs_that_are("cancelled", here) == some; }));
  expect_done(cancels.back(), here);
  EXPECT_TRUE(tt::test::eventually([&] { return runs_that_are("cancelled", here).size() == 4; }));

  tt::remove_tree(folder / "sweeps/tiny/closed");
  for (const auto& words : examples_of_submit("retry")) expect_done(words, here);
  EXPECT_EQ(runs_that_are("finished", here).size(), 4U);
  for (const auto& [name, one] : runs_of(here)) EXPECT_EQ(one.integer_or("attempt"), 2) << name;
}

TEST(Help, EveryExampleWorks) {
  const tt::test::TempFolder folder;
  copy_tiny_sweep(folder);
  fs::copy(fs::path(TT_SOURCE_DIR) / "site", folder / "site", fs::copy_options::recursive);
  fs::create_directories(folder / ".tt");
  copy_recordings(folder);
  ASSERT_EQ(run({"tt-submit", "run", "sweeps/tiny/tiny.yaml", "-q"}, folder.path()).status, 0);
  for (const auto& [tool, commands] : kCommands) {
    for (const std::string& command : commands) {
      if (is_acting(command)) continue;
      for (const std::vector<std::string>& words : examples_of(run({tool, command, "--help"}, ".").out, tool)) {
        expect_done(words, folder.path());
      }
    }
  }
}

TEST(Help, AnUnknownFlagIsExitCodeTwoAndNamesHelp) {
  for (const auto& [tool, commands] : kCommands) {
    const tt::ProcessResult result = run({tool, commands.front(), "--no-such-flag"}, ".");
    EXPECT_EQ(result.status, 2) << tool;
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, StartsWith(tool + ": error: ")) << tool;
    EXPECT_THAT(result.err, HasSubstr("--help` shows examples")) << tool;
  }
}

TEST(Help, AFlagThatIsNoneIsMetWithTheNearest) {
  EXPECT_EQ(run({"tt-submit", "run", "sweep.yaml", "--dryrun"}, ".").err,
            "tt-submit: error: there is no flag --dryrun; did you mean --dry-run?\n"
            "  `tt-submit run --help` shows examples\n");
  EXPECT_EQ(run({"tt-comm", "estimate", "--hardwear=h100"}, ".").err,
            "tt-comm: error: there is no flag --hardwear; did you mean --hardware?\n"
            "  `tt-comm estimate --help` shows examples\n");
}

TEST(Help, ACommandThatIsNoneIsMetWithTheNearest) {
  EXPECT_EQ(run({"tt-sweep", "pln", "sweep.yaml"}, ".").err,
            "tt-sweep: error: there is no command 'pln'; did you mean 'plan'?\n  `tt-sweep --help` lists them\n");
  EXPECT_EQ(run({"tt-comm", "sweep.yaml"}, ".").err,
            "tt-comm: error: there is no command 'sweep.yaml'\n  `tt-comm --help` lists them\n");
  EXPECT_EQ(run({"tt-sweep", "plan"}, ".").err,
            "tt-sweep: error: FILE is required\n  `tt-sweep plan --help` shows examples\n");
}

TEST(Help, VersionIsOneLine) {
  for (const auto& [tool, commands] : kCommands) EXPECT_EQ(run({tool, "--version"}, ".").out, tool + " 0.1.0\n");
}

}  // namespace
