#include "tt/sweep/nothing_left.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "tt/base/text.hpp"

namespace tt::sweep {
namespace {

constexpr std::int64_t most_counted = 200'000;  // combinations of one condition: a fraction of a second

using Count = std::optional<std::int64_t>;  // nullopt: too many to count

Count product_of(const Grid& grid, const std::vector<std::size_t>& groups) {
  std::int64_t product = 1;
  for (const std::size_t group : groups)
    if (__builtin_mul_overflow(product, static_cast<std::int64_t>(grid.groups[group].rows.size()), &product))
      return std::nullopt;
  return product;
}

std::vector<std::size_t> groups_beside(const Grid& grid, const std::vector<std::size_t>& groups) {
  std::vector<std::size_t> others;
  for (std::size_t group = 0; group < grid.groups.size(); ++group)
    if (std::find(groups.begin(), groups.end(), group) == groups.end()) others.push_back(group);
  return others;
}

// Points for which `cuts` is true, which depends on `groups` only.
template <class Cuts>
Count counted(const Grid& grid, const std::vector<std::size_t>& groups, const Cuts& cuts) {
  const Count combinations = product_of(grid, groups), each = product_of(grid, groups_beside(grid, groups));
  if (!combinations || !each || *combinations > most_counted) return std::nullopt;
  std::int64_t found = 0;
  std::vector<std::size_t> index(grid.groups.size(), 0);
  for (std::int64_t number = 0; number < *combinations; ++number) {
    std::int64_t rest = number;
    for (const std::size_t group : groups) {
      const auto rows = static_cast<std::int64_t>(grid.groups[group].rows.size());
      index[group] = static_cast<std::size_t>(rest % rows);
      rest /= rows;
    }
    if (cuts(At{index, nullptr})) ++found;
  }
  std::int64_t points = 0;
  return __builtin_mul_overflow(found, *each, &points) ? std::nullopt : Count(points);
}

class Telling {
 public:
  Telling(const PlanInput& input, const Grid& grid) : input_(input), grid_(grid) {
    std::vector<std::size_t> all(grid.groups.size());
    for (std::size_t group = 0; group < all.size(); ++group) all[group] = group;
    has_product_ = !grid.groups.empty() || grid.include.empty();
    if (const Count product = product_of(grid, all))
      points_ = (has_product_ ? *product : 0) + static_cast<std::int64_t>(grid.include.size());
  }

  void whole() {
    problems_.push_back(
        {input_.spec.name.place,
         points_ == 1 ? "nothing to run: the one point of this sweep is cut or refused"
         : points_
             ? fmt::format("nothing to run: all {} points of this sweep are cut or refused", with_thousands(*points_))
             : "nothing to run: all points of this sweep are cut or refused",
         "what takes them away is told below: conditions and rows with all they take, estimates and rules "
         "with what they take of the rest"});
  }

  template <class Cuts>
  void condition(const Place& place, const std::vector<std::size_t>& groups, const Cuts& cuts) {
    Count count = has_product_ ? counted(grid_, groups, cuts) : Count(0);
    for (const GridCells& row : grid_.include)
      if (count && cuts(At{{}, &row})) ++*count;
    cut("this condition", place, count);
  }

  void cut(const std::string& what, const Place& place, const Count& count) {
    if (count == 0) return;
    const bool all = count && count == points_;
    problems_.push_back({place,
                         count ? fmt::format("{} cuts {}{}", what, all ? "all " : "",
                                             points_ && !all ? fmt::format("{} of {} points", with_thousands(*count),
                                                                           with_thousands(*points_))
                                                             : plural(*count, "point"))
                               : fmt::format("{} cuts some of the points, which are too many to count", what),
                         all ? "no point gets past it: mend it, or leave it out" : ""});
  }

  // Asked only where nothing before it cuts.
  void late(const Place& place, std::int64_t count) {
    if (count == points_) return cut("this condition over an estimate", place, count);
    problems_.push_back({place,
                         fmt::format("this condition over an estimate cuts {} {} that nothing before it cuts",
                                     with_thousands(count), count == 1 ? "point" : "points"),
                         ""});
  }

  void rule(const std::string& name, std::int64_t count, const SkippedPoint* example) {
    problems_.push_back({whole_file(input_.spec.name.place.file),
                         fmt::format("rule {} refuses {}{}", name, plural(count, "point"),
                                     example ? fmt::format(", such as {}: {}", example->name, example->reason) : ""),
                         "`tt-sweep plan` names each; take other values, or another shape"});
  }

  std::vector<Problem> take() { return std::move(problems_); }

 private:
  const PlanInput& input_;
  const Grid& grid_;
  bool has_product_ = false;
  Count points_;
  std::vector<Problem> problems_;
};

}  // namespace

std::vector<Problem> why_nothing_is_left(const PlanInput& input, const Grid& grid, Formulas& formulas,
                                         PointSearch& search, const LateCuts& late, const Plan& plan) {
  Telling telling(input, grid);
  telling.whole();
  for (std::size_t i = 0; i < formulas.conditions(); ++i)
    telling.condition(formulas.place_of_condition(i), formulas.groups_of_condition(i),
                      [&](const At& at) { return formulas.judge(i, at) == Verdict::cuts; });
  for (std::size_t i = 0; i < grid.exclude.size(); ++i)
    telling.cut("this exclude row", grid.exclude[i].place,
                counted(grid, search.groups_of_exclude(i), [&](const At& at) { return search.is_cut_by(i, at); }));
  for (const Expression& condition : input.spec.late.where)
    if (const auto found = late.find(&condition); found != late.end())
      telling.late(condition.text.place, found->second);
  for (const auto& refused : plan.counts_by_rule) {
    const auto example = std::find_if(plan.skipped.begin(), plan.skipped.end(),
                                      [&](const SkippedPoint& point) { return point.rule == refused.first; });
    telling.rule(refused.first, refused.second, example == plan.skipped.end() ? nullptr : &*example);
  }
  return telling.take();
}

}  // namespace tt::sweep
