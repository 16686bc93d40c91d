#include "tt/scheduler/pbs_directives.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"
#include "tt/scheduler/pbs_commands.hpp"
#include "tt/scheduler/unsayable.hpp"

namespace tt::scheduler::pbs {
namespace {

// "-l" and "walltime=01:00:00". PBS merges -l and -W by the name before the equals sign, other options by their letter.
struct Option {
  std::string letter;
  std::string value;
  std::string subject() const {
    if (letter != "-l" && letter != "-W") return letter;
    return letter + " " + value.substr(0, value.find('='));
  }
};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// "-l filesystems=home:eagle", as a site writes it: the option up to the first blank, and all the rest is its value.
Option read_option(const std::string& text) {
  const std::string_view trimmed = trim(text);
  if (trimmed.size() < 2 || trimmed[0] != '-' || !is_letter(trimmed[1]) || (trimmed.size() > 2 && trimmed[2] != ' ')) {
    throw Error(
        fmt::format("'{}' is no option of qsub: a letter and its value were wanted, such as \"-l filesystems=home\"",
                    printable(text)),
        ExitCode::bad_input);
  }
  return {std::string(trimmed.substr(0, 2)), std::string(trim(trimmed.substr(2)))};
}

// What tt itself says with every job. The name carries the token by which a lost submission is found again: another
// name would be a second training. -V and -v would show values to everybody who can ask about the job.
constexpr std::string_view kOurs = "NJVvCozfI";

void refuse_ours(const Option& option, std::string_view list) {
  if (kOurs.find(option.letter[1]) == std::string_view::npos) return;
  throw Error(
      fmt::format("launch.{} has '{}', and that option is tt's own: take it out of the profile", list, option.letter),
      ExitCode::bad_input);
}

class Directives {
 public:
  explicit Directives(const site::Profile& site) {
    for (const std::string& text : site.always) {
      always_.push_back(read_option(text));
      refuse_ours(always_.back(), "always");
    }
    for (const std::string& text : site.never) {
      const Option option = read_option(text);
      refuse_ours(option, "never");
      never_.push_back(option.subject());
    }
  }
  // Ours, unless the site says something of its own about that, or never takes it.
  void add(const std::string& letter, const std::string& value) {
    const Option option{letter, value};
    const bool is_said = std::any_of(always_.begin(), always_.end(),
                                     [&](const Option& one) { return one.subject() == option.subject(); });
    if (!is_said) write(option);
  }
  void add_those_of_the_site() {
    for (const Option& option : always_) write(option);
  }
  std::vector<std::string> lines() { return std::move(lines_); }

 private:
  void write(const Option& option) {
    for (const std::string& refused : never_) {
      if (refused == option.subject() || refused == option.letter) return;
    }
    std::string line = "#PBS " + option.letter;
    if (!option.value.empty()) line += " " + directive_word(option.value);
    lines_.push_back(std::move(line));
  }
  std::vector<Option> always_;
  std::vector<std::string> never_;
  std::vector<std::string> lines_;
};

// The CPUs that belong to the GPUs of a chunk, all of a node for all of its GPUs.
std::optional<int> cpus_of(const Resources& shape, const site::Profile& site) {
  if (!site.cpus_per_node) return std::nullopt;
  if (site.gpus_per_node == 0 || shape.gpus_per_node >= site.gpus_per_node) return site.cpus_per_node;
  return std::max(1, *site.cpus_per_node * shape.gpus_per_node / site.gpus_per_node);
}

std::string select_of(const Resources& shape, const site::Profile& site) {
  const auto cpus = cpus_of(shape, site);
  std::string wanted = site.gpu_request;
  if (wanted.empty()) wanted = cpus ? "{nodes}:ncpus={cpus}:ngpus={gpus}" : "{nodes}:ngpus={gpus}";
  if (wanted.find("{cpus}") != std::string::npos && !cpus) {
    throw Error(fmt::format("site '{}' asks for {{cpus}} in launch.gpu_request and does not say node.cpus", site.name),
                ExitCode::bad_input);
  }
  wanted = replace_all(wanted, "{nodes}", std::to_string(shape.nodes));
  wanted = replace_all(wanted, "{gpus}", std::to_string(shape.gpus_per_node));
  if (cpus) wanted = replace_all(wanted, "{cpus}", std::to_string(*cpus));
  if (!site.constraint.empty()) wanted += ":" + site.constraint;
  return wanted;
}

// Where the output of each task goes. qsub takes printable ASCII there and nothing else; a path relative to the
// submission folder, which qsub is called from, says the same.
std::string output_of(const SubmitRequest& request) {
  const bool is_array = array_range(request.indices).has_value();
  const std::string name = is_array ? "^array_index^.out" : fmt::format("{}.out", request.indices.front());
  const std::string folder = request.submission.string();
  const bool is_plain = std::all_of(folder.begin(), folder.end(), [](char c) { return c >= ' ' && c <= '~'; }) &&
                        folder.find("^array_index^") == std::string::npos;
  return is_plain ? folder + "/" + name : name;
}

// A job of several nodes needs somebody to start it on each: those the job script knows.
void refuse_unknown_launcher(const SubmitRequest& request, const site::Profile& site) {
  constexpr std::array<std::string_view, 5> known{"mpiexec-pals", "mpirun", "pbsdsh", "pbs_tmrsh", "ssh"};
  if (request.shape.nodes == 1 || std::find(known.begin(), known.end(), site.launcher) != known.end()) return;
  throw Error(
      fmt::format("site '{}' says launch.launcher = \"{}\", which does not start a job of {} nodes on PBS: one of "
                  "mpiexec-pals, mpirun, pbsdsh, pbs_tmrsh, ssh was wanted",
                  site.name, site.launcher, request.shape.nodes),
      ExitCode::bad_input);
}

}  // namespace

std::string directive_word(std::string_view text) {
  if (has_control_character(text)) {
    throw Error(fmt::format("'{}' has a control character and cannot stand on a #PBS line", printable(text)),
                ExitCode::bad_input);
  }
  const auto is_bare = [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || std::string_view("_@%+=:,./-^").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_bare)) return std::string(text);
  // Nothing is special between quotes but the quote itself.
  return "'" + replace_all(std::string(text), "'", "'\"'\"'") + "'";
}

std::vector<std::string> unsayable(const site::Profile& site) {
  constexpr std::array<Wording, 4> wordings{
      {{"account", "-A", {}, " @+:/%=,#"},  // free text there: blanks, '/' and ':' were taken
       {"partition", "-q", {}, "@:"},       // NAME@SERVER
       {"qos", "",
        "queues stand for it there (--partition NAME; `qstat -Q` lists them); "
        "where the site has a resource for it, its "
        "profile says so (launch.always = [\"-l qos=NAME\"])"},
       {"constraint", "-l select"}}};
  const auto said_always = [&](std::string_view option) -> std::string {
    for (const std::string& entry : site.always) {
      if (read_option(entry).subject() == option) return entry;
    }
    return "";
  };
  std::vector<std::string> sentences = scheduler::unsayable(site, "PBS", wordings, said_always);
  if (!site.launcher_words.empty() && (site.launcher == "pbs_tmrsh" || site.launcher == "pbsdsh")) {
    sentences.push_back(
        fmt::format("launch.launcher_words of site '{}' has '{}', and {} takes no words: they are for "
                    "mpiexec, mpirun and ssh",
                    site.name, printable(site.launcher_words.front()), site.launcher));
  }
  return sentences;
}

std::string cannot_keep_off(std::span<const std::string> nodes) {
  return fmt::format(
      "{} cannot be kept off: PBS can ask for a node, and not for any but one. Tell the site's staff, who "
      "can take a node out of service (`pbsnodes -o {}`)",
      names_of(nodes), join(std::vector<std::string>(nodes.begin(), nodes.end()), " "));
}

void refuse_unknown_throttle(const SubmitRequest& request, std::string_view version) {
  const bool wanted = request.throttle && *request.throttle > 0 && request.indices.size() > 1;
  if (!wanted || version.empty() || knows_throttle(version)) return;
  throw Error(
      fmt::format("PBS {} cannot be told to run {} of an array at once (OpenPBS from 22.05, PBS Professional from "
                  "2021): leave --throttle out, or let the site's profile hand over fewer (max_queued of the "
                  "queue)",
                  version, *request.throttle),
      ExitCode::bad_input);
}

std::vector<std::string> directives(const SubmitRequest& request, const site::Profile& site) {
  refuse_unknown_launcher(request, site);
  Directives all(site);
  // A dry run has no token yet.
  all.add("-N", job_name(request.token));
  if (!site.account.empty()) all.add("-A", site.account);
  if (!site.partition.empty()) all.add("-q", site.partition);
  all.add("-l", "select=" + select_of(request.shape, site));
  // Without it chunks may share a host.
  if (request.shape.nodes > 1) all.add("-l", "place=scatter");
  if (request.walltime.count() > 0) all.add("-l", "walltime=" + walltime_word(request.walltime));
  all.add_those_of_the_site();
  all.add("-r", "y");  // arrays have to; a second start finds its attempt claimed and does not train
  all.add("-m", "n");
  all.add("-j", "oe");
  all.add("-k", "doe");
  all.add("-W", "umask=022");
  all.add("-o", output_of(request));
  return all.lines();
}

}  // namespace tt::scheduler::pbs
