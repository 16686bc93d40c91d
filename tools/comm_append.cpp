#include "comm_append.hpp"

#include <fmt/format.h>

#include <memory>

#include "tt/base/log.hpp"
#include "tt/flow/collect.hpp"
#include "tt/flow/inspect.hpp"

namespace tt::tool {
namespace {

ExitCode append(Tool& tool, const std::vector<std::string>& words) {
  const flow::Surroundings around = tool.look_around_without_site();
  std::int64_t written = 0;
  for (const std::string& word : words) {
    for (const RunFolder& run : flow::find_runs(around, word)) {
      if (flow::append_estimate(around, run))
        ++written;
      else
        log::warning(fmt::format("{} has no summary yet; `tt-submit collect` writes one once it was started",
                                 run.path().filename().string()));
    }
  }
  if (tool.flags().json)
    print_record(Value::object().set("schema", "tt.append/1").set("summaries", written));
  else
    print(fmt::format("{} up to date\n", written == 1 ? "1 summary" : fmt::format("{} summaries", written)));
  return written > 0 ? ExitCode::done : ExitCode::could_not;
}

}  // namespace

void add_append_command(Tool& tool) {
  const auto runs = std::make_shared<std::vector<std::string>>();
  CLI::App& command = tool.command(
      "append", "Writes the estimate section of run summaries anew; twice changes nothing.",
      "  Of some runs:                  tt-comm append '_bs2_*'\n", [&tool, runs] { return append(tool, *runs); });
  command.add_option("RUN", *runs, "Run folders, names or patterns")->required();
}

}  // namespace tt::tool
