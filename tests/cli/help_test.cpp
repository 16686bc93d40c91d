// Every example of every --help is run, in the order shown, in a workspace with the tiny sweep.
#include <gmock/gmock.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "support/temp_folder.hpp"
#include "tt/base/process.hpp"
#include "tt/base/text.hpp"

namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

const std::vector<std::pair<std::string, std::vector<std::string>>> kCommands = {
    {"tt-sweep", {"init", "check", "plan", "expand", "list", "show", "diff"}},
    {"tt-submit", {"run", "status", "wait", "explain", "logs", "hold", "release", "cancel", "retry", "collect", "summary", "site"}},
    {"tt-comm", {"block", "analyze", "append"}},
};

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

TEST(Help, EveryExampleWorks) {
  const tt::test::TempFolder folder;
  fs::create_directories(folder / "sweeps");
  fs::copy(fs::path(TT_SOURCE_DIR) / "sweeps/tiny", folder / "sweeps/tiny", fs::copy_options::recursive);
  fs::copy(fs::path(TT_SOURCE_DIR) / "site", folder / "site", fs::copy_options::recursive);
  fs::create_directories(folder / ".tt");
  ASSERT_EQ(run({"tt-submit", "run", "sweeps/tiny/tiny.yaml", "-q"}, folder.path()).status, 0);
  for (const auto& [tool, commands] : kCommands) {
    for (const std::string& command : commands) {
      for (const std::vector<std::string>& words : examples_of(run({tool, command, "--help"}, ".").out, tool)) {
        const tt::ProcessResult result = run(words, folder.path());
        EXPECT_EQ(result.ending, tt::Ending::exited) << tt::join(words, " ");
        EXPECT_EQ(result.status, 0) << tt::join(words, " ") << "\n" << result.out << result.err;
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

TEST(Help, VersionIsOneLine) {
  for (const auto& [tool, commands] : kCommands) EXPECT_EQ(run({tool, "--version"}, ".").out, tool + " 0.1.0\n");
}

}  // namespace
