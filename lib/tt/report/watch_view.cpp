#include "tt/report/watch_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tt/base/text.hpp"
#include "tt/logs/causes.hpp"
#include "tt/logs/metrics.hpp"
#include "tt/report/numbers.hpp"
#include "tt/report/run_bar.hpp"
#include "tt/report/screen_line.hpp"

namespace tt::report {
namespace {

using Lines = std::vector<std::string>;

constexpr std::size_t kUsualWidth = 80;
constexpr std::size_t kUsualHeight = 24;
constexpr std::size_t kFewEnds = 3;    // shown before all running ones are
constexpr std::size_t kManyEnds = 10;  // shown when there is room for everything

// --- text ------------------------------------------------------------------------------------------------------------

void append(Lines& lines, const Lines& more) { lines.insert(lines.end(), more.begin(), more.end()); }

// --- sections --------------------------------------------------------------------------------------------------------

std::string header_line(const WatchState& state, const Terminal& room) {
  std::string right = state.time;
  const std::string asked =
      state.asked_ago ? fmt::format("asked {} ago", age_text(*state.asked_ago)) : std::string("not asked yet");
  right = right.empty() ? asked : asked + ", " + right;
  const std::string left = printable_whole(state.title);
  const std::size_t both = display_width(left) + 2 + display_width(right);
  if (both > room.width) return line_of({{left + "  " + right, Tint::none}}, room);
  return left + std::string(room.width - both + 2, ' ') + tinted(right, Tint::dim, room);
}

Lines trouble_lines(const WatchState& state, const Terminal& room) {
  Lines lines;
  for (const std::string& trouble : state.could_not_ask)
    lines.push_back(line_of({{"could not ask " + printable_whole(trouble), Tint::bad}}, room));
  return lines;
}

std::string step_text(const WatchedRun& run) {
  if (!run.step) return "-";
  return run.steps ? fmt::format("{}/{}", *run.step, *run.steps) : std::to_string(*run.step);
}

std::string age_or_dash(const std::optional<Seconds>& age) { return age ? age_text(*age) : "-"; }

Cell loss_cell(const WatchedRun& run) {
  const bool good = !run.loss || std::isfinite(*run.loss);
  return {fixed(run.loss, 4), good ? Tint::none : Tint::bad};
}

// One column of a table, with its cells. On a narrow terminal those that can be done without go, the last named first.
struct Column {
  std::string title;
  Align align = Align::right;
  std::vector<Cell> cells = {};
  bool needed = false;
};

std::size_t narrowest(const Column& column) {
  std::size_t width = display_width(column.title);
  for (const Cell& cell : column.cells) width = std::max(width, display_width(cell.text));
  return column.align == Align::left ? std::min<std::size_t>(width, 8) : width;  // a left one gives way that far
}

void drop_what_does_not_fit(std::vector<Column>& columns, std::size_t width) {
  for (;;) {
    std::size_t wanted = 2 * (columns.size() - 1);
    for (const Column& column : columns) wanted += narrowest(column);
    const auto last =
        std::find_if(columns.rbegin(), columns.rend(), [](const Column& column) { return !column.needed; });
    if (wanted <= width || last == columns.rend()) return;
    columns.erase(std::next(last).base());
  }
}

Lines table_lines(std::vector<Column> columns, const Terminal& room) {
  drop_what_does_not_fit(columns, room.width);
  std::vector<TextTable::Column> titles;
  for (const Column& column : columns) titles.push_back({column.title, column.align});
  TextTable table(titles);
  for (std::size_t row = 0; row < columns.front().cells.size(); ++row) {
    std::vector<Cell> cells;
    for (const Column& column : columns) cells.push_back(column.cells[row]);
    table.add(std::move(cells));
  }
  return split_lines(table.text(room));
}

Lines running_table(const WatchState& state, std::size_t rows, const Terminal& room) {
  Column name{fmt::format("running ({})", with_thousands(std::ssize(state.running))), Align::left, {}, true};
  // Wide from the beginning, so that columns stay where they are while numbers grow.
  Column step{"     step"}, age{"   for"}, fast{"tokens/s/GPU"}, loss{"   loss"}, left{"   left"}, silent{"silent"};
  bool any_silent = false;
  for (std::size_t i = 0; i < rows; ++i) {
    const WatchedRun& run = state.running[i];
    name.cells.push_back({run.name});
    age.cells.push_back({age_or_dash(run.runs_for)});
    step.cells.push_back({step_text(run)});
    fast.cells.push_back({speed(run.tokens_per_second_per_gpu)});
    loss.cells.push_back(loss_cell(run));
    left.cells.push_back({run.left ? "~" + age_text(*run.left) : "-"});
    silent.cells.push_back({run.silent_for ? age_text(*run.silent_for) : "", Tint::bad});
    any_silent = any_silent || run.silent_for;
  }
  std::vector<Column> columns{name, step, age, fast, loss, left};
  if (any_silent) columns.insert(columns.begin() + 1, silent);
  return table_lines(std::move(columns), room);
}

// "5 more; slowest: _tp8, 1,234 tokens/s/GPU (median 4,560)"
std::string slowest_text(const WatchState& state, std::size_t shown) {
  const WatchedRun* slowest = nullptr;
  std::vector<double> speeds;
  for (const WatchedRun& run : state.running) {
    const auto& speed = run.tokens_per_second_per_gpu;
    if (!speed || !std::isfinite(*speed)) continue;
    speeds.push_back(*speed);
    if (slowest == nullptr || *speed < *slowest->tokens_per_second_per_gpu) slowest = &run;
  }
  std::vector<std::string> texts;
  const std::size_t more = state.running.size() - shown;
  if (more > 0) texts.push_back(fmt::format("{} more", with_thousands(static_cast<std::int64_t>(more))));
  if (speeds.size() >= 2) {
    texts.push_back(fmt::format("slowest: {}, {} tokens/s/GPU (median {})", printable_whole(slowest->name),
                                speed(slowest->tokens_per_second_per_gpu), speed(logs::percentile(speeds, 0.5))));
  }
  return join(texts, "; ");
}

// The state where it says more than "failed", the cause, what helps.
std::string why_text(const WatchedEnd& end) {
  std::vector<std::string> texts;
  if (end.again) texts.push_back(fmt::format("tried again in {}", age_text(*end.again)));
  if (end.state != RunState::failed) texts.push_back(to_string(end.state));
  if (!end.cause.empty()) texts.push_back(end.cause);
  if (end.cause.empty() && end.state == RunState::failed) texts.push_back("no known cause");
  const logs::Cause* cause = logs::find_cause(end.cause);
  std::string text = join(texts, ", ");
  return cause == nullptr ? text : fmt::format("{}: {}", text, cause->remedy);
}

Lines ends_table(const WatchState& state, std::size_t rows, const Terminal& room) {
  Column name{fmt::format("ended badly ({})", with_thousands(std::ssize(state.ended_badly))), Align::left, {}, true};
  Column ago{"ago"};
  Column why{"why", Align::left, {}, true};
  for (std::size_t i = 0; i < rows; ++i) {
    const WatchedEnd& end = state.ended_badly[i];
    name.cells.push_back({end.name, end.again ? Tint::busy : Tint::bad});
    ago.cells.push_back({age_or_dash(end.ago)});
    why.cells.push_back({why_text(end)});
  }
  return table_lines({name, ago, why}, room);
}

// The most frequent reason first.
std::string waiting_text(const WatchState& state) {
  std::vector<std::pair<std::string, std::int64_t>> reasons(state.waiting.begin(), state.waiting.end());
  std::stable_sort(reasons.begin(), reasons.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> texts;
  for (const auto& [reason, runs] : reasons)
    texts.push_back(fmt::format("{} ({})", printable_whole(reason), with_thousands(runs)));
  return "waiting: " + join(texts, ", ");
}

// --- room ------------------------------------------------------------------------------------------------------------

// Rows of the screen, given away from the most to the least important.
class Rows {
 public:
  explicit Rows(std::size_t rows) : left_(rows) {}
  bool take(std::size_t rows) {
    if (rows > left_) return false;
    left_ -= rows;
    return true;
  }
  std::size_t take_up_to(std::size_t rows) {
    const std::size_t taken = std::min(rows, left_);
    left_ -= taken;
    return taken;
  }

 private:
  std::size_t left_;
};

struct Layout {
  std::size_t next = 0, counts = 0, trouble = 0, running = 0, ends = 0;
  bool header = false, bar = false, slowest = false, waiting = false, hint = false, said = false, gaps = false;
};

Layout lay_out(const WatchState& state, std::size_t rows, const Lines& next, const Lines& counts,
               const Lines& trouble) {
  Rows left(rows);
  Layout out;
  const std::size_t running = state.running.size();
  const std::size_t ends = state.ended_badly.size();
  out.next = left.take_up_to(next.size());
  out.counts = left.take_up_to(counts.size());
  out.header = left.take(1);
  out.bar = left.take(1);
  out.trouble = left.take_up_to(std::min<std::size_t>(trouble.size(), 2));
  if (ends > 0 && left.take(2)) out.ends = 1;
  if (running > 0 && left.take(2)) out.running = 1;
  out.waiting = !state.waiting.empty() && left.take(1);
  out.slowest = out.running > 0 && running > 1 && left.take(1);
  out.said = state.said && left.take(1);
  out.hint = left.take(1);
  const std::size_t sections =
      (out.running > 0 ? 1 : 0) + (out.ends > 0 ? 1 : 0) + (out.waiting || out.said ? 1 : 0) + 1;
  out.gaps = left.take(sections);
  if (out.ends > 0) out.ends += left.take_up_to(std::min(ends, kFewEnds) - 1);
  if (out.running > 0) out.running += left.take_up_to(running - 1);
  if (out.ends > 0) out.ends += left.take_up_to(std::min(ends, kManyEnds) - std::min(out.ends, kManyEnds));
  return out;
}

Lines first_of(Lines lines, std::size_t count) {
  lines.resize(std::min(lines.size(), count));
  return lines;
}

}  // namespace

std::string next_step(const WatchState& state) {
  const auto command = [&](const std::string& name) { return "`tt-submit " + name + state.flags + "`"; };
  std::vector<const WatchedEnd*> open;  // what waits for a person
  for (const WatchedEnd& end : state.ended_badly) {
    if (!end.again) open.push_back(&end);
  }
  const auto to_explain =
      std::find_if(open.begin(), open.end(), [](const WatchedEnd* end) { return end->state != RunState::preempted; });
  if (to_explain != open.end()) {
    const std::string more = open.size() > 1 ? fmt::format("; {} need you", plural(std::ssize(open), "run")) : "";
    return fmt::format("{} says why and what helps{}", command("explain " + printable_whole((*to_explain)->name)),
                       more);
  }
  if (!open.empty()) {
    return fmt::format("{} goes on with what was preempted ({})", command("retry" + state.what),
                       plural(std::ssize(open), "run"));
  }
  if (!state.in_vain.empty()) {
    return fmt::format("{} takes back what will never start ({})",
                       command("cancel " + printable_whole(state.in_vain.front())),
                       plural(std::ssize(state.in_vain), "run"));
  }
  const auto held = state.counts.find(RunState::held);
  if (held != state.counts.end() && held->second > 0)
    return fmt::format("{} lets what is held start ({})", command("release" + state.what), plural(held->second, "run"));
  const auto silent =
      std::max_element(state.running.begin(), state.running.end(),
                       [](const WatchedRun& a, const WatchedRun& b) { return a.silent_for < b.silent_for; });
  if (silent != state.running.end() && silent->silent_for) {
    return fmt::format("{} shows what it said last, {} ago", command("logs " + printable_whole(silent->name)),
                       age_text(*silent->silent_for));
  }
  if (!state.could_not_ask.empty())
    return "nothing to type: the scheduler is asked again by itself, and no run is lost meanwhile";
  if (!state.ended_badly.empty()) return "nothing to type: what failed is tried again by itself";
  return "nothing to type: this goes on by itself until all runs ended";
}

std::vector<std::string> watch_lines(const WatchState& state, const Terminal& terminal) {
  Terminal room = terminal;
  // A terminal wraps when its last column is used.
  room.width = std::max<std::size_t>(terminal.width > 0 ? terminal.width : kUsualWidth, 2) - 1;
  const std::size_t rows = std::max<std::size_t>(terminal.height > 0 ? terminal.height : kUsualHeight, 2) - 1;
  const Lines next = wrapped("next: " + next_step(state), 6, room.width);
  const Lines counts = counts_lines(state.counts, room);
  const Lines trouble = trouble_lines(state, room);
  const Layout layout = lay_out(state, rows, next, counts, trouble);
  const Lines gap(layout.gaps ? 1 : 0);

  Lines lines;
  if (layout.header) lines.push_back(header_line(state, room));
  append(lines, first_of(trouble, layout.trouble));
  if (layout.bar) lines.push_back(bar_line(state.counts, room));
  append(lines, first_of(counts, layout.counts));
  if (layout.running > 0) {
    append(lines, gap);
    append(lines, running_table(state, layout.running, room));
    const std::string slowest = slowest_text(state, layout.running);
    if (layout.slowest && !slowest.empty()) lines.push_back(line_of({{slowest, Tint::dim}}, room));
  }
  if (layout.ends > 0) {
    append(lines, gap);
    append(lines, ends_table(state, layout.ends, room));
  }
  if (layout.waiting || layout.said) append(lines, gap);
  if (layout.waiting) lines.push_back(line_of({{waiting_text(state), Tint::none}}, room));
  if (layout.said) lines.push_back(line_of({{printable_whole(*state.said), Tint::none}}, room));
  append(lines, gap);
  append(lines, first_of(next, layout.next));
  if (layout.hint) lines.push_back(line_of({{"Ctrl-C stops watching; the runs go on", Tint::dim}}, room));
  return lines;
}

std::string change_line(Instant when, const std::string& run, RunState state, const std::string& reason) {
  const std::string line = fmt::format("{} {} {}", iso_time(when), printable_whole(run), to_string(state));
  return reason.empty() ? line : line + " " + printable_whole(reason);
}

}  // namespace tt::report
