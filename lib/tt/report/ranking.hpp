// tt/report/ranking.hpp: the runs of a sweep in order of speed: finished ones by median tokens/s per GPU, then the rest
// with what went wrong.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tt/base/terminal.hpp"
#include "tt/job/state.hpp"
#include "tt/logs/metrics.hpp"
#include "tt/report/summary.hpp"

namespace tt {

struct RankingRow {
  std::string run;
  std::string model;
  RunState state = RunState::unknown;
  std::optional<std::string> cause;  // of a run that did not finish
  logs::Metrics metrics;
  std::optional<double> comm_mib_per_step;  // an estimate
  std::string comm_model;                   // of that estimate: "published", "titan"
  int attempts = 0;
};

}  // namespace tt

namespace tt::report {

RankingRow ranking_row(const Summary& summary);
// From a summary.json that was written before.
RankingRow ranking_row(const Value& summary_record);

// Finished first, the fastest on top; a finished run of unknown speed stands below the measured ones.
std::vector<RankingRow> ranked(std::vector<RankingRow> rows);

// All three take rows in any order and rank them.
std::string ranking_text(std::vector<RankingRow> rows, const Terminal& terminal);
std::string ranking_markdown(std::vector<RankingRow> rows);
std::string ranking_csv(std::vector<RankingRow> rows);  // numbers in full, unknown cells empty

}  // namespace tt::report
