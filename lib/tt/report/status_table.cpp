#include "tt/report/status_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

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
std::string state_text(const StatusLines& line) {
  const std::string ours = to_string(line.state);
  const bool same = line.raw.empty() || lower(line.raw) == ours;
  return same ? ours : fmt::format("{} ({})", ours, line.raw);
}

std::string age(const StatusLines& line, Instant now) {
  return line.since ? age_text(Seconds(now - *line.since)) : "-";
}

template <class Field>
bool anyone(const std::vector<StatusLines>& lines, Field has) {
  return std::any_of(lines.begin(), lines.end(), has);
}

}  // namespace

std::string status_text(const std::vector<StatusLines>& lines, Instant now, const Terminal& terminal) {
  if (lines.empty()) return counts_text(lines) + "\n";
  const bool sweeps = anyone(lines, [&](const StatusLines& l) { return l.sweep != lines.front().sweep; });
  const bool jobs = anyone(lines, [](const StatusLines& l) { return !l.job.empty(); });
  const bool attempts = anyone(lines, [](const StatusLines& l) { return l.attempt > 0; });
  const bool times = anyone(lines, [](const StatusLines& l) { return l.since.has_value(); });
  const bool reasons = anyone(lines, [](const StatusLines& l) { return !l.reason.empty(); });
  std::vector<TextTable::Column> columns = {{"run", Align::left}};
  if (sweeps) columns.push_back({"sweep", Align::left});
  columns.push_back({"state", Align::left});
  if (times) columns.push_back({"since", Align::right});
  if (jobs) columns.push_back({"job", Align::left});
  if (attempts) columns.push_back({"attempt", Align::right});
  if (reasons) columns.push_back({"reason", Align::left});
  TextTable table(columns);
  for (const StatusLines& some : lines) {
    std::vector<Cell> others;
    if (sweeps) others.push_back({std::string(some.sweep)});
    others.push_back({state_text(some), tint_of(some.state)});
    if (times) others.push_back({age(some, now)});
    if (jobs) others.push_back({some.job.empty() ? "-" : std::string(some.job)});
    if (attempts) others.push_back({some.attempt > 0 ? std::to_string(some.attempt) : "-"});
    if (reasons) others.push_back({std::string(some.reason)});
    table.add_alike(some.names, others);
  }
  return table.text(terminal) + "\n" + counts_text(lines) + "\n";
}

std::string counts_text(const std::vector<StatusLines>& lines) {
  if (lines.empty()) return "no runs";
  std::map<RunState, std::size_t> counts;
  std::size_t runs = 0;
  for (const StatusLines& some : lines) {
    counts[some.state] += some.names.size();
    runs += some.names.size();
  }
  std::vector<std::string> parts;
  for (const RunState state : all_states) {
    if (const auto found = counts.find(state); found != counts.end())
      parts.push_back(fmt::format("{} {}", found->second, to_string(state)));
  }
  return fmt::format("{}: {}", plural(static_cast<std::int64_t>(runs), "run"), join(parts, ", "));
}

}  // namespace tt::report
