#include "tt/flow/calibration.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"
#include "tt/config/document.hpp"
#include "tt/flow/collect.hpp"
#include "tt/flow/estimate_input.hpp"

namespace tt::flow {
namespace {

std::optional<double> number(const Value& value) {
  return value.is_number() ? std::optional(value.as_number()) : std::nullopt;
}

// Throws Error with the reason when the run cannot be taken.
comm::MeasuredRun measurement_of(const RunFolder& folder, const comm::Fabric& hardware) {
  const auto record = folder.load_record();
  if (!record) throw Error("it has no run.json");
  const auto summary = load_summary(folder);
  if (!summary) throw Error("it has no summary; `tt-submit collect` writes one");
  if (summary->text_or("state") != "finished") throw Error(fmt::format("it is {}", summary->text_or("state")));
  const std::string device = summary->text_or("device");
  const auto known = comm::hardware_of_device(device);
  if (device.starts_with("CPU") || (known && known->name != hardware.name))
    throw Error(fmt::format("it trained on {}, not on {}", device, hardware.title));
  const EstimateInput input = estimate_input_of(folder, *record);
  if (const auto stops = comm::what_stops(input.shape, input.architecture, input.profile); !stops.empty())
    throw Error(stops.front());
  const Value& metrics = summary->at("metrics");
  comm::MeasuredRun run;
  run.name = record->name;
  run.step = comm::make_step(input.shape, comm::sizes_of(*input.architecture), input.profile);
  run.work = comm::work_of(*input.architecture, input.profile).value();
  run.gpus_per_node = record->resources.gpus_per_node;
  run.step_seconds = number(metrics.at("seconds_per_step_median"));
  if (const auto gib = number(metrics.at("memory_gib_max"))) run.memory_bytes = *gib * 1024 * 1024 * 1024;
  if (!run.step_seconds && !run.memory_bytes) throw Error("its log tells neither time nor memory of a step");
  return run;
}

}  // namespace

Measurements measurements_of(const std::vector<RunFolder>& folders, const comm::Fabric& hardware) {
  Measurements found;
  for (const RunFolder& folder : folders) {
    try {
      found.runs.push_back(measurement_of(folder, hardware));
    } catch (const Error& reason) {
      found.left_out.push_back(fmt::format("{}: {}", folder.path().filename().string(), reason.what()));
    }
  }
  return found;
}

Overrides constants_to_keep(const comm::CalibrationResult& result, Keep keep) {
  Overrides keys;
  const auto set = [&](const char* key, const comm::FittedConstant& constant, double unit) {
    constexpr double useful = 0.5;  // a constant known worse than this is better left to its default
    if (constant.relative_error && (keep == Keep::all || *constant.relative_error < useful))
      keys.push_back({std::string("hardware.calibration.") + key, constant.value / unit});
  };
  if (keep == Keep::all || !result.times_are_worse()) {
    set("efficiency_eager", result.efficiency_eager, 1);
    set("efficiency_compiled", result.efficiency_compiled, 1);
    set("link_gb_per_second", result.link_bytes_per_second, 1e9);
    set("nic_gb_per_second", result.nic_bytes_per_second, 1e9);
  }
  if (keep == Keep::all || !result.memory_is_worse()) set("memory_slack", result.memory_slack, 1);
  return keys;
}

std::string with_calibration(const std::string& site_file, const Overrides& constants, const std::string& from) {
  const config::Document site = config::Document::load(site_file);
  const std::string section = "hardware.calibration.", origin = section + "from";
  // Constants of an earlier calibration that these runs do not determine stay, and so does where they are from.
  const auto stays = [&](const std::string& key) {
    return key.starts_with(section) && key != origin &&
           std::none_of(constants.begin(), constants.end(), [&](const Assignment& one) { return one.key == key; });
  };
  const std::vector<std::string> written = site.keys();
  const auto before = site.find(origin);
  std::vector<std::string> origins;
  if (before && before->is_string() && std::any_of(written.begin(), written.end(), stays)) {
    for (const std::string& one : split(before->as_string(), ';')) {
      const std::string name(trim(one));
      if (!name.empty() && name != from) origins.push_back(name);
    }
  }
  origins.push_back(from);
  Overrides keys{{origin, join(origins, "; ")}};
  keys.insert(keys.end(), constants.begin(), constants.end());
  return site.with(keys);
}

}  // namespace tt::flow
