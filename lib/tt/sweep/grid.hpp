// tt/sweep/grid.hpp: a sweep whose keys and values were judged by the era's schema: what a plan is counted out from.
#pragma once

#include <optional>
#include <string>
#include <string_view>
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
  Assignment said;                   // in the sweep's spelling, the value as the key's type wants it
  std::vector<Assignment> settings;  // configuration keys: in the words of each of Grid::eras
  Place place;                       // of the value
  bool deferred = false;             // an era can say it only beside other settings of the run (beta1 with beta2)
  std::size_t option = 0;            // base, torchtitan.root: which one of PlanInput::bases / roots
};
using GridCells = std::vector<GridCell>;

struct GridGroup {
  std::vector<std::string> keys;
  std::vector<GridCells> rows;  // one per index of the group: a cell for each key
};

// An exclude row. A point of the product is cut when all of its parts match.
struct GridExclude {
  struct Part {
    std::size_t group = 0;
    std::vector<bool> matches;  // by index of the group
  };
  struct DerivedPart {
    std::size_t derivation = 0;
    Value wanted;
  };
  std::vector<Part> parts;
  std::vector<DerivedPart> derived;
  Place place;
};

// What a run stands on: one base with one checkout, and so one era.
struct Ground {
  std::size_t base = 0;  // of PlanInput::bases
  std::size_t root = 0;  // of PlanInput::roots
  std::size_t era = 0;   // of Grid::eras
  TorchTitanFacts torchtitan;
  titan::BaseLookup lookup;  // fast: a table made once
  Overrides resolved;        // every key with its value where the sweep is silent
};

// Where the value of a key comes from, for the points of the product.
struct KeySource {
  enum class Kind { axis, constant, derived, late, repeated, silent };  // late: derived from estimates
  Kind kind = Kind::silent;
  std::size_t group = 0, column = 0;  // axis
  std::size_t derivation = 0;         // derived
  Value value;                        // constant
};

struct Grid {
  std::vector<titan::Era> eras;  // of the grounds, each once
  std::vector<Ground> grounds;   // bases * roots, base slowest
  std::size_t roots = 1;
  GridCells fixed;        // configuration keys only
  Variables environment;  // of every run
  GridCells resources;    // of every run
  std::vector<GridGroup> groups;
  std::vector<GridCells> include;
  std::vector<GridExclude> exclude;
  std::vector<std::string> derived_keys;  // of Spec::derive
  std::vector<std::string> late_keys;     // of Spec::late
  GridGroup repeat;                       // no rows: not repeated

  titan::Era era_of(const Ground& ground) const { return eras[ground.era]; }
  // The ground a point with these cells stands on.
  std::size_t ground_of(std::size_t base_option, std::size_t root_option) const {
    return base_option * roots + root_option;
  }
  KeySource source_of(std::string_view key) const;
  // What a key is worth on a ground where the sweep is silent; nullopt: nobody knows, or it is none.
  std::optional<Value> silent_value(const Ground& ground, const std::string& key) const;
};

// Problems of the input go to `problems`; the grid is usable when there is none of them an error.
Grid make_grid(const PlanInput& input, Problems& problems, std::vector<std::string>& notes);

}  // namespace tt::sweep
