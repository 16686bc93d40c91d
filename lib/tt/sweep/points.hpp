// tt/sweep/points.hpp: the points of a checked sweep, in their order, and what each one sets.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tt/job/run.hpp"
#include "tt/sweep/formulas.hpp"
#include "tt/sweep/grid.hpp"

namespace tt::sweep {

// One point before repeats: a cell of every group, or the cells of an include row; and what follows from them.
struct Point {
  std::vector<const GridCell*> cells;
  std::vector<std::shared_ptr<const GridCell>> derived;
  std::size_t ground = 0;
  bool is_row = false;
};

// The point at one index of every group, or of an include row. nullopt: a derived key cannot be computed there, told.
std::optional<Point> point_at(const Grid& grid, Formulas& formulas, const At& at);

// What a point sets, each part where it belongs.
struct Draft {
  Overrides overrides;  // configuration keys in the sweep's spelling
  Overrides settings;   // the same in the words of the era
  Overrides varies;
  Variables environment;
  GridCells resources;  // the last one of a kind counts
  std::string trouble;  // why the settings cannot be said in the words of the era; empty: they are
  Place place;          // of the setting in trouble
};

class Drafter {
 public:
  explicit Drafter(const Grid& grid);
  // `repeat`: the cells of one repeat, or null.
  Draft draft(const Point& point, const GridCells* repeat) const;
  // Every key that varies somewhere: axes, then keys only include rows name.
  const std::vector<std::string>& varying_keys() const { return varying_; }

 private:
  void set(Draft& draft, const GridCell& cell, std::size_t era) const;
  Overrides varies_of_row(const Point& point) const;
  const GridCell* first_deferred(const Point& point, const GridCells* repeat) const;
  void say_together(Draft& draft, const Ground& ground, const GridCell& deferred) const;

  const Grid& grid_;
  std::vector<std::string> varying_;
  // Of varying_: what a row that does not name the key has there; by ground.
  std::vector<std::vector<std::optional<Value>>> silent_;
};

}  // namespace tt::sweep
