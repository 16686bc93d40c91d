#include "tt/sweep/plan_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "tt/base/text.hpp"
#include "tt/base/units.hpp"
#include "tt/base/utf8.hpp"
#include "tt/sweep/plan_cost.hpp"

namespace tt::sweep {
namespace {

constexpr std::size_t lines_shown = 200;
constexpr std::size_t narrowest_what_varies = 20;
constexpr std::size_t gap = 2;  // of a TextTable
constexpr std::string_view what_varies = "what varies";
// In this order, where a terminal is narrow: names of runs say what varies too, --csv and a pipe all of it.
constexpr std::string_view may_be_left_out[] = {"between nodes", "estimated GPU hours", "step s", what_varies};

// Keys that all runs have, with one value, tell no run from another: said where there is room for all.
std::set<std::string> keys_that_differ(const Plan& plan) {
  std::map<std::string, const Value*> first;
  std::map<std::string, std::size_t> runs;  // that have it
  std::set<std::string> differ;
  for (const PlannedRun& run : plan.runs) {
    for (const Assignment& assignment : run.varies) {
      const auto [known, is_new] = first.emplace(assignment.key, &assignment.value);
      if (!is_new && *known->second != assignment.value) differ.insert(assignment.key);
      ++runs[assignment.key];
    }
  }
  for (const auto& [key, count] : runs) {
    if (count < plan.runs.size()) differ.insert(key);
  }
  return differ;
}

// `keys`: null for all.
std::string varies_text(const Overrides& varies, const std::set<std::string>* keys) {
  std::string text;
  for (const Assignment& assignment : varies) {
    if (keys && !keys->contains(assignment.key)) continue;
    const std::size_t dot = assignment.key.rfind('.');
    text +=
        fmt::format("{}{}={}", text.empty() ? "" : " ", assignment.key.substr(dot + 1), plain_text(assignment.value));
  }
  return text.empty() ? "-" : printable(text, 200);
}

std::string comm_text(const RunEstimate& estimate) {
  if (!estimate.comm_wire_bytes_per_step_max) return "unknown";
  return fmt::format("{:.1f}", *estimate.comm_wire_bytes_per_step_max / mib);
}

// Columns that are there when any run of the plan knows a value for them.
struct Extra {
  const char* title;
  std::string (*text)(const RunEstimate&);  // empty: not known
};
constexpr Extra extras[] = {
    {"between nodes",
     [](const RunEstimate& e) {
       return e.between_nodes_share ? fmt::format("{:.0f} %", 100 * *e.between_nodes_share) : std::string();
     }},
    {"memory", [](const RunEstimate& e) { return e.memory_verdict == "unknown" ? std::string() : e.memory_verdict; }},
    {"step s",
     [](const RunEstimate& e) { return e.step_seconds ? fmt::format("{:.3f}", *e.step_seconds) : std::string(); }},
    {"estimated GPU hours",
     [](const RunEstimate& e) { return e.gpu_hours ? hours_text(*e.gpu_hours) : std::string(); }},
};

// "between nodes" says nothing where no run has more than one.
std::vector<const Extra*> extras_of(const Plan& plan) {
  std::vector<const Extra*> found;
  for (const Extra& extra : extras) {
    const bool any = std::any_of(plan.runs.begin(), plan.runs.end(),
                                 [&](const PlannedRun& run) { return !extra.text(run.estimate).empty(); });
    if (any && (&extra != &extras[0] || plan.totals.nodes_max > 1)) found.push_back(&extra);
  }
  return found;
}

struct Table {
  std::vector<TextTable::Column> columns;
  std::vector<std::vector<Cell>> rows;

  std::size_t width_of(std::size_t column) const {
    std::size_t width = display_width(columns[column].title);
    for (const auto& row : rows) width = std::max(width, display_width(row[column].text));
    return width;
  }
  std::size_t width() const {
    std::size_t sum = gap * (columns.size() - 1);
    for (std::size_t column = 0; column < columns.size(); ++column) sum += width_of(column);
    return sum;
  }
  std::optional<std::size_t> find(std::string_view title) const {
    const auto found =
        std::find_if(columns.begin(), columns.end(), [&](const auto& column) { return column.title == title; });
    return found == columns.end() ? std::nullopt : std::optional(static_cast<std::size_t>(found - columns.begin()));
  }
  void leave_out(std::size_t column) {
    columns.erase(columns.begin() + static_cast<std::ptrdiff_t>(column));
    for (auto& row : rows) row.erase(row.begin() + static_cast<std::ptrdiff_t>(column));
  }
};

Table table_of(const Plan& plan, const std::set<std::string>* keys) {
  Table table;
  table.columns = {{"run", Align::left},        {std::string(what_varies), Align::left},
                   {"world", Align::right},     {"nodes", Align::right},
                   {"GPU hours", Align::right}, {"comm MiB/step", Align::right}};
  const auto more = extras_of(plan);
  for (const Extra* extra : more) table.columns.push_back({extra->title, Align::right});
  for (std::size_t i = 0; i < std::min(plan.runs.size(), lines_shown); ++i) {
    const PlannedRun& run = plan.runs[i];
    const Resources& resources = run.resources;
    const bool known = run.estimate.comm_wire_bytes_per_step_max.has_value();
    std::vector<Cell> row{{run.name, Tint::none},
                          {varies_text(run.varies, keys), Tint::none},
                          {std::to_string(resources.gpus), Tint::none},
                          {fmt::format("{}x{}", resources.nodes, resources.gpus_per_node), Tint::none},
                          {hours_text(gpu_hours_of(run)), Tint::none},
                          {comm_text(run.estimate), known ? Tint::none : Tint::dim}};
    for (const Extra* extra : more) {
      const std::string text = extra->text(run.estimate);
      row.push_back({text.empty() ? "unknown" : text, text.empty() ? Tint::dim : Tint::none});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

// How much of it must go; what varies can give way down to its narrowest.
std::size_t missing(const Table& table, std::size_t limit) {
  const std::size_t width = table.width();
  std::size_t gives = 0;
  if (const auto varies = table.find(what_varies)) {
    const std::size_t natural = table.width_of(*varies);
    gives = natural - std::min(natural, narrowest_what_varies);
  }
  return width > limit + gives ? width - limit - gives : 0;
}

// The titles that were left out.
std::vector<std::string> fit(Table& table, std::size_t limit) {
  std::vector<std::string> gone;
  for (const std::string_view title : may_be_left_out) {
    if (missing(table, limit) == 0) break;
    const auto column = table.find(title);
    if (!column) continue;
    gone.emplace_back(title);
    table.leave_out(*column);
  }
  const std::size_t width = table.width();
  const auto varies = table.find(what_varies);
  if (!varies || width <= limit) return gone;
  const std::size_t room = table.width_of(*varies) - std::min(table.width_of(*varies), width - limit);
  for (auto& row : table.rows) row[*varies].text = shortened(row[*varies].text, std::max(room, narrowest_what_varies));
  return gone;
}

}  // namespace

std::string plan_table(const Plan& plan, const std::string& file, const Terminal& terminal) {
  if (plan.runs.empty()) return "no runs\n";
  Table table = table_of(plan, nullptr);
  std::vector<std::string> gone;
  if (terminal.width > 0 && table.width() > terminal.width) {
    const std::set<std::string> differ = keys_that_differ(plan);
    table = table_of(plan, &differ);
    gone = fit(table, terminal.width);
  }
  TextTable shown(table.columns);
  for (const auto& row : table.rows) shown.add(row);
  std::string text = shown.text(terminal);
  if (plan.runs.size() > lines_shown) {
    text += fmt::format("... and {} more (tt-sweep plan {} --json shows all)\n",
                        with_thousands(static_cast<std::int64_t>(plan.runs.size() - lines_shown)), file);
  }
  if (!gone.empty())
    text += fmt::format("no room here for: {} (tt-sweep plan {} --csv has every column)\n", join(gone, ", "), file);
  return text;
}

}  // namespace tt::sweep
