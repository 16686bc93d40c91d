#include "tt/report/ranking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tt/base/text.hpp"
#include "tt/report/markdown.hpp"
#include "tt/report/numbers.hpp"

namespace tt::report {

namespace {

bool is_measured(const RankingRow& row) {
  return row.state == RunState::finished && row.metrics.tokens_per_second_per_gpu_median.has_value();
}

// Where a group of states stands in the table.
int group_of(const RankingRow& row) {
  if (is_measured(row)) return 0;
  if (row.state == RunState::finished) return 1;
  if (is_ended(row.state)) return 2;
  return 3;
}

bool comes_before(const RankingRow& a, const RankingRow& b) {
  if (group_of(a) != group_of(b)) return group_of(a) < group_of(b);
  if (is_measured(a)) {
    const double speed_a = *a.metrics.tokens_per_second_per_gpu_median;
    const double speed_b = *b.metrics.tokens_per_second_per_gpu_median;
    if (speed_a != speed_b) return speed_a > speed_b;
  } else if (a.state != b.state) {
    return to_string(a.state) < to_string(b.state);
  }
  return a.run < b.run;
}

std::string state_text(const RankingRow& row) {
  return row.cause ? fmt::format("{}: {}", to_string(row.state), *row.cause) : to_string(row.state);
}

Tint ranked_tint(RunState state) {
  if (state == RunState::finished) return Tint::good;
  return is_ended(state) ? Tint::bad : Tint::busy;
}

const std::vector<TextTable::Column> ranking_columns = {
    {"rank", Align::right},           {"run", Align::left},      {"state", Align::left},    {"tok/s/GPU", Align::right},
    {"MFU %", Align::right},          {"s/step", Align::right},  {"mem GiB", Align::right}, {"loss", Align::right},
    {"comm MiB/step*", Align::right}, {"attempts", Align::right}};

std::vector<std::string> cells(const RankingRow& row, std::size_t place) {
  const auto& m = row.metrics;
  return {is_measured(row) ? std::to_string(place) : "-",
          row.run,
          state_text(row),
          speed(m.tokens_per_second_per_gpu_median),
          fixed(m.mfu_percent_median, 2),
          seconds(m.seconds_per_step_median),
          fixed(m.memory_gib_max, 2),
          fixed(m.loss_last, 4),
          fixed(row.comm_mib_per_step, 1),
          std::to_string(row.attempts)};
}

// The estimate is a model's word, not a measurement, and says so.
std::string footnote(const std::vector<RankingRow>& rows) {
  std::set<std::string> models;
  for (const auto& row : rows) {
    if (row.comm_mib_per_step) models.insert(row.comm_model);
  }
  if (models.empty()) return "* no estimate of communication is known\n";
  const std::vector<std::string> names(models.begin(), models.end());
  return fmt::format("* estimated, {} {}: sent by one GPU of the worst pipeline rank\n",
                     names.size() == 1 ? "model" : "models", join(names, ", "));
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  return "\"" + replace_all(text, "\"", "\"\"") + "\"";
}

std::string csv_number(const std::optional<double>& number) { return number ? shortest(*number) : ""; }

}  // namespace

RankingRow ranking_row(const Summary& s) { return ranking_row(summary_record(s)); }

RankingRow ranking_row(const Value& record) {
  RankingRow row;
  row.run = record.text_or("run");
  row.model = record.text_or("model");
  row.state = parse_run_state(record.text_or("state")).value_or(RunState::unknown);
  row.metrics = logs::read_metrics(record.at("metrics"));
  row.attempts = static_cast<int>(record.integer_or("attempts"));
  const Value& cause = record.at("diagnosis").at("cause");
  if (cause.is_string() && row.state != RunState::finished) row.cause = cause.as_string();
  row.comm_mib_per_step = comm_mib_per_step(record.at("estimate"));
  row.comm_model = record.at("estimate").text_or("model");
  return row;
}

std::vector<RankingRow> ranked(std::vector<RankingRow> rows) {
  std::stable_sort(rows.begin(), rows.end(), comes_before);
  return rows;
}

std::string ranking_text(std::vector<RankingRow> rows, const Terminal& terminal) {
  rows = ranked(std::move(rows));
  TextTable table(ranking_columns);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::vector<Cell> line;
    for (auto& text : cells(rows[i], i + 1)) line.push_back({std::move(text), Tint::none});
    line[2].tint = ranked_tint(rows[i].state);
    table.add(std::move(line));
  }
  return table.text(terminal) + footnote(rows);
}

std::string ranking_markdown(std::vector<RankingRow> rows) {
  rows = ranked(std::move(rows));
  std::string text = "|", rule = "|";
  for (const auto& column : ranking_columns) {
    text += " " + replace_all(column.title, "*", "\\*") + " |";
    rule += column.align == Align::right ? "---:|" : "---|";
  }
  text += "\n" + rule + "\n";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto line = cells(rows[i], i + 1);
    line[1] = inline_code(line[1]);
    line[2] = cell(line[2]);
    text += table_row(line);
  }
  return text + "\n\\" + footnote(rows);
}

std::string ranking_csv(std::vector<RankingRow> rows) {
  rows = ranked(std::move(rows));
  std::string text =
      "rank,run,model,state,cause,tokens_per_second_per_gpu_median,mfu_percent_median,seconds_per_step_median,"
      "memory_gib_max,loss_last,estimated_comm_mib_per_step,comm_model,attempts\n";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    const auto& m = row.metrics;
    const std::vector<std::string> line = {is_measured(row) ? std::to_string(i + 1) : "",
                                           csv_cell(row.run),
                                           csv_cell(row.model),
                                           to_string(row.state),
                                           row.cause.value_or(""),
                                           csv_number(m.tokens_per_second_per_gpu_median),
                                           csv_number(m.mfu_percent_median),
                                           csv_number(m.seconds_per_step_median),
                                           csv_number(m.memory_gib_max),
                                           csv_number(m.loss_last),
                                           csv_number(row.comm_mib_per_step),
                                           row.comm_mib_per_step ? row.comm_model : "",
                                           std::to_string(row.attempts)};
    text += join(line, ",") + "\n";
  }
  return text;
}

}  // namespace tt::report
