// tt/comm/calibrate.hpp: the few free constants of time and memory, fitted to finished runs.
//
// Four constants, each a factor on its default: what compute reaches, bandwidth inside a node and across, the slack of
// memory. Logarithms of measured over predicted are made small: first so that a run far off pulls no harder than one at
// the edge of the usual scatter, then, without the runs that contradict, by least squares. A constant the runs say
// nothing about keeps its value. How good the fit is, is told on runs left out of it: each is predicted by a fit of the
// others.
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
  std::int64_t runs = 0;   // those that were fitted to
  bool is_worse() const { return after > before; }
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
  // Runs further off than the others' scatter explains: the constants do not follow them.
  std::vector<Contradiction> contradictions;
  std::vector<std::string> left_out;  // "name: why", what no machine can have measured
  std::int64_t runs = 0;              // that say something
  bool times_are_worse() const { return time_error && time_error->is_worse(); }
  bool memory_is_worse() const { return memory_error && memory_error->is_worse(); }
};

// Why a measurement cannot be of this hardware: faster than its peak, no time at all, more memory than its card has,
// less than the parameters need. nullopt: it can.
std::optional<std::string> what_is_absurd(const MeasuredRun& run, const Fabric& fabric);

// Throws Error when no run says anything.
CalibrationResult calibrate(std::span<const MeasuredRun> runs, const Fabric& start);

Value calibration_record(const CalibrationResult& result);  // tt.comm.calibration/1
std::string calibration_text(const CalibrationResult& result);

}  // namespace tt::comm
