#include "tt/render/quote.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"

namespace tt::render {
namespace {

// Means nothing to a shell, wherever it stands in a word that is not the command. ASCII only, whatever the locale.
bool is_safe(char c) {
  const bool letter_or_digit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return letter_or_digit || std::string_view("_@%+=:,./-").find(c) != std::string_view::npos;
}

}  // namespace

std::string shell_word(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) {
    throw Error(fmt::format("'{}' cannot become a shell word: it holds a NUL byte", printable(text)));
  }
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_safe)) return std::string(text);
  return "'" + replace_all(std::string(text), "'", R"('\'')") + "'";
}

}  // namespace tt::render
