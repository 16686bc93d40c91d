// tt-sweep: from a sweep file to run folders. Never talks to a scheduler.
#include <fmt/format.h>

#include "sweep_check.hpp"
#include "sweep_plan.hpp"
#include "sweep_schema.hpp"
#include "tool_main.hpp"
#include "tt/base/files.hpp"
#include "tt/base/log.hpp"
#include "tt/base/text.hpp"
#include "tt/config/document.hpp"
#include "tt/flow/changes.hpp"
#include "tt/flow/expand.hpp"
#include "tt/flow/inspect.hpp"
#include "tt/flow/sweep_file.hpp"
#include "tt/sweep/explain.hpp"
#include "tt/sweep/starter.hpp"
#include "tt/titan/era.hpp"
#include "tt/titan/schema.hpp"

namespace tt::tool {
namespace {

class SweepTool {
 public:
  SweepTool()
      : tool_("tt-sweep", "Expands a sweep file into checked runs with patched TorchTitan configs.",
              "  See what a sweep would run:    tt-sweep plan sweeps/tiny/tiny.yaml\n"
              "  Make the run folders:          tt-sweep expand sweeps/tiny/tiny.yaml\n"
              "  Start a sweep of your own:     tt-sweep init sweeps/tiny/base.toml\n") {
    add_init();
    add_check_command(tool_);
    add_plan_command(tool_);
    add_expand();
    add_list();
    add_show();
    add_diff();
    add_explain();
    add_schema_command(tool_);
    tool_.complete_with([this](const std::vector<std::string>& words) { return words_after(words); });
  }
  int main(int argc, char** argv) { return tool_.main(argc, argv); }

 private:
  void add_init() {
    CLI::App& command =
        tool_.command("init", "Writes a commented sweep file to begin with, made from a base config.",
                      "  Print a starter to look at:    tt-sweep init sweeps/tiny/base.toml\n"
                      "  Write it to a file:            tt-sweep init sweeps/tiny/base.toml -o first.yaml\n",
                      [this] { return init(); });
    command.add_option("BASE", file_, "TorchTitan config (TOML)")->required();
    command.add_option("-o,--output", output_, "File to write (default: stdout); never overwritten")->type_name("FILE");
  }

  void add_expand() {
    CLI::App& command = tool_.command(
        "expand",
        "Makes the run folders logs/<model>/<run>/. Unchanged runs are not touched, half-made ones are repaired.",
        "  Make or bring up to date:      tt-sweep expand sweeps/tiny/tiny.yaml\n"
        "  What would change:             tt-sweep expand sweeps/tiny/tiny.yaml --dry-run\n",
        [this] { return expand(); });
    add_sweep_file(command);
    command.add_option("--max-gpu-hours", options_.max_gpu_hours, "Refuse a plan that may cost more")->type_name("H");
    command.add_flag("--dry-run", dry_run_, "Say what would change, write nothing");
  }

  void add_list() {
    CLI::App& command =
        tool_.command("list", "Prints the run folders of the last expand, one a line, in plan order.",
                      "  All of them:                   tt-sweep list sweeps/tiny/tiny.yaml\n"
                      "  In an array script:            tt-sweep list sweeps/tiny/tiny.yaml --index 0\n",
                      [this] { return list(); });
    command.add_option("FILE", file_, "Sweep file")->required();
    command.add_option("--index", index_, "Only the run with this number, from 0 (SLURM_ARRAY_TASK_ID)")
        ->type_name("K");
  }

  void add_show() {
    CLI::App& command =
        tool_.command("show", "Shows one run: what it sets, what it needs, how it is started.",
                      "  A run by name:                 tt-sweep show _bs2_lr0.003_tp1\n", [this] { return show(); });
    command.add_option("RUN", file_, "Run folder, name or pattern")->required();
  }

  void add_explain() {
    CLI::App& command =
        tool_.command("explain", "Says of a point of a sweep which line set which value, and what cut or refused it.",
                      "  A run, by its name:            tt-sweep explain sweeps/tiny/tiny.yaml _bs2_lr0.003_tp1\n"
                      "  A point, by what it has:       tt-sweep explain sweeps/tiny/tiny.yaml tp=1 bs=4\n",
                      [this] { return explain(); });
    add_sweep_file(command);
    command.add_option("POINT", words_, "Name of a run, or key=value as often as needed")->required();
  }

  void add_diff() {
    CLI::App& command =
        tool_.command("diff",
                      "Shows what two runs do not share, what a run sets differently than its base, or what a sweep "
                      "would change here.",
                      "  Two runs:                      tt-sweep diff _bs2_lr0.003_tp1 _bs4_lr0.003_tp1\n"
                      "  A run and its base:            tt-sweep diff _bs2_lr0.003_tp1\n"
                      "  A sweep and what is done:      tt-sweep diff sweeps/tiny/tiny.yaml\n",
                      [this] { return diff(); });
    command.add_option("A", file_, "Run folder, name or pattern; or a sweep file")->required();
    command.add_option("B", other_, "Another run (default: the base of A)");
  }

  void add_sweep_file(CLI::App& command) {
    command.add_option("FILE", file_, "Sweep file")->required();
    command.add_flag("--allow-new-keys", options_.allow_new_keys,
                     "Let keys through that TorchTitan's schema does not know");
  }

  std::vector<std::string> words_after(const std::vector<std::string>& words) {
    if (words.front() == "show" || words.front() == "diff") return flow::names_of_runs(tool_.look_around());
    if (words.front() == "schema") {
      std::vector<std::string> keys;
      for (const titan::KeyInfo& key : titan::keys(titan::Era::v0_2_2)) keys.push_back(key.key);
      return keys;
    }
    if (words.front() != "explain" || words.size() < 2) return {};
    std::vector<std::string> points;
    for (const sweep::AxisGroup& group : sweep::load_spec(words[1]).groups) {
      for (const sweep::Axis& axis : group.axes) {
        for (const sweep::WrittenValue& value : axis.values)
          points.push_back(fmt::format("{}={}", axis.spelled, plain_text(value.value)));
      }
    }
    return points;
  }

  flow::LoadedSweep load(const flow::Surroundings& around) {
    flow::LoadedSweep sweep = flow::load_sweep(file_, around, options_);
    for (const Problem& warning : sweep.plan.warnings) std::fputs(describe(warning, "tt-sweep").c_str(), stderr);
    for (const std::string& note : sweep.plan.notes) log::detail(note);
    return sweep;
  }

  ExitCode init() {
    const config::Document base = config::Document::load(file_);
    const titan::Recognised era = titan::recognise(base.keys(), file_);
    const fs::path here = fs::current_path();
    const fs::path target = output_.empty() ? here / "sweep.yaml" : absolute_path(output_, here);
    const fs::path from_there = absolute_path(file_, here).lexically_relative(target.parent_path());
    const std::string text = sweep::starter(from_there.string(), base, era.era, checkout_above(target.parent_path()));
    if (output_.empty()) {
      tool_.flags().json ? print_record(Value::object().set("schema", "tt.starter/1").set("text", text)) : print(text);
      return ExitCode::done;
    }
    const flow::Surroundings around = tool_.look_around_without_site();
    if (!create_exclusive(target, text)) {
      throw Error(fmt::format("{} is there already and is not overwritten; choose another name", output_),
                  ExitCode::bad_input);
    }
    if (tool_.flags().json) print_record(Value::object().set("schema", "tt.starter/1").set("file", target.string()));
    tell_next_steps(around, text.find("${TORCHTITAN_ROOT}") != std::string::npos);
    return ExitCode::done;
  }

  // What the next commands will ask for, said before they do.
  void tell_next_steps(const flow::Surroundings& around, bool needs_root) {
    const bool unknown = around.site.profile.name.empty();
    const std::string& said = tool_.flags().site;
    log::note(fmt::format("wrote {}; next: tt-sweep plan {}{}", output_, output_,
                          unknown         ? " --site NAME"
                          : !said.empty() ? " --site " + said
                                          : ""));
    if (unknown) log::note(around.site.why);
    if (needs_root && tool_.environment().get("TORCHTITAN_ROOT").value_or("").empty())
      log::note(
          "the base lies in no checkout, and TORCHTITAN_ROOT is not set: first export TORCHTITAN_ROOT=... with the "
          "path of the TorchTitan that is to train");
  }

  // The folder with run_train.sh that the base lies in, as the sweep file says it; empty: none.
  std::string checkout_above(const fs::path& from) const {
    for (fs::path folder = absolute_path(file_, fs::current_path()).parent_path(); folder != folder.root_path();
         folder = folder.parent_path()) {
      if (fs::is_regular_file(folder / "run_train.sh")) return folder.lexically_relative(from).string();
    }
    return "";
  }

  ExitCode expand() {
    const flow::Surroundings around = tool_.look_around();
    const flow::LoadedSweep sweep = load(around);
    if (!sweep.plan.why_no_runs.empty()) throw BadInput(sweep.plan.why_no_runs);
    if (!dry_run_) tool_.keep_conversation(around.workspace);
    const flow::ExpandReport report =
        flow::expand_here(sweep, around, dry_run_ ? flow::Writing::no : flow::Writing::yes);
    if (tool_.flags().json) {
      print_record(expand_record(sweep, report));
    } else {
      tell_changes(report);
      for (const flow::IndexedRun& orphan : report.orphans) {
        log::note(fmt::format("logs/{}/{} is no longer in the sweep; it is left alone", orphan.model, orphan.name));
      }
      print(fmt::format("{}{}: {}\n", dry_run_ ? "would be: " : "",
                        (around.workspace.logs() / sweep.plan.model).string(), describe(report)));
      if (!dry_run_) log::note(fmt::format("next: tt-submit run {}", file_));
    }
    return ExitCode::done;
  }

  // What is new is only counted; what changes is named, the first of them without being asked.
  static void tell_changes(const flow::ExpandReport& report) {
    constexpr std::size_t kMostNamed = 20;
    std::size_t named = 0;
    for (const flow::ExpandedRun& run : report.runs) {
      if (run.outcome == flow::Outcome::unchanged) continue;
      const std::string line = fmt::format("{}: {}", run.record.name, flow::describe(run, report));
      const bool shown = run.outcome != flow::Outcome::created && named++ < kMostNamed;
      shown ? log::note(line) : log::detail(line);
    }
    if (named > kMostNamed) log::note(fmt::format("... and {} more (-v names them all)", named - kMostNamed));
  }

  static Value expand_record(const flow::LoadedSweep& sweep, const flow::ExpandReport& report) {
    Value runs = Value::array();
    for (const flow::ExpandedRun& run : report.runs) {
      runs.push(Value::object()
                    .set("name", run.record.name)
                    .set("folder", run.folder.path().string())
                    .set("outcome", flow::to_string(run.outcome)));
    }
    Value orphans = Value::array();
    for (const flow::IndexedRun& orphan : report.orphans)
      orphans.push(Value::object().set("model", orphan.model).set("name", orphan.name));
    return Value::object()
        .set("schema", "tt.expand/1")
        .set("sweep", sweep.plan.sweep)
        .set("runs", std::move(runs))
        .set("orphans", std::move(orphans));
  }

  ExitCode list() {
    const std::vector<fs::path> folders = flow::list_run_folders(tool_.look_around(), file_);
    std::vector<fs::path> wanted = folders;
    if (!index_.empty()) {
      const auto number = to_integer(index_);
      if (!number || *number < 0 || *number >= static_cast<std::int64_t>(folders.size())) {
        throw Error(fmt::format("--index {}: the sweep has runs 0 to {}", index_,
                                static_cast<std::int64_t>(folders.size()) - 1),
                    ExitCode::bad_input);
      }
      wanted = {folders[static_cast<std::size_t>(*number)]};
    }
    Value list = Value::array();
    std::string lines;
    for (const fs::path& folder : wanted) {
      list.push(folder.string());
      lines += folder.string() + "\n";
    }
    tool_.flags().json ? print_record(Value::object().set("schema", "tt.list/1").set("folders", std::move(list)))
                       : print(lines);
    return ExitCode::done;
  }

  ExitCode show() {
    const RunFolder folder = flow::find_run(tool_.look_around(), file_);
    const auto record = folder.load_record();
    if (!record) throw Error(folder.path().string() + " is half made (no run.json); `tt-sweep expand` repairs it");
    if (tool_.flags().json) {
      print_record(to_value(*record));
      return ExitCode::done;
    }
    print(
        fmt::format("{}\n  folder      {}\n  sweep       {} ({})\n  resources   {} x {} = {}, walltime {}\n  "
                    "torchtitan  {} (known by {})\n"
                    "  started by  {} in {}, LOG_RANK={}\n  id          {}\n",
                    record->name, folder.path().string(), record->sweep, record->sweep_file.string(),
                    plural(record->resources.nodes, "node"), plural(record->resources.gpus_per_node, "GPU"),
                    plural(record->resources.gpus, "rank"), walltime_text(record->resources.walltime),
                    version_shown(record->torchtitan), record->torchtitan.source, record->launch.script.string(),
                    record->launch.folder.string(), record->launch.log_rank, record->id.text));
    std::string lines = "  sets\n";
    for (const Assignment& assignment : record->overrides)
      lines += fmt::format("    {} = {}\n", assignment.key, plain_text(assignment.value));
    for (const auto& [name, value] : record->environment) lines += fmt::format("    env.{} = {}\n", name, value);
    for (const std::string& word : record->launch.arguments) lines += fmt::format("    {}\n", word);
    print(lines);
    return ExitCode::done;
  }

  ExitCode explain() {
    constexpr std::size_t kMost = 10;
    const flow::SweepInput loaded = flow::load_input(file_, tool_.look_around(), options_);
    auto points = sweep::explain_points(loaded.input, words_, kMost + 1);
    const bool more = points.size() > kMost;
    if (more) points.pop_back();
    if (tool_.flags().json) {
      print_record(sweep::explanation_record(points));
      return ExitCode::done;
    }
    print(points.empty() ? "no point of this sweep has these values together\n" : sweep::explanation_text(points));
    if (more) log::note(fmt::format("... and more; say more of its values to see one point"));
    return ExitCode::done;
  }

  ExitCode diff() {
    const flow::Surroundings around = tool_.look_around();
    if (other_.empty() && (file_.ends_with(".yaml") || file_.ends_with(".yml"))) return changes(around);
    const RunFolder left = flow::find_run(around, file_);
    const auto found =
        other_.empty() ? flow::differences_from_base(left) : flow::differences(left, flow::find_run(around, other_));
    if (tool_.flags().json) {
      Value list = Value::array();
      for (const flow::Difference& one : found) {
        list.push(Value::object()
                      .set("key", one.key)
                      .set("left", one.left)
                      .set("right", one.right)
                      .set("set_by_tt", one.set_by_tt));
      }
      print_record(Value::object().set("schema", "tt.diff/1").set("differences", std::move(list)));
      return ExitCode::done;
    }
    TextTable table({{"key"},
                     {other_.empty() ? "base" : left.path().filename().string()},
                     {other_.empty() ? left.path().filename().string() : other_},
                     {""}});
    for (const flow::Difference& one : found) {
      table.add({{one.key},
                 {one.left.empty() ? "(not set)" : one.left},
                 {one.right.empty() ? "(not set)" : one.right},
                 {one.set_by_tt ? "set by tt" : "", Tint::dim}});
    }
    print(found.empty() ? "no difference\n" : table.text(tool_.out()));
    return ExitCode::done;
  }

  ExitCode changes(const flow::Surroundings& around) {
    const flow::PlanChanges found = flow::changes_of(load(around), around);
    if (tool_.flags().json) {
      print_record(Value::object().set("schema", "tt.changes/1").set("changes", to_value(found)));
      return ExitCode::done;
    }
    std::string text;
    const auto list = [&](const std::vector<std::string>& names, const char* what) {
      for (const std::string& name : names) text += fmt::format("{:<8}  {}\n", what, name);
    };
    list(found.added, "new");
    list(found.changed, "changed");
    list(found.renamed, "renamed");
    list(found.open, "open");
    list(found.waiting, "not done");
    list(found.done, "done");
    list(found.orphans, "orphan");
    const std::string sum = describe(found);
    print(text + (sum.empty() ? fmt::format("{} new\n", found.added.size()) : sum + "\n"));
    return ExitCode::done;
  }

  Tool tool_;
  std::string file_, other_, output_, index_;
  std::vector<std::string> words_;
  flow::PlanOptions options_;
  bool dry_run_ = false;
};

}  // namespace
}  // namespace tt::tool

int main(int argc, char** argv) { return tt::tool::SweepTool().main(argc, argv); }
