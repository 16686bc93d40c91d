// tt/comm/calibrate.hpp: the few free constants of time and memory, fitted to finished runs.
//
// Four constants, each a factor on its default: what compute reaches, bandwidth inside a node and across, the slack of
// memory. Logarithms of measured over predicted are made small by least squares; a constant the runs say nothing about
// keeps its value. How good the fit is, is told on runs left out of it: each is predicted by a fit of the others.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tt/base/value.hpp"
#include "tt/comm/step_time.hpp"

namespace tt::comm {

struct MeasuredRun {
  std::string name;
  Step step;
  Work work;
  std::int64_t gpus_per_node = 8;
  std::optional<double> step_seconds;
  std::optional<double> memory_bytes;  // reserved at most
};

struct FittedConstant {
  double value = 0;
  std::optional<double> relative_error;  // one standard error; nullopt: these runs do not determine it
};

struct CalibrationError {  // of predictions, as a share of what was measured
  double before = 0;       // median, with the constants there were
  double after = 0;        // median, each run predicted by the others
  std::int64_t runs = 0;
};

struct Contradiction {
  std::string run;
  std::string what;  // "time of a step", "memory"
  double measured = 0;
  double predicted = 0;
};

struct CalibrationResult {
  Fabric fabric;  // with the fitted constants
  FittedConstant efficiency_eager, efficiency_compiled, link_bytes_per_second, nic_bytes_per_second, memory_slack;
  std::optional<CalibrationError> time_error, memory_error;  // nullopt: fewer than 2 runs
  std::vector<Contradiction> contradictions;                 // runs further off than the others' scatter explains
};

// Throws Error when no run says anything.
CalibrationResult calibrate(std::span<const MeasuredRun> runs, const Fabric& start);

Value calibration_record(const CalibrationResult& result, std::size_t runs);  // tt.comm.calibration/1
std::string calibration_text(const CalibrationResult& result, std::size_t runs);

}  // namespace tt::comm
