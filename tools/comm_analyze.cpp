#include "comm_analyze.hpp"

#include <fmt/format.h>

#include <memory>

#include "tt/base/files.hpp"
#include "tt/base/log.hpp"
#include "tt/comm/analysis.hpp"
#include "tt/flow/sweep_cases.hpp"
#include "tt/sweep/yaml.hpp"

namespace tt::tool {
namespace {

struct AnalyzeFlags {
  std::string cases_file;
  std::string output = "communication_analysis_results.txt";
};

// A list of cases, or a sweep whose runs are the cases.
std::vector<comm::Case> read_cases(Tool& tool, const std::string& file) {
  const auto text = read_file_if_there(file);
  if (!text)
    throw BadInput(Problem{whole_file(file), "there is no such file", "it is a YAML list of cases, or a sweep file"});
  const auto source = std::make_shared<const SourceText>(file, *text);
  const Value value = sweep::to_value(sweep::read_yaml(source));
  if (!value.is_table() || value.find("sweep") == nullptr) return comm::read_cases(value, file);
  const flow::SweepCases found = flow::cases_of_sweep(file, tool.look_around_without_site());
  for (const std::string& name : found.left_out)
    log::warning(fmt::format("left out: {}, nobody knows the sizes of its model", name));
  if (found.cases.empty())
    throw BadInput(Problem{whole_file(file), "no run of this sweep has a model with known sizes", ""});
  return found.cases;
}

ExitCode analyze(Tool& tool, const AnalyzeFlags& flags) {
  const std::vector<comm::Case> cases =
      flags.cases_file.empty() ? comm::published_cases() : read_cases(tool, flags.cases_file);
  const std::string text = comm::analysis_text(cases);
  if (flags.output != "-") {
    write_file(absolute_path(flags.output, fs::current_path()), text);
    log::note(fmt::format("wrote {}", flags.output));
  }
  tool.flags().json ? print_record(comm::analysis_record(cases)) : print(text);
  return ExitCode::done;
}

}  // namespace

void add_analyze_command(Tool& tool) {
  const auto flags = std::make_shared<AnalyzeFlags>();
  CLI::App& command = tool.command(
      "analyze", "The same over (model, TP, PP) configurations, into a results file with a summary table.",
      "  The seven published ones:      tt-comm analyze\n", [&tool, flags] { return analyze(tool, *flags); });
  command.add_option(
      "CASES", flags->cases_file,
      "YAML list of {model, hidden_size, intermediate_size, seq_length, batch_size, tp, pp}, or a sweep file");
  command.add_option("--output", flags->output, "Results file (- for stdout only)")
      ->type_name("FILE")
      ->capture_default_str();
}

}  // namespace tt::tool
