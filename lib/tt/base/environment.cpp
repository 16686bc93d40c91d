#include "tt/base/environment.hpp"

#include <cctype>

#include "tt/base/text.hpp"

extern "C" char** environ;

namespace tt {
namespace {

bool is_name_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

}  // namespace

Environment Environment::of_this_process() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos && equals > 0) {
      environment.set(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
    }
  }
  return environment;
}

std::optional<std::string> Environment::get(std::string_view name) const {
  const auto found = variables_.find(name);
  if (found == variables_.end()) return std::nullopt;
  return found->second;
}

// $NAME and ${NAME} both: people write either. "$$" is a dollar sign; a lone '$' stays, and so does "$5".
Expansion expand_variables(std::string_view text, const Environment& environment) {
  Expansion result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      result.text += text[i];
      continue;
    }
    if (text[i + 1] == '$') {
      result.text += '$';
      ++i;
      continue;
    }
    const bool braced = text[i + 1] == '{';
    const std::size_t begin = i + (braced ? 2 : 1);
    std::size_t end = begin;
    while (end < text.size() && is_name_character(text[end])) ++end;
    const bool closed = !braced || (end < text.size() && text[end] == '}');
    if (end == begin || is_digit(text[begin]) || !closed) {
      result.text += text[i];
      continue;
    }
    const std::string name(text.substr(begin, end - begin));
    if (const auto value = environment.get(name)) {
      result.text += *value;
    } else if (!result.unset) {
      result.unset = name;
    }
    i = braced ? end : end - 1;
  }
  return result;
}

}  // namespace tt
