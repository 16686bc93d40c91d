#include "tt/site/machine.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <thread>

#include "tt/base/files.hpp"
#include "tt/base/text.hpp"
#include "tt/site/profile.hpp"

namespace tt::site {
namespace {

// A number of /dev/nvidia<N>; /dev/nvidiactl and /dev/nvidia-uvm are no GPUs.
std::optional<int> device_number(const std::string& name) {
  constexpr std::string_view prefix = "nvidia";
  if (!name.starts_with(prefix)) return std::nullopt;
  const std::string digits = name.substr(prefix.size());
  if (digits.empty() || digits.size() > 4 ||
      !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return std::nullopt;
  }
  return static_cast<int>(to_integer(digits).value_or(0));
}

// "Name:   value" of a file the driver writes.
std::string driver_field(std::string_view text, std::string_view name) {
  for (const std::string& line : split_lines(text)) {
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos && trim(std::string_view(line).substr(0, colon)) == name) {
      return std::string(trim(std::string_view(line).substr(colon + 1)));
    }
  }
  return "";
}

// CUDA takes any unambiguous beginning of a UUID.
std::optional<int> gpu_of_uuid(const fs::path& root, const std::string& uuid) {
  const fs::path gpus = root / "proc/driver/nvidia/gpus";
  for (const std::string& bus : list_folder(gpus)) {
    const std::string facts = read_file_if_there(gpus / bus / "information").value_or("");
    if (driver_field(facts, "GPU UUID").starts_with(uuid)) {
      if (const auto number = to_integer(driver_field(facts, "Device Minor"))) return static_cast<int>(*number);
    }
  }
  return std::nullopt;
}

std::vector<int> chosen(const std::vector<int>& all, const std::string& words, const fs::path& root) {
  std::vector<int> gpus;
  for (const std::string& part : split(words, ',')) {
    const std::string word(trim(part));
    std::optional<int> gpu;
    if (word.starts_with("GPU-"))
      gpu = gpu_of_uuid(root, word);
    else if (const auto index = to_integer(word))
      gpu = static_cast<int>(*index);
    if (!gpu || std::find(all.begin(), all.end(), *gpu) == all.end()) break;
    if (std::find(gpus.begin(), gpus.end(), *gpu) == gpus.end()) gpus.push_back(*gpu);
  }
  return gpus;
}

}  // namespace

std::vector<int> find_gpus(const fs::path& root, const Environment& environment) {
  std::vector<int> gpus;
  for (const std::string& name : list_folder(root / "dev")) {
    if (const auto number = device_number(name)) gpus.push_back(*number);
  }
  std::sort(gpus.begin(), gpus.end());
  const auto words = environment.get("CUDA_VISIBLE_DEVICES");
  return words ? chosen(gpus, *words, root) : gpus;
}

Machine look_at_machine(const Environment& environment) {
  Machine machine;
  machine.gpus = find_gpus("/", environment);
  machine.cpus = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return machine;
}

int gpus_per_node(const Profile& profile, const Machine& machine) {
  if (profile.gpus_per_node > 0) return profile.gpus_per_node;
  if (!machine.gpus.empty()) return static_cast<int>(machine.gpus.size());
  return std::max(1, profile.slots);
}

}  // namespace tt::site
