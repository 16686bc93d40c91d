#include "tt/scheduler/pbs_programs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/text.hpp"

namespace tt::scheduler::pbs {
namespace fs = std::filesystem;
namespace {

bool is_program(const fs::path& file) {
  std::error_code ignored;
  return fs::is_regular_file(file, ignored);
}

void add_once(std::vector<fs::path>& folders, const fs::path& folder) {
  if (!is_program(folder / "qsub")) return;
  if (std::find(folders.begin(), folders.end(), folder) == folders.end()) folders.push_back(folder);
}

// NAME=value of pbs.conf.
std::string conf_value(std::string_view conf, std::string_view name) {
  for (const std::string& line : split_lines(conf)) {
    const std::size_t equals = line.find('=');
    if (equals != std::string::npos && trim(std::string_view(line).substr(0, equals)) == name)
      return std::string(trim(std::string_view(line).substr(equals + 1)));
  }
  return "";
}

// The rest of the first line that begins with these words.
std::optional<std::string> rest_of_line(std::string_view text, std::string_view words) {
  for (const std::string& line : split_lines(text)) {
    const std::string_view trimmed = trim(line);
    if (trimmed.starts_with(words)) return std::string(trim(trimmed.substr(words.size())));
  }
  return std::nullopt;
}

std::string describe(const Candidate& candidate) {
  const std::string program = (candidate.folder / "qsub").string();
  switch (candidate.identity.family) {
    case Family::torque:
      return fmt::format(
          "{} is Torque {}, and tt does not speak its dialect: arrays by -t, nodes=N:ppn=C instead of "
          "select, PBS_ARRAYID, other end codes, XML instead of JSON would be needed. Inside an interactive "
          "job (qsub -I) --site laptop trains on the node it gives",
          program, candidate.identity.version);
    case Family::slurm_wrapper:
      return fmt::format("{} is Slurm's look-alike; --site slurm speaks to Slurm itself", program);
    default:
      return fmt::format("{} did not say 'pbs_version = ...' when asked for its version", program);
  }
}

}  // namespace

std::string Programs::program(std::string_view name) const {
  return folder.empty() ? std::string(name) : (folder / name).string();
}

fs::path conf_file(const Environment& environment) {
  const auto named = environment.get("PBS_CONF_FILE");
  return named && !named->empty() ? fs::path(*named) : fs::path("/etc/pbs.conf");
}

std::vector<fs::path> candidate_folders(const Environment& environment, std::string_view pbs_conf) {
  std::vector<fs::path> folders;
  for (const std::string& folder : split(environment.get("PATH").value_or(""), ':')) {
    if (fs::path(folder).is_absolute()) add_once(folders, folder);
  }
  const std::string exec = conf_value(pbs_conf, "PBS_EXEC");
  if (fs::path(exec).is_absolute()) add_once(folders, fs::path(exec) / "bin");
  return folders;
}

Identity read_identity(std::string_view beginning, const ProcessResult& version_reply) {
  if (beginning.starts_with("#!") && lower(beginning).find("slurm") != std::string::npos)
    return {Family::slurm_wrapper, ""};
  if (const auto version = rest_of_line(version_reply.out, "pbs_version = ")) return {Family::pbs, *version};
  for (const std::string* text : {&version_reply.err, &version_reply.out}) {
    const auto version = rest_of_line(*text, "Version: ");
    if (version && rest_of_line(*text, "Commit: ")) return {Family::torque, *version};
  }
  return {Family::unknown, ""};
}

std::string refusal(std::span<const Candidate> candidates) {
  if (candidates.empty()) {
    return "there is no qsub in PATH and none where pbs.conf says; load the module of PBS, or set PBS_CONF_FILE to its "
           "pbs.conf";
  }
  std::vector<std::string> found;
  for (const Candidate& candidate : candidates) found.push_back(describe(candidate));
  return fmt::format(
      "no PBS Professional or OpenPBS here: {}; put the bin folder of PBS into PATH, or set "
      "PBS_CONF_FILE to its pbs.conf",
      join(found, "; "));
}

bool knows_throttle(std::string_view version) {
  const std::vector<std::string> parts = split(version, '.');
  const auto major = to_integer(parts[0]);
  if (!major) return false;
  if (*major >= 1000) return *major >= 2021;  // PBS Professional counts in years
  const auto minor = parts.size() > 1 ? to_integer(parts[1]) : std::nullopt;
  return *major > 22 || (*major == 22 && minor && *minor >= 5);
}

Environment client_environment(const Environment& ours) {
  Environment built;
  for (const auto& [name, value] : ours.all()) {
    const bool names_a_server = name == "PBS_CONF_FILE" || name == "PBS_SERVER" || name == "PBS_DEFAULT";
    if (!name.starts_with("PBS_") || names_a_server) built.set(name, value);
  }
  built.set("TZ", "UTC");
  return built;
}

}  // namespace tt::scheduler::pbs
