#include "tt/logs/step_line.hpp"

#include <charconv>
#include <cmath>
#include <limits>

#include "tt/logs/normalise.hpp"

namespace tt::logs {

namespace {

std::string_view skip_spaces(std::string_view text) {
  const auto at = text.find_first_not_of(' ');
  return at == std::string_view::npos ? std::string_view{} : text.substr(at);
}

// Digits at fixed places: "2026" of "2026-02-20".
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int number = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    number = number * 10 + (text[i] - '0');
  }
  return number;
}

// A number with thousands commas; nan and inf; nullopt for "N/A".
std::optional<double> number(std::string_view word) {
  char plain[48];
  std::size_t size = 0;
  for (const char c : word) {
    if (c == ',') continue;
    if (size == sizeof plain) return std::nullopt;
    plain[size++] = c;
  }
  if (size == 0) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(plain, plain + size, value);
  if (error == std::errc::result_out_of_range) return std::numeric_limits<double>::infinity();
  if (error != std::errc() || end != plain + size) return std::nullopt;
  return value;
}

std::optional<double> percent(std::string_view word) {
  if (word.empty() || word.back() != '%') return std::nullopt;
  return number(word.substr(0, word.size() - 1));
}

// "36.91GiB(46.64%)"
void read_memory(std::string_view word, StepLine& line) {
  const auto unit = word.find("GiB");
  if (unit == std::string_view::npos) return;
  line.memory_gib = number(word.substr(0, unit));
  const auto open = word.find('(', unit);
  const auto close = word.find(')', unit);
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return;
  line.memory_percent = percent(word.substr(open + 1, close - open - 1));
}

void read_field(std::string_view name, std::string_view word, StepLine& line) {
  if (name == "loss")
    line.loss = number(word);
  else if (name == "grad_norm")
    line.grad_norm = number(word);
  else if (name == "memory")
    read_memory(word, line);
  else if (name == "tps" || name == "wps")
    line.tps = number(word);
  else if (name == "tflops")
    line.tflops = number(word);
  else if (name == "mfu")
    line.mfu = percent(word);
}

void read_fields(std::string_view rest, StepLine& line) {
  while (!(rest = skip_spaces(rest)).empty()) {
    const auto colon = rest.find_first_of(": ");
    if (colon == std::string_view::npos || rest[colon] != ':') return;
    const auto name = rest.substr(0, colon);
    rest = skip_spaces(rest.substr(colon + 1));
    const auto end = std::min(rest.find(' '), rest.size());
    read_field(name, rest.substr(0, end), line);
    rest = rest.substr(end);
  }
}

constexpr std::string_view titan_mark = "[titan] ";

std::string_view without_titan_mark(std::string_view text) {
  if (text.starts_with(titan_mark)) text.remove_prefix(titan_mark.size());
  return text;
}

}  // namespace

std::optional<Instant> read_header_time(std::string_view text) {
  using namespace std::chrono;
  if (text.size() < 23 || text[4] != '-' || text[7] != '-' || text[10] != ' ' || text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  const auto y = digits(text, 0, 4), mo = digits(text, 5, 2), d = digits(text, 8, 2);
  const auto h = digits(text, 11, 2), mi = digits(text, 14, 2), s = digits(text, 17, 2), ms = digits(text, 20, 3);
  if (!y || !mo || !d || !h || !mi || !s || !ms) return std::nullopt;
  const year_month_day date{year{*y}, month{static_cast<unsigned>(*mo)}, day{static_cast<unsigned>(*d)}};
  if (!date.ok() || *h > 23 || *mi > 59 || *s > 60) return std::nullopt;
  return Instant{sys_days{date}} + hours{*h} + minutes{*mi} + seconds{*s} + milliseconds{*ms};
}

std::string_view message_of(std::string_view text) {
  const auto bare = without_titan_mark(text);
  if (!read_header_time(bare)) return text;
  auto at = bare.find(" - ");
  for (int part = 0; part < 2 && at != std::string_view::npos; ++part) at = bare.find(" - ", at + 3);
  return at == std::string_view::npos ? text : bare.substr(at + 3);
}

bool is_visible_loss(double loss) { return !(loss < 0); }

std::optional<StepLine> read_step_text(std::string_view text) {
  if (text.find("step:") == std::string_view::npos) return std::nullopt;
  const auto message = message_of(text);
  StepLine line;
  std::string_view rest = message;
  if (rest.starts_with("validate ")) {
    line.kind = StepKind::validation;
    rest.remove_prefix(9);
  }
  if (!rest.starts_with("step:")) return std::nullopt;
  rest = skip_spaces(rest.substr(5));
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), line.step);
  if (error != std::errc() || line.step < 0) return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  if (!rest.empty() && rest[0] != ' ') return std::nullopt;
  read_fields(rest, line);
  line.time = read_header_time(without_titan_mark(text));
  return line;
}

std::optional<StepLine> read_step_line(std::string_view raw) {
  if (raw.find("step:") == std::string_view::npos) return std::nullopt;
  LogLine line;
  normalise(raw, line);
  return read_step_text(line.text);
}

}  // namespace tt::logs
