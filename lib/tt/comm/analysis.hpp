// tt/comm/analysis.hpp: the model `published` over a list of configurations: communication_analysis_results.txt.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tt/base/value.hpp"
#include "tt/comm/published.hpp"

namespace tt::comm {

struct Case {
  std::string model;
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t seq_length = 0;
  std::int64_t batch_size = 0;
  std::int64_t tp = 1;
  std::int64_t pp = 1;
  friend bool operator==(const Case&, const Case&) = default;
};

std::string strategy(const Case& one);  // "TP2xPP2"
BlockInputs inputs_of(const Case& one);

// The seven published configurations.
std::vector<Case> published_cases();
// A list of tables, or a table with such a list under "cases". Throws BadInput with every problem, `what` named.
std::vector<Case> read_cases(const Value& value, const std::string& what);

// The report: a section for each case, and a summary table at the end.
std::string analysis_text(std::span<const Case> cases);
Value analysis_record(std::span<const Case> cases);  // tt.comm.analysis/1

}  // namespace tt::comm
