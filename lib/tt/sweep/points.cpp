#include "tt/sweep/points.hpp"

#include <algorithm>

#include "tt/sweep/cell.hpp"

namespace tt::sweep {
namespace {

bool is_cut(const GridExclude& exclude, const std::vector<std::size_t>& index) {
  return std::all_of(exclude.parts.begin(), exclude.parts.end(),
                     [&](const GridExclude::Part& part) { return part.matches[index[part.group]]; });
}

// The next combination, last group fastest; false after the last one.
bool advance(const Grid& grid, std::vector<std::size_t>& index) {
  for (std::size_t group = index.size(); group-- > 0;) {
    if (++index[group] < grid.groups[group].rows.size()) return true;
    index[group] = 0;
  }
  return false;
}

Point point_at(const Grid& grid, const std::vector<std::size_t>& index) {
  Point point;
  for (std::size_t group = 0; group < index.size(); ++group) {
    for (const GridCell& cell : grid.groups[group].rows[index[group]]) point.cells.push_back(&cell);
  }
  return point;
}

void assign(Overrides& overrides, const Assignment& assignment) {
  const auto same = std::find_if(overrides.begin(), overrides.end(),
                                 [&](const Assignment& other) { return other.key == assignment.key; });
  if (same == overrides.end())
    overrides.push_back(assignment);
  else
    same->value = assignment.value;
}

}  // namespace

std::int64_t count_product(const Grid& grid, std::int64_t limit) {
  std::int64_t count = 1;
  for (const GridGroup& group : grid.groups) {
    const auto size = static_cast<std::int64_t>(group.rows.size());
    if (size != 0 && count > limit / size) return limit + 1;
    count *= size;
  }
  return count;
}

std::int64_t visit_points(const Grid& grid, const std::function<void(const Point&)>& visit) {
  std::int64_t cut = 0;
  std::vector<std::size_t> index(grid.groups.size(), 0);
  // A sweep of include rows alone has no product; one without any axis is the base itself, once.
  const bool has_product = !grid.groups.empty() || grid.include.empty();
  for (bool more = has_product; more; more = advance(grid, index)) {
    const bool excluded = std::any_of(grid.exclude.begin(), grid.exclude.end(),
                                      [&](const GridExclude& exclude) { return is_cut(exclude, index); });
    if (excluded)
      ++cut;
    else
      visit(point_at(grid, index));
  }
  for (const GridCells& row : grid.include) {
    Point point;
    point.is_row = true;
    for (const GridCell& cell : row) point.cells.push_back(&cell);
    visit(point);
  }
  return cut;
}

Drafter::Drafter(const Grid& grid) : grid_(grid) {
  for (const GridGroup& group : grid.groups) varying_.insert(varying_.end(), group.keys.begin(), group.keys.end());
  const std::size_t axes = varying_.size();
  for (const GridCells& row : grid.include) {
    for (const GridCell& cell : row) {
      if (std::find(varying_.begin(), varying_.end(), cell.said.key) == varying_.end())
        varying_.push_back(cell.said.key);
    }
  }
  for (std::size_t key = 0; key < axes; ++key) {
    silent_.push_back(is_config_key(varying_[key]) ? grid.silent_value(varying_[key]) : std::nullopt);
  }
  silent_.resize(varying_.size());  // a key of include rows only is not shown where a row does not name it
}

void Drafter::set(Draft& draft, const GridCell& cell) const {
  if (is_environment_key(cell.said.key)) {
    draft.environment[environment_name(cell.said.key)] = cell.said.value.as_string();
  } else if (is_resource_key(cell.said.key)) {
    draft.resources.push_back(cell);
  } else {
    assign(draft.overrides, cell.said);
    assign(draft.settings, cell.setting);
  }
}

Overrides Drafter::varies_of_row(const Point& point) const {
  Overrides varies;
  for (std::size_t key = 0; key < varying_.size(); ++key) {
    const auto named = std::find_if(point.cells.begin(), point.cells.end(),
                                    [&](const GridCell* cell) { return cell->said.key == varying_[key]; });
    if (named != point.cells.end())
      varies.push_back((*named)->said);
    else if (silent_[key])
      varies.push_back({varying_[key], *silent_[key]});
  }
  return varies;
}

Draft Drafter::draft(const Point& point, const GridCells* repeat) const {
  Draft draft;
  draft.environment = grid_.environment;
  draft.resources = grid_.resources;
  for (const GridCell& cell : grid_.fixed) set(draft, cell);
  for (const GridCell* cell : point.cells) {
    set(draft, *cell);
    if (!point.is_row) draft.varies.push_back(cell->said);
  }
  if (point.is_row) draft.varies = varies_of_row(point);
  if (repeat) {
    for (const GridCell& cell : *repeat) {
      set(draft, cell);
      draft.varies.push_back(cell.said);
    }
  }
  return draft;
}

}  // namespace tt::sweep
