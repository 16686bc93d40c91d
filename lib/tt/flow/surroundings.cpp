#include "tt/flow/surroundings.hpp"

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/process.hpp"

namespace tt::flow {
namespace {

// The site of everything that was submitted from this workspace, when it is one: who said --site once need not say it
// again to look at the runs.
std::optional<site::Choice> site_of_earlier_runs(const Workspace& workspace) {
  std::optional<site::Choice> found;
  for (const std::string& token : list_folder(workspace.submissions())) {
    const fs::path file = workspace.submissions() / token / "site.toml";
    if (!is_there(file)) continue;
    const site::Profile profile = site::load_profile(file.string());
    if (found && found->profile.name != profile.name) return std::nullopt;
    found = site::Choice{profile, "the runs of this workspace"};
  }
  return found;
}

site::Choice choose_site(const SurroundingsFlags& flags, const Surroundings& around) {
  try {
    return site::choose(flags.site, around.environment, around.host);
  } catch (const Error&) {
    if (flags.site || !around.environment.get("TT_SITE").value_or("").empty()) throw;
    if (auto earlier = site_of_earlier_runs(around.workspace)) return *earlier;
    throw;
  }
}

template <class Choose>
Surroundings look(const SurroundingsFlags& flags, const Environment& environment, Clock& clock, Choose&& choose) {
  Surroundings around;
  around.environment = environment;
  around.here = std::filesystem::current_path();
  around.host = this_host();
  around.workspace = find_workspace(flags.workspace, around.here);
  around.site = choose(around);
  site::Profile& profile = around.site.profile;
  // The variables are for batch systems: where there is none, those of a shell set up for one are no mistake.
  Asked by_variables;
  const auto say = [&](std::string Asked::*what, const std::optional<std::string>& flag, const char* variable) {
    around.said.*what = flag.value_or("");
    if (profile.has_batch_system()) by_variables.*what = environment.get(variable).value_or("");
  };
  say(&Asked::account, flags.account, "TT_ACCOUNT");
  say(&Asked::partition, flags.partition, "TT_PARTITION");
  say(&Asked::qos, flags.qos, "TT_QOS");
  say(&Asked::constraint, flags.constraint, "TT_CONSTRAINT");
  around.asked = over(around.said, by_variables);
  profile = site::as_asked(std::move(profile), around.asked);
  around.machine = site::look_at_machine(environment);
  around.gpus_per_node = site::gpus_per_node(around.site.profile, around.machine);
  around.clock = &clock;
  return around;
}

}  // namespace

Surroundings look_around(const SurroundingsFlags& flags, const Environment& environment, Clock& clock) {
  return look(flags, environment, clock, [&](const Surroundings& around) { return choose_site(flags, around); });
}

Surroundings look_around_without_site(const SurroundingsFlags& flags, const Environment& environment, Clock& clock) {
  return look(flags, environment, clock, [&](const Surroundings& around) {
    try {
      return choose_site(flags, around);
    } catch (const Error& error) {
      if (flags.site || !environment.get("TT_SITE").value_or("").empty()) throw;
      return site::Choice{{}, error.what()};
    }
  });
}

}  // namespace tt::flow
