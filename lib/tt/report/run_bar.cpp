#include "tt/report/run_bar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "tt/base/text.hpp"
#include "tt/report/screen_line.hpp"

namespace tt::report {
namespace {

// What a state means for the whole; the bar shows its marks in this order.
struct Part {
  char mark;
  Tint tint;
  std::vector<RunState> states;
};
const std::array<Part, 5>& parts() {
  static const std::array<Part, 5> all{{
      {'#', Tint::good, {RunState::finished}},
      {'x', Tint::bad, {RunState::failed, RunState::timed_out, RunState::preempted, RunState::lost}},
      {'-', Tint::dim, {RunState::cancelled, RunState::skipped}},
      {'>', Tint::busy, {RunState::running}},
      {'.', Tint::dim, {RunState::queued, RunState::held, RunState::submitted, RunState::unknown, RunState::planned}},
  }};
  return all;
}

std::int64_t count_of(const RunCounts& counts, RunState of) {
  const auto found = counts.find(of);
  return found == counts.end() ? 0 : found->second;
}

std::int64_t count_of(const RunCounts& counts, const Part& part) {
  std::int64_t count = 0;
  for (const RunState of : part.states) count += count_of(counts, of);
  return count;
}

// One cell for each part that is there, the other cells in proportion.
std::array<std::size_t, 5> cells_of(const std::array<std::int64_t, 5>& counts, std::size_t cells) {
  std::array<std::size_t, 5> given{};
  std::int64_t all = 0;
  for (const std::int64_t count : counts) all += count;
  if (all == 0) return given;
  for (std::size_t i = 0; i < counts.size(); ++i) given[i] = counts[i] > 0 ? 1 : 0;
  const std::size_t rest = cells - std::accumulate(given.begin(), given.end(), std::size_t{0});
  std::int64_t so_far = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    so_far += counts[i];
    const std::size_t end = static_cast<std::size_t>(so_far) * rest / static_cast<std::size_t>(all);
    given[i] += end - begin;
    begin = end;
  }
  return given;
}

}  // namespace

std::string bar_line(const RunCounts& counts, const Terminal& room) {
  std::array<std::int64_t, 5> by_part{};
  std::int64_t all = 0;
  for (std::size_t i = 0; i < by_part.size(); ++i) all += by_part[i] = count_of(counts, parts()[i]);
  const std::int64_t ended = by_part[0] + by_part[1] + by_part[2];
  const std::string text =
      fmt::format(" {} of {} {} ended", with_thousands(ended), with_thousands(all), all == 1 ? "run" : "runs");
  const std::size_t frame = 2 + display_width(text);
  if (room.width < frame + parts().size()) return line_of({{text.substr(1), Tint::none}}, room);
  const auto cells = cells_of(by_part, room.width - frame);
  std::vector<Cell> line{{"[", Tint::none}};
  for (std::size_t i = 0; i < cells.size(); ++i)
    line.push_back({std::string(cells[i], parts()[i].mark), parts()[i].tint});
  line.push_back({"]" + text, Tint::none});
  return line_of(line, room);
}

std::vector<std::string> counts_lines(const RunCounts& counts, const Terminal& room) {
  std::vector<std::string> lines;
  std::size_t used = 0;
  for (const Part& part : parts()) {
    for (const RunState of : part.states) {
      const std::int64_t count = count_of(counts, of);
      if (count == 0) continue;
      const std::string text = fmt::format("{} {} {}", part.mark, with_thousands(count), to_string(of));
      const bool same_line = !lines.empty() && used + 3 + text.size() <= room.width;
      if (same_line)
        lines.back() += "   ";
      else
        lines.emplace_back();
      used = same_line ? used + 3 + text.size() : text.size();
      lines.back() += line_of({{text, part.tint}}, room);
    }
  }
  if (lines.empty()) lines.emplace_back("no runs");
  return lines;
}

}  // namespace tt::report
