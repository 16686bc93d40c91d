#include "tt/render/support_files.hpp"

#include <array>

#include "tt/base/embedded.hpp"
#include "tt/base/error.hpp"
#include "tt/base/files.hpp"

namespace tt::render {
namespace {

struct Carried {
  const char* source;  // below templates/
  const char* name;    // below the submission folder
  bool executable;
};

constexpr std::array kCarried{Carried{"torchtitan/torchrun", "bin/torchrun", true},
                              Carried{"torchtitan/run_train.sh", "run_train.sh", true},
                              Carried{"torchtitan/tt_run.py", "python/tt_run.py", false},
                              Carried{"torchtitan/tt_versions.py", "python/tt_versions.py", false}};

std::string text_of(const char* source, const std::optional<fs::path>& templates) {
  if (templates) {
    if (auto text = read_file_if_there(*templates / source)) return *std::move(text);
  }
  if (const auto text = embedded::find(embedded::templates(), source)) return std::string(*text);
  throw Error(std::string("internal: ") + source + " is not embedded");
}

}  // namespace

std::vector<SupportFile> support_files(const std::optional<fs::path>& templates) {
  std::vector<SupportFile> files;
  for (const Carried& one : kCarried) files.push_back({one.name, text_of(one.source, templates), one.executable});
  return files;
}

std::vector<SupportFile> torchtitan_modules() {
  std::vector<SupportFile> files;
  for (const char* name : {"tt_run.py", "tt_versions.py", "tt_cpu.py", "tt_preflight.py"})
    files.push_back({name, text_of((std::string("torchtitan/") + name).c_str(), std::nullopt), false});
  return files;
}

}  // namespace tt::render
