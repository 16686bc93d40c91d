#include "tt/scheduler/choose.hpp"

#include <fmt/format.h>

#include "tt/base/error.hpp"
#include "tt/base/process.hpp"
#include "tt/scheduler/local.hpp"
#include "tt/scheduler/pbs.hpp"
#include "tt/scheduler/slurm.hpp"

namespace tt::scheduler {
namespace {

LocalMachine machine_of(const site::Profile& profile, const site::Machine& machine) {
  LocalMachine lent;
  lent.slots = site::gpus_per_node(profile, machine);
  // Slots are the machine's GPUs only when the profile does not say another number.
  if (lent.slots == static_cast<int>(machine.gpus.size()))
    lent.gpus = machine.gpus;
  else if (lent.slots < static_cast<int>(machine.gpus.size())) {
    lent.gpus.assign(machine.gpus.begin(), machine.gpus.begin() + lent.slots);
  }
  return lent;
}

}  // namespace

std::unique_ptr<Scheduler> make_scheduler(const site::Profile& profile, const std::filesystem::path& workspace,
                                          const Environment& environment, Clock& clock) {
  static SystemRunner runner;
  if (profile.scheduler == "slurm")
    return std::make_unique<SlurmScheduler>(profile, workspace, environment, runner, clock);
  if (profile.scheduler == "pbs") return std::make_unique<PbsScheduler>(profile, workspace, environment, runner, clock);
  if (profile.has_batch_system()) {
    throw Error(
        fmt::format("site '{}' uses the scheduler '{}', and this version speaks to 'local', 'slurm' and 'pbs' only; "
                    "--site laptop runs on this machine",
                    profile.name, profile.scheduler));
  }
  LocalOptions options;
  options.workspace = workspace;
  options.host = this_host();
  options.machine = machine_of(profile, site::look_at_machine(environment));
  options.environment = environment;
  options.supervisor = {this_program().string(), "supervise", "--workspace", workspace.string()};
  return std::make_unique<LocalScheduler>(std::move(options), clock);
}

}  // namespace tt::scheduler
