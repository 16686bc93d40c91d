#include "tt/flow/surroundings.hpp"

#include "tt/base/process.hpp"

namespace tt::flow {

Surroundings look_around(const SurroundingsFlags& flags, const Environment& environment, Clock& clock) {
  Surroundings around;
  around.environment = environment;
  around.here = std::filesystem::current_path();
  around.host = this_host();
  around.workspace = find_workspace(flags.workspace, around.here);
  around.site = site::choose(flags.site, environment, around.host);
  site::Profile& profile = around.site.profile;
  const auto say = [&](std::string& field, const std::optional<std::string>& flag, const char* variable) {
    if (flag)
      field = *flag;
    else if (const auto value = environment.get(variable); value && !value->empty())
      field = *value;
  };
  say(profile.account, flags.account, "TT_ACCOUNT");
  say(profile.partition, flags.partition, "TT_PARTITION");
  say(profile.qos, flags.qos, "TT_QOS");
  say(profile.constraint, flags.constraint, "TT_CONSTRAINT");
  around.machine = site::look_at_machine(environment);
  around.gpus_per_node = site::gpus_per_node(around.site.profile, around.machine);
  around.clock = &clock;
  return around;
}

}  // namespace tt::flow
