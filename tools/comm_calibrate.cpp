#include "comm_calibrate.hpp"

#include <fmt/format.h>

#include <memory>

#include "comm_estimate.hpp"
#include "tt/base/files.hpp"
#include "tt/base/log.hpp"
#include "tt/base/text.hpp"
#include "tt/flow/calibration.hpp"
#include "tt/flow/inspect.hpp"
#include "tt/sweep/site_fabric.hpp"

namespace tt::tool {
namespace {

struct CalibrateFlags {
  std::vector<std::string> runs;
  std::string write;
  bool force = false;
  HardwareFlags hardware;
};

// Of a file that is to be written: its constants are the ones there are, whatever table --hardware means.
comm::Fabric fabric_of_file(const CalibrateFlags& flags, const flow::Surroundings& around) {
  if (!is_there(absolute_path(flags.write, around.here)))
    throw BadInput(Problem{whole_file(flags.write), "there is no such file",
                           "`tt-submit site show NAME > FILE` makes a site file to write to"});
  const auto fabric = sweep::fabric_of(site::load_profile(flags.write));
  if (!fabric)
    throw BadInput(Problem{whole_file(flags.write),
                           "this site names no hardware: no estimate would use its calibration",
                           "say under [hardware] which it is, such as name = \"h100\""});
  if (!flags.hardware.hardware) return *fabric;
  const comm::Fabric named = flow::fabric_named(*flags.hardware.hardware);
  if (named.name != fabric->name)
    throw BadInput(Problem{Place{},
                           fmt::format("--hardware is {}, and {} describes {}: its calibration is not theirs",
                                       named.name, flags.write, fabric->title),
                           "leave --hardware out, or write another site file"});
  return *fabric;
}

comm::Fabric fabric_to_fit(const CalibrateFlags& flags, const flow::Surroundings& around) {
  if (!flags.write.empty()) return fabric_of_file(flags, around);
  if (const auto fabric = hardware_of(flags.hardware, around)) return *fabric;
  throw BadInput(Problem{Place{}, "no hardware to calibrate: --hardware names it, or the site", "--hardware h100"});
}

// False: nothing is worth keeping, and nothing was written.
bool keep(Tool& tool, const CalibrateFlags& flags, const flow::Surroundings& around,
          const comm::CalibrationResult& result) {
  const Overrides constants = flow::constants_to_keep(result, flags.force ? flow::Keep::all : flow::Keep::better);
  const bool worse = result.times_are_worse() || result.memory_is_worse();
  if (constants.empty()) {
    log::warning(fmt::format("nothing was written to {}: {}", flags.write,
                             worse ? "these constants predict worse than the ones there are (--force writes them)"
                                   : "these runs determine no constant; take more of them, in different layouts"));
    return false;
  }
  if (worse && !flags.force)
    log::warning(fmt::format("what predicts worse than before was not written: {}",
                             result.times_are_worse() ? "compute, links, network card" : "memory"));
  const std::string date = iso_time(tool.clock().now()).substr(0, 10);
  const std::string from = fmt::format("{}, {}", plural(result.runs, "run"), date);
  write_file(absolute_path(flags.write, around.here), flow::with_calibration(flags.write, constants, from));
  log::note(fmt::format("wrote [hardware.calibration] of {}", flags.write));
  return true;
}

ExitCode calibrate(Tool& tool, const CalibrateFlags& flags) {
  const flow::Surroundings around = tool.look_around_without_site();
  const comm::Fabric fabric = fabric_to_fit(flags, around);
  std::vector<RunFolder> folders;
  for (const std::string& word : flags.runs)
    for (const RunFolder& folder : flow::find_runs(around, word)) folders.push_back(folder);
  const flow::Measurements measured = flow::measurements_of(folders, fabric);
  for (const std::string& why : measured.left_out) log::warning("left out: " + why);
  const comm::CalibrationResult result = comm::calibrate(measured.runs, fabric);
  for (const std::string& why : result.left_out) log::warning("left out: " + why);
  tool.flags().json ? print_record(comm::calibration_record(result)) : print(comm::calibration_text(result));
  if (!flags.write.empty() && !keep(tool, flags, around, result)) return ExitCode::could_not;
  return measured.left_out.empty() && result.left_out.empty() ? ExitCode::done : ExitCode::partly;
}

}  // namespace

void add_calibrate_command(Tool& tool) {
  const auto flags = std::make_shared<CalibrateFlags>();
  CLI::App& command = tool.command(
      "calibrate", "Fits the constants of time and memory to finished runs; says which runs contradict the model.",
      "  From all runs of a sweep:      tt-comm calibrate '_bs2_*' --hardware h100\n"
      "  Into the profile of a site:    tt-comm calibrate '_bs2_*' --write site/polaris.toml\n",
      [&tool, flags] { return calibrate(tool, *flags); });
  command.add_option("RUN", flags->runs, "Run folders, names or patterns")->required();
  command.add_option("--write", flags->write, "Site file whose [hardware.calibration] is written")->type_name("FILE");
  command.add_flag("--force", flags->force, "Write constants that predict worse than the ones there are, too");
  add_hardware_flag(command, flags->hardware);
  tool.needs(command, "--force", "--write");
}

}  // namespace tt::tool
