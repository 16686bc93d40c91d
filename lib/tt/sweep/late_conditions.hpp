// tt/sweep/late_conditions.hpp: conditions of a sweep that ask for estimates: "mem.verdict == 'fits'".
//
// An estimate needs the whole point, resolved. So these conditions are asked last, of points that every other condition
// and every rule lets stand.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/sweep/sandbox.hpp"
#include "tt/sweep/spec.hpp"

namespace tt::sweep {

// Takes the conditions that ask for an estimate out of a spec.
std::vector<Expression> take_late_conditions(Spec& spec);

class LateConditions {
 public:
  // Names no estimate has go to `problems`.
  LateConditions(std::vector<Expression> conditions, Problems& problems);
  bool empty() const { return conditions_.empty(); }

  // The value of a key at a point; nullopt: it has none there.
  using ValueOf = std::function<std::optional<Value>(const std::string& key)>;
  // false: a condition cuts the point. One that cannot be computed there is a problem, told once.
  bool keep(const ValueOf& value_of);

 private:
  struct Condition {
    Expression expression;
    std::optional<int> program;
    bool reported = false;
  };
  Computed compute(const Condition& condition, const ValueOf& value_of);

  Problems& problems_;
  Sandbox sandbox_;
  std::vector<Condition> conditions_;
};

}  // namespace tt::sweep
