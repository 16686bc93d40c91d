// tt/scheduler/unsayable.hpp: what a user or a profile asks for and a scheduler would drop in silence. Pure.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tt/site/profile.hpp"

namespace tt::scheduler {

// How a scheduler says what a user can ask for by a flag: {"account", "--account"}.
struct Wording {
  std::string_view what;          // "account", "partition", "qos", "constraint"
  std::string_view option;        // empty: there are no words for it, and
  std::string_view instead = {};  // says what to do; without it there is nothing to be done
  // A name: what it may have beside letters, digits, '_', '-' and '.'. nullopt: it is no name, anything goes.
  std::optional<std::string_view> name_with = {};
};
// The entry of launch.always that says what an option says, empty: none does. It would win over the user in silence.
using SaidAlways = std::function<std::string(std::string_view option)>;

// `here`: "PBS", "this machine". A sentence for each option that somebody said, by the flag, the variable or the
// profile, and that has no words here, that is no name, that launch.never forbids, or that launch.always overrules.
std::vector<std::string> unsayable(const site::Profile& site, std::string_view here, std::span<const Wording> wordings,
                                   const SaidAlways& said_always);

// "n1 and n3".
std::string names_of(std::span<const std::string> nodes);

}  // namespace tt::scheduler
