// tt/base/hash.hpp: fingerprints. XXH3, 128 bits: same on every machine; not meant against an adversary.
#pragma once

#include <string>
#include <string_view>

namespace tt {

// 32 hexadecimal digits.
std::string fingerprint(std::string_view bytes);
// Random hexadecimal digits from the system's source (tokens, nonces).
std::string random_hex(std::size_t digits);

}  // namespace tt
