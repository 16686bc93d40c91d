#include "tt/report/status_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tt/base/text.hpp"

namespace tt::report {

namespace {

// The order people ask in: what acts now, then what ended, then what never ran.
constexpr std::array all_states = {RunState::running,   RunState::queued,   RunState::held,      RunState::submitted,
                                   RunState::unknown,   RunState::finished, RunState::failed,    RunState::timed_out,
                                   RunState::preempted, RunState::lost,     RunState::cancelled, RunState::planned,
                                   RunState::skipped};

Tint tint_of(RunState state) {
  if (state == RunState::finished) return Tint::good;
  if (state == RunState::planned || state == RunState::skipped || state == RunState::cancelled) return Tint::dim;
  return is_ended(state) ? Tint::bad : Tint::busy;
}

// The scheduler's word, where it says more than ours.
std::string state_text(const StatusLine& line) {
  const std::string ours = to_string(line.state);
  const bool same = line.raw.empty() || lower(line.raw) == ours;
  return same ? ours : fmt::format("{} ({})", ours, line.raw);
}

std::string age(const StatusLine& line, Instant now) { return line.since ? age_text(Seconds(now - *line.since)) : "-"; }

template <class Field>
bool anyone(const std::vector<StatusLine>& lines, Field has) {
  return std::any_of(lines.begin(), lines.end(), has);
}

}  // namespace

std::string status_text(const std::vector<StatusLine>& lines, Instant now, const Terminal& terminal) {
  if (lines.empty()) return counts_text(lines) + "\n";
  const bool jobs = anyone(lines, [](const StatusLine& l) { return !l.job.empty(); });
  const bool attempts = anyone(lines, [](const StatusLine& l) { return l.attempt > 0; });
  const bool times = anyone(lines, [](const StatusLine& l) { return l.since.has_value(); });
  const bool reasons = anyone(lines, [](const StatusLine& l) { return !l.reason.empty(); });
  std::vector<TextTable::Column> columns = {{"run", Align::left}, {"state", Align::left}};
  if (times) columns.push_back({"since", Align::right});
  if (jobs) columns.push_back({"job", Align::left});
  if (attempts) columns.push_back({"attempt", Align::right});
  if (reasons) columns.push_back({"reason", Align::left});
  TextTable table(columns);
  const StatusLine* before = nullptr;  // neighbours mostly stand alike
  std::string state, since;
  for (const auto& line : lines) {
    if (before == nullptr || before->state != line.state || before->raw != line.raw) state = state_text(line);
    if (before == nullptr || before->since != line.since) since = age(line, now);
    before = &line;
    table.add_cell(line.name);
    table.add_cell(state, tint_of(line.state));
    if (times) table.add_cell(since);
    if (jobs) table.add_cell(line.job.empty() ? std::string_view("-") : line.job);
    if (attempts) table.add_cell(line.attempt > 0 ? std::to_string(line.attempt) : "-");
    if (reasons) table.add_cell(line.reason);
  }
  return table.text(terminal) + "\n" + counts_text(lines) + "\n";
}

std::string counts_text(const std::vector<StatusLine>& lines) {
  if (lines.empty()) return "no runs";
  std::vector<std::string> parts;
  for (const RunState state : all_states) {
    const auto count = std::count_if(lines.begin(), lines.end(), [&](const auto& l) { return l.state == state; });
    if (count > 0) parts.push_back(fmt::format("{} {}", count, to_string(state)));
  }
  return fmt::format("{}: {}", plural(static_cast<std::int64_t>(lines.size()), "run"), join(parts, ", "));
}

}  // namespace tt::report
