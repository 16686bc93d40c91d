#include "comm_time.hpp"

#include <fmt/format.h>

#include <array>
#include <memory>

#include "comm_estimate.hpp"
#include "tt/base/log.hpp"
#include "tt/base/text.hpp"
#include "tt/comm/work.hpp"

namespace tt::tool {
namespace {

Problem bad(const std::string& sentence, const std::string& hint = "") { return Problem{Place{}, sentence, hint}; }

struct TimeFlags {
  std::string op;
  std::int64_t bytes = 0, group = 0, nodes = 1;
  HardwareFlags hardware;
};

comm::Op op_of(const std::string& word) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < comm::ops; ++i) {
    const auto op = static_cast<comm::Op>(i);
    if (op == comm::Op::recv) continue;
    if (word == comm::to_string(op)) return op;
    names.emplace_back(comm::to_string(op));
  }
  throw BadInput(bad(fmt::format("--op is one of {}, got '{}'", join(names, ", "), printable(word))));
}

ExitCode time(Tool& tool, const TimeFlags& flags) {
  const comm::Op op = op_of(flags.op);
  Problems problems;
  if (flags.bytes < 0) problems.add(Place{}, fmt::format("--bytes is {}, it must be 0 or more", flags.bytes));
  if (flags.group < 2)
    problems.add(Place{}, fmt::format("--group is {}, a collective has 2 ranks or more", flags.group));
  if (flags.nodes < 1 || (flags.group >= 2 && flags.nodes > flags.group))
    problems.add(Place{},
                 fmt::format("--nodes is {}, it must be 1 to the {} ranks of the group", flags.nodes, flags.group));
  else if (flags.group >= 2 && flags.group % flags.nodes != 0)
    problems.add(Place{}, fmt::format("{} ranks do not spread evenly over {} nodes", flags.group, flags.nodes));
  problems.throw_if_any();
  const auto fabric = hardware_of(flags.hardware, tool.look_around_without_site());
  if (!fabric) throw BadInput(bad("no hardware: --hardware names it, or the site", "--hardware h100"));
  const std::int64_t per_node = flags.group / flags.nodes;
  if (per_node > fabric->gpus_per_node)
    log::warning(fmt::format("{} ranks on a node, and a node of {} has {}: --nodes {} would hold them", per_node,
                             fabric->title, plural(fabric->gpus_per_node, "GPU"),
                             (flags.group + fabric->gpus_per_node - 1) / fabric->gpus_per_node));
  const comm::Placement placed{flags.group, flags.nodes, per_node, true};
  const double seconds = comm::call_seconds(op, flags.bytes, placed, *fabric);
  if (tool.flags().json) {
    print_record(Value::object()
                     .set("schema", "tt.comm.time/1")
                     .set("op", flags.op)
                     .set("logical_bytes", flags.bytes)
                     .set("wire_bytes", comm::wire_bytes(op, flags.bytes, flags.group))
                     .set("group_size", flags.group)
                     .set("nodes", flags.nodes)
                     .set("hardware", fabric->name)
                     .set("seconds", seconds));
    return ExitCode::done;
  }
  print(fmt::format(
      "{} of {} bytes over {} ranks on {}, {}: {:.3f} ms\n"
      "ring and Simple protocol of NCCL on an idle network, 10-20 % for large messages\n",
      flags.op, with_thousands(flags.bytes), flags.group, plural(flags.nodes, "node"), fabric->title, seconds * 1e3));
  return ExitCode::done;
}

struct MfuFlags {
  flow::ShapeFlags shape;
  double tps = 0;
  std::string device;
  std::optional<std::int64_t> compute_units;
};

ExitCode mfu(Tool& tool, const MfuFlags& flags) {
  if (!(flags.tps > 0) || flags.tps > 1e12)
    throw BadInput(bad(fmt::format("--tps is {}, it must be more than 0: tokens a second of one GPU", flags.tps)));
  // A token costs the same in every layout: the degrees and the number of GPUs do not matter.
  const flow::EstimateInput input = flow::make_model_input(flags.shape, tool.look_around_without_site()).input;
  const auto work = input.architecture ? comm::work_of(*input.architecture, input.profile) : std::nullopt;
  if (!work) throw BadInput(bad("the sizes of the model are not known"));
  if (input.shape.seq_len < 1) throw BadInput(bad("training.seq_len is not known: --seq-len says it"));
  const comm::Peak peak =
      comm::peak_of_device(flags.device, comm::era_of(input.profile), flags.compute_units.value_or(0));
  if (flags.device.find("Data Center GPU Max") != std::string::npos && flags.compute_units.value_or(0) < 1)
    throw BadInput(bad("the peak of an Intel Data Center GPU Max depends on its compute units",
                       "--compute-units N says how many it has; TorchTitan asks the driver"));
  if (!peak.is_known)
    log::warning(fmt::format("'{}' is no device TorchTitan knows: it takes the peak of an A100, 312 TFLOPS",
                             printable(flags.device)));
  if (flags.compute_units && flags.device.find("Data Center GPU Max") == std::string::npos)
    throw BadInput(bad(fmt::format("--compute-units {}: '{}' is no Intel Data Center GPU Max", *flags.compute_units,
                                   printable(flags.device)),
                       "leave it out"));
  const double flops = work->flops_per_token(input.shape.seq_len);
  const double percent = comm::mfu_percent(flops, flags.tps, peak.flops);
  if (tool.flags().json)
    print_record(Value::object()
                     .set("schema", "tt.comm.mfu/1")
                     .set("profile", comm::to_string(input.profile))
                     .set("arch", titan::architecture_name(*input.architecture))
                     .set("flops_per_token", static_cast<std::int64_t>(flops))
                     .set("peak_flops", peak.flops)
                     .set("peak_is_known", peak.is_known)
                     .set("mfu_percent", percent));
  else
    print(
        fmt::format("MFU {:.2f} %: {} FLOPs a token * {} tokens/s a GPU, of {:.1f} TFLOPS (as TorchTitan counts, "
                    "profile {})\n",
                    percent, with_thousands(static_cast<std::int64_t>(flops)), flags.tps, peak.flops / 1e12,
                    comm::to_string(input.profile)));
  return ExitCode::done;
}

}  // namespace

void add_time_command(Tool& tool) {
  const auto flags = std::make_shared<TimeFlags>();
  CLI::App& command = tool.command(
      "time", "How long one collective takes on given links.",
      "  4 GiB over 4 nodes of 8:       tt-comm time --op all_reduce --bytes 4294967296 --group 32 --nodes 4 "
      "--hardware h100\n",
      [&tool, flags] { return time(tool, *flags); });
  command.add_option("--op", flags->op, "all_gather, reduce_scatter, all_reduce, all_to_all, send, permute")
      ->required()
      ->type_name("OP");
  command.add_option("--bytes", flags->bytes, "Logical bytes: of the full tensor")->required()->type_name("N");
  command.add_option("--group", flags->group, "Ranks of the group")->required()->type_name("N");
  command.add_option("--nodes", flags->nodes, "Nodes it lies on (default 1)")->type_name("N");
  add_hardware_flag(command, flags->hardware);
  add_gpus_per_node_flag(command, flags->hardware);
}

void add_mfu_command(Tool& tool) {
  const auto flags = std::make_shared<MfuFlags>();
  CLI::App& command = tool.command(
      "mfu", "Model FLOPs utilisation of a measured speed, as TorchTitan counts it.",
      "  5,762 tokens/s a GPU:          tt-comm mfu --arch llama3_8b --seq-len 8192 --tps 5762 --device H100\n",
      [&tool, flags] { return mfu(tool, *flags); });
  command.add_option("CONFIG", flags->shape.target, "TorchTitan config or run folder (else: --arch)");
  command.add_option("--arch", flags->shape.architecture, "Model by name, or a file that describes it");
  command.add_option("--profile", flags->shape.profile, "titan-0.2.1, titan-0.2.2 or titan-0.3");
  command.add_option("--seq-len", flags->shape.seq_len, "Tokens of a sequence")->type_name("N");
  command.add_option("--tps", flags->tps, "Tokens a second of one GPU, as the log prints them")
      ->required()
      ->type_name("N");
  command.add_option("--device", flags->device, "Name of the GPU, as the log prints it")->required()->type_name("NAME");
  command.add_option("--compute-units", flags->compute_units, "Of an Intel Data Center GPU Max")->type_name("N");
}

}  // namespace tt::tool
