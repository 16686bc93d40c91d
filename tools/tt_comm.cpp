// tt-comm: estimates of what a training moves between GPUs.
#include <fmt/format.h>

#include "tool_main.hpp"
#include "tt/base/files.hpp"
#include "tt/base/log.hpp"
#include "tt/base/text.hpp"
#include "tt/comm/analysis.hpp"
#include "tt/comm/published.hpp"
#include "tt/flow/collect.hpp"
#include "tt/flow/inspect.hpp"
#include "tt/sweep/yaml.hpp"

namespace tt::tool {
namespace {

class CommTool {
 public:
  CommTool()
      : tool_("tt-comm", "Estimates communication of TorchTitan trainings. Every number names its model and unit.",
              "  One transformer block:         tt-comm block --hidden_size 4096 --seq_length 1024 --batch_size 8 "
              "--tp_size 2\n"
              "  The published configurations:  tt-comm analyze\n"
              "  Estimates of finished runs:    tt-comm append _bs2_lr0.003_tp1\n") {
    add_block();
    add_analyze();
    add_append();
  }
  int main(int argc, char** argv) { return tool_.main(argc, argv); }

 private:
  void add_block() {
    CLI::App& command =
        tool_.command("block", "TP and PP traffic of one transformer block, model `published`.",
                      "  Llama 3 8B, TP 2:              tt-comm block --hidden_size 4096 --intermediate_size 14336 "
                      "--seq_length 1024 --batch_size 8 --tp_size 2\n",
                      [this] { return block(); });
    command.add_option("--hidden_size,--hidden-size", inputs_.hidden_size, "Hidden size H")->required();
    command.add_option("--intermediate_size,--intermediate-size", inputs_.intermediate_size,
                       "FFN inner size (shown, not used by this model)");
    command.add_option("--seq_length,--seq-length", inputs_.seq_length, "Sequence length S")->required();
    command.add_option("--batch_size,--batch-size", inputs_.batch_size, "Sequences per rank b")->required();
    command.add_option("--tp_size,--tp-size", inputs_.tp_size, "Tensor-parallel degree t")->required();
    command.add_option("--dtype_size,--dtype-size", inputs_.dtype_size,
                       "Bytes of an activation element (default 2: bfloat16)");
  }

  void add_analyze() {
    CLI::App& command = tool_.command(
        "analyze", "The same over (model, TP, PP) configurations, into a results file with a summary table.",
        "  The seven published ones:      tt-comm analyze\n", [this] { return analyze(); });
    command.add_option("CASES", cases_file_,
                       "YAML list of {model, hidden_size, intermediate_size, seq_length, batch_size, tp, pp}");
    command.add_option("--output", output_, "Results file (- for stdout only)")
        ->type_name("FILE")
        ->capture_default_str();
  }

  void add_append() {
    CLI::App& command =
        tool_.command("append", "Writes the estimate section of run summaries anew; twice changes nothing.",
                      "  Of some runs:                  tt-comm append '_bs2_*'\n", [this] { return append(); });
    command.add_option("RUN", runs_, "Run folders, names or patterns")->required();
  }

  ExitCode block() {
    const comm::BlockTraffic traffic = comm::block(inputs_);
    tool_.flags().json ? print_record(comm::block_record(traffic)) : print(comm::block_text(inputs_, traffic));
    return ExitCode::done;
  }

  ExitCode analyze() {
    const std::vector<comm::Case> cases = cases_file_.empty() ? comm::published_cases() : read_cases();
    const std::string text = comm::analysis_text(cases);
    if (output_ != "-") {
      write_file(absolute_path(output_, fs::current_path()), text);
      log::note(fmt::format("wrote {}", output_));
    }
    tool_.flags().json ? print_record(comm::analysis_record(cases)) : print(text);
    return ExitCode::done;
  }

  std::vector<comm::Case> read_cases() const {
    const auto text = read_file_if_there(cases_file_);
    if (!text) throw BadInput(Problem{whole_file(cases_file_), "there is no such file", "it is a YAML list of cases"});
    const auto source = std::make_shared<const SourceText>(cases_file_, *text);
    return comm::read_cases(sweep::to_value(sweep::read_yaml(source)), cases_file_);
  }

  ExitCode append() {
    const flow::Surroundings around = tool_.look_around();
    std::int64_t written = 0;
    for (const std::string& word : runs_) {
      for (const RunFolder& run : flow::find_runs(around, word)) {
        if (flow::append_estimate(around, run))
          ++written;
        else
          log::warning(fmt::format("{} has no summary yet; `tt-submit collect` writes one once it was started",
                                   run.path().filename().string()));
      }
    }
    if (tool_.flags().json)
      print_record(Value::object().set("schema", "tt.append/1").set("summaries", written));
    else
      print(fmt::format("{} up to date\n", written == 1 ? "1 summary" : fmt::format("{} summaries", written)));
    return written > 0 ? ExitCode::done : ExitCode::could_not;
  }

  Tool tool_;
  comm::BlockInputs inputs_;
  std::string cases_file_;
  std::string output_ = "communication_analysis_results.txt";
  std::vector<std::string> runs_;
};

}  // namespace
}  // namespace tt::tool

int main(int argc, char** argv) { return tt::tool::CommTool().main(argc, argv); }
