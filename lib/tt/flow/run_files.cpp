#include "tt/flow/run_files.hpp"

#include <algorithm>
#include <array>

#include "tt/base/hash.hpp"
#include "tt/base/text.hpp"
#include "tt/config/registry_file.hpp"
#include "tt/flow/version.hpp"
#include "tt/titan/architecture_file.hpp"
#include "tt/titan/launch.hpp"
#include "tt/titan/schema.hpp"

namespace tt::flow {
namespace {

bool is_configuration(const std::string& key) { return !key.starts_with("env.") && !key.starts_with("resources."); }

Overrides configuration_of(const Overrides& overrides) {
  Overrides kept;
  std::copy_if(overrides.begin(), overrides.end(), std::back_inserter(kept),
               [](const Assignment& assignment) { return is_configuration(assignment.key); });
  return kept;
}

// The settings with where TorchTitan writes: always the run's own folder.
Overrides with_dump_folder(const Overrides& settings, titan::Era era, const RunFolder& folder) {
  Overrides written = configuration_of(settings);
  if (const auto key = titan::key_of(era, titan::Knob::dump_folder)) {
    std::erase_if(written, [&](const Assignment& assignment) { return assignment.key == *key; });
    written.push_back({*key, folder.out().string()});
  }
  return written;
}

// config.toml: the run's settings, unless they all travel as flags, in the base.
std::string config_of(const LoadedSweep& sweep, const sweep::PlannedRun& run, const RunFolder& folder) {
  const sweep::PlanGround& ground = sweep.plan.ground_of(run);
  const bool as_flags = sweep.spec.torchtitan.apply == Apply::flags;
  const Overrides written = with_dump_folder(as_flags ? Overrides{} : run.settings, ground.era, folder);
  const sweep::BaseReference& base = sweep.spec.bases[ground.base];
  if (base.is_registry()) return config::registry_file(base.module->text, base.config->text, written);
  return sweep.base_of(run).document->with(written);
}

// The module of ours that the submission carries, and its function (templates/torchtitan/tt_run.py).
constexpr const char* kOurModule = "tt_run";
constexpr const char* kOurFunction = "run";

Launch launch_of(const LoadedSweep& sweep, const sweep::PlannedRun& run, const RunFolder& folder) {
  const sweep::PlanGround& ground = sweep.plan.ground_of(run);
  const sweep::BaseReference& base = sweep.spec.bases[ground.base];
  const LoadedRoot& root = sweep.root_of(run);
  Launch launch;
  launch.script = root.script;
  launch.folder = root.folder.empty() ? folder.path() : root.folder;
  launch.config = folder.config();
  launch.apply = sweep.spec.torchtitan.apply;
  launch.log_rank = titan::log_rank(run.shape, run.resources.gpus_per_node);
  launch.loss_node = titan::loss_node(run.shape, run.resources.gpus_per_node);
  const bool all_as_flags = launch.apply == Apply::flags;
  if (base.is_registry()) {
    launch.module = all_as_flags ? base.module->text : kOurModule;
    launch.function = all_as_flags ? base.config->text : kOurFunction;
  }
  if (launch.apply == Apply::config) return launch;
  // What is no TOML file cannot carry the dump folder either.
  const bool with_folder = base.is_registry() && all_as_flags;
  launch.arguments = titan::arguments_of(
      ground.era, with_folder ? with_dump_folder(run.settings, ground.era, folder) : configuration_of(run.settings));
  return launch;
}

}  // namespace

std::string record_text(const RunRecord& record, const Value& architecture) {
  Value json = to_value(record);
  if (!architecture.is_null()) json.set("architecture", architecture);
  return to_pretty_json(json);
}

RunFiles files_of(const LoadedSweep& sweep, const sweep::PlannedRun& run, const Surroundings& around) {
  const LoadedBase& base = sweep.base_of(run);
  const LoadedRoot& root = sweep.root_of(run);
  const RunFolder folder = around.workspace.run_folder(run.model, run.name);
  RunFiles files;
  files.config = config_of(sweep, run, folder);

  RunRecord& record = files.record;
  record.id = run.id;
  record.name = run.name;
  record.model = run.model;
  record.sweep = sweep.plan.sweep;
  record.sweep_file = sweep.file;
  record.base_file = base.file;
  record.site = around.site.profile.name;
  record.overrides = configuration_of(run.settings);
  record.environment = run.environment;
  record.resources = run.resources;
  record.repeat = run.repeat;
  record.repeat_group = run.repeat_group;
  record.torchtitan = sweep.plan.ground_of(run).torchtitan;
  record.launch = launch_of(sweep, run, folder);
  record.waived = run.waived;
  record.tool_version = version();
  if (sweep.architecture) files.architecture = titan::architecture_value(*sweep.architecture);
  record.fingerprint.settings = run.settings_fingerprint;
  // Not the paths: a workspace or checkout that was moved trains the same.
  record.fingerprint.content = fingerprint(
      join(std::array<std::string, 6>{run.settings_fingerprint, base.fingerprint, root.script_fingerprint, record.site,
                                      record.torchtitan.version, to_string(record.launch.apply)},
           std::string_view("\0", 1)));
  return files;
}

}  // namespace tt::flow
