// tt/sweep/points.hpp: the points of a checked sweep, in their order, and what each one sets.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "tt/job/run.hpp"
#include "tt/sweep/grid.hpp"

namespace tt::sweep {

// One point before repeats: a cell of every group, or the cells of an include row.
struct Point {
  std::vector<const GridCell*> cells;
  bool is_row = false;
};

// Points of the product; at most `limit` + 1 is counted.
std::int64_t count_product(const Grid& grid, std::int64_t limit);

// Calls `visit` for every point that no exclude row cuts: product (first group slowest), then include rows.
// Answers how many were cut.
std::int64_t visit_points(const Grid& grid, const std::function<void(const Point&)>& visit);

// What a point sets, each part where it belongs.
struct Draft {
  Overrides overrides;  // configuration keys in the sweep's spelling
  Overrides settings;   // the same in the words of the era
  Overrides varies;
  Variables environment;
  GridCells resources;  // the last one of a kind counts
};

class Drafter {
 public:
  explicit Drafter(const Grid& grid);
  // `repeat`: the cells of one repeat, or null.
  Draft draft(const Point& point, const GridCells* repeat) const;
  // Every key that varies somewhere: axes, then keys only include rows name.
  const std::vector<std::string>& varying_keys() const { return varying_; }

 private:
  void set(Draft& draft, const GridCell& cell) const;
  Overrides varies_of_row(const Point& point) const;

  const Grid& grid_;
  std::vector<std::string> varying_;
  std::vector<std::optional<Value>> silent_;  // of varying_: what a row that does not name the key has there
};

}  // namespace tt::sweep
