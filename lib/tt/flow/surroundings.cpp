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
  around.machine = site::look_at_machine(environment);
  around.gpus_per_node = site::gpus_per_node(around.site.profile, around.machine);
  around.clock = &clock;
  return around;
}

}  // namespace tt::flow
