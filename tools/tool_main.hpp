// tool_main.hpp: what the three tools share: common flags, one catch, exit codes, results on stdout.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tt/base/clock.hpp"
#include "tt/base/error.hpp"
#include "tt/base/terminal.hpp"
#include "tt/base/value.hpp"
#include "tt/flow/surroundings.hpp"
#include "tt/job/run.hpp"

namespace tt::tool {

struct CommonFlags {
  std::string site;
  std::string workspace;
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  std::string account, partition, qos, constraint;  // of commands that hand runs over
};

// One command as it is being built: `run` is called after the flags were parsed and answers the exit code.
class Tool {
 public:
  Tool(std::string name, std::string purpose, std::string examples);
  // A command. `examples`: lines of "goal" and command pairs, shown first by --help.
  CLI::App& command(const std::string& name, const std::string& purpose, const std::string& examples,
                    std::function<ExitCode()> run);
  // Not shown in --help: started by tt itself.
  CLI::App& hidden_command(const std::string& name, std::function<ExitCode()> run);
  // What else a word of a command may be, for completion: names of runs, keys. `words`: those before the unfinished
  // one, the command first.
  using WordSource = std::function<std::vector<std::string>(const std::vector<std::string>& words)>;
  // For commands that hand runs over: where the jobs go. They win over the site profile and the environment.
  void add_job_flags(CLI::App& command);
  // Words that would change nothing are refused before anything is done: `word` without `other` ...
  void needs(const CLI::App& command, const std::string& word, const std::string& other);
  // ... and two of which one would be ignored.
  void exclude(const CLI::App& command, const std::string& one, const std::string& other);
  void complete_with(WordSource source) { word_source_ = std::move(source); }
  int main(int argc, char** argv);

  const CommonFlags& flags() const { return flags_; }
  flow::Surroundings look_around();
  // For estimates: a host without a site profile is no obstacle.
  flow::Surroundings look_around_without_site();
  // For commands that write in the workspace: what is said is kept in its .tt/tt.log, from here on.
  void keep_conversation(const flow::Workspace& workspace);
  Clock& clock() { return clock_; }
  const Clock& clock() const { return clock_; }
  Terminal out() const { return terminal_of(stdout, environment_); }
  Terminal err() const { return terminal_of(stderr, environment_); }
  const Environment& environment() const { return environment_; }

 private:
  void add_common_flags(CLI::App& app);
  flow::SurroundingsFlags surroundings_flags() const;
  std::string name_;
  Environment environment_;
  SystemClock clock_;
  CommonFlags flags_;
  CLI::App app_;
  std::vector<std::string> candidates(const std::vector<std::string>& words);
  int complete(const std::vector<std::string>& words);
  std::vector<std::string> command_names() const;
  struct FlagRule {
    const CLI::Option* word;
    const CLI::Option* other;
    bool together;  // they need each other, or exclude each other
  };
  void refuse_idle_words() const;
  std::string complaint(const std::vector<std::string>& words, const std::string& trouble) const;

  std::function<ExitCode()> chosen_;
  WordSource word_source_;
  std::vector<FlagRule> flag_rules_;
  std::string called_as_;
};

// Until the process ends, which gives all its memory back at once: taking ten thousand runs apart one by one takes as
// long as showing them. For what a command holds to its end.
template <class T>
T& kept(T value) {
  static auto* const all = new std::vector<std::unique_ptr<T>>;
  return *all->emplace_back(std::make_unique<T>(std::move(value)));
}

// Results. With --json one record and nothing else on stdout.
void print(const std::string& text);
void print_record(const Value& record);
// "0.2.2", or "of era 0.2.2" where only the keys tell it.
std::string version_shown(const TorchTitanFacts& facts);

// Set by Ctrl-C (SIGINT) once watch_for_interrupt was called; before that SIGINT ends the program.
void watch_for_interrupt();
bool was_interrupted();

}  // namespace tt::tool
