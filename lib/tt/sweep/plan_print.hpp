// tt/sweep/plan_print.hpp: a plan as people read it (a table) and as scripts read it (tt.plan/1).
#pragma once

#include <string>

#include "tt/base/terminal.hpp"
#include "tt/base/value.hpp"
#include "tt/sweep/plan.hpp"
#include "tt/sweep/plan_cost.hpp"

namespace tt::sweep {

// The table, the skipped points and the totals. `file` is the sweep file as the user named it; `changes` says what of
// it is done already, or nothing.
std::string plan_text(const Plan& plan, const PlanCost& cost, const std::string& changes, const std::string& file,
                      const Terminal& terminal);
// The part below the table.
std::string plan_totals(const Plan& plan, const PlanCost& cost, const std::string& changes);

// Schema tt.plan/1. "folder" is logs/<model>/<run>, relative to the workspace.
Value plan_record(const Plan& plan);

}  // namespace tt::sweep
