// tt/flow/sweep_cases.hpp: the runs of a sweep as cases of the model `published`.
#pragma once

#include <string>
#include <vector>

#include "tt/comm/analysis.hpp"
#include "tt/flow/surroundings.hpp"

namespace tt::flow {

struct SweepCases {
  std::vector<comm::Case> cases;      // each shape once, in plan order
  std::vector<std::string> left_out;  // names of runs whose model nobody knows
};
SweepCases cases_of_sweep(const std::string& file, const Surroundings& around);

}  // namespace tt::flow
