#include "tt/flow/software.hpp"

#include "tt/base/files.hpp"
#include "tt/base/text.hpp"
#include "tt/titan/installation.hpp"

namespace tt::flow {
namespace {

constexpr Seconds kGitLimit{10};

// A checkout that was unpacked below somebody's repository has no commit of its own.
void ask_git(const SoftwarePlaces& places, ProcessRunner& runner, Software& software) {
  if (places.checkout.empty() || !is_there(places.checkout / ".git")) return;
  Command command;
  command.argv = {"git",
                  "-c",
                  "safe.directory=*",
                  "--no-optional-locks",
                  "status",
                  "--porcelain=v2",
                  "--branch",
                  "--untracked-files=no"};
  command.environment = places.environment;
  command.folder = places.checkout;
  const ProcessResult told = runner.run(command, kGitLimit);
  if (!told.ok()) return;
  constexpr std::string_view oid = "# branch.oid ";
  bool modified = false;
  for (const std::string& line : split(told.out, '\n')) {
    if (line.starts_with(oid)) software.commit = std::string(trim(line.substr(oid.size())));
    if (!line.empty() && !line.starts_with("#")) modified = true;
  }
  if (software.commit) software.modified = modified;
}

// "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 ..." or, of the open module,
// "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build ..."
std::optional<std::string> driver_in(const std::filesystem::path& file) {
  const auto text = read_file_if_there(file);
  if (!text || !text->starts_with("NVRM version:")) return std::nullopt;
  for (const std::string& word : split(text->substr(0, text->find('\n')), ' ')) {
    const bool is_number = !word.empty() && word.find_first_not_of("0123456789.") == std::string::npos;
    if (is_number && word.find('.') != std::string::npos) return word;
  }
  return std::nullopt;
}

}  // namespace

Software look_at_software(const SoftwarePlaces& places, ProcessRunner& runner) {
  Software software;
  ask_git(places, runner, software);
  for (const char* name : {"VIRTUAL_ENV", "CONDA_PREFIX"}) {
    const auto folder = places.environment.get(name);
    if (!folder || folder->empty() || software.torch) continue;
    software.torch = titan::distribution_version(*folder, "torch");
    for (const char* nccl : {"nvidia_nccl_cu13", "nvidia_nccl_cu12", "nvidia_nccl_cu11"}) {
      if (!software.nccl) software.nccl = titan::distribution_version(*folder, nccl);
    }
  }
  software.driver = driver_in(places.driver);
  return software;
}

}  // namespace tt::flow
