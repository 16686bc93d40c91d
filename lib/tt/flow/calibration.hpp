// tt/flow/calibration.hpp: finished runs as measurements, and what was learnt from them put into a site file.
#pragma once

#include <string>
#include <vector>

#include "tt/comm/calibrate.hpp"
#include "tt/flow/surroundings.hpp"
#include "tt/job/run_folder.hpp"

namespace tt::flow {

struct Measurements {
  std::vector<comm::MeasuredRun> runs;
  std::vector<std::string> left_out;  // "name: why", one for each run that says nothing
};
// From summary.json and config of finished runs.
Measurements measurements_of(const std::vector<RunFolder>& folders);

// The text of a site file with its section [hardware.calibration] set; all else stays as it was written.
std::string with_calibration(const std::string& site_file, const comm::CalibrationResult& result,
                             const std::string& from);

}  // namespace tt::flow
