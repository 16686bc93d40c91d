// tt/sweep/site_fabric.hpp: the links and cards of a site, as the time model takes them.
#pragma once

#include <optional>

#include "tt/comm/fabric.hpp"
#include "tt/site/profile.hpp"

namespace tt::sweep {

// The site's own numbers over those of the hardware it names, or of its GPU. nullopt: it names none the table knows.
std::optional<comm::Fabric> fabric_of(const site::Profile& profile);

}  // namespace tt::sweep
