#include "tt/flow/sweep_file.hpp"

#include <fmt/format.h>

#include <utility>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/hash.hpp"
#include "tt/flow/sweep_index.hpp"

namespace tt::flow {
namespace {

// The base of a sweep, and problems that point at the line that names it.
config::Document load_base(const sweep::Spec& spec, const fs::path& path) {
  try {
    return config::Document::load(path.string());
  } catch (const BadInput& trouble) {
    const bool about_the_file = trouble.problems().front().place.line == 0;
    if (!about_the_file) throw;  // points into the TOML itself
    throw BadInput(Problem{spec.base.file->place, trouble.problems().front().message,
                           "`base:` is a path relative to the sweep file, or absolute; ${VAR} expands"});
  }
}

fs::path training_folder(const sweep::Spec& spec, const fs::path& folder, const Environment& environment) {
  if (!spec.torchtitan.root) {
    throw BadInput(Problem{whole_file(spec.source->name()), "torchtitan.root is not set: where is run_train.sh?",
                           "add  torchtitan: {root: \"${TORCHTITAN_ROOT}\"}  with the path of a TorchTitan checkout"});
  }
  fs::path root = sweep::resolve_path(*spec.torchtitan.root, folder, environment);
  if (!is_folder(root)) {
    throw BadInput(Problem{spec.torchtitan.root->place, fmt::format("torchtitan.root {} is no folder", root.string()),
                           "it is a path relative to the sweep file, or absolute"});
  }
  return root;
}

fs::path launch_script(const sweep::Spec& spec, const fs::path& root) {
  fs::path script = absolute_path(spec.torchtitan.script.text, root);
  if (is_there(script) && !is_folder(script)) return script;
  const Place place =
      spec.torchtitan.script.place.file.empty() ? spec.torchtitan.root->place : spec.torchtitan.script.place;
  throw BadInput(Problem{place, fmt::format("there is no script {}", script.string()),
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

void refuse_registry(const sweep::Spec& spec) {
  if (!spec.base.is_registry()) return;
  throw BadInput(Problem{spec.base.place,
                         "a base of {module, config} (TorchTitan 0.3) is not supported by this version",
                         "use a TOML base: TorchTitan 0.2.2 and earlier"});
}

}  // namespace

LoadedSweep load_sweep(const std::string& file, const Surroundings& around, const PlanOptions& options) {
  const fs::path path = absolute_path(file, around.here);
  const fs::path folder = path.parent_path();
  Problems problems;
  sweep::Spec spec = sweep::load_spec(file, problems);
  if (!problems.has_errors()) refuse_registry(spec);
  if (!spec.base.file) throw BadInput(problems.all());

  fs::path base_file;
  const auto base = gathering(problems, [&] {
    base_file = sweep::resolve_path(*spec.base.file, folder, around.environment);
    return load_base(spec, base_file);
  });
  const auto root = gathering(problems, [&] { return training_folder(spec, folder, around.environment); });
  const auto script = gathering(problems, [&] { return root ? launch_script(spec, *root) : fs::path(); });
  if (!base) throw BadInput(problems.all());

  sweep::PlanInput input;
  input.spec = spec;
  input.problems = problems.all();
  input.base = *base;
  input.site = around.site.profile;
  input.gpus_per_node = around.gpus_per_node;
  input.allow_new_keys = options.allow_new_keys;
  sweep::Plan plan = sweep::make_plan(input);
  return {path,
          file,
          std::move(spec),
          *base,
          base_file,
          *root,
          *script,
          fingerprint(read_file(*script)),
          fingerprint(base->source()->text()),
          fingerprint_of_files(input.spec.source->text(), base->source()->text()),
          std::move(plan)};
}

}  // namespace tt::flow
