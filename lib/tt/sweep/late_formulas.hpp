// tt/sweep/late_formulas.hpp: derive and where of a sweep that ask for estimates: "mem.verdict == 'fits'".
//
// An estimate needs a whole point that could run, so these come last. First the derived keys, in an order in which each
// has what it asks for: they see the estimate of the point as everything else sets it. Then the conditions: they see
// the point as it will run, with those keys.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/sweep/grid.hpp"
#include "tt/sweep/plan.hpp"
#include "tt/sweep/sandbox.hpp"
#include "tt/sweep/spec.hpp"

namespace tt::sweep {

// Moves to spec.late what asks for an estimate, or for a key derived from one. Such keys in a circle are a problem.
void split_late(Spec& spec, Problems& problems);

class LateFormulas {
 public:
  // Names that mean nothing go to `problems`; `grid` and `input` must live as long.
  LateFormulas(const Grid& grid, const PlanInput& input, Problems& problems);

  bool derives() const { return !derivations_.empty(); }
  bool has_conditions() const { return !conditions_.empty(); }

  // The value of a key at a point; nullopt: it has none there.
  using ValueOf = std::function<std::optional<Value>(const std::string& key)>;
  // The keys that are derived from estimates. One that cannot be computed is a problem, told once; then nullopt.
  std::optional<std::vector<std::shared_ptr<const GridCell>>> derive(const ValueOf& value_of);

  struct Cut {
    const Expression* by;
    std::string seen;  // "mem.gib = 81.5"
  };
  // The condition that cuts the point. One that cannot be computed there is a problem, told once.
  std::optional<Cut> cut(const ValueOf& value_of);

 private:
  struct Formula {
    const Expression* expression = nullptr;
    std::optional<int> program;
    bool reported = false;
  };
  struct Seen {
    Computed computed;
    std::string text;
  };
  bool may_ask(const Expression::Key& key) const;
  Formula compile(const Expression& expression);
  Seen compute(const Formula& formula, const ValueOf& value_of);
  std::shared_ptr<const GridCell> derive_one(std::size_t number, const ValueOf& value_of);

  const Grid& grid_;
  const PlanInput& input_;
  Problems& problems_;
  Sandbox sandbox_;
  std::vector<Formula> derivations_;  // of input.spec.late.derive
  std::vector<Formula> conditions_;
};

}  // namespace tt::sweep
