#include "tt/comm/profile.hpp"

namespace tt::comm {

std::string_view to_string(Profile profile) {
  switch (profile) {
    case Profile::titan_0_2_1:
      return "titan-0.2.1";
    case Profile::titan_0_2_2:
      return "titan-0.2.2";
    case Profile::titan_0_3:
      break;
  }
  return "titan-0.3";
}

std::optional<Profile> parse_profile(std::string_view name) {
  if (name == "titan-0.2.1" || name == "titan-0.2.0") return Profile::titan_0_2_1;
  if (name == "titan-0.2.2") return Profile::titan_0_2_2;
  if (name == "titan-0.3" || name == "titan-main") return Profile::titan_0_3;
  return std::nullopt;
}

Profile profile_of(titan::Era era) {
  if (era >= titan::Era::v0_3_0) return Profile::titan_0_3;
  return era == titan::Era::v0_2_2 ? Profile::titan_0_2_2 : Profile::titan_0_2_1;
}

titan::Era era_of(Profile profile) {
  switch (profile) {
    case Profile::titan_0_2_1:
      return titan::Era::v0_2_1;
    case Profile::titan_0_2_2:
      return titan::Era::v0_2_2;
    case Profile::titan_0_3:
      break;
  }
  return titan::Era::v0_3_0;
}

bool was_measured(titan::Era era) { return era >= titan::Era::v0_2_0; }

}  // namespace tt::comm
