#include "comm_analyze.hpp"

#include <fmt/format.h>

#include <memory>

#include "tt/base/files.hpp"
#include "tt/base/log.hpp"
#include "tt/comm/analysis.hpp"
#include "tt/sweep/yaml.hpp"

namespace tt::tool {
namespace {

struct Flags {
  std::string cases_file;
  std::string output = "communication_analysis_results.txt";
};

std::vector<comm::Case> read_cases(const std::string& file) {
  const auto text = read_file_if_there(file);
  if (!text) throw BadInput(Problem{whole_file(file), "there is no such file", "it is a YAML list of cases"});
  const auto source = std::make_shared<const SourceText>(file, *text);
  return comm::read_cases(sweep::to_value(sweep::read_yaml(source)), file);
}

ExitCode analyze(const Tool& tool, const Flags& flags) {
  const std::vector<comm::Case> cases =
      flags.cases_file.empty() ? comm::published_cases() : read_cases(flags.cases_file);
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
  const auto flags = std::make_shared<Flags>();
  CLI::App& command = tool.command(
      "analyze", "The same over (model, TP, PP) configurations, into a results file with a summary table.",
      "  The seven published ones:      tt-comm analyze\n", [&tool, flags] { return analyze(tool, *flags); });
  command.add_option("CASES", flags->cases_file,
                     "YAML list of {model, hidden_size, intermediate_size, seq_length, batch_size, tp, pp}");
  command.add_option("--output", flags->output, "Results file (- for stdout only)")
      ->type_name("FILE")
      ->capture_default_str();
}

}  // namespace tt::tool
