// tt/config/key_path.hpp: dotted keys as they are written in TOML, read at a place inside a longer text.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tt::config {

using KeyPath = std::vector<std::string>;

// toml++ destroys nested tables by recursion: a key of a hundred thousand parts would end the program.
constexpr std::size_t most_key_parts = 50;

struct ScannedKey {
  KeyPath parts;
  std::vector<std::size_t> ends;  // where each part ends
  std::size_t begin = 0;
  std::size_t end = 0;  // after the last part; blanks that follow are not included
};

// Reads one dotted key from `at` on (leading blanks allowed); nullopt when there is none.
std::optional<ScannedKey> scan_key(std::string_view text, std::size_t at);

// The end of the run of spaces and tabs that starts at `at`.
std::size_t skip_blanks(std::string_view text, std::size_t at);

}  // namespace tt::config
