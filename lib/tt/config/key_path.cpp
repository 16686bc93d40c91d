#include "tt/config/key_path.hpp"

#include "tt/config/document.hpp"
#include "tt/config/literal.hpp"

namespace tt::config {
namespace {

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

std::size_t end_of_bare(std::string_view text, std::size_t at) {
  while (at < text.size() && is_bare(text[at])) ++at;
  return at;
}

// Reads one part at `at` and moves `at` behind it.
std::optional<std::string> scan_part(std::string_view text, std::size_t& at) {
  const std::size_t begin = at;
  if (at < text.size() && (text[at] == '"' || text[at] == '\'')) {
    const auto end = end_of_quoted(text, at);
    if (!end) return std::nullopt;
    at = *end;
    const std::string_view inside = text.substr(begin + 1, at - begin - 2);
    return text[begin] == '"' ? unescaped(inside) : std::optional(std::string(inside));
  }
  at = end_of_bare(text, at);
  if (at == begin) return std::nullopt;
  return std::string(text.substr(begin, at - begin));
}

bool is_bare_key(std::string_view part) { return !part.empty() && end_of_bare(part, 0) == part.size(); }

}  // namespace

std::size_t skip_blanks(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  return at;
}

std::optional<ScannedKey> scan_key(std::string_view text, std::size_t at) {
  ScannedKey key;
  key.begin = skip_blanks(text, at);
  for (std::size_t next = key.begin;; next = skip_blanks(text, next + 1)) {
    auto part = scan_part(text, next);
    if (!part) return std::nullopt;
    key.parts.push_back(std::move(*part));
    key.ends.push_back(next);
    key.end = next;
    next = skip_blanks(text, next);
    if (next >= text.size() || text[next] != '.') return key;
  }
}

std::optional<std::vector<std::string>> split_key(std::string_view key) {
  auto scanned = scan_key(key, 0);
  if (!scanned || skip_blanks(key, scanned->end) != key.size()) return std::nullopt;
  return std::move(scanned->parts);
}

std::string join_key(const std::vector<std::string>& parts) {
  std::string key;
  for (const std::string& part : parts) {
    if (!key.empty()) key += '.';
    key += is_bare_key(part) ? part : quoted(part, Quotes::basic);
  }
  return key;
}

}  // namespace tt::config
