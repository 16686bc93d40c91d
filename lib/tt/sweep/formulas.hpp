// tt/sweep/formulas.hpp: derive and where of a sweep, computed at points of it (those that ask for estimates are in
// late_formulas.hpp).
//
// A condition is known as soon as the groups it depends on are chosen, so a search can cut early; every combination of
// those groups is computed once. A point that any condition makes false is cut; else a condition that cannot be
// computed there is a problem of the file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/sweep/derived_cell.hpp"
#include "tt/sweep/grid.hpp"
#include "tt/sweep/judge.hpp"
#include "tt/sweep/sandbox.hpp"
#include "tt/sweep/spec.hpp"

namespace tt::sweep {

// Where something is computed: at a (partial) point of the product, or at an include row.
struct At {
  std::span<const std::size_t> index;  // by group; only the groups it depends on count
  const GridCells* row = nullptr;
};

enum class Verdict : std::uint8_t { unknown, holds, cuts, fails };

class Formulas {
 public:
  // Names that mean nothing, cycles and expressions over what is repeated go to `problems`.
  Formulas(const Grid& grid, const PlanInput& input, Problems& problems);

  std::size_t conditions() const { return conditions_.size(); }
  std::size_t derivations() const { return derivations_.size(); }
  // The groups a condition or a derived key depends on, ascending.
  const std::vector<std::size_t>& groups_of_condition(std::size_t condition) const {
    return conditions_[condition].groups;
  }
  const Place& place_of_condition(std::size_t condition) const { return conditions_[condition].place; }
  const std::vector<std::size_t>& groups_of_derivation(std::size_t derivation) const {
    return derivations_[derivation].groups;
  }

  Verdict judge(std::size_t condition, const At& at);
  // Null: it cannot be computed there.
  std::shared_ptr<const GridCell> derived(std::size_t derivation, const At& at);
  // The ground of a point.
  std::size_t ground(const At& at) const;

  // Tells, once, why a condition or a derived key cannot be computed at a point that stays.
  void report_condition(std::size_t condition, const At& at);
  void report_derivation(std::size_t derivation, const At& at);
  // "tp = 2, pp = 4": what a condition saw.
  std::string seen_by_condition(std::size_t condition, const At& at);
  std::string seen_by_derivation(std::size_t derivation, const At& at);

 private:
  struct Parameter {
    KeySource source;
    std::string key;
    std::string spelled;
    std::vector<std::optional<Value>> silent;  // by ground
  };
  struct Formula {
    std::optional<int> program;
    std::vector<Parameter> parameters;
    std::vector<std::size_t> groups;
    std::optional<std::uint64_t> combinations;  // of its groups; nullopt: too many to remember
    Place place;
  };
  struct Condition : Formula {
    std::vector<Verdict> known;  // by combination; empty: not remembered
    bool reported = false;
  };
  struct Derived : Formula {
    std::unordered_map<std::uint64_t, std::shared_ptr<const DerivedCell>> known;  // forgotten when it grows too large
    bool reported = false;
  };
  struct Found {
    const Value* value = nullptr;
    std::string trouble;
    std::shared_ptr<const GridCell> owner;  // of a derived value
  };

  bool compile(Formula& formula, const Expression& expression, Problems& problems);
  void follow(std::size_t derivation, std::vector<int>& state, std::vector<std::size_t>& path, Problems& problems);
  void finish(Formula& formula) const;
  std::uint64_t combination(const Formula& formula, const At& at) const;
  Found value_of(const Parameter& parameter, const At& at);
  Computed compute(const Formula& formula, const At& at);
  std::string seen(const Formula& formula, const At& at);
  Verdict compute_condition(const Condition& condition, const At& at);
  DerivedCell compute_derived(std::size_t derivation, const At& at);
  std::shared_ptr<const DerivedCell> result_of(std::size_t derivation, const At& at);

  const Grid& grid_;
  const PlanInput& input_;
  Problems& problems_;
  Sandbox sandbox_;
  std::vector<Condition> conditions_;
  std::vector<Derived> derivations_;
  KeySource base_, root_;
};

}  // namespace tt::sweep
