// tt/sweep/plan_csv.hpp: a plan as a table for spreadsheets and notebooks (RFC 4180).
#pragma once

#include <string>

#include "tt/sweep/plan.hpp"

namespace tt::sweep {

// One line for each run, then one for each listed point that a rule refuses: state, name, model, every key that varies,
// resources, cost, estimate, rule, reason. What is not known is empty.
std::string plan_csv(const Plan& plan);

}  // namespace tt::sweep
