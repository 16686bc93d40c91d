#include "tt/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tt/base/text.hpp"
#include "tt/base/utf8.hpp"

namespace tt {
namespace {

constexpr std::size_t widest_line = 120;

// "file:7:3: ", as much of it as is known.
std::string prefix_of(const Place& place) {
  if (place.file.empty()) return "";
  if (place.line == 0) return place.file + ": ";
  if (place.column == 0) return fmt::format("{}:{}: ", place.file, place.line);
  return fmt::format("{}:{}:{}: ", place.file, place.line, place.column);
}

std::string sentence_of(const std::vector<Problem>& problems) {
  std::vector<std::string> sentences;
  for (const Problem& problem : problems) sentences.push_back(prefix_of(problem.place) + problem.message);
  return join(sentences, "; ");
}

// One character of a source line as it is shown, and whether a caret stands below it.
struct Glyph {
  std::string_view shown;
  std::size_t columns = 1;
  bool marked = false;
};

Glyph glyph_at(std::string_view line, std::size_t offset, const Utf8Step& step) {
  if (line[offset] == '\t') return {" ", 1};
  if (!step.good || acts_on_terminal(step.character)) return {"?", 1};
  return {line.substr(offset, step.bytes), columns_of(step.character)};
}

// The line, and one blank more where a caret stands behind its end.
std::vector<Glyph> glyphs_of(std::string_view line, const Place& place) {
  std::vector<Glyph> glyphs;
  const std::size_t first = place.column == 0 ? 0 : std::min(place.column - 1, line.size());
  const std::size_t last = first + std::min(std::max<std::size_t>(place.length, 1), line.size() - first);
  for (std::size_t at = 0; at < line.size();) {
    const Utf8Step step = utf8_step(line, at);
    Glyph glyph = glyph_at(line, at, step);
    glyph.marked = place.column != 0 && at + step.bytes > first && at < last;
    glyphs.push_back(glyph);
    at += step.bytes;
  }
  if (place.column != 0 && first == line.size()) glyphs.push_back({" ", 1, true});
  return glyphs;
}

std::size_t columns_between(const std::vector<Glyph>& glyphs, std::size_t begin, std::size_t end) {
  std::size_t columns = 0;
  for (std::size_t i = begin; i < end; ++i) columns += glyphs[i].columns;
  return columns;
}

// The part of a line that is shown: all of it, or the neighbourhood of the caret with "…" where it was cut.
struct Window {
  std::size_t begin = 0;
  std::size_t end = 0;
};

Window window_of(const std::vector<Glyph>& glyphs, std::size_t room) {
  if (columns_between(glyphs, 0, glyphs.size()) <= room) return {0, glyphs.size()};
  const auto caret = std::find_if(glyphs.begin(), glyphs.end(), [](const Glyph& glyph) { return glyph.marked; });
  Window window;
  window.begin = window.end = caret == glyphs.end() ? 0 : static_cast<std::size_t>(caret - glyphs.begin());
  const std::size_t usable = room - 2;  // a cut mark on either side
  std::size_t used = 0;
  while (window.begin > 0 && used + glyphs[window.begin - 1].columns <= usable / 3) {
    used += glyphs[--window.begin].columns;
  }
  while (window.end < glyphs.size() && used + glyphs[window.end].columns <= usable) {
    used += glyphs[window.end++].columns;
  }
  while (window.begin > 0 && used + glyphs[window.begin - 1].columns <= usable) {
    used += glyphs[--window.begin].columns;
  }
  return window;
}

std::string without_trailing_blanks(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::string caret_lines(const Place& place) {
  const std::string number = std::to_string(place.line);
  const std::string gutter = fmt::format("  {} | ", number);
  const std::vector<Glyph> glyphs = glyphs_of(place.source->line(place.line), place);
  const Window window = window_of(glyphs, widest_line - gutter.size());

  std::string shown = window.begin > 0 ? "…" : "";
  std::string carets = window.begin > 0 ? " " : "";
  for (std::size_t i = window.begin; i < window.end; ++i) {
    shown += glyphs[i].shown;
    carets.append(glyphs[i].columns, glyphs[i].marked ? '^' : ' ');
  }
  if (window.end < glyphs.size()) shown += "…";

  std::string text = without_trailing_blanks(gutter + shown) + "\n";
  if (place.column == 0) return text;
  if (carets.find('^') == std::string::npos) carets += '^';  // only characters without a width are marked
  return text + without_trailing_blanks(fmt::format("  {} | {}", std::string(number.size(), ' '), carets)) + "\n";
}

}  // namespace

BadInput::BadInput(std::vector<Problem> problems)
    : Error(sentence_of(problems), ExitCode::bad_input), problems_(std::move(problems)) {}

BadInput::BadInput(Problem problem) : BadInput(std::vector<Problem>{std::move(problem)}) {}

void Problems::add(Place place, std::string message, std::string hint) {
  all_.push_back({std::move(place), std::move(message), std::move(hint), Severity::error});
}

void Problems::warn(Place place, std::string message, std::string hint) {
  all_.push_back({std::move(place), std::move(message), std::move(hint), Severity::warning});
}

void Problems::add_all(const std::vector<Problem>& problems) {
  all_.insert(all_.end(), problems.begin(), problems.end());
}

bool Problems::has_errors() const {
  return std::any_of(all_.begin(), all_.end(), [](const Problem& p) { return p.severity == Severity::error; });
}

void Problems::throw_if_any() const {
  if (has_errors()) throw BadInput(all_);
}

std::string describe(const Problem& problem, const std::string& tool) {
  const std::string_view word = problem.severity == Severity::error ? "error" : "warning";
  std::string text = fmt::format("{}: {}: {}{}\n", tool, word, prefix_of(problem.place), problem.message);
  const bool has_line = problem.place.source && problem.place.line >= 1;
  if (has_line && problem.place.line <= problem.place.source->line_count()) text += caret_lines(problem.place);
  for (const std::string& line : split_lines(problem.hint)) text += "  " + line + "\n";
  return text;
}

}  // namespace tt
