#include "tt/flow/workspace.hpp"

#include <fmt/format.h>

#include "tt/base/files.hpp"

namespace tt::flow {

fs::path Workspace::collected(const RunId& run, int attempt) const {
  return own() / "collected" / fmt::format("{}-{}.json", run.text, attempt);
}

RunFolder Workspace::run_folder(const std::string& model, const std::string& name) const {
  std::string path;
  path.reserve(logs_.size() + model.size() + name.size() + 2);
  path.append(logs_).append("/").append(model).append("/").append(name);
  return RunFolder::at(std::move(path));
}

std::vector<std::string> Workspace::sweeps() const {
  std::vector<std::string> names;
  for (const std::string& file : list_folder(own() / "sweeps")) {
    if (file.ends_with(".json") && !file.starts_with(".")) names.push_back(file.substr(0, file.size() - 5));
  }
  return names;
}

bool Workspace::is_used() const { return is_folder(own()); }

Workspace find_workspace(const std::optional<std::string>& flag, const fs::path& here) {
  if (flag) return Workspace(absolute_path(*flag, here));
  for (fs::path folder = here;; folder = folder.parent_path()) {
    if (is_folder(folder / ".tt")) return Workspace(folder);
    if (folder == folder.parent_path()) return Workspace(here);
  }
}

}  // namespace tt::flow
