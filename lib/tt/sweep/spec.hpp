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

// The base of a sweep: a TOML file, or a function of TorchTitan's registry.
struct BaseReference {
  std::optional<Written> file;    // as written: ${VAR} not yet expanded
  std::optional<Written> module;  // both or none of module and config
  std::optional<Written> config;
  Place place;
  bool is_registry() const { return module.has_value(); }
};

struct TorchTitan {
  std::optional<Written> root;  // as written: ${VAR} not yet expanded
  std::optional<Written> version;
  Written script{"run_train.sh", {}};
  Apply apply = Apply::config;
};

struct Spec {
  SourceRef source;
  Written name;   // sweep:
  Written model;  // the folder of the runs; by default the name of the base
  BaseReference base;
  TorchTitan torchtitan;
  std::vector<Setting> fixed;      // in the order written; env.* and resources.* are moved to where they belong
  std::vector<Setting> env;        // keys "env.NAME", values are strings
  std::vector<Setting> resources;  // keys "resources.gpus", "resources.nodes", "resources.walltime"
  std::vector<AxisGroup> groups;   // matrix keys, then zip groups: first slowest
  std::vector<Row> include;
  std::vector<Row> exclude;
  std::vector<AxisGroup> repeat;         // none, or one group: the fastest axis
  std::map<std::string, Written> alias;  // short name → key
  std::optional<Written> name_template;
};

// Throws BadInput with every problem of the file.
Spec read_spec(const SourceRef& source);
// The same, but what was found wrong goes to `problems` and the rest of the file comes back, so that it can be judged too.
// Throws only when nothing of the file can be read.
Spec read_spec(const SourceRef& source, Problems& problems);
Spec load_spec(const std::string& path, Problems& problems);
// Reads the file first. Missing, unreadable or a folder: BadInput that says so.
Spec load_spec(const std::string& path);

// A path of the sweep file made absolute: ${VAR} expanded, relative to `folder` (the sweep file's folder).
// Throws BadInput pointing at the text when a variable is not set.
std::filesystem::path resolve_path(const Written& path, const std::filesystem::path& folder,
                                   const Environment& environment);

}  // namespace tt::sweep
