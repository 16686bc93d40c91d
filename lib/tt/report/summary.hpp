// tt/report/summary.hpp: one run in one record (summary.json, schema tt.summary/1) and one page (summary.md).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tt/job/run.hpp"
#include "tt/job/state.hpp"
#include "tt/logs/finding.hpp"
#include "tt/logs/metrics.hpp"

namespace tt {

// One try of the run, in words for people.
struct AttemptLine {
  int number = 0;
  std::string state;
  std::string job;
  std::string started;  // ISO 8601, as recorded; empty: not known
  std::string ended;
};

struct Summary {
  RunRecord run;
  RunState state = RunState::unknown;
  std::string why;                    // why this state, a sentence without full stop; may be empty
  std::vector<AttemptLine> attempts;  // oldest first
  logs::Metrics metrics;
  std::optional<logs::Diagnosis> diagnosis;
  std::optional<Value> estimate;               // a tt.comm.estimate/1 record
  std::optional<Value> measured_comm;          // a tt.comm.trace/1 record
  std::optional<std::string> printed_version;  // of TorchTitan, as the log says
  std::optional<std::string> device;           // as the log says
  // What trained, as the header of the log says: "torch" → "2.15.0".
  std::vector<std::pair<std::string, std::string>> software;
};

}  // namespace tt

namespace tt::report {

// tt.summary/1. "run" is the run's name; what is not known is null.
Value summary_record(const Summary& summary);
// The same for people. Ends with the communication estimate between its markers, when there is one.
std::string summary_markdown(const Summary& summary);

}  // namespace tt::report
