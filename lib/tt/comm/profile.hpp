// tt/comm/profile.hpp: which TorchTitan an estimate of model `titan` describes.
//
// A profile is a set of measured behaviours, named after the release they were measured on. Eras that were not measured
// are estimated with the nearest profile, and the estimate says so.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tt/titan/era.hpp"

namespace tt::comm {

enum class Profile : std::uint8_t { titan_0_2_1, titan_0_2_2, titan_0_3 };

std::string_view to_string(Profile profile);  // "titan-0.2.2"
// "titan-main" is the newest one.
std::optional<Profile> parse_profile(std::string_view name);
Profile profile_of(titan::Era era);
titan::Era era_of(Profile profile);
// Was this profile measured on this era, or is it only the nearest one?
bool was_measured(titan::Era era);

}  // namespace tt::comm
