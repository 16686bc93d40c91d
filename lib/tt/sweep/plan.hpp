// tt/sweep/plan.hpp: sweep file + base + site → the runs, in order, each checked; and the points that cannot run.
//
// Pure: nothing is read, written or asked. Order: product of the groups (first slowest), include rows, exclude, rules,
// repeat (fastest).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/config/document.hpp"
#include "tt/job/run.hpp"
#include "tt/site/profile.hpp"
#include "tt/sweep/spec.hpp"
#include "tt/titan/era.hpp"
#include "tt/titan/settings.hpp"

namespace tt::sweep {

struct PlanInput {
  Spec spec;
  std::vector<Problem> problems;  // what reading the spec found: told together with what planning finds
  std::optional<config::Document> base;  // the TOML base; none in the registry era
  site::Profile site;
  int gpus_per_node = 0;  // what a node of the site offers to planning
  bool allow_new_keys = false;
  // What the checkout or wheel says it is, when it was asked: "0.2.2"; used where the sweep gives no version.
  std::optional<std::string> installed_version;
  // Registry era: what the registered function was found to set, where it was asked; the shipped table fills the rest.
  Overrides asked;
};

struct RunEstimate {
  std::optional<double> comm_wire_bytes_per_step_max;  // worst pipeline rank; nullopt: unknown
  std::string memory_verdict = "unknown";              // fits, tight, likely-out-of-memory, unknown
};

struct PlannedRun {
  RunId id;             // from sweep name and settings: survives a rename
  std::string name;     // of the run folder
  std::string model;    // of the folder above
  Overrides overrides;  // configuration keys the sweep sets: fixed, then what varies, in the sweep's order and spelling
  Overrides settings;   // the same in the words of the era: what is written into config.toml or said with flags
  Overrides varies;     // only what varies, env.* and resources.* included
  Variables environment;
  Resources resources;
  std::optional<int> repeat;  // 1, 2, ... in a repeated sweep
  std::string repeat_group;   // the name without its repeat; empty without repeat
  std::string settings_fingerprint;
  titan::TrainingShape shape;
  RunEstimate estimate;
};

// A point a rule refuses: listed, never queued.
struct SkippedPoint {
  std::string name;
  Overrides overrides;
  Overrides varies;
  std::string rule;
  std::string reason;
};

struct Totals {
  std::int64_t runs = 0;
  std::int64_t skipped = 0;
  double gpu_hours = 0;
  int nodes_max = 0;
};

struct Plan {
  std::string sweep;
  std::string model;
  std::vector<PlannedRun> runs;
  std::vector<SkippedPoint> skipped;                                 // at most `skipped_kept_per_rule` of each rule
  std::vector<std::pair<std::string, std::int64_t>> counts_by_rule;  // all of them, in order of appearance
  std::int64_t filtered = 0;                                         // points cut by exclude
  Totals totals;
  titan::Era era = titan::Era::v0_2_2;
  TorchTitanFacts torchtitan;
  std::string estimate_model;  // what the estimates are by: "model published"
  std::vector<Problem> warnings;
  std::vector<std::string> notes;
  bool skipped_truncated() const { return totals.skipped > static_cast<std::int64_t>(skipped.size()); }
};

inline constexpr std::size_t skipped_kept_per_rule = 200;
inline constexpr std::int64_t most_points = 5'000'000;  // of the product; more is a mistake in the file
inline constexpr std::int64_t most_runs = 200'000;

// Throws BadInput with every problem of the sweep file, whatever the number of runs.
Plan make_plan(const PlanInput& input);

}  // namespace tt::sweep
