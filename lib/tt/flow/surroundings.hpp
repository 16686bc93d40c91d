// tt/flow/surroundings.hpp: what a tool finds when it starts, captured once in main and never changed afterwards.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "tt/base/clock.hpp"
#include "tt/base/environment.hpp"
#include "tt/flow/workspace.hpp"
#include "tt/job/asked.hpp"
#include "tt/site/profile.hpp"

namespace tt::flow {

struct Surroundings {
  Environment environment;
  std::filesystem::path here;  // working directory
  std::string host;
  Workspace workspace{"."};
  site::Choice site;  // with `asked` in it
  Asked said;         // by flags of this command: wins over what was asked when runs were chosen
  Asked asked;        // by flags or variables: for what this command chooses
  site::Machine machine;
  int gpus_per_node = 1;
  Clock* clock = nullptr;
};

struct SurroundingsFlags {
  std::optional<std::string> site;
  // Win over the profile's; else TT_ACCOUNT, TT_PARTITION, TT_QOS, TT_CONSTRAINT of the environment do.
  std::optional<std::string> account, partition, qos, constraint;
  std::optional<std::string> workspace;
};
Surroundings look_around(const SurroundingsFlags& flags, const Environment& environment, Clock& clock);

// For what only looks or computes: where nobody named a site and none can be chosen, the profile stays empty (nothing
// is known of the site) and `why` says so. A site that was named is still looked up, and must be there.
Surroundings look_around_without_site(const SurroundingsFlags& flags, const Environment& environment, Clock& clock);

}  // namespace tt::flow
