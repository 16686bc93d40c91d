#include "tt/flow/sweep_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/hash.hpp"
#include "tt/flow/sweep_index.hpp"
#include "tt/flow/torchtitan_python.hpp"
#include "tt/sweep/plan_cost.hpp"
#include "tt/sweep/problem_order.hpp"
#include "tt/titan/architecture_file.hpp"
#include "tt/titan/checkout_flavors.hpp"
#include "tt/titan/installation.hpp"
#include "tt/titan/presets.hpp"

namespace tt::flow {
namespace {

// A base file, and problems that point at the line that names it.
config::Document load_document(const sweep::Written& named, const fs::path& path) {
  try {
    return config::Document::load(path.string());
  } catch (const BadInput& trouble) {
    const bool about_the_file = trouble.problems().front().place.line == 0;
    if (!about_the_file) throw;  // points into the TOML itself
    throw BadInput(Problem{named.place, trouble.problems().front().message,
                           "`base:` is a path relative to the sweep file, or absolute; ${VAR} expands"});
  }
}

fs::path training_folder(const sweep::Written& root, const fs::path& folder, const Environment& environment) {
  fs::path found = sweep::resolve_path(root, folder, environment);
  if (is_folder(found)) return found;
  throw BadInput(Problem{root.place, fmt::format("torchtitan.root {} is no folder", found.string()),
                         "it is a path relative to the sweep file, or absolute"});
}

fs::path launch_script(const sweep::Written& named, const sweep::Written& root, const fs::path& folder) {
  fs::path script = absolute_path(named.text, folder);
  if (is_there(script) && !is_folder(script)) return script;
  throw BadInput(Problem{named.place.file.empty() ? root.place : named.place,
                         fmt::format("there is no script {}", script.string()),
                         "torchtitan.script is relative to torchtitan.root; a checkout has run_train.sh at its top"});
}

// Problems of one part go to the others', so that a person sees them all at once.
template <class Load>
auto gathering(Problems& problems, Load load) -> std::optional<decltype(load())> {
  try {
    return load();
  } catch (const BadInput& trouble) {
    problems.add_all(trouble.problems());
    return std::nullopt;
  }
}

class SweepLoader {
 public:
  SweepLoader(const std::string& file, const Surroundings& around, const PlanOptions& options)
      : around_(around), path_(absolute_path(file, around.here)) {
    made_.sweep.file = path_;
    made_.sweep.shown = file;
    made_.input.site = around.site.profile;
    made_.input.gpus_per_node = around.gpus_per_node;
    made_.input.allow_new_keys = options.allow_new_keys;
  }

  SweepInput load() {
    sweep::Spec spec = sweep::load_spec(made_.sweep.shown, problems_);
    for (const sweep::BaseReference& base : spec.bases) add_base(base);
    for (const sweep::Written& root : spec.torchtitan.roots) add_root(spec, root);
    if (spec.torchtitan.roots.empty()) look_for_a_wheel();
    want_a_root(spec);
    if (spec.torchtitan.roots.empty()) made_.sweep.roots.emplace_back();
    made_.sweep.wheel_version = version_of(spec);
    recall_functions(spec);
    if (spec.architecture) add_architecture(*spec.architecture);
    const bool all_bases = made_.input.bases.size() == spec.bases.size() && !spec.bases.empty();
    if (!all_bases) throw BadInput(sweep::in_order_of_lines(problems_.all()));
    std::vector<std::string> texts;
    for (const LoadedBase& base : made_.sweep.bases) {
      texts.push_back(base.document ? base.document->source()->text() : "");
    }
    made_.sweep.file_fingerprint = fingerprint_of_files(spec.source->text(), texts);
    made_.input.problems = problems_.all();
    made_.sweep.spec = spec;
    made_.input.spec = std::move(spec);
    return std::move(made_);
  }

 private:
  void add_base(const sweep::BaseReference& base) {
    sweep::BaseInput input;
    input.place = base.place;
    LoadedBase loaded;
    if (base.is_registry()) {
      input.module = base.module->text;
      input.config = base.config->text;
      loaded.fingerprint = fingerprint(base.spelled);
    } else {
      const auto document = gathering(problems_, [&] {
        loaded.file = sweep::resolve_path(*base.file, path_.parent_path(), around_.environment);
        return load_document(*base.file, loaded.file);
      });
      if (!document) return;
      loaded.fingerprint = fingerprint(document->source()->text());
      loaded.document = input.document = *document;
    }
    made_.sweep.bases.push_back(std::move(loaded));
    made_.input.bases.push_back(std::move(input));
  }

  void add_root(const sweep::Spec& spec, const sweep::Written& root) {
    const auto folder =
        gathering(problems_, [&] { return training_folder(root, path_.parent_path(), around_.environment); });
    const auto script = gathering(
        problems_, [&] { return folder ? launch_script(spec.torchtitan.script, root, *folder) : fs::path(); });
    if (folder && script) made_.sweep.roots.push_back({*folder, *script, fingerprint(read_file(*script))});
    made_.input.roots.push_back(recognised(folder ? titan::recognise_installation(*folder) : std::nullopt));
    if (folder) made_.input.roots.back().flavors = titan::load_checkout_flavors(*folder);
  }

  static sweep::RootInput recognised(const std::optional<titan::Installation>& found) {
    return found ? sweep::RootInput{found->era, found->version, found->source, {}} : sweep::RootInput{};
  }

  // Without a checkout TorchTitan is the wheel of the environment that is active.
  void look_for_a_wheel() {
    for (const char* name : {"VIRTUAL_ENV", "CONDA_PREFIX"}) {
      const auto folder = around_.environment.get(name);
      if (!folder || folder->empty()) continue;
      if (const auto found = titan::recognise_wheel(*folder)) {
        made_.input.roots.push_back(recognised(found));
        return;
      }
    }
  }

  std::string version_of(const sweep::Spec& spec) const {
    if (spec.torchtitan.version) return spec.torchtitan.version->text;
    return made_.input.roots.empty() ? "unknown" : made_.input.roots.front().version;
  }

  // Config functions of somebody's own: what `check --with-torchtitan` learnt of them.
  void recall_functions(const sweep::Spec& spec) {
    for (std::size_t i = 0; i < spec.bases.size() && i < made_.input.bases.size(); ++i) {
      sweep::BaseInput& base = made_.input.bases[i];
      if (!base.config || titan::is_preset(*base.config)) continue;
      if (auto known = recall_function(around_.environment, made_.sweep.wheel_version, *base.module, *base.config))
        base.asked = std::move(*known);
    }
  }

  void add_architecture(const sweep::Written& named) {
    const auto loaded = gathering(problems_, [&]() -> titan::Architecture {
      const fs::path path = sweep::resolve_path(named, path_.parent_path(), around_.environment);
      try {
        return titan::load_architecture(path);
      } catch (const BadInput&) {
        throw;
      } catch (const Error& trouble) {
        throw BadInput(Problem{named.place, trouble.what(), "a config.json of Hugging Face, or a file of your own"});
      }
    });
    if (loaded) made_.input.architecture = made_.sweep.architecture = *loaded;
  }

  // Of a TOML era only a checkout can be trained with; the registry era is also a wheel.
  void want_a_root(const sweep::Spec& spec) {
    const bool toml =
        std::any_of(spec.bases.begin(), spec.bases.end(), [](const auto& base) { return !base.is_registry(); });
    if (!spec.torchtitan.roots.empty() || !toml) return;
    problems_.add(whole_file(spec.source->name()), "torchtitan.root is not set: where is run_train.sh?",
                  "add  torchtitan: {root: \"${TORCHTITAN_ROOT}\"}  with the path of a TorchTitan checkout");
  }

  const Surroundings& around_;
  fs::path path_;
  Problems problems_;
  SweepInput made_;
};

}  // namespace

SweepInput load_input(const std::string& file, const Surroundings& around, const PlanOptions& options) {
  return SweepLoader(file, around, options).load();
}

LoadedSweep load_sweep(const std::string& file, const Surroundings& around, const PlanOptions& options) {
  if (options.max_gpu_hours && !(*options.max_gpu_hours >= 0))
    throw Error(fmt::format("--max-gpu-hours {}: a number of hours from 0 on is wanted", *options.max_gpu_hours),
                ExitCode::bad_input);
  SweepInput loaded = load_input(file, around, options);
  loaded.sweep.plan = sweep::make_plan(loaded.input);
  const double hours = loaded.sweep.plan.totals.gpu_hours;
  if (options.max_gpu_hours && hours > *options.max_gpu_hours) {
    throw Error(  // flags and file are good: as `tt-submit run` has it
        fmt::format("this plan may cost {} GPU hours, and --max-gpu-hours allows {}; cut points with `where:`, keep "
                    "some with `sample:`, or shorten `resources: {{walltime}}`",
                    sweep::hours_text(hours), sweep::hours_text(*options.max_gpu_hours)));
  }
  return std::move(loaded.sweep);
}

}  // namespace tt::flow
