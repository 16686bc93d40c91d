#include "sweep_plan.hpp"

#include <fmt/format.h>

#include <memory>

#include "tt/base/log.hpp"
#include "tt/flow/changes.hpp"
#include "tt/flow/sweep_file.hpp"
#include "tt/sweep/cell.hpp"
#include "tt/sweep/plan_csv.hpp"
#include "tt/sweep/plan_matrix.hpp"
#include "tt/sweep/plan_print.hpp"

namespace tt::tool {
namespace {

struct PlanFlags {
  std::string file;
  flow::PlanOptions options;
  std::optional<std::int64_t> gpus;
  std::vector<std::string> matrix;
  std::string cell = "gpus";
  bool csv = false;
  CLI::Option* as_matrix = nullptr;
};

// Aliases of the sweep stand for their keys here too.
std::vector<std::string> keys_of(const std::vector<std::string>& words, const sweep::Spec& spec) {
  std::vector<std::string> keys;
  for (const std::string& word : words) {
    if (word.empty()) continue;  // --matrix without keys
    const auto alias = spec.alias.find(word);
    keys.push_back(alias == spec.alias.end() ? word : alias->second.text);
  }
  return keys;
}

sweep::MatrixCell cell_of(const std::string& word) {
  return word == "hours"  ? sweep::MatrixCell::hours
         : word == "comm" ? sweep::MatrixCell::comm
                          : sweep::MatrixCell::gpus;
}

void show(Tool& tool, const PlanFlags& flags, const flow::Surroundings& around, const flow::LoadedSweep& sweep) {
  if (flags.csv) {
    print(sweep::plan_csv(sweep.plan));
    return;
  }
  const sweep::PlanCost cost = sweep::cost_of(sweep.plan, around.site.profile, around.gpus_per_node, flags.gpus);
  const flow::PlanChanges changes = flow::changes_of(sweep, around);
  if (tool.flags().json) {
    Value record = sweep::plan_record(sweep.plan);
    record.set("changes", to_value(changes)).set("arrays", cost.arrays);
    record.set("waves", cost.gpus_at_once ? Value(cost.waves) : Value());
    record.set("gpus_at_once", cost.gpus_at_once ? Value(*cost.gpus_at_once) : Value());
    print_record(record);
  } else if (flags.as_matrix->count() > 0) {
    print(sweep::plan_matrix(sweep.plan, keys_of(flags.matrix, sweep.spec), cell_of(flags.cell), tool.out()) +
          sweep::plan_totals(sweep.plan, cost, describe(changes)));
  } else {
    print(sweep::plan_text(sweep.plan, cost, describe(changes), flags.file, tool.out()));
  }
}

ExitCode plan(Tool& tool, const PlanFlags& flags) {
  const flow::Surroundings around = tool.look_around();
  const flow::LoadedSweep sweep = flow::load_sweep(flags.file, around, flags.options);
  for (const Problem& warning : sweep.plan.warnings) std::fputs(describe(warning, "tt-sweep").c_str(), stderr);
  for (const std::string& note : sweep.plan.notes) log::detail(note);
  show(tool, flags, around, sweep);
  if (!sweep.plan.why_no_runs.empty()) throw BadInput(sweep.plan.why_no_runs);
  return ExitCode::done;
}

}  // namespace

void add_plan_command(Tool& tool) {
  const auto flags = std::make_shared<PlanFlags>();
  CLI::App& command =
      tool.command("plan", "Shows the runs of a sweep, what they cost, and the points that cannot run, with reasons.",
                   "  The table:                     tt-sweep plan sweeps/tiny/tiny.yaml\n"
                   "  Two keys as rows and columns:  tt-sweep plan sweeps/tiny/tiny.yaml --matrix tp bs\n"
                   "  For a spreadsheet:             tt-sweep plan sweeps/tiny/tiny.yaml --csv\n"
                   "  For a script:                  tt-sweep plan sweeps/tiny/tiny.yaml --json\n",
                   [&tool, flags] { return plan(tool, *flags); });
  command.add_option("FILE", flags->file, "Sweep file")->required();
  command.add_flag("--allow-new-keys", flags->options.allow_new_keys,
                   "Let keys through that TorchTitan's schema does not know");
  command.add_option("--max-gpu-hours", flags->options.max_gpu_hours, "Refuse a plan that may cost more")
      ->type_name("H");
  command.add_option("--gpus", flags->gpus, "GPUs you expect to get at once, for the waves (default: all of the site)")
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  flags->as_matrix = command
                         .add_option("--matrix", flags->matrix,
                                     "Keys or aliases of rows, columns and pages (default: what varies first)")
                         ->expected(0, 3)
                         ->type_name("ROW COLUMN PAGE");
  command.add_option("--cell", flags->cell, "What a cell of the matrix shows: gpus, hours or comm")
      ->check(CLI::IsMember({"gpus", "hours", "comm"}));
  command.add_flag("--csv", flags->csv, "One line a run, with titles");
  tool.needs(command, "--cell", "--matrix");
  tool.exclude(command, "--csv", "--json");
  tool.exclude(command, "--csv", "--matrix");
  tool.exclude(command, "--csv", "--gpus");
  tool.exclude(command, "--matrix", "--json");
}

}  // namespace tt::tool
