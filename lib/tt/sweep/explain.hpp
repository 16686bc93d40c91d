// tt/sweep/explain.hpp: one point of a sweep taken apart: which line set which value, and what cut or refused it.
#pragma once

#include <string>
#include <vector>

#include "tt/base/value.hpp"
#include "tt/sweep/plan.hpp"

namespace tt::sweep {

// Where a value of a point comes from.
struct ExplainedValue {
  std::string key;
  std::string value;
  std::string section;  // "matrix", "zip", "include", "fixed", "env", "resources", "derive"
  Place place;          // of the value, or of the expression
  std::string by;       // of a derived key: its expression and what it saw
};

// Something that decided about the point: a condition, an exclude row, a rule, the sample.
struct ExplainedCut {
  std::string what;  // "where", "exclude", "rule", "sample"
  std::string said;  // the condition, or the rule's name
  std::string why;   // what it saw, or the rule's reason
  Place place;
};

struct ExplainedPoint {
  std::string name;  // of the run, as far as it can be named
  std::vector<ExplainedValue> values;
  std::vector<ExplainedCut> cuts;  // none: it is a run
};

// `wanted`: key=value, in the sweep's or an alias's spelling; the points of the product and the include rows that have
// all of these values, at most `most` of them. Throws BadInput for a key that does not vary or a value it never has,
// and for what is wrong with the sweep itself.
std::vector<ExplainedPoint> explain_points(const PlanInput& input, const std::vector<std::string>& wanted,
                                           std::size_t most);

// "name\n  value  key  section line 7 ..." for people.
std::string explanation_text(const std::vector<ExplainedPoint>& points);
Value explanation_record(const std::vector<ExplainedPoint>& points);  // tt.explain/1

}  // namespace tt::sweep
