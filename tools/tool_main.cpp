#include "tool_main.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "tt/base/log.hpp"
#include "tt/base/text.hpp"
#include "tt/flow/version.hpp"
#include "tt/site/profile.hpp"

namespace tt::tool {
namespace {

volatile sig_atomic_t interrupted = 0;

// Examples first: whoever asks for help wants a line to copy. An app keeps them as its footer.
class ExamplesFirst : public CLI::Formatter {
 public:
  std::string make_description(const CLI::App* app) const override {
    const std::string examples = app->get_footer();
    return (examples.empty() ? "" : fmt::format("Examples:\n{}\n", examples)) + app->get_description() + "\n";
  }
  std::string make_footer(const CLI::App*) const override { return ""; }
  std::string make_subcommand(const CLI::App* sub) const override {
    return fmt::format("  {:<12}{}\n", sub->get_name(), sub->get_description());
  }
};

std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  return flags;
}

// "there is no flag --dryrun; did you mean --dry-run?"; empty: nothing looks like that.
std::string mistyped_flag(const std::vector<std::string>& words, const std::vector<std::string>& flags) {
  std::vector<std::string> names;
  for (const std::string& flag : flags) names.push_back(flag.substr(2));
  for (const std::string& word : words) {
    if (word == "--") break;
    const std::string flag = word.substr(0, word.find('='));
    if (!flag.starts_with("--") || std::find(flags.begin(), flags.end(), flag) != flags.end()) continue;
    if (const auto near = nearest(flag.substr(2), names))
      return fmt::format("there is no flag {}; did you mean --{}?", printable(flag), *near);
  }
  return {};
}

void print_problems(const BadInput& trouble, const std::string& tool) {
  for (const Problem& problem : trouble.problems()) std::fputs((describe(problem, tool)).c_str(), stderr);
}

}  // namespace

Tool::Tool(std::string name, std::string purpose, std::string examples)
    : name_(std::move(name)), environment_(Environment::of_this_process()), app_(std::move(purpose), name_) {
  app_.footer(std::move(examples));
  app_.formatter(std::make_shared<ExamplesFirst>());
  app_.set_version_flag("--version", fmt::format("{} {}", name_, flow::version()));
  app_.require_subcommand(0, 1);
  app_.set_help_flag("-h,--help", "Show this help");
}

void Tool::add_common_flags(CLI::App& app) {
  app.add_option("--site", flags_.site, "Cluster profile: a name or a file (also TT_SITE)")->type_name("NAME|FILE");
  app.add_option("--workspace", flags_.workspace,
                 "Folder with logs/, submissions/ and .tt/ (default: the nearest with .tt/, else here)")
      ->type_name("DIR");
  app.add_flag("--json", flags_.json, "One JSON record on stdout, nothing else there");
  app.add_flag("-q,--quiet", flags_.quiet, "Warnings and errors only");
  app.add_flag("-v,--verbose", flags_.verbose, "Say what is done and why");
}

CLI::App& Tool::command(const std::string& name, const std::string& purpose, const std::string& examples,
                        std::function<ExitCode()> run) {
  CLI::App& command = *app_.add_subcommand(name, purpose);
  command.footer(examples);
  command.formatter(std::make_shared<ExamplesFirst>());
  command.set_help_flag("-h,--help", "Show this help");
  add_common_flags(command);
  exclude(command, "--quiet", "--verbose");
  command.callback([this, run = std::move(run)] { chosen_ = run; });
  return command;
}

void Tool::needs(const CLI::App& command, const std::string& word, const std::string& other) {
  flag_rules_.push_back({command.get_option(word), command.get_option(other), true});
}

void Tool::exclude(const CLI::App& command, const std::string& one, const std::string& other) {
  flag_rules_.push_back({command.get_option(one), command.get_option(other), false});
}

void Tool::refuse_idle_words() const {
  Problems problems;
  for (const auto& [word, other, together] : flag_rules_) {
    if (word->count() == 0 || (other->count() > 0) == together) continue;
    const std::string name = word->get_name(), other_name = other->get_name();
    if (together)
      problems.add(Place{}, fmt::format("{} changes nothing without {}", name, other_name),
                   fmt::format("add {}, or leave {} out", other_name, name));
    else
      problems.add(Place{}, fmt::format("{} and {} exclude each other", name, other_name), "leave one of them out");
  }
  problems.throw_if_any();
}

void Tool::add_job_flags(CLI::App& command) {
  command.add_option("--account", flags_.account, "Account of the jobs (also TT_ACCOUNT, or the site profile)")
      ->type_name("NAME");
  command.add_option("--partition", flags_.partition, "Partition or queue (also TT_PARTITION)")->type_name("NAME");
  command.add_option("--qos", flags_.qos, "Quality of service (also TT_QOS)")->type_name("NAME");
  command.add_option("--constraint", flags_.constraint, "Features of the nodes (also TT_CONSTRAINT)")
      ->type_name("EXPRESSION");
}

CLI::App& Tool::hidden_command(const std::string& name, std::function<ExitCode()> run) {
  CLI::App& command = *app_.add_subcommand(name, "");
  command.group("");
  add_common_flags(command);
  command.callback([this, run = std::move(run)] { chosen_ = run; });
  return command;
}

std::vector<std::string> Tool::command_names() const {
  std::vector<std::string> names;
  for (const CLI::App* command : app_.get_subcommands([](const CLI::App* app) { return !app->get_group().empty(); }))
    names.push_back(command->get_name());
  return names;
}

// What CLI11 says of flags is clear; of a word that is no command or no flag it only says that it was not expected.
std::string Tool::complaint(const std::vector<std::string>& words, const std::string& trouble) const {
  const std::vector<std::string> names = command_names();
  const std::string first_word = words.empty() ? "" : words.front();
  const bool is_command = std::find(names.begin(), names.end(), first_word) != names.end();
  if (is_command) {
    const std::vector<std::string> flags = flags_of(*app_.get_subcommand(first_word));
    if (const std::string typing_error = mistyped_flag(words, flags); !typing_error.empty())
      return fmt::format("{}: error: {}\n  `{} {} --help` shows examples\n", name_, typing_error, name_, first_word);
  }
  if (is_command || first_word.empty() || first_word.starts_with('-')) {
    return fmt::format("{}: error: {}\n  `{}{} --help` shows examples\n", name_, trouble, name_,
                       is_command ? " " + first_word : "");
  }
  const auto near = nearest(first_word, names);
  return fmt::format("{}: error: there is no command '{}'{}\n  `{} --help` lists them\n", name_, printable(first_word),
                     near ? fmt::format("; did you mean '{}'?", *near) : "", name_);
}

// What the last, unfinished word may become. Whatever goes wrong, a shell only sees no words.
std::vector<std::string> Tool::candidates(const std::vector<std::string>& words) {
  const std::string& unfinished = words.back();
  if (words.size() == 1) {
    if (unfinished.starts_with('-')) return flags_of(app_);
    return command_names();
  }
  const auto named = app_.get_subcommands([&](const CLI::App* app) { return app->get_name() == words.front(); });
  if (named.empty()) return {};
  const CLI::App* command = named.front();
  if (unfinished.starts_with('-')) return flags_of(*command);
  if (words[words.size() - 2] == "--site") {
    std::vector<std::string> sites;
    for (const site::Profile& profile : site::embedded_profiles()) sites.push_back(profile.name);
    return sites;
  }
  return word_source_ ? word_source_({words.begin(), words.end() - 1}) : std::vector<std::string>{};
}

int Tool::complete(const std::vector<std::string>& words) {
  try {
    if (words.empty()) return 0;
    std::string lines;
    for (const std::string& word : candidates(words)) {
      if (word.starts_with(words.back())) lines += word + "\n";
    }
    print(lines);
  } catch (const std::exception&) {  // a half-written sweep file while somebody types
  }
  return 0;
}

namespace {

// An option's number beyond 64 bits, with the option; the parser would take the largest there is in its place.
std::string too_large_number(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    if (word == "--") break;
    const bool is_option = word.starts_with("--");
    const auto equals = word.find('=');
    if (!is_option && (i == 1 || !std::string_view(argv[i - 1]).starts_with("--"))) continue;
    if (is_option && equals == std::string_view::npos) continue;
    if (is_option) word.remove_prefix(equals + 1);
    const std::string digits(word.substr(word.starts_with('-') ? 1 : 0));
    if (digits.size() < 19 || digits.find_first_not_of("0123456789") != std::string::npos) continue;
    if (!to_integer(std::string(word))) return is_option ? argv[i] : fmt::format("{} {}", argv[i - 1], argv[i]);
  }
  return {};
}

}  // namespace

int Tool::main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "--complete") return complete({argv + 2, argv + argc});
  called_as_ = join(std::vector<std::string>(argv, argv + argc), " ");
  // The parser would take the next word as the value: `--account=$UNSET --dry-run` would submit.
  for (const std::string_view word : std::vector<std::string_view>(argv + 1, argv + argc)) {
    if (word == "--") break;
    if (!word.starts_with("--") || word.find('=') != word.size() - 1) continue;
    std::fputs(fmt::format("{}: error: {} has no value: write one, or leave the option out\n", name_, word).c_str(),
               stderr);
    return static_cast<int>(ExitCode::bad_input);
  }
  if (const std::string number = too_large_number(argc, argv); !number.empty()) {
    std::fputs(fmt::format("{}: error: {} is a larger number than can be counted with\n", name_, number).c_str(),
               stderr);
    return static_cast<int>(ExitCode::bad_input);
  }
  try {
    app_.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::fputs(app_.help().c_str(), stdout);
    return 0;
  } catch (const CLI::CallForVersion&) {
    std::fputs(fmt::format("{} {}\n", name_, flow::version()).c_str(), stdout);
    return 0;
  } catch (const CLI::ParseError& error) {
    std::fputs(complaint({argv + 1, argv + argc}, error.what()).c_str(), stderr);
    return static_cast<int>(ExitCode::bad_input);
  }
  if (!chosen_) {
    std::fputs(app_.help().c_str(), stdout);
    return static_cast<int>(argc > 1 ? ExitCode::bad_input : ExitCode::done);
  }
  log::start(name_, flags_.quiet ? log::Level::quiet : flags_.verbose ? log::Level::verbose : log::Level::normal);
  try {
    refuse_idle_words();
    const ExitCode code = chosen_();
    if (std::fflush(stdout) != 0) throw Error("cannot write the result to stdout");
    return static_cast<int>(code);
  } catch (const BadInput& trouble) {
    print_problems(trouble, name_);
    return static_cast<int>(trouble.exit_code());
  } catch (const Error& error) {
    std::fputs(fmt::format("{}: error: {}\n", name_, error.what()).c_str(), stderr);
    return static_cast<int>(error.exit_code());
  } catch (const std::exception& error) {
    std::fputs(fmt::format("{}: internal error: {}\n", name_, error.what()).c_str(), stderr);
    return static_cast<int>(ExitCode::could_not);
  }
}

flow::SurroundingsFlags Tool::surroundings_flags() const {
  flow::SurroundingsFlags flags;
  if (!flags_.site.empty()) flags.site = flags_.site;
  if (!flags_.workspace.empty()) flags.workspace = flags_.workspace;
  const auto say = [](std::optional<std::string>& said, const std::string& flag) {
    if (!flag.empty()) said = flag;
  };
  say(flags.account, flags_.account);
  say(flags.partition, flags_.partition);
  say(flags.qos, flags_.qos);
  say(flags.constraint, flags_.constraint);
  return flags;
}

flow::Surroundings Tool::look_around() { return flow::look_around(surroundings_flags(), environment_, clock_); }

flow::Surroundings Tool::look_around_without_site() {
  return flow::look_around_without_site(surroundings_flags(), environment_, clock_);
}

void Tool::keep_conversation(const flow::Workspace& workspace) {
  if (!workspace.is_used()) return;
  log::keep_in(workspace.log_file());
  log::detail(fmt::format("called as: {}", called_as_));
}

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void print_record(const Value& record) { print(to_pretty_json(record)); }

std::string version_shown(const TorchTitanFacts& facts) {
  return facts.version == "unknown" ? "of era " + facts.era : facts.version;
}

void watch_for_interrupt() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = 1; };
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool was_interrupted() { return interrupted != 0; }

}  // namespace tt::tool
