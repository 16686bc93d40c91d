// tt/sweep/search.hpp: which points of the product exclude and where leave, without counting out those they cut.
//
// Groups are chosen in the order in which conditions become known soonest; what stays is put back into the sweep's
// order. Memory grows with what stays.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "tt/sweep/formulas.hpp"
#include "tt/sweep/grid.hpp"

namespace tt::sweep {

class PointSearch {
 public:
  PointSearch(const Grid& grid, Formulas& formulas);

  enum class End { all, too_many, too_long };
  // Finds the points that stay; gives up when they are more than `most`, or the way to them is too long.
  End run(std::int64_t most, std::int64_t most_on_the_way);
  // Calls `visitor` for every point found, in the sweep's order, until it answers false.
  void visit(const std::function<bool(std::span<const std::size_t>)>& visitor);
  // How many points stayed, and how many were cut; nullopt when there are too many to say.
  std::int64_t stayed() const { return stayed_; }
  std::optional<std::int64_t> cut() const;

  bool is_cut_by(std::size_t exclude, const At& at);
  // The groups an exclude row depends on, ascending.
  const std::vector<std::size_t>& groups_of_exclude(std::size_t exclude) const { return checks_[exclude].groups; }
  // The exclude rows that cut this point.
  std::vector<std::size_t> excluded_by(const At& at);

 private:
  struct Check {
    bool is_condition = false;
    std::size_t number = 0;
    std::vector<std::size_t> groups;
  };

  void choose_order();
  void place(std::size_t group);
  bool passes(const Check& check);
  bool descend(std::size_t depth);
  bool keep();

  const Grid& grid_;
  Formulas& formulas_;
  std::vector<Check> checks_;
  std::vector<std::size_t> order_;              // of the groups
  std::vector<std::vector<const Check*>> due_;  // by depth: what is known once that many groups are chosen
  std::vector<std::size_t> index_;              // by group
  std::vector<std::uint32_t> kept_;             // indexes of what stays, one after the other
  bool natural_order_ = true;
  std::int64_t most_ = 0, most_looked_ = 0, looked_ = 0, stayed_ = 0;
  End end_ = End::all;
};

}  // namespace tt::sweep
