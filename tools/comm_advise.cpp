#include "comm_advise.hpp"

#include <fmt/format.h>

#include <memory>

#include "comm_estimate.hpp"
#include "tt/base/files.hpp"
#include "tt/base/log.hpp"
#include "tt/flow/advice_sweep.hpp"

namespace tt::tool {
namespace {

struct AdviseFlags {
  flow::ShapeFlags shape;
  HardwareFlags hardware;
  std::int64_t gpus = 0;
  std::int64_t global_batch = 0;
  std::int64_t best = 10;
  std::string write;
};

void write_sweep(const std::string& named, const comm::Advice& advice, const comm::AdviceRequest& request,
                 const flow::ModelGround& ground) {
  const fs::path file = absolute_path(named, fs::current_path());
  const flow::AdviceSweep sweep = flow::advice_sweep(advice, request, ground, file);
  const fs::path base = sweep.base_name ? file.parent_path() / *sweep.base_name : fs::path();
  for (const fs::path& path : {file, base})
    if (!path.empty() && is_there(path))
      throw Error(fmt::format("{} is there already; nothing was written", path.string()), ExitCode::could_not);
  if (sweep.base_name) write_file(base, *sweep.base_text);
  write_file(file, sweep.text);
  log::note(fmt::format("wrote {}; `tt-sweep plan {}` shows its runs", named, named));
  if (sweep.wants_root)
    log::note("its base lies in no checkout: set TORCHTITAN_ROOT to the TorchTitan that is to train");
}

ExitCode advise(Tool& tool, const AdviseFlags& flags) {
  Problems problems;
  if (flags.gpus < 1) problems.add(Place{}, fmt::format("--gpus is {}, it must be 1 or more", flags.gpus));
  if (flags.global_batch < 1)
    problems.add(Place{}, fmt::format("--global-batch is {}, it must be 1 or more", flags.global_batch));
  if (flags.best < 1 || flags.best > 10'000)
    problems.add(Place{}, fmt::format("--best is {}, it must be 1 to 10,000", flags.best));
  problems.throw_if_any();
  const flow::Surroundings around = tool.look_around_without_site();
  const auto fabric = hardware_of(flags.hardware, around);
  if (!fabric) throw BadInput(Problem{Place{}, "no hardware: --hardware names it, or the site", "--hardware h100"});
  const flow::ModelInput model = flow::make_model_input(flags.shape, around);
  const comm::AdviceRequest request =
      flow::make_advice_request(model, *fabric, flags.gpus, flags.global_batch, static_cast<std::size_t>(flags.best));
  const comm::Advice advice = comm::advise(request);
  tool.flags().json ? print_record(comm::advice_record(advice, request))
                    : print(comm::advice_text(advice, request, tool.out()));
  std::fflush(stdout);  // whatever becomes of the file
  if (!flags.write.empty() && !advice.layouts.empty()) write_sweep(flags.write, advice, request, model.ground);
  return advice.layouts.empty() ? ExitCode::could_not : ExitCode::done;
}

}  // namespace

void add_advise_command(Tool& tool) {
  const auto flags = std::make_shared<AdviseFlags>();
  CLI::App& command = tool.command(
      "advise", "The layouts a model can train with on so many GPUs, the fastest that fit first.",
      "  Llama 3 70B on 256 H100:       tt-comm advise --arch llama3_70b --gpus 256 --seq-len 8192 --global-batch 512 "
      "--hardware h100\n",
      [&tool, flags] { return advise(tool, *flags); });
  command.add_option("CONFIG", flags->shape.target, "TorchTitan config the model and settings are of (else: --arch)");
  command.add_option("--arch", flags->shape.architecture, "Model by name, or a file that describes it");
  command.add_option("--profile", flags->shape.profile, "titan-0.2.1, titan-0.2.2 or titan-0.3");
  command.add_option("--gpus", flags->gpus, "GPUs in all")->required()->type_name("N");
  command.add_option("--seq-len", flags->shape.seq_len, "Tokens of a sequence")->type_name("N");
  command.add_option("--global-batch,--global-batch-size", flags->global_batch, "Sequences of a step, over all GPUs")
      ->required()
      ->type_name("N");
  command.add_option("--compile", flags->shape.compile, "The model is compiled: on, off")->type_name("WORD");
  command.add_option("--best", flags->best, "How many layouts to name (default 10)")->type_name("K");
  command.add_option("--write", flags->write, "A sweep of the best and their neighbours")->type_name("FILE");
  add_hardware_flags(command, flags->hardware);
}

}  // namespace tt::tool
