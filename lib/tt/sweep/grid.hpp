// tt/sweep/grid.hpp: a sweep whose keys and values were judged by the era's schema: what a plan is counted out from.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/job/run.hpp"
#include "tt/sweep/plan.hpp"
#include "tt/sweep/spec.hpp"
#include "tt/titan/era.hpp"
#include "tt/titan/settings.hpp"

namespace tt::sweep {

// One key with one value, checked.
struct GridCell {
  Assignment said;     // in the sweep's spelling, the value as the key's type wants it
  Assignment setting;  // configuration keys: in the words of the era
  Place place;         // of the value
};
using GridCells = std::vector<GridCell>;

struct GridGroup {
  std::vector<std::string> keys;
  std::vector<GridCells> rows;  // one per index of the group: a cell for each key
};

// Which rows of which group an exclude row matches. A point is cut when all of them match.
struct GridExclude {
  struct Part {
    std::size_t group = 0;
    std::vector<bool> matches;  // by index of the group
  };
  std::vector<Part> parts;
};

struct Grid {
  titan::Era era = titan::Era::v0_2_2;
  TorchTitanFacts torchtitan;
  titan::BaseLookup base;  // fast: a table made once
  Overrides resolved;      // every key with its value where the sweep is silent
  GridCells fixed;         // configuration keys only
  Variables environment;   // of every run
  GridCells resources;     // of every run
  std::vector<GridGroup> groups;
  std::vector<GridCells> include;
  std::vector<GridExclude> exclude;
  GridGroup repeat;  // no rows: not repeated

  // What a key is worth where the sweep is silent; nullopt: nobody knows.
  std::optional<Value> silent_value(const std::string& key) const;
};

// Problems of the input go to `problems`; the grid is usable when there is none of them an error.
Grid make_grid(const PlanInput& input, Problems& problems, std::vector<std::string>& notes);

// The one place where a value of a key is judged. nullopt after a problem.
struct Judge {
  titan::Era era;
  const PlanInput& input;
  Problems& problems;

  std::optional<GridCell> cell(const std::string& key, const Place& key_place, const WrittenValue& value) const;
  // Is the key one the era knows, in whatever spelling? Else a problem that says what to write.
  bool knows(const std::string& key, const std::string& spelled, const Place& place) const;
};

}  // namespace tt::sweep
