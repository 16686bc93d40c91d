#include "comm_trace.hpp"

#include <fmt/format.h>

#include <memory>

#include "tt/base/files.hpp"
#include "tt/base/text.hpp"
#include "tt/comm/trace.hpp"
#include "tt/comm/trace_text.hpp"

namespace tt::tool {
namespace {

struct TraceFlags {
  std::vector<std::string> files;
  std::string estimate;
  std::int64_t pp_rank = 0;
};

std::vector<comm::Recording> load(const std::vector<std::string>& files) {
  std::vector<comm::Recording> recordings;
  Problems problems;
  for (const std::string& file : files) {
    try {
      for (comm::Recording& one : comm::load_recording(file, absolute_path(file, fs::current_path())))
        recordings.push_back(std::move(one));
    } catch (const BadInput& bad) {  // the others are read too: all problems are told together
      problems.add_all(bad.problems());
    }
  }
  problems.throw_if_any();
  return recordings;
}

void check_rank(const Value& estimate, std::int64_t wanted) {
  if (!estimate.at("ranks").is_list()) return;  // of another model: the comparison says so
  std::vector<std::string> known;
  for (const Value& rank : estimate.at("ranks").as_list()) {
    if (rank.integer_or("pp_rank", -1) == wanted) return;
    known.push_back(std::to_string(rank.integer_or("pp_rank", -1)));
  }
  throw BadInput(Problem{Place{}, fmt::format("--pp-rank {}: the estimate holds no such pipeline rank", wanted),
                         "it holds " + join(known, ", ")});
}

Value load_estimate(const TraceFlags& flags) {
  const auto text = read_file_if_there(flags.estimate);
  if (!text) throw BadInput(Problem{whole_file(flags.estimate), "there is no such file", ""});
  Value estimate;
  try {
    estimate = parse_json(*text, flags.estimate);
  } catch (const Error& trouble) {
    throw Error(std::string(trouble.what()) + "\n  tt-comm estimate ... --json > FILE writes an estimate",
                ExitCode::bad_input);
  }
  if (estimate.text_or("schema") == "tt.summary/1") estimate = estimate.at("estimate");
  if (estimate.text_or("schema") != "tt.comm.estimate/1")
    throw BadInput(Problem{whole_file(flags.estimate),
                           "is no estimate (tt.comm.estimate/1) and no summary that holds one",
                           "tt-comm estimate ... --json > FILE writes one"});
  check_rank(estimate, flags.pp_rank);
  return estimate;
}

ExitCode trace(const Tool& tool, const TraceFlags& flags) {
  // First: a recording may be of gigabytes.
  const std::optional<Value> estimate = flags.estimate.empty() ? std::nullopt : std::optional(load_estimate(flags));
  const std::vector<comm::Recording> recordings = load(flags.files);
  Value record = comm::trace_record(recordings);
  std::string text = comm::trace_text(recordings);
  if (estimate) {
    Value comparisons = Value::array();
    for (const comm::Recording& recording : recordings) {
      const comm::Comparison made = comm::compare(recording, *estimate, flags.pp_rank);
      comparisons.push(comm::comparison_record(made).set("file", recording.file));
      text += "\n" + recording.file + ": " + comm::comparison_text(made);
    }
    record.set("comparisons", comparisons);
  }
  tool.flags().json ? print_record(record) : print(text);
  return ExitCode::done;
}

}  // namespace

void add_trace_command(Tool& tool) {
  const auto flags = std::make_shared<TraceFlags>();
  CLI::App& command =
      tool.command("trace", "What a training really moved, from what it recorded: per group, operation and type.",
                   "  A trace of PyTorch's profiler: tt-comm trace rank0_trace.json\n"
                   "  Several ranks, as a record:    tt-comm trace rank0_trace.json rank1_trace.json --json\n"
                   "  A log of NCCL's collectives:   tt-comm trace nccl.log\n",
                   [&tool, flags] { return trace(tool, *flags); });
  command
      .add_option("FILE", flags->files,
                  "Profiler traces, flight recorder dumps (JSON), NCCL logs; plain or gzip, told apart by content")
      ->required();
  command.add_option("--compare", flags->estimate, "Beside this estimate (`tt-comm estimate --json`) or summary.json")
      ->type_name("FILE");
  command.add_option("--pp-rank", flags->pp_rank, "Pipeline rank of the recordings, for --compare (0)")->type_name("N");
  tool.needs(command, "--pp-rank", "--compare");
}

}  // namespace tt::tool
