#include "tt/sweep/points.hpp"

#include <algorithm>

#include "tt/sweep/cell.hpp"
#include "tt/titan/translate.hpp"

namespace tt::sweep {
namespace {

void assign(Overrides& overrides, const Assignment& assignment) {
  const auto same = std::find_if(overrides.begin(), overrides.end(),
                                 [&](const Assignment& other) { return other.key == assignment.key; });
  if (same == overrides.end())
    overrides.push_back(assignment);
  else
    same->value = assignment.value;
}

}  // namespace

std::optional<Point> point_at(const Grid& grid, Formulas& formulas, const At& at) {
  Point point;
  point.ground = formulas.ground(at);
  point.is_row = at.row != nullptr;
  if (at.row != nullptr) {
    for (const GridCell& cell : *at.row) point.cells.push_back(&cell);
  } else {
    for (std::size_t group = 0; group < grid.groups.size(); ++group) {
      for (const GridCell& cell : grid.groups[group].rows[at.index[group]]) point.cells.push_back(&cell);
    }
  }
  bool whole = true;
  for (std::size_t i = 0; i < formulas.derivations(); ++i) {
    point.derived.push_back(formulas.derived(i, at));
    if (point.derived.back()) continue;
    whole = false;
    formulas.report_derivation(i, at);
  }
  return whole ? std::optional(std::move(point)) : std::nullopt;
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
  silent_.resize(varying_.size());  // a key of include rows only is not shown where a row does not name it
  for (std::size_t key = 0; key < varying_.size(); ++key) {
    for (const Ground& ground : grid.grounds)
      silent_[key].push_back(key < axes ? grid.silent_value(ground, varying_[key]) : std::nullopt);
  }
}

void Drafter::set(Draft& draft, const GridCell& cell, std::size_t era) const {
  if (is_environment_key(cell.said.key)) {
    draft.environment[environment_name(cell.said.key)] = cell.said.value.as_string();
  } else if (is_resource_key(cell.said.key)) {
    draft.resources.push_back(cell);
  } else if (is_config_key(cell.said.key)) {
    assign(draft.overrides, cell.said);
    assign(draft.settings, cell.settings[era]);
  }
}

Overrides Drafter::varies_of_row(const Point& point) const {
  Overrides varies;
  for (std::size_t key = 0; key < varying_.size(); ++key) {
    const auto named = std::find_if(point.cells.begin(), point.cells.end(),
                                    [&](const GridCell* cell) { return cell->said.key == varying_[key]; });
    if (named != point.cells.end())
      varies.push_back((*named)->said);
    else if (const auto& silent = silent_[key][point.ground])
      varies.push_back({varying_[key], *silent});
  }
  return varies;
}

const GridCell* Drafter::first_deferred(const Point& point, const GridCells* repeat) const {
  for (const GridCell* cell : point.cells) {
    if (cell->deferred) return cell;
  }
  for (const auto& cell : point.derived) {
    if (cell->deferred) return cell.get();
  }
  for (const GridCells* cells : {&grid_.fixed, repeat}) {
    if (cells == nullptr) continue;
    const auto found = std::find_if(cells->begin(), cells->end(), [](const GridCell& cell) { return cell.deferred; });
    if (found != cells->end()) return &*found;
  }
  return nullptr;
}

void Drafter::say_together(Draft& draft, const Ground& ground, const GridCell& deferred) const {
  try {
    draft.settings = titan::in_words_of(grid_.era_of(ground), draft.overrides, ground.lookup);
  } catch (const Error& error) {
    draft.trouble = error.what();
    draft.place = deferred.place;
  }
}

Draft Drafter::draft(const Point& point, const GridCells* repeat) const {
  Draft draft;
  const std::size_t era = grid_.grounds[point.ground].era;
  draft.environment = grid_.environment;
  draft.resources = grid_.resources;
  for (const GridCell& cell : grid_.fixed) set(draft, cell, era);
  for (const GridCell* cell : point.cells) {
    set(draft, *cell, era);
    if (!point.is_row) draft.varies.push_back(cell->said);
  }
  for (const auto& cell : point.derived) set(draft, *cell, era);
  if (point.is_row) draft.varies = varies_of_row(point);
  if (repeat) {
    for (const GridCell& cell : *repeat) {
      set(draft, cell, era);
      draft.varies.push_back(cell.said);
    }
  }
  if (const GridCell* deferred = first_deferred(point, repeat))
    say_together(draft, grid_.grounds[point.ground], *deferred);
  return draft;
}

}  // namespace tt::sweep
