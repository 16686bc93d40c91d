#include "comm_estimate.hpp"

#include <fmt/format.h>

#include <memory>

#include "tt/base/text.hpp"
#include "tt/comm/estimate_text.hpp"
#include "tt/sweep/site_fabric.hpp"

namespace tt::tool {
namespace {

struct EstimateFlags {
  flow::ShapeFlags shape;
  HardwareFlags hardware;
  std::string model = "titan";
  std::string rank = "all";
  bool explain = false;
};

ExitCode by_published(const Tool& tool, const flow::EstimateInput& input) {
  const comm::Estimate estimate = comm::estimate_published(input.shape, input.architecture);
  if (tool.flags().json)
    print_record(estimate.record);
  else
    print(comm::published_text(estimate.record, tool.out()));
  return estimate.wire_bytes_per_step_max ? ExitCode::done : ExitCode::could_not;
}

// The small calculator knows no hardware, no ranks and no sources.
void refuse_what_published_ignores(const EstimateFlags& flags) {
  Problems problems;
  const auto refuse = [&](bool said, const char* flag) {
    if (said)
      problems.add(Place{}, fmt::format("{} changes nothing with --model published", flag), "leave one of them out");
  };
  refuse(flags.hardware.hardware.has_value(), "--hardware");
  refuse(flags.hardware.gpus_per_node.has_value(), "--gpus-per-node");
  refuse(flags.hardware.efficiency.has_value(), "--efficiency");
  refuse(flags.rank != "all", "--pp-rank");
  refuse(flags.explain, "--explain");
  problems.throw_if_any();
}

std::optional<std::int64_t> rank_of(const std::string& word) {
  if (word == "all") return std::nullopt;
  if (const auto number = to_integer(word); number && *number >= 0) return number;
  throw BadInput(
      Problem{Place{}, fmt::format("--pp-rank is a number from 0 on, or all, got '{}'", printable(word)), ""});
}

ExitCode estimate(Tool& tool, const EstimateFlags& flags) {
  if (flags.model != "titan" && flags.model != "published")
    throw BadInput(
        Problem{Place{}, fmt::format("--model is titan or published, got '{}'", printable(flags.model)), ""});
  if (flags.model == "published") refuse_what_published_ignores(flags);
  const flow::Surroundings around = tool.look_around_without_site();
  const flow::EstimateInput input = flow::make_estimate_input(flags.shape, around);
  if (flags.model == "published") return by_published(tool, input);
  comm::TitanOptions options;
  options.profile = input.profile;
  options.choices = input.choices;
  options.fabric = hardware_of(flags.hardware, around);
  options.gpus_per_node = flags.hardware.gpus_per_node.value_or(0);
  options.rank = rank_of(flags.rank);
  options.warnings = input.warnings;
  const comm::TitanEstimate made = comm::make_titan_estimate(input.shape, input.architecture, options);
  if (tool.flags().json)
    print_record(comm::titan_record(made));
  else
    print(comm::titan_text(made, flags.explain ? comm::Explain::yes : comm::Explain::no, tool.out()));
  return ExitCode::done;
}

}  // namespace

void add_shape_flags(CLI::App& command, flow::ShapeFlags& flags) {
  command.add_option("CONFIG", flags.target, "TorchTitan config, or run folder, name or pattern (else: flags only)");
  command.add_option("--arch", flags.architecture,
                     "Model by name (llama3_8b), or a TOML or JSON file that describes it");
  command.add_option("--profile", flags.profile, "titan-0.2.1, titan-0.2.2 or titan-0.3 (default: of the config)");
  const auto group = "Shape";
  const auto number = [&](const char* name, std::optional<std::int64_t>& into, const char* what) {
    command.add_option(name, into, what)->group(group)->type_name("N");
  };
  const auto word = [&](const char* name, std::optional<std::string>& into, const char* what, const char* type) {
    command.add_option(name, into, what)->group(group)->type_name(type);
  };
  number("--gpus", flags.gpus, "GPUs in all (default: the product of the degrees)");
  number("--tp", flags.tp, "Tensor parallel degree");
  number("--cp", flags.cp, "Context parallel degree");
  number("--pp", flags.pp, "Pipeline parallel degree");
  number("--ep", flags.ep, "Expert parallel degree");
  number("--etp", flags.etp, "Tensor parallel degree inside experts (1 or tp)");
  number("--dp-shard", flags.dp_shard, "FSDP shards (-1: what the others leave)");
  number("--dp-replicate", flags.dp_replicate, "Replicas of the shards");
  number("--seq-len", flags.seq_len, "Tokens of a sequence");
  number("--local-batch-size", flags.local_batch_size, "Sequences of a data-parallel rank");
  number("--grad-accum", flags.grad_accum, "Gradient accumulation steps");
  number("--pp-microbatch-size", flags.pp_microbatch_size, "Sequences of a pipeline microbatch");
  word("--pp-schedule", flags.pp_schedule, "Pipeline schedule, as PyTorch calls it", "NAME");
  number("--stages-per-rank", flags.stages_per_rank, "Pipeline stages of a rank");
  word("--ac", flags.ac, "Activation checkpointing: none, full, selective-op, selective-N", "MODE");
  word("--early-stop", flags.early_stop, "Recomputation stops early: on, off", "WORD");
  word("--compile", flags.compile, "The model is compiled: on, off", "WORD");
  word("--reshard", flags.reshard, "FSDP frees parameters after forward: default, always, never", "WORD");
  word("--loss-parallel", flags.loss_parallel, "Vocabulary-parallel loss: on, off", "WORD");
  word("--train-dtype", flags.train_dtype, "training.dtype: float32, bfloat16", "DTYPE");
  word("--cp-method", flags.cp_method, "ring-allgather, ring-alltoall, allgather-kv", "NAME");
  number("--loss-chunks", flags.loss_chunks, "Pieces of the chunked loss (0.3)");
  word("--spmd-backend", flags.spmd_backend, "spmd_types, partial_dtensor, full_dtensor (0.3)", "NAME");
  command.add_option("--imbalance", flags.imbalance, "Tokens of the busiest expert rank over the mean (1: balanced)")
      ->group(group)
      ->type_name("F");
  command.add_option("--set", flags.sets, "Any other setting by TorchTitan's name: section.key=value")
      ->group(group)
      ->type_name("KEY=VALUE");
}

void add_hardware_flag(CLI::App& command, HardwareFlags& flags) {
  command
      .add_option("--hardware", flags.hardware, "a100, h100, h200, b200, or a site's name or file (default: the site)")
      ->type_name("NAME");
}

void add_gpus_per_node_flag(CLI::App& command, HardwareFlags& flags) {
  command.add_option("--gpus-per-node", flags.gpus_per_node, "GPUs of a node (default: of the hardware, 8)")
      ->type_name("G");
}

void add_hardware_flags(CLI::App& command, HardwareFlags& flags) {
  add_hardware_flag(command, flags);
  add_gpus_per_node_flag(command, flags);
  command.add_option("--efficiency", flags.efficiency, "Share of the peak that compute reaches, 0 to 1")
      ->type_name("F");
}

std::optional<comm::Fabric> hardware_of(const HardwareFlags& flags, const flow::Surroundings& around) {
  if (flags.gpus_per_node && *flags.gpus_per_node < 1)
    throw BadInput(
        Problem{Place{}, fmt::format("--gpus-per-node is {}, it must be 1 or more", *flags.gpus_per_node), ""});
  std::optional<comm::Fabric> fabric =
      flags.hardware ? flow::fabric_named(*flags.hardware) : sweep::fabric_of(around.site.profile);
  if (flags.efficiency && !(*flags.efficiency > 0 && *flags.efficiency <= 1))
    throw BadInput(
        Problem{Place{}, fmt::format("--efficiency is {}, it must be above 0 and at most 1", *flags.efficiency), ""});
  if (!fabric && flags.efficiency)
    throw BadInput(Problem{Place{}, "--efficiency changes nothing without hardware: --hardware names it, or the site",
                           "--hardware h100"});
  if (fabric && flags.efficiency) {
    fabric->efficiency_eager = fabric->efficiency_compiled = *flags.efficiency;
    fabric->efficiency_is_given = true;
  }
  if (fabric && flags.gpus_per_node) fabric->gpus_per_node = *flags.gpus_per_node;
  return fabric;
}

void add_estimate_command(Tool& tool) {
  const auto flags = std::make_shared<EstimateFlags>();
  CLI::App& command = tool.command(
      "estimate", "What one training moves, holds and takes per step: per collective, group and pipeline rank.",
      "  A model and a layout:          tt-comm estimate --arch llama3_8b --dp-shard 8 --hardware h100\n"
      "  Where each row comes from:     tt-comm estimate --arch llama3_70b --tp 8 --dp-shard 32 --explain\n"
      "  What was measured on 0.2.2:    tt-comm estimate --arch llama3_8b --tp 2 --pp 2 --seq-len 1024 "
      "--local-batch-size 8 --ac none --profile titan-0.2.2\n",
      [&tool, flags] { return estimate(tool, *flags); });
  add_shape_flags(command, flags->shape);
  add_hardware_flags(command, flags->hardware);
  command.add_option("--model", flags->model, "titan, or published (the small calculator)")->type_name("MODEL");
  command.add_option("--pp-rank", flags->rank, "One pipeline rank, or all (default)")->type_name("N|all");
  command.add_flag("--explain", flags->explain, "Name the formula and the source of each row");
}

}  // namespace tt::tool
