#include "sweep_check.hpp"

#include <fmt/format.h>

#include <memory>
#include <set>

#include "tt/base/files.hpp"
#include "tt/base/log.hpp"
#include "tt/base/text.hpp"
#include "tt/flow/preflight.hpp"
#include "tt/flow/sweep_file.hpp"
#include "tt/titan/presets.hpp"

namespace tt::tool {
namespace {

struct CheckFlags {
  std::string file;
  flow::PlanOptions options;
  bool with_torchtitan = false;
  std::string python;
  int jobs = 2;
  double limit = 120;
};

// --python, else that of the environment that is active, else python3 of PATH.
fs::path python_of(const CheckFlags& flags, const flow::Surroundings& around) {
  if (!flags.python.empty()) return flags.python;
  for (const char* name : {"VIRTUAL_ENV", "CONDA_PREFIX"}) {
    const auto folder = around.environment.get(name);
    if (folder && is_there(fs::path(*folder) / "bin/python")) return fs::path(*folder) / "bin/python";
  }
  return "python3";
}

// Functions the shipped table does not know: asked once, remembered for every plan of this version.
void learn_functions(const flow::LoadedSweep& sweep, const flow::Surroundings& around, flow::TitanOracle& oracle) {
  for (const sweep::BaseReference& base : sweep.spec.bases) {
    if (!base.is_registry() || titan::is_preset(base.config->text)) continue;
    const Overrides sets = oracle.learn(base.module->text, base.config->text);
    flow::remember_function(around.environment, sweep.wheel_version, base.module->text, base.config->text, sets);
    log::note(fmt::format("{} sets {}; plans of TorchTitan {} know them from now on", base.spelled,
                          plural(static_cast<std::int64_t>(sets.size()), "key"), sweep.wheel_version));
  }
}

std::vector<flow::PreflightReport> ask_torchtitan(const CheckFlags& flags, flow::LoadedSweep& sweep,
                                                  const flow::Surroundings& around) {
  SystemRunner runner;
  std::vector<flow::PreflightReport> reports;
  for (std::size_t root = 0; root < sweep.roots.size(); ++root) {
    flow::TitanPython where{python_of(flags, around), sweep.roots[root].folder, around.environment, flags.jobs,
                            Seconds{flags.limit}};
    flow::TitanOracle oracle(std::move(where), runner);
    if (root == 0) learn_functions(sweep, around, oracle);
    // What was learnt may change the plan.
    if (root == 0) sweep = flow::load_sweep(flags.file, around, flags.options);
    log::note(fmt::format("asking {} about {}; this takes a while", oracle.identity(),
                          plural(static_cast<std::int64_t>(flow::shapes_of(sweep).size()), "shape")));
    reports.push_back(flow::preflight(sweep, root, oracle));
  }
  return reports;
}

Value check_record(const sweep::Plan& plan, const std::vector<flow::PreflightReport>& reports) {
  Value record = Value::object()
                     .set("schema", "tt.check/1")
                     .set("sweep", plan.sweep)
                     .set("runs", plan.totals.runs)
                     .set("skipped", plan.totals.skipped);
  Value asked = Value::array();
  for (const flow::PreflightReport& report : reports) asked.push(to_value(report));
  return record.set("preflight", reports.empty() ? Value() : std::move(asked));
}

ExitCode check(Tool& tool, const CheckFlags& flags) {
  const flow::Surroundings around = tool.look_around();
  flow::LoadedSweep sweep = flow::load_sweep(flags.file, around, flags.options);
  for (const Problem& warning : sweep.plan.warnings) std::fputs(describe(warning, "tt-sweep").c_str(), stderr);
  for (const std::string& note : sweep.plan.notes) log::detail(note);
  std::vector<flow::PreflightReport> reports;
  if (flags.with_torchtitan) reports = ask_torchtitan(flags, sweep, around);
  std::int64_t surprises = 0;
  for (const flow::PreflightReport& report : reports) surprises += report.surprises();
  if (tool.flags().json) {
    print_record(check_record(sweep.plan, reports));
  } else {
    const sweep::Totals& totals = sweep.plan.totals;
    const TorchTitanFacts& facts = sweep.plan.grounds.front().torchtitan;
    for (const flow::PreflightReport& report : reports) print(flow::preflight_text(report));
    print(fmt::format(
        "{}: {}, {} (TorchTitan {}, known by {})\n", flags.file, plural(totals.runs, "run"),
        totals.skipped == 0 ? "none skipped" : fmt::format("{} skipped by rule", with_thousands(totals.skipped)),
        version_shown(facts), facts.source));
  }
  if (!sweep.plan.why_no_runs.empty()) throw BadInput(sweep.plan.why_no_runs);
  return surprises == 0 ? ExitCode::done : ExitCode::verdict_no;
}

}  // namespace

void add_check_command(Tool& tool) {
  const auto flags = std::make_shared<CheckFlags>();
  CLI::App& command = tool.command("check", "Checks a sweep file: all problems at once, nothing written.",
                                   "  Check before you plan:         tt-sweep check sweeps/tiny/tiny.yaml\n"
                                   "  Ask TorchTitan itself as well: tt-sweep check my.yaml --with-torchtitan\n",
                                   [&tool, flags] { return check(tool, *flags); });
  command.add_option("FILE", flags->file, "Sweep file")->required();
  command.add_flag("--allow-new-keys", flags->options.allow_new_keys,
                   "Let keys through that TorchTitan's schema does not know");
  command.add_option("--max-gpu-hours", flags->options.max_gpu_hours, "Refuse a plan that may cost more")
      ->type_name("H");
  command.add_flag("--with-torchtitan", flags->with_torchtitan,
                   "Build every distinct shape with the installed TorchTitan, under its fake "
                   "process group: no GPU is needed; answers are remembered in the user's cache");
  command.add_option("--python", flags->python, "Its Python (default: the active environment's)")->type_name("FILE");
  command.add_option("--jobs", flags->jobs, "Shapes at a time (default: 2)")->check(CLI::Range(1, 256))->type_name("N");
  command.add_option("--limit", flags->limit, "Seconds for one shape (default: 120)")
      ->check(CLI::PositiveNumber)
      ->type_name("S");
  for (const char* of_asking : {"--python", "--jobs", "--limit"}) tool.needs(command, of_asking, "--with-torchtitan");
}

}  // namespace tt::tool
