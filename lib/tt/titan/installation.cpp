#include "tt/titan/installation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"
#include "tt/base/value.hpp"
#include "tt/titan/python_keys.hpp"
#include "tt/titan/schema.hpp"

namespace tt::titan {

namespace {

using Keys = std::set<std::string>;

// Where the keys stood, newest first.
constexpr std::string_view registry_file = "config/configs.py";
constexpr std::string_view typed_file = "config/job_config.py";
constexpr std::string_view first_file = "config_manager.py";

// The classes of the registry era's configs.py and the sections they are.
struct SectionClass {
  std::string_view name;
  std::string_view section;
};
constexpr SectionClass registry_classes[] = {{"TrainingConfig", "training"},
                                             {"ParallelismConfig", "parallelism"},
                                             {"CompileConfig", "compile"},
                                             {"CommConfig", "comm"},
                                             {"DebugConfig", "debug"}};
// The key that development after 0.3.0 has and 0.3.0 has not.
constexpr std::string_view newer_key = "training.num_tokens_per_train_step";

std::size_t differences(const Keys& a, const Keys& b) {
  const auto missing = [](const Keys& from, const Keys& in) {
    return static_cast<std::size_t>(
        std::count_if(from.begin(), from.end(), [&](const std::string& key) { return !in.contains(key); }));
  };
  return missing(a, b) + missing(b, a);
}

Keys table_of(Era era) {
  Keys all;
  for (const KeyInfo& key : keys(era)) all.insert(key.key);
  return all;
}

// The TOML era whose keys these are, or are nearest to; nullopt when most keys are foreign to every era.
std::optional<Installation> by_keys(const Keys& found, const std::string& file) {
  std::optional<Installation> best;
  std::size_t fewest = found.size() / 2;  // more than half of them off: some other program's file
  for (const std::string& name : era_names()) {
    const Era era = *parse_era(name);
    if (!has_toml(era)) continue;
    const std::size_t off = differences(found, table_of(era));
    if (off > fewest || found.empty()) continue;
    fewest = off;
    best = Installation{era, off == 0 ? name : "near " + name,
                        off == 0 ? fmt::format("{} (its {} keys)", file, found.size())
                                 : fmt::format("{} (its keys differ from those of {} in {})", file, name, off),
                        off == 0};
  }
  return best;
}

std::optional<Installation> by_registry(std::string_view python, const std::string& file) {
  const auto classes = class_fields(python);
  Keys found, expected;
  for (const SectionClass& one : registry_classes)
    found.merge(keys_below(classes, std::string(one.name), std::string(one.section) + "."));
  for (const std::string& key : table_of(Era::v0_3_0))
    for (const SectionClass& one : registry_classes)
      if (key.starts_with(std::string(one.section) + ".")) expected.insert(key);
  if (!found.contains("training.steps")) return std::nullopt;
  if (found == expected) return Installation{Era::v0_3_0, "0.3.0", fmt::format("{} (its keys)", file), true};
  if (found.contains(std::string(newer_key)))
    return Installation{std::nullopt, "newer than 0.3.0", fmt::format("{} (it has {})", file, newer_key), false};
  return Installation{std::nullopt, "between 0.2.2 and 0.3.0", fmt::format("{} (its keys)", file), false};
}

std::optional<std::string> text_of(const fs::path& file) {
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return std::nullopt;
  return read_file_if_there(file);
}

// `package`: the folder of the Python package; `owner`: "the checkout's torchtitan/", for the phrase.
std::optional<Installation> by_sources(const fs::path& package, const std::string& owner) {
  if (const auto text = text_of(package / registry_file)) return by_registry(*text, owner + std::string(registry_file));
  for (const std::string_view name : {typed_file, first_file}) {
    const auto text = text_of(package / name);
    if (!text) continue;
    Keys found = keys_below(class_fields(*text), "JobConfig");
    if (found.empty()) found = argparse_keys(*text);
    return by_keys(found, owner + std::string(name));
  }
  return std::nullopt;
}

// "torchtitan-0.2.2.dist-info" → "0.2.2"
std::optional<std::string> wheel_version(const std::string& name, const std::string& distribution = "torchtitan") {
  const std::string prefix = distribution + "-";
  constexpr std::string_view suffix = ".dist-info";
  if (!name.starts_with(prefix) || !name.ends_with(suffix) || name.size() <= prefix.size() + suffix.size())
    return std::nullopt;
  return name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
}

// An editable install names its checkout in direct_url.json (PEP 610).
std::optional<fs::path> editable_checkout(const fs::path& dist_info) {
  const auto text = text_of(dist_info / "direct_url.json");
  if (!text) return std::nullopt;
  try {
    const Value record = parse_json(*text, "direct_url.json");
    constexpr std::string_view scheme = "file://";
    const std::string url = record.text_or("url");
    if (!record.at("dir_info").boolean_or("editable") || !url.starts_with(scheme)) return std::nullopt;
    return fs::path(url.substr(scheme.size()));
  } catch (const Error&) {
    return std::nullopt;  // a broken record says nothing
  }
}

std::optional<Installation> wheel_in(const fs::path& packages) {
  for (const std::string& name : list_folder(packages)) {
    const auto version = wheel_version(name);
    if (!version) continue;
    if (const auto checkout = editable_checkout(packages / name))
      if (auto found = recognise_installation(*checkout)) return found;
    const std::string source = fmt::format("the wheel's {}", name);
    if (const auto era = parse_era(*version)) return Installation{era, *version, source, true};
    auto by_files = by_sources(packages / "torchtitan", "the wheel's torchtitan/");
    if (!by_files) return Installation{std::nullopt, *version, source, false};
    by_files->version = *version;
    by_files->is_exact = false;
    return by_files;
  }
  return std::nullopt;
}

// site-packages itself, or those of a virtual environment.
std::vector<fs::path> package_folders(const fs::path& folder) {
  std::vector<fs::path> folders{folder};
  for (const std::string_view library : {"lib", "lib64"}) {
    if (!is_folder(folder / library)) continue;
    for (const std::string& python : list_folder(folder / library)) {
      const fs::path packages = folder / library / python / "site-packages";
      if (python.starts_with("python") && is_folder(packages)) folders.push_back(packages);
    }
  }
  return folders;
}

}  // namespace

std::optional<Installation> recognise_installation(const fs::path& root) {
  return by_sources(root / "torchtitan", "the checkout's torchtitan/");
}

std::optional<Installation> recognise_wheel(const fs::path& folder) {
  if (!is_folder(folder)) return std::nullopt;
  for (const fs::path& packages : package_folders(folder)) {
    if (auto found = wheel_in(packages)) return found;
  }
  return std::nullopt;
}

std::optional<std::string> distribution_version(const fs::path& folder, std::string_view name) {
  if (!is_folder(folder)) return std::nullopt;
  for (const fs::path& packages : package_folders(folder)) {
    for (const std::string& entry : list_folder(packages)) {
      if (auto version = wheel_version(entry, std::string(name))) return version;
    }
  }
  return std::nullopt;
}

}  // namespace tt::titan
