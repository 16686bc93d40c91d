// tt/sweep/plan.hpp: sweep file + base + site → the runs, in order, each checked; and the points that cannot run.
//
// Pure: nothing is read, written or asked. Order: product of the groups (first slowest), then include rows → derive →
// exclude, where → rules → sample → repeat (fastest).
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
#include "tt/titan/architecture.hpp"
#include "tt/titan/checkout_flavors.hpp"
#include "tt/titan/era.hpp"
#include "tt/titan/settings.hpp"

namespace tt::sweep {

// One base of the sweep, loaded.
struct BaseInput {
  std::optional<config::Document> document;   // the TOML base; none in the registry era
  std::optional<std::string> module, config;  // the registry era
  // Registry era: what the registered function was found to set, where it was asked; the shipped table fills the rest.
  Overrides asked;
  Place place;  // where the sweep names it
};

// One checkout the sweep trains with, as far as it was recognised.
struct RootInput {
  std::optional<titan::Era> era;
  std::string version;             // what it says it is; empty: nothing
  std::string source;              // by what: a phrase for people
  titan::CheckoutFlavors flavors;  // the models it defines
};

struct PlanInput {
  Spec spec;
  std::vector<Problem> problems;  // what reading the spec found: told together with what planning finds
  std::vector<BaseInput> bases;   // of Spec::bases
  std::vector<RootInput> roots;   // of Spec::torchtitan.roots; one without a root: the wheel, where there is one
  std::optional<titan::Architecture> architecture;  // what Spec::architecture describes
  site::Profile site;
  int gpus_per_node = 0;  // what a node of the site offers to planning
  bool allow_new_keys = false;
};

struct RunEstimate {
  std::optional<double> comm_wire_bytes_per_step_max;  // worst pipeline rank; nullopt: unknown
  std::optional<double> between_nodes_share;           // of those bytes, 0 to 1: in groups that span nodes
  std::string memory_verdict = "unknown";              // fits, tight, likely-out-of-memory, unknown
  std::optional<double> memory_gib;                    // reserved on the fullest GPU
  std::optional<double> step_seconds;                  // nullopt: links or cards of the site are not known
  std::optional<double> gpu_hours;                     // of all its steps
};

struct PlannedRun {
  RunId id;             // from sweep name and settings: survives a rename
  std::string name;     // of the run folder
  std::string model;    // of the folder above
  Overrides overrides;  // configuration keys the sweep sets: fixed, then what varies, in the sweep's order and spelling
  Overrides settings;   // the same in the words of the era: what is written into config.toml or said with flags
  Overrides varies;     // only what varies, env.*, resources.*, base and torchtitan.root included
  Variables environment;
  Resources resources;
  std::optional<int> repeat;  // 1, 2, ... in a repeated sweep
  std::string repeat_group;   // the name without its repeat; empty without repeat
  std::string settings_fingerprint;
  titan::TrainingShape shape;
  RunEstimate estimate;
  std::size_t ground = 0;          // of Plan::grounds
  std::vector<WaivedRule> waived;  // rules that refuse it and only warn in this sweep
};

// What a run stands on.
struct PlanGround {
  std::size_t base = 0;  // of PlanInput::bases
  std::size_t root = 0;  // of PlanInput::roots
  titan::Era era = titan::Era::v0_2_2;
  TorchTitanFacts torchtitan;
};

// A point a rule refuses: listed, never queued.
struct SkippedPoint {
  std::string name;
  Overrides overrides;
  Overrides settings;  // in the words of the era
  Overrides varies;
  int gpus = 0;  // 0: it has no resources that fit together
  std::size_t ground = 0;
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
  std::optional<std::int64_t> filtered;  // points cut by exclude and where; unknown: too many
  std::vector<SkippedPoint> cut_late;    // of them, by conditions that ask for estimates; `rule` is the condition
  std::int64_t sampled_out = 0;          // points that could run, left out by sample
  std::vector<std::pair<WaivedRule, std::int64_t>> waived;  // rules that only warned, and how often
  Totals totals;
  std::vector<PlanGround> grounds;  // every base with every checkout
  const PlanGround& ground_of(const PlannedRun& run) const { return grounds[run.ground]; }
  std::string estimate_model;               // what the estimates are by: "model titan, profile titan-0.2.2"
  std::vector<std::string> estimate_notes;  // what they approximate, each once
  std::vector<Problem> warnings;
  std::vector<Problem> why_no_runs;  // where no run is left: what cuts or refuses the points, as errors of the file
  std::vector<std::string> notes;
  bool skipped_truncated() const { return totals.skipped > static_cast<std::int64_t>(skipped.size()); }
};

inline constexpr std::size_t skipped_kept_per_rule = 200;
inline constexpr std::int64_t most_points = 1'000'000;    // that where and exclude leave; more is a mistake in the file
inline constexpr std::int64_t most_looked = 100'000'000;  // partial combinations looked at on the way: about a minute
inline constexpr std::int64_t most_runs = 200'000;

// Throws BadInput with every problem of the sweep file, whatever the number of runs.
Plan make_plan(const PlanInput& input);

}  // namespace tt::sweep
