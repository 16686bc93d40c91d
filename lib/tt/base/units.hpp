// tt/base/units.hpp: what the sizes that people read are counted in.
#pragma once

namespace tt {

inline constexpr double mib = 1024.0 * 1024.0;  // bytes
inline constexpr double gib = 1024.0 * mib;     // bytes

}  // namespace tt
