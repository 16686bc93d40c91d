#include "comm_trace.hpp"

#include <memory>

#include "tt/base/files.hpp"
#include "tt/comm/trace.hpp"
#include "tt/comm/trace_text.hpp"

namespace tt::tool {
namespace {

ExitCode trace(const Tool& tool, const std::vector<std::string>& files) {
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
  tool.flags().json ? print_record(comm::trace_record(recordings)) : print(comm::trace_text(recordings));
  return ExitCode::done;
}

}  // namespace

void add_trace_command(Tool& tool) {
  const auto files = std::make_shared<std::vector<std::string>>();
  CLI::App& command =
      tool.command("trace", "What a training really moved, from what it recorded: per group, operation and type.",
                   "  A trace of PyTorch's profiler: tt-comm trace rank0_trace.json\n"
                   "  Several ranks, as a record:    tt-comm trace rank0_trace.json rank1_trace.json --json\n"
                   "  A log of NCCL's collectives:   tt-comm trace nccl.log\n",
                   [&tool, files] { return trace(tool, *files); });
  command
      .add_option("FILE", *files,
                  "Profiler traces, flight recorder dumps (JSON), NCCL logs; plain or gzip, told apart by content")
      ->required();
}

}  // namespace tt::tool
