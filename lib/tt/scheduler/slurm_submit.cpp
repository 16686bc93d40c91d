#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"
#include "tt/scheduler/slurm_calls.hpp"
#include "tt/scheduler/unsayable.hpp"

namespace tt::slurm {
namespace {

using scheduler::SubmitRequest;

// The options one by one; what the site never takes is left out.
class Directives {
 public:
  explicit Directives(const site::Profile& site) : site_(site) {}
  void add(const std::string& name, const std::string& value) {
    if (!value.empty() && !is_refused(name)) lines_.push_back(directive(name, value));
  }
  // "--name" or "--name=value", as a site writes it.
  void add_option(const std::string& option) {
    const std::string name = option.substr(0, option.find('='));
    names_.push_back(name);
    if (!is_refused(name)) lines_.push_back(directive(option));
  }
  bool has(const std::string& name) const { return std::find(names_.begin(), names_.end(), name) != names_.end(); }
  bool is_refused(const std::string& name) const {
    return std::find(site_.never.begin(), site_.never.end(), name) != site_.never.end();
  }
  Words lines() { return std::move(lines_); }

 private:
  const site::Profile& site_;
  Words lines_;
  std::vector<std::string> names_;
};

// Slurm counts minutes and rounds up by itself; days are shorter to read.
std::string time_words(Seconds walltime) { return walltime_text(Seconds{std::ceil(walltime.count())}); }

// All CPUs of the nodes asked for, or the part of one that belongs to its GPUs.
std::optional<int> cpus_of(const SubmitRequest& request, const site::Profile& site) {
  if (!site.cpus_per_node) return std::nullopt;
  const bool whole = site.gpus_per_node == 0 || request.shape.gpus_per_node >= site.gpus_per_node;
  if (whole) return site.cpus_per_node;
  return std::max(1, *site.cpus_per_node * request.shape.gpus_per_node / site.gpus_per_node);
}

bool takes_whole_nodes(const SubmitRequest& request, const site::Profile& site) {
  return request.shape.nodes > 1 || (site.gpus_per_node > 0 && request.shape.gpus_per_node >= site.gpus_per_node);
}

bool says_any(const std::string& text, std::initializer_list<std::string_view> phrases) {
  return std::any_of(phrases.begin(), phrases.end(),
                     [&](std::string_view phrase) { return text.find(phrase) != std::string::npos; });
}

// The line that names the refusal, without the program's prefix; what stands before it is part of the reason.
std::string reason_of(const std::string& err) {
  std::vector<std::string> said;
  for (const std::string& line : split_lines(err)) {
    std::string_view text = line;
    for (const std::string_view prefix : {"sbatch: error: ", "sbatch: ", "Batch job submission failed: "}) {
      if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
    }
    if (!trim(text).empty()) said.emplace_back(trim(text));
  }
  return said.empty() ? "" : printable(join(said, "; "), 400);
}

// One sentence for every limit of accounting: "Job violates accounting/QOS policy (job submit limit, user's size and/or
// time limits)". The line before names the one: QOSMaxSubmitJobPerUserLimit, AssocMaxSubmitJobLimit and
// QOSGrpSubmitJobsLimit are about how many there are; QOSMaxWallDurationPerJobLimit, say, never changes. A limit that
// nobody names may be either, and is waited for.
bool passes_a_submit_limit(const std::string& err) {
  if (!says_any(err, {"job submit limit"})) return false;
  for (const std::string& line : split_lines(err)) {
    const std::string_view word = trim(std::string_view(line).substr(line.rfind(' ') + 1));
    const bool is_limit = word.ends_with("Limit") && (word.starts_with("QOS") || word.starts_with("Assoc"));
    if (is_limit) return word.find("SubmitJob") != std::string_view::npos;
  }
  return true;
}

bool is_job_id(std::string_view word) {
  const std::string_view digits = word.substr(0, word.find(';'));  // "42;cluster"
  return !digits.empty() && digits.size() < 12 &&
         std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The job script starts its nodes with srun, whatever else the profile may wish.
void refuse_another_launcher(const SubmitRequest& request, const site::Profile& site) {
  const bool is_srun = site.launcher.empty() || site.launcher == "none" || site.launcher == "srun";
  if (request.shape.nodes == 1 || is_srun) return;
  throw Error(
      fmt::format("site '{}' says launch.launcher = \"{}\", and a job of {} nodes is started by srun on Slurm: say "
                  "\"srun\", or give a job script of your own (launch.job_template)",
                  site.name, site.launcher, request.shape.nodes),
      ExitCode::bad_input);
}

}  // namespace

std::vector<std::string> unsayable(const site::Profile& site) {
  constexpr std::array<scheduler::Wording, 4> wordings{
      {{"account", "--account", {}, "@+:/%="},
       {"partition", "--partition", {}, ",@+:/%="},  // several, the first to start wins
       {"qos", "--qos", {}, "@+:/%="},
       {"constraint", "--constraint"}}};
  return scheduler::unsayable(site, "Slurm", wordings, [&](std::string_view option) {
    const auto found = std::find_if(site.always.begin(), site.always.end(), [&](const std::string& entry) {
      return std::string_view(entry).substr(0, entry.find('=')) == option;
    });
    return found == site.always.end() ? std::string() : *found;
  });
}

std::string cannot_keep_off(std::span<const std::string> nodes, const site::Profile& site) {
  if (std::find(site.never.begin(), site.never.end(), "--exclude") == site.never.end()) return "";
  return fmt::format(
      "{} cannot be kept off: site '{}' takes no --exclude (launch.never); tell its staff, who can drain a "
      "node",
      scheduler::names_of(nodes), site.name);
}

Words directives(const SubmitRequest& request, const site::Profile& site) {
  if (site.job_template.empty()) refuse_another_launcher(request, site);
  Directives all(site);
  all.add("--account", site.account);
  all.add("--partition", site.partition);
  all.add("--qos", site.qos);
  all.add("--constraint", site.constraint);
  all.add("--nodes", std::to_string(request.shape.nodes));
  all.add("--ntasks-per-node", "1");
  if (const auto cpus = cpus_of(request, site)) {
    all.add("--cpus-per-task", std::to_string(*cpus));
  } else if (takes_whole_nodes(request, site)) {
    all.add_option("--exclusive");
  }
  if (!site.gpu_request.empty())
    all.add_option(replace_all(site.gpu_request, "{gpus}", std::to_string(request.shape.gpus_per_node)));
  if (request.walltime.count() > 0) {
    all.add("--time", time_words(request.walltime));
    all.add("--signal", fmt::format("B:USR1@{}", static_cast<int>(std::ceil(request.warn_before.count()))));
  }
  for (const std::string& option : site.always) {
    if (!all.has(option)) all.add_option(option);
  }
  all.add("--exclude", join(request.exclude, ","));
  if (!all.has("--requeue")) all.add_option("--no-requeue");
  return all.lines();
}

Words submit_words(const SubmitRequest& request) {
  std::string array = index_list(request.indices);
  if (request.throttle) array += fmt::format("%{}", *request.throttle);
  const std::string name = "tt-" + request.token.text;
  return {"sbatch",
          "--parsable",
          "--job-name=" + name,
          "--comment=" + name,
          "--array=" + array,
          "--output=" + output_path(request.submission.string()) + "/%a.out",
          "--open-mode=append",
          "--chdir=" + request.workdir.string(),
          "--export=ALL",
          request.script.string()};
}

scheduler::SubmitAnswer read_submit(const ProcessResult& reply) {
  if (reply.ending == Ending::never_started) return scheduler::Refused{"sbatch could not be started: " + reply.reason};
  if (reply.ok()) {
    for (const std::string& line : split_lines(reply.out)) {
      const std::string_view word = trim(line);
      if (is_job_id(word)) return scheduler::Accepted{JobId{std::string(word.substr(0, word.find(';')))}};
    }
    return scheduler::NoAnswer{"sbatch ended well and printed no job id: '" + printable(trim(reply.out)) + "'"};
  }
  if (reply.ending == Ending::timed_out) return scheduler::NoAnswer{"sbatch did not answer in time"};
  if (reply.ending == Ending::signalled) return scheduler::NoAnswer{"sbatch was ended by " + signal_name(reply.status)};
  const std::string reason = reason_of(reply.err);
  if (reason.empty())
    return scheduler::NoAnswer{fmt::format("sbatch ended with status {} and said nothing", reply.status)};
  // Only a plain no is a no. Whatever broke between sbatch and the controller may have gone in.
  if (says_any(reply.err, {"timed out", "connect failure", "Unable to contact", "Zero Bytes", "ommunication",
                           "onnection", "Unexpected message", "Slurm backup controller"}))
    return scheduler::NoAnswer{reason};
  const bool too_many = passes_a_submit_limit(reply.err);
  const bool table_is_full = says_any(reply.err, {"temporarily unable to accept", "Resource temporarily unavailable"});
  return scheduler::Refused{reason, too_many || table_is_full, too_many};
}

}  // namespace tt::slurm
