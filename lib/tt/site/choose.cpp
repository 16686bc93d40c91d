#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "tt/base/embedded.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"
#include "tt/config/document.hpp"
#include "tt/site/profile.hpp"

namespace tt::site {
namespace {

constexpr std::string_view kEnding = ".toml";

std::string name_of(const embedded::File& file) {
  return std::string(file.name.substr(0, file.name.size() - kEnding.size()));
}

Profile read_embedded(const embedded::File& file) {
  Profile profile =
      read_profile(std::make_shared<SourceText>("site/" + std::string(file.name), std::string(file.text)));
  profile.origin = kEmbedded;
  return profile;
}

std::vector<std::string> embedded_names() {
  std::vector<std::string> names;
  for (const embedded::File& file : embedded::sites()) names.push_back(name_of(file));
  return names;
}

bool is_file(const std::string& name) {
  std::error_code ignored;
  return fs::is_regular_file(name, ignored);
}

// "host name login03 matches login*", when it does.
std::optional<std::string> match_host(const Profile& profile, const std::string& host) {
  for (const std::string& pattern : profile.detect_hosts) {
    if (matches_pattern(pattern, host)) return fmt::format("host name {} matches {}", host, pattern);
  }
  return std::nullopt;
}

std::optional<std::string> match_environment(const Profile& profile, const Environment& environment) {
  for (const std::string& rule : profile.detect_environment) {
    const std::size_t equals = rule.find('=');
    const std::string name = rule.substr(0, equals);
    const std::string pattern = rule.substr(equals + 1);
    const auto value = environment.get(name);
    if (value && matches_pattern(pattern, *value)) return fmt::format("{} is {}", name, printable(*value));
  }
  return std::nullopt;
}

// Every list that says something must agree; login01 alone is the name of a machine at many sites.
std::optional<std::string> recognise(const Profile& profile, const Environment& environment, const std::string& host) {
  std::vector<std::string> reasons;
  if (!profile.detect_hosts.empty()) {
    const auto reason = match_host(profile, host);
    if (!reason) return std::nullopt;
    reasons.push_back(*reason);
  }
  if (!profile.detect_environment.empty()) {
    const auto reason = match_environment(profile, environment);
    if (!reason) return std::nullopt;
    reasons.push_back(*reason);
  }
  if (reasons.empty()) return std::nullopt;
  return join(reasons, ", ");
}

// The submit command of a batch system, where there is one in PATH: "/usr/bin/sbatch".
std::optional<std::string> find_submit_command(const Environment& environment) {
  for (const std::string& folder : split(environment.get("PATH").value_or(""), ':')) {
    for (const std::string_view name : {"sbatch", "qsub"}) {
      const fs::path program = fs::path(folder.empty() ? "." : folder) / name;
      if (is_file(program.string())) return program.string();
    }
  }
  return std::nullopt;
}

Choice recognised_or_laptop(const std::vector<Profile>& profiles, const Environment& environment,
                            const std::string& host) {
  std::vector<Choice> found;
  for (const Profile& profile : profiles) {
    if (const auto why = recognise(profile, environment, host)) found.push_back({profile, *why});
  }
  if (found.size() == 1) return found.front();
  if (found.size() > 1) {
    std::vector<std::string> names;
    for (const Choice& one : found) names.push_back(fmt::format("{} ({})", one.profile.name, one.why));
    throw Error(fmt::format("more than one site profile recognises this host: {}; name one with --site NAME",
                            join(names, "; ")),
                ExitCode::bad_input);
  }
  if (const auto program = find_submit_command(environment)) {
    const bool is_slurm = program->ends_with("sbatch");
    throw Error(
        fmt::format("this host has a batch system ({}) and no site profile recognises it; say --site {} to use it "
                    "as it is, --site FILE with a profile of your own (`tt-submit site show {}` prints one to begin "
                    "with), or --site laptop to train on this host itself",
                    *program, is_slurm ? "slurm" : "pbs", is_slurm ? "slurm" : "pbs"),
        ExitCode::bad_input);
  }
  return {load_profile("laptop"), "no scheduler here"};
}

}  // namespace

std::vector<Profile> embedded_profiles() {
  std::vector<Profile> profiles;
  for (const embedded::File& file : embedded::sites()) profiles.push_back(read_embedded(file));
  return profiles;
}

std::string profile_text(const Profile& profile) {
  for (const embedded::File& file : embedded::sites()) {
    if (profile.origin == kEmbedded && name_of(file) == profile.name) return std::string(file.text);
  }
  return read_file(profile.origin);
}

Profile load_profile(const std::string& name_or_file) {
  if (is_file(name_or_file)) return read_profile(config::Document::load(name_or_file).source());
  for (const embedded::File& file : embedded::sites()) {
    if (name_of(file) == name_or_file) return read_embedded(file);
  }
  const std::vector<std::string> names = embedded_names();
  const auto near = nearest(name_or_file, names);
  throw Error(
      fmt::format("there is no site profile '{}': no such file, and the profiles that come with tt are {}{}",
                  printable(name_or_file), join(names, ", "), near ? fmt::format(" (did you mean '{}'?)", *near) : ""),
      ExitCode::bad_input);
}

Profile as_asked(Profile profile, const Asked& asked) {
  const auto say = [](std::string& field, const std::string& value) {
    if (!value.empty()) field = value;
  };
  say(profile.account, asked.account);
  say(profile.partition, asked.partition);
  say(profile.qos, asked.qos);
  say(profile.constraint, asked.constraint);
  return profile;
}

std::vector<std::string> unsaid(const Profile& profile) {
  const std::map<std::string, std::string> said{{"account", profile.account},
                                                {"partition", profile.partition},
                                                {"queue", profile.partition},
                                                {"qos", profile.qos},
                                                {"constraint", profile.constraint}};
  std::vector<std::string> missing;
  for (const std::string& name : profile.required) {
    const auto known = said.find(name);
    const bool is_option = std::any_of(profile.always.begin(), profile.always.end(), [&](const std::string& option) {
      return option.find(name) != std::string::npos;
    });
    if (known == said.end() ? !is_option : known->second.empty()) missing.push_back(name);
  }
  return missing;
}

Choice choose(const std::optional<std::string>& flag, const Environment& environment, const std::string& host) {
  if (flag) return {load_profile(*flag), "--site"};
  const auto variable = environment.get("TT_SITE");
  if (variable && !variable->empty()) return {load_profile(*variable), "TT_SITE"};
  return recognised_or_laptop(embedded_profiles(), environment, host);
}

}  // namespace tt::site
