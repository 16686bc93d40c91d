#include "tt/base/hash.hpp"

#include <fmt/format.h>
#include <sys/random.h>

#include <cerrno>
#include <cstring>

#include "tt/base/error.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tt {
namespace {

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t have = 0; have < count;) {
    const ssize_t got = ::getrandom(bytes.data() + have, count - have, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error(fmt::format("cannot get random bytes from the system: {}", std::strerror(errno)));
    have += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace

std::string fingerprint(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

std::string random_hex(std::size_t digits) {
  std::string text;
  for (const char byte : random_bytes((digits + 1) / 2)) {
    text += fmt::format("{:02x}", static_cast<unsigned>(static_cast<unsigned char>(byte)));
  }
  text.resize(digits);
  return text;
}

}  // namespace tt
