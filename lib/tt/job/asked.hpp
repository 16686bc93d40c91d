// tt/job/asked.hpp: what somebody asked for runs to be handed over with, beyond what their site's profile says. It goes
// with them: into what waits, into the submission, into the attempts that follow.
#pragma once

#include <compare>
#include <optional>
#include <string>

#include "tt/base/value.hpp"

namespace tt {

struct Asked {
  std::string account, partition, qos, constraint;  // empty: nobody said
  std::optional<int> throttle;                      // of each array: how many of its tasks at once
  bool says_anything() const { return *this != Asked{}; }
  friend auto operator<=>(const Asked&, const Asked&) = default;
};

// What the stronger says, and the weaker where that is silent.
Asked over(const Asked& stronger, const Asked& weaker);

// "--qos high --throttle 2": as it would be typed.
std::string describe(const Asked& asked);

// {"qos":"high","throttle":2}: what was said, and nothing else. Anything but an object reads as nothing said.
Value to_value(const Asked& asked);
Asked read_asked(const Value& json);

}  // namespace tt
