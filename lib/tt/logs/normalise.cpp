#include "tt/logs/normalise.hpp"

#include "tt/base/text.hpp"

namespace tt::logs {

namespace {

bool is_role_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-'; }

// Colours and other terminal commands, NUL, and what a carriage return overwrote.
void clean(std::string_view raw, std::string& out) {
  while (!raw.empty() && (raw.back() == '\n' || raw.back() == '\r')) raw.remove_suffix(1);
  if (raw.size() > longest_line) raw = raw.substr(0, longest_line);
  if (const auto carriage = raw.rfind('\r'); carriage != std::string_view::npos) raw.remove_prefix(carriage + 1);
  out.clear();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (c == '\0') continue;
    if (c != '\x1b') {
      out += c;
      continue;
    }
    if (i + 1 < raw.size() && raw[i + 1] == '[') {
      i += 2;
      while (i < raw.size() && !(raw[i] >= '@' && raw[i] <= '~')) ++i;
    } else {
      ++i;
    }
  }
}

// A number at `at`; nullopt when there is none or it is absurdly long. Moves `at` behind it.
std::optional<int> number_at(std::string_view text, std::size_t& at) {
  const std::size_t begin = at;
  int number = 0;
  while (at < text.size() && is_digit(text[at]) && at - begin < 8) number = number * 10 + (text[at++] - '0');
  if (at == begin || (at < text.size() && is_digit(text[at]))) return std::nullopt;
  return number;
}

std::optional<int> peel_node_label(std::string_view& text) {
  std::size_t at = text.find_first_not_of(' ');
  if (at == std::string_view::npos || at > 6) return std::nullopt;
  const auto number = number_at(text, at);
  if (!number || text.substr(at, 2) != ": ") {
    // An empty line of a labelled task ends at the colon.
    if (!number || at + 1 != text.size() || text[at] != ':') return std::nullopt;
    text = {};
    return number;
  }
  text.remove_prefix(at + 2);
  return number;
}

// "[2026-02-03T22:06:04.101] "
void peel_scheduler_time(std::string_view& text) {
  if (text.size() < 22 || text[0] != '[' || text[5] != '-' || text[8] != '-' || text[11] != 'T') return;
  const auto close = text.find("] ");
  if (close == std::string_view::npos || close > 40) return;
  text.remove_prefix(close + 2);
}

// "[rank3]:", "[default0]:"
std::optional<int> peel_tag(std::string_view& text, bool only_rank) {
  if (text.size() < 4 || text[0] != '[') return std::nullopt;
  std::size_t at = 1;
  while (at < text.size() && is_role_letter(text[at]) && at < 64) ++at;
  if (at == 1 || (only_rank && text.substr(1, at - 1) != "rank")) return std::nullopt;
  const auto number = number_at(text, at);
  if (!number || text.substr(at, 2) != "]:") return std::nullopt;
  text.remove_prefix(at + 2);
  return number;
}

}  // namespace

void normalise(std::string_view raw, LogLine& out) {
  clean(raw, out.evidence);
  std::string_view text = out.evidence;
  out.node = peel_node_label(text);
  peel_scheduler_time(text);
  out.local_rank = peel_tag(text, false);
  out.rank = out.local_rank ? peel_tag(text, true) : std::nullopt;
  if (out.rank && !text.empty() && text[0] == ' ') text.remove_prefix(1);
  out.text.assign(text);
}

RankKey key_of(const LogLine& line, int file) { return {file, line.node.value_or(-1), line.local_rank.value_or(-1)}; }

}  // namespace tt::logs
