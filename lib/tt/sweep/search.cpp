#include "tt/sweep/search.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace tt::sweep {

PointSearch::PointSearch(const Grid& grid, Formulas& formulas)
    : grid_(grid), formulas_(formulas), index_(grid.groups.size(), 0) {
  for (std::size_t i = 0; i < grid.exclude.size(); ++i) {
    Check check{false, i, {}};
    for (const GridExclude::Part& part : grid.exclude[i].parts) check.groups.push_back(part.group);
    for (const GridExclude::DerivedPart& part : grid.exclude[i].derived) {
      const auto& groups = formulas.groups_of_derivation(part.derivation);
      check.groups.insert(check.groups.end(), groups.begin(), groups.end());
    }
    std::sort(check.groups.begin(), check.groups.end());
    check.groups.erase(std::unique(check.groups.begin(), check.groups.end()), check.groups.end());
    checks_.push_back(std::move(check));
  }
  for (std::size_t i = 0; i < formulas.conditions(); ++i) checks_.push_back({true, i, formulas.groups_of_condition(i)});
  choose_order();
}

// The check with the fewest combinations still to be chosen comes first, and brings its groups; then the next one.
void PointSearch::choose_order() {
  std::vector<bool> placed(grid_.groups.size(), false), done(checks_.size(), false);
  const auto missing = [&](const Check& check) {
    double combinations = 1;
    for (const std::size_t group : check.groups) {
      if (!placed[group]) combinations *= static_cast<double>(grid_.groups[group].rows.size());
    }
    return combinations;
  };
  const auto put = [&](std::size_t group) {
    if (placed[group]) return;
    placed[group] = true;
    order_.push_back(group);
  };
  for (std::size_t round = 0; round < checks_.size(); ++round) {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < checks_.size(); ++i) {
      if (!done[i] && (!best || missing(checks_[i]) < missing(checks_[*best]))) best = i;
    }
    done[*best] = true;
    for (const std::size_t group : checks_[*best].groups) put(group);
  }
  for (std::size_t group = 0; group < grid_.groups.size(); ++group) put(group);
  natural_order_ = std::is_sorted(order_.begin(), order_.end());

  std::vector<std::size_t> depth_of(order_.size());
  for (std::size_t depth = 0; depth < order_.size(); ++depth) depth_of[order_[depth]] = depth + 1;
  due_.resize(order_.size() + 1);
  for (const Check& check : checks_) {
    std::size_t depth = 0;
    for (const std::size_t group : check.groups) depth = std::max(depth, depth_of[group]);
    due_[depth].push_back(&check);
  }
}

bool PointSearch::is_cut_by(std::size_t number, const At& at) {
  const GridExclude& exclude = grid_.exclude[number];
  const bool axes_match = std::all_of(exclude.parts.begin(), exclude.parts.end(), [&](const GridExclude::Part& part) {
    return part.matches[at.index[part.group]];
  });
  return axes_match &&
         std::all_of(exclude.derived.begin(), exclude.derived.end(), [&](const GridExclude::DerivedPart& part) {
           const auto cell = formulas_.derived(part.derivation, at);
           return cell && same_value(cell->said.value, part.wanted);
         });
}

std::vector<std::size_t> PointSearch::excluded_by(const At& at) {
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < grid_.exclude.size(); ++i) {
    if (is_cut_by(i, at)) rows.push_back(i);
  }
  return rows;
}

// What cannot be computed does not cut here: it is a problem only where nothing else cuts.
bool PointSearch::passes(const Check& check) {
  const At at{index_, nullptr};
  return check.is_condition ? formulas_.judge(check.number, at) != Verdict::cuts : !is_cut_by(check.number, at);
}

// false: the search is over.
bool PointSearch::descend(std::size_t depth) {
  if (++looked_ > most_looked_) {
    end_ = End::too_long;
    return false;
  }
  for (const Check* check : due_[depth]) {
    if (!passes(*check)) return true;
  }
  if (depth == order_.size()) return keep();
  const std::size_t group = order_[depth];
  for (std::size_t row = 0; row < grid_.groups[group].rows.size(); ++row) {
    index_[group] = row;
    if (!descend(depth + 1)) return false;
  }
  return true;
}

bool PointSearch::keep() {
  if (++stayed_ > most_) {
    end_ = End::too_many;
    return false;
  }
  kept_.insert(kept_.end(), index_.begin(), index_.end());
  return true;
}

PointSearch::End PointSearch::run(std::int64_t most, std::int64_t most_on_the_way) {
  most_ = most;
  most_looked_ = most_on_the_way;
  // A sweep of include rows alone has no product; one without any axis is the base itself, once.
  if (!grid_.groups.empty() || grid_.include.empty()) descend(0);
  return end_;
}

void PointSearch::visit(const std::function<bool(std::span<const std::size_t>)>& visitor) {
  const std::size_t width = order_.size();
  const auto begin_of = [&](std::size_t point) { return kept_.begin() + static_cast<std::ptrdiff_t>(point * width); };
  std::vector<std::size_t> rank(static_cast<std::size_t>(stayed_));
  std::iota(rank.begin(), rank.end(), 0);
  if (!natural_order_) {
    std::sort(rank.begin(), rank.end(), [&](std::size_t a, std::size_t b) {
      return std::lexicographical_compare(begin_of(a), begin_of(a) + static_cast<std::ptrdiff_t>(width), begin_of(b),
                                          begin_of(b) + static_cast<std::ptrdiff_t>(width));
    });
  }
  for (const std::size_t point : rank) {
    std::copy_n(begin_of(point), width, index_.begin());
    if (!visitor(index_)) return;
  }
}

std::optional<std::int64_t> PointSearch::cut() const {
  if (end_ != End::all) return std::nullopt;
  if (grid_.groups.empty() && !grid_.include.empty()) return 0;
  std::int64_t product = 1;
  for (const GridGroup& group : grid_.groups) {
    if (__builtin_mul_overflow(product, static_cast<std::int64_t>(group.rows.size()), &product)) return std::nullopt;
  }
  return product - stayed_;
}

}  // namespace tt::sweep
