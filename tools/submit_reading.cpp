#include "submit_reading.hpp"

#include <fmt/format.h>

#include <memory>

#include "submit_printing.hpp"
#include "submit_targets.hpp"
#include "tt/base/files.hpp"
#include "tt/flow/collect.hpp"
#include "tt/flow/history.hpp"

namespace tt::tool {
namespace {

using Words = std::vector<std::string>;

ExitCode collect(Tool& tool, const Words& words) {
  Targets targets = find_targets(tool, words);
  tool.keep_conversation(targets.around.workspace);
  const flow::RefreshReport refreshed = targets.refresh();
  const ledger::Ledger& ledger = refreshed.ledger;
  const std::vector<flow::RunView> runs = targets.runs(ledger);
  std::int64_t written = 0;
  for (const flow::RunView& run : runs) written += flow::collect(targets.around, ledger, run) ? 1 : 0;
  if (tool.flags().json)
    print_record(status_record(runs, refreshed.sites));
  else
    print(fmt::format("{} up to date\n", written == 1 ? "1 summary" : fmt::format("{} summaries", written)));
  return ExitCode::done;
}

ExitCode summary(Tool& tool, const Words& words) {
  const Targets targets = find_targets(tool, words);
  const std::vector<flow::RunView> runs = targets.runs();
  const bool one = runs.size() == 1 && !targets.selection.patterns.empty();
  if (tool.flags().json) {
    Value list = Value::array();
    for (const flow::RunView& run : runs) {
      if (auto record = flow::load_summary(run.folder)) list.push(std::move(*record));
    }
    print_record(Value::object().set("schema", "tt.summaries/1").set("summaries", std::move(list)));
    return ExitCode::done;
  }
  if (!one) {
    print(ranking_text(runs, tool.out()));
  } else if (const auto text = read_file_if_there(runs.front().folder.summary_md())) {
    print(*text);
  } else {
    throw Error(fmt::format("{} has no summary yet (state {}); `tt-submit collect` writes one once it was started",
                            runs.front().name, to_string(runs.front().state)));
  }
  return ExitCode::done;
}

}  // namespace

void add_reading_commands(Tool& tool) {
  const auto to_collect = std::make_shared<Words>();
  add_targets(tool.command("collect", "Reads the logs and writes summary.json and summary.md of every run.",
                           "  Bring all summaries up to date:  tt-submit collect\n",
                           [&tool, to_collect] { return collect(tool, *to_collect); }),
              *to_collect);
  const auto to_rank = std::make_shared<Words>();
  add_targets(tool.command("summary", "Ranks the runs, or shows the summary of one.",
                           "  The ranking:                   tt-submit summary\n"
                           "  One run:                       tt-submit summary _bs2_lr0.003_tp1\n",
                           [&tool, to_rank] { return summary(tool, *to_rank); }),
              *to_rank);
}

}  // namespace tt::tool
