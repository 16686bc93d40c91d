// tt/flow/heard.hpp: when the scheduler of a site answered last, for the next time that it does not.
#pragma once

#include <optional>
#include <string>

#include "tt/flow/surroundings.hpp"

namespace tt::flow {

// Now. Nothing is written, and nothing is wrong, where the workspace cannot be written to.
Instant note_heard(const Surroundings& around, const std::string& site);
// nullopt: it never answered here.
std::optional<Instant> last_heard(const Surroundings& around, const std::string& site);

}  // namespace tt::flow
