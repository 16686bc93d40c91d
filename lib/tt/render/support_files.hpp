// tt/render/support_files.hpp: what every submission carries besides its script and its tasks, so that a compute node
// needs nothing of ours: the torchrun wrapper, a run_train.sh for an installed TorchTitan, the module that configures a
// run of the registry era, and one that says which versions train. The same text for every run.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tt::render {

struct SupportFile {
  std::string name;  // relative to the submission folder: "bin/torchrun"
  std::string text;
  bool executable = false;
};

// `templates`: looked into before the embedded files, as for templates.
std::vector<SupportFile> support_files(const std::optional<std::filesystem::path>& templates = std::nullopt);

// The Python modules that ask an installed TorchTitan something, all in one folder.
std::vector<SupportFile> torchtitan_modules();

}  // namespace tt::render
