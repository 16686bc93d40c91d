#include "tt/flow/inspect.hpp"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <set>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/config/document.hpp"
#include "tt/config/registry_file.hpp"
#include "tt/flow/history.hpp"
#include "tt/flow/sweep_index.hpp"
#include "tt/flow/views.hpp"
#include "tt/sweep/spec.hpp"
#include "tt/titan/schema.hpp"

namespace tt::flow {
namespace {

RunRecord record_of(const RunFolder& folder) {
  if (auto record = folder.load_record()) return *record;
  throw Error(fmt::format("{} is half made (no run.json); `tt-sweep expand` repairs it", folder.path().string()));
}

std::string text_at(const config::Document& document, const std::string& key) {
  const auto value = document.find(key);
  return value ? config::toml_literal(*value) : "";
}

void compare(const config::Document& left, const config::Document& right, std::vector<Difference>& found) {
  std::vector<std::string> keys = left.keys();
  std::set<std::string> seen(keys.begin(), keys.end());
  for (const std::string& key : right.keys()) {
    if (seen.insert(key).second) keys.push_back(key);
  }
  for (const std::string& key : keys) {
    const std::string a = text_at(left, key), b = text_at(right, key);
    if (a != b) found.push_back({config::registry_key(key), a, b, false});
  }
}

// What a run's config.toml was made from; of the registry era, the name of the config function alone.
config::Document base_of(const RunRecord& record, const config::Document& config) {
  if (record.launch.module.empty()) return config::Document::load(record.base_file.string());
  const auto text = [&](const char* key) {
    const auto value = config.find(key);
    return value && value->is_string() ? value->as_string() : std::string();
  };
  return config::Document::parse(
      std::make_shared<const SourceText>("base", config::registry_file(text("module"), text("config"), {})));
}

void mark_dump_folder(const RunRecord& record, std::vector<Difference>& found) {
  const auto era = titan::parse_era(record.torchtitan.era);
  const auto key = era ? titan::key_of(*era, titan::Knob::dump_folder) : std::nullopt;
  for (Difference& difference : found) difference.set_by_tt = key && difference.key == *key;
}

void add(std::vector<Difference>& found, const std::string& key, const std::string& left, const std::string& right) {
  if (left != right) found.push_back({key, left, right, false});
}

void compare_environment(const Variables& left, const Variables& right, std::vector<Difference>& found) {
  std::set<std::string> names;
  for (const auto* side : {&left, &right}) {
    for (const auto& [name, value] : *side) names.insert(name);
  }
  const auto get = [](const Variables& side, const std::string& name) {
    const auto at = side.find(name);
    return at == side.end() ? std::string() : at->second;
  };
  for (const std::string& name : names) add(found, "env." + name, get(left, name), get(right, name));
}

// What travels as flags is not in config.toml.
void compare_flags(const RunRecord& left, const RunRecord& right, std::vector<Difference>& found) {
  std::map<std::string, std::pair<std::string, std::string>> by_key;
  const auto collect = [&](const RunRecord& record, std::string std::pair<std::string, std::string>::*side) {
    if (record.launch.apply != Apply::flags) return;
    for (const Assignment& one : record.overrides) by_key[one.key].*side = config::toml_literal(one.value);
  };
  collect(left, &std::pair<std::string, std::string>::first);
  collect(right, &std::pair<std::string, std::string>::second);
  for (const auto& [key, values] : by_key) add(found, key, values.first, values.second);
}

}  // namespace

std::vector<fs::path> list_run_folders(const Surroundings& around, const std::string& sweep_file) {
  const sweep::Spec spec = sweep::load_spec(sweep_file);
  const auto index = load_sweep_index(around.workspace, spec.name.text);
  const std::string advice = fmt::format("run `tt-sweep expand {}` first", sweep_file);
  if (!index) {
    throw Error(
        fmt::format("sweep '{}' was not expanded in {}; {}", spec.name.text, around.workspace.root().string(), advice));
  }
  std::vector<std::string> bases;
  std::string named;
  for (const fs::path& base : index->base_files) {
    bases.push_back(read_file_if_there(base).value_or("(gone)"));
    named += (named.empty() ? "" : ", ") + base.string();
  }
  if (fingerprint_of_files(spec.source->text(), bases) != index->file_fingerprint) {
    throw Error(fmt::format("{} or its base {} changed since the last expand ({}); {}", sweep_file, named,
                            index->expanded, advice));
  }
  std::vector<fs::path> folders;
  for (const IndexedRun& run : index->runs) folders.push_back(around.workspace.run_folder(run.model, run.name).path());
  return folders;
}

std::vector<std::string> names_of_runs(const Surroundings& around) {
  std::set<std::string> names;
  for (const std::string& sweep : known_sweeps(around.workspace)) {
    const auto index = load_sweep_index(around.workspace, sweep);
    if (!index) continue;
    for (const IndexedRun& run : index->runs) names.insert(run.name);
  }
  return {names.begin(), names.end()};
}

RunFolder find_run(const Surroundings& around, const std::string& word) {
  RunFolder folder(absolute_path(word, around.here));
  if (folder.is_committed()) return folder;
  return pick_one(around, load_history(around.workspace, known_sweeps(around.workspace)), word).folder;
}

std::vector<RunFolder> find_runs(const Surroundings& around, const std::string& word) {
  const RunFolder folder(absolute_path(word, around.here));
  if (folder.is_committed()) return {folder};
  const Selection selection = select(around, {word});
  const ledger::Ledger ledger = load_history(around.workspace, selection.sweeps);
  std::vector<RunFolder> folders;
  for (const RunView& run : pick(look_at_runs(around, ledger, selection.sweeps), selection))
    folders.push_back(run.folder);
  return folders;
}

std::vector<Difference> differences(const RunFolder& left, const RunFolder& right) {
  const RunRecord a = record_of(left), b = record_of(right);
  std::vector<Difference> found;
  compare(config::Document::load(left.config().string()), config::Document::load(right.config().string()), found);
  mark_dump_folder(a, found);
  compare_flags(a, b, found);
  compare_environment(a.environment, b.environment, found);
  add(found, "resources.nodes", std::to_string(a.resources.nodes), std::to_string(b.resources.nodes));
  add(found, "resources.gpus", std::to_string(a.resources.gpus), std::to_string(b.resources.gpus));
  add(found, "resources.walltime", walltime_text(a.resources.walltime), walltime_text(b.resources.walltime));
  return found;
}

std::vector<Difference> differences_from_base(const RunFolder& run) {
  const RunRecord record = record_of(run);
  std::vector<Difference> found;
  const config::Document config = config::Document::load(run.config().string());
  compare(base_of(record, config), config, found);
  mark_dump_folder(record, found);
  compare_flags({}, record, found);
  compare_environment({}, record.environment, found);
  return found;
}

}  // namespace tt::flow
