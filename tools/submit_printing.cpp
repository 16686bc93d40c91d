#include "submit_printing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "tt/base/text.hpp"
#include "tt/flow/collect.hpp"
#include "tt/render/quote.hpp"
#include "tt/report/ranking.hpp"
#include "tt/report/status_table.hpp"

namespace tt::tool {
namespace {

Value or_null(const std::string& text) { return text.empty() ? Value() : Value(text); }

std::map<RunState, std::int64_t> counts_of(const std::vector<flow::RunView>& runs) {
  std::map<RunState, std::int64_t> counts;
  for (const flow::RunView& run : runs) ++counts[run.state];
  return counts;
}

Value runs_of(const flow::PreparedSubmission& submission) {
  Value runs = Value::array();
  for (const PlannedTask& task : submission.tasks) {
    runs.push(Value::object()
                  .set("run", task.run.text)
                  .set("name", task.name)
                  .set("attempt", task.attempt)
                  .set("index", task.index)
                  .set("mode", to_string(task.mode)));
  }
  return runs;
}

Value words_of(const std::vector<std::string>& argv) {
  Value words = Value::array();
  for (const std::string& word : argv) words.push(word);
  return words;
}

Value environment_names(const flow::PreparedSubmission& submission) {
  Value names = Value::array();
  for (const auto& [name, value] : submission.request.environment.all()) names.push(name);
  return names;
}

// Looks at the texts of the run.
StatusLines lines_like(const flow::RunView& run) {
  const std::string& reason = run.cause.empty() ? run.reason : run.cause;
  return {{}, run.state, run.raw_state, reason, run.job.text, run.attempt, run.since, run.sweep};
}

bool stand_alike(const StatusLines& a, const StatusLines& b) {
  return a.state == b.state && a.attempt == b.attempt && a.since == b.since && a.job == b.job && a.raw == b.raw &&
         a.reason == b.reason && a.sweep == b.sweep;
}

std::vector<StatusLines> lines_of(const std::vector<flow::RunView>& runs) {
  std::vector<StatusLines> lines;
  for (const flow::RunView& run : runs) {
    StatusLines some = lines_like(run);
    if (lines.empty() || !stand_alike(lines.back(), some)) lines.push_back(std::move(some));
    lines.back().names.push_back(run.name);
  }
  return lines;
}

std::vector<StatusLines> lines_of(const std::vector<flow::KeptRuns::Group>& groups) {
  std::vector<StatusLines> lines;
  for (const flow::KeptRuns::Group& group : groups) {
    lines.push_back(lines_like(group.alike));
    lines.back().names = group.names;
  }
  return lines;
}

std::string array_of(const flow::PreparedSubmission& submission) {
  return submission.tasks.size() > 1 ? fmt::format("0-{}", submission.tasks.size() - 1) : "";
}

}  // namespace

Value status_record(const std::vector<flow::RunView>& runs, const std::vector<flow::SiteAnswer>& sites) {
  Value list = Value::array();
  for (const flow::RunView& run : runs) {
    list.push(Value::object()
                  .set("name", run.name)
                  .set("folder", run.folder.path().string())
                  .set("sweep", run.sweep)
                  .set("state", to_string(run.state))
                  .set("raw_state", or_null(run.raw_state))
                  .set("reason", or_null(run.reason))
                  .set("cause", or_null(run.cause))
                  .set("job", or_null(run.job.text))
                  .set("submission", or_null(run.token.text))
                  .set("site", or_null(run.site))
                  .set("attempt", run.attempt == 0 ? Value() : Value(run.attempt))
                  .set("index", run.job.empty() ? Value() : Value(run.index))
                  .set("since", run.since ? Value(iso_time(*run.since)) : Value()));
  }
  Value counts = Value::object();
  for (const auto& [state, count] : counts_of(runs)) counts.set(to_string(state), count);
  Value asked = Value::array();
  for (const flow::SiteAnswer& site : sites) {
    asked.push(Value::object()
                   .set("site", site.site)
                   .set("asked", site.asked ? "ok" : "could-not-ask")
                   .set("why", or_null(site.why))
                   .set("heard", site.heard ? Value(iso_time(*site.heard)) : Value()));
  }
  return Value::object()
      .set("schema", "tt.status/1")
      .set("runs", std::move(list))
      .set("counts", std::move(counts))
      .set("sites", std::move(asked));
}

std::string status_text(const std::vector<flow::RunView>& runs, const std::vector<flow::SiteAnswer>& sites, Instant now,
                        const Terminal& terminal) {
  std::string text = report::status_text(lines_of(runs), now, terminal);
  for (const flow::SiteAnswer& site : sites) {
    if (!site.asked) text += describe_silence(site, now) + "\n";
  }
  return text;
}

std::string status_text(const std::vector<flow::KeptRuns::Group>& groups, Instant now, const Terminal& terminal) {
  return report::status_text(lines_of(groups), now, terminal);
}

std::string counts_text(const std::vector<flow::RunView>& runs) { return report::counts_text(lines_of(runs)); }

std::string counts_line(const std::vector<flow::RunView>& runs) {
  std::vector<std::string> parts;
  for (const auto& [state, count] : counts_of(runs)) parts.push_back(fmt::format("{} {}", count, to_string(state)));
  return join(parts, ", ");
}

std::string ranking_text(const std::vector<flow::RunView>& runs, const Terminal& terminal) {
  if (runs.empty()) return "no runs\n";
  std::vector<RankingRow> rows;
  const bool several =
      std::any_of(runs.begin(), runs.end(), [&](const flow::RunView& run) { return run.sweep != runs.front().sweep; });
  for (const flow::RunView& run : runs) {
    // A summary that lies in the folder of a planned run is that of attempts put aside.
    const auto summary = run.state == RunState::planned ? std::nullopt : flow::load_summary(run.folder);
    RankingRow row = summary ? report::ranking_row(*summary) : RankingRow{};
    row.run = several ? run.model + "/" + run.name : run.name;
    row.model = run.model;
    row.state = run.state;  // the journal is newer than a summary
    row.attempts = run.tries;
    if (!run.cause.empty()) row.cause = run.cause;
    rows.push_back(std::move(row));
  }
  return report::ranking_text(std::move(rows), terminal);
}

namespace {

// Why → how many would be handed over later.
std::map<std::string, std::int64_t> waiting_of(const flow::DryRun& dry) {
  std::map<std::string, std::int64_t> waiting = dry.waiting;
  if (dry.held_back > 0) waiting[dry.why_held_back] += dry.held_back;
  return waiting;
}

}  // namespace

Value dry_run_record(const flow::DryRun& dry, const std::string& site) {
  Value list = Value::array();
  for (const flow::PreparedSubmission& submission : dry.submissions) {
    list.push(Value::object()
                  .set("site", site)
                  .set("scheduler", dry.scheduler)
                  .set("token", submission.request.token.text)
                  .set("runs", runs_of(submission))
                  .set("array", or_null(array_of(submission)))
                  .set("argv", words_of(submission.argv))
                  .set("workdir", submission.request.workdir.string())
                  .set("environment_names", environment_names(submission))
                  .set("script", submission.script)
                  .set("tasks", submission.task_file)
                  .set("limits_as_of", dry.limits_as_of ? Value(iso_time(*dry.limits_as_of)) : Value()));
  }
  Value waiting = Value::array();
  for (const auto& [why, count] : waiting_of(dry)) waiting.push(Value::object().set("runs", count).set("why", why));
  return Value::object()
      .set("schema", "tt.submissions/1")
      .set("submissions", std::move(list))
      .set("waiting", std::move(waiting));
}

namespace {

// As a person would type it.
std::string command_line(const std::vector<std::string>& argv) {
  std::vector<std::string> words;
  for (const std::string& word : argv) words.push_back(render::shell_word(word));
  return join(words, " ");
}

}  // namespace

std::string dry_run_text(const flow::DryRun& dry, const std::string& site) {
  std::string text = fmt::format("run folders: {}\n", describe(dry.expanded));
  for (const auto& [why, count] : waiting_of(dry))
    text += fmt::format("would wait: {}: {}\n", plural(count, "run"), why);
  if (dry.submissions.empty()) return text + "nothing would be submitted\n";
  for (const flow::PreparedSubmission& submission : dry.submissions) {
    const Resources& shape = submission.request.shape;
    text += fmt::format("\nwould submit to {} ({}): {}, each {} x {}, walltime {}\n", site, dry.scheduler,
                        plural(static_cast<std::int64_t>(submission.tasks.size()), "run"), plural(shape.nodes, "node"),
                        plural(shape.gpus_per_node, "GPU"), walltime_text(shape.walltime));
    for (const PlannedTask& task : submission.tasks) {
      text += fmt::format("  {:>4}  {}  attempt {}, {}\n", task.index, task.name, task.attempt, to_string(task.mode));
    }
    if (!submission.not_kept_off.empty()) text += submission.not_kept_off + "\n";
    text += fmt::format("--- command\n{}\n", command_line(submission.argv));
    text += fmt::format("--- tasks.tsv\n{}--- job.sh\n{}", submission.task_file, submission.script);
  }
  return text;
}

}  // namespace tt::tool
