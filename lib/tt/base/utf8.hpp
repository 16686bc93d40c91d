// tt/base/utf8.hpp: walking over bytes that may or may not be UTF-8, one character at a time.
#pragma once

#include <cstddef>
#include <string_view>

namespace tt {

// One step of a walk. A byte that does not begin a well-formed character is a step of its own with good = false.
struct Utf8Step {
  char32_t character = 0;
  std::size_t bytes = 1;
  bool good = false;
};
// offset must lie inside the text.
Utf8Step utf8_step(std::string_view text, std::size_t offset);

// Columns a character takes on a terminal: combining marks 0, wide characters 2.
std::size_t columns_of(char32_t character);

// Characters a terminal may act upon instead of showing them: controls, line separators, changes of direction.
bool acts_on_terminal(char32_t character);

}  // namespace tt
