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
// From summary.json and config of finished runs. A run on another device than `hardware` says nothing about it.
Measurements measurements_of(const std::vector<RunFolder>& folders, const comm::Fabric& hardware);

// What is worth keeping: constants the runs determine, and that predict runs left out better than before;
// `all` keeps the others too. Empty: nothing is.
enum class Keep : std::uint8_t { better, all };
Overrides constants_to_keep(const comm::CalibrationResult& result, Keep keep);
// The text of a site file with its section [hardware.calibration] set; all else stays as it was written.
std::string with_calibration(const std::string& site_file, const Overrides& constants, const std::string& from);

}  // namespace tt::flow
