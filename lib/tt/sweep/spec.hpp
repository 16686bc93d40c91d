// tt/sweep/spec.hpp: a sweep file as it was meant: names resolved, ranges written out, every part with its place.
//
// What needs a base file, an era or a site is not judged here; plan.hpp does that.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tt/base/environment.hpp"
#include "tt/base/error.hpp"
#include "tt/base/source_text.hpp"
#include "tt/base/value.hpp"
#include "tt/job/run.hpp"

namespace tt::sweep {

// A text of the file and where it stands.
struct Written {
  std::string text;
  Place place;
};

// A value of the file: typed, and as it was spelled (environment variables keep the spelling).
struct WrittenValue {
  Value value;
  std::string spelled;
  Place place;
};

// One key with one value (fixed, env, resources, a cell of an include or exclude row).
struct Setting {
  std::string key;      // aliases resolved: "training.seq_len", "env.NCCL_ALGO", "resources.gpus"
  std::string spelled;  // as the file says it
  Place place;          // of the key
  WrittenValue value;
};

// One key with the values it takes.
struct Axis {
  std::string key;
  std::string spelled;
  Place place;
  std::vector<WrittenValue> values;
};

// Axes that move together: one for a matrix key, several of equal length for a zip group.
struct AxisGroup {
  std::vector<Axis> axes;
  Place place;
  std::size_t size() const { return axes.empty() ? 0 : axes.front().values.size(); }
};

struct Row {
  std::vector<Setting> cells;
  Place place;
};

// An expression of where, derive or resources, read: what it asks for, and as the body of a Lua function.
struct Expression {
  struct Key {
    std::string key;      // aliases resolved
    std::string spelled;  // as the expression says it
    Place place;
  };
  Written text;
  std::vector<Key> keys;  // its parameters k0, k1, ...
  std::string program;    // the expression with its names replaced by the parameters
  std::string in_floats;  // the same with every whole number as a float
};

// derive: one key that follows from others, by an expression or a constant.
struct Derivation {
  std::string key;
  std::string spelled;
  Place place;
  std::optional<Expression> expression;
  WrittenValue constant;  // when there is no expression
};

// What asks for estimates, or for keys derived from them: computed after everything else (late_formulas.hpp).
struct Late {
  std::vector<Derivation> derive;  // each after those it asks for
  std::vector<Expression> where;
};

struct Sample {
  std::int64_t count = 0;
  std::int64_t seed = 0;
  Place place;
};

// A rule of TorchTitan that only warns in this sweep, and why.
struct Waiver {
  Written rule;
  std::string reason;
};

enum class RunOrder { as_written, cheapest_first };

// One base of a sweep: a TOML file, or a function of TorchTitan's registry.
struct BaseReference {
  std::optional<Written> file;    // as written: ${VAR} not yet expanded
  std::optional<Written> module;  // both or none of module and config
  std::optional<Written> config;
  Place place;
  std::string spelled;  // the path, or "module/config": how an axis and a row name it
  bool is_registry() const { return module.has_value(); }
  std::string title() const;  // "llama3_8b": the file's name without .toml, or the function's
};

struct TorchTitan {
  std::vector<Written> roots;  // none, or every one that is used: as written, ${VAR} not yet expanded
  std::optional<Written> version;
  Written script{"run_train.sh", {}};
  Apply apply = Apply::config;
};

struct Spec {
  SourceRef source;
  Written name;                      // sweep:
  Written model;                     // the folder of the runs; empty: the title of the base of each run
  std::vector<BaseReference> bases;  // one, or every one that `base` takes as an axis or in rows
  TorchTitan torchtitan;
  std::vector<Setting> fixed;      // in the order written; env.* and resources.* are moved to where they belong
  std::vector<Setting> env;        // keys "env.NAME", values are strings
  std::vector<Setting> resources;  // keys "resources.gpus", "resources.nodes", "resources.walltime"
  std::vector<AxisGroup> groups;   // matrix keys, then zip groups: first slowest
  std::vector<Row> include;
  std::vector<Row> exclude;
  std::vector<Expression> where;   // all must hold
  std::vector<Derivation> derive;  // in the order written
  Late late;
  std::optional<Sample> sample;
  std::vector<Waiver> waivers;
  RunOrder order = RunOrder::as_written;
  bool allow_new_keys = false;
  std::optional<Written> architecture;   // a file that describes the model; ${VAR} not yet expanded
  std::optional<Written> hardware;       // of the estimates, where the site's is not known
  std::vector<AxisGroup> repeat;         // none, or one group: the fastest axis
  std::map<std::string, Written> alias;  // short name → key
  std::optional<Written> name_template;
};

// Throws BadInput with every problem of the file.
Spec read_spec(const SourceRef& source);
// The same, but what was found wrong goes to `problems` and the rest of the file comes back, so that it can be judged
// too. Throws only when nothing of the file can be read.
Spec read_spec(const SourceRef& source, Problems& problems);
Spec load_spec(const std::string& path, Problems& problems);
// Reads the file first. Missing, unreadable or a folder: BadInput that says so.
Spec load_spec(const std::string& path);

// Where byte `at` of a text stands in the file; the whole text when it was not written byte by byte (escapes, folding).
Place place_within(const Written& text, std::size_t at, std::size_t length);

// A path of the sweep file made absolute: ${VAR} expanded, relative to `folder` (the sweep file's folder).
// Throws BadInput pointing at the text when a variable is not set.
std::filesystem::path resolve_path(const Written& path, const std::filesystem::path& folder,
                                   const Environment& environment);

}  // namespace tt::sweep
