#include "tt/flow/explain.hpp"

#include <fmt/format.h>

#include "tt/base/files.hpp"
#include "tt/flow/collect.hpp"
#include "tt/flow/retry_policy.hpp"

namespace tt::flow {
namespace {

std::string next_step(const RunView& run, const ledger::AttemptState* last, const ledger::Ledger& ledger) {
  switch (run.state) {
    case RunState::planned:
      return run.folder.last_attempt() > 0 ? "tt-submit run SWEEP goes on with it"
                                           : "tt-submit run SWEEP hands it over";
    case RunState::submitted:
    case RunState::queued:
      return fmt::format("tt-submit wait {}   (follows it)", run.name);
    case RunState::held:
      return fmt::format("tt-submit release {}", run.name);
    case RunState::running:
      return fmt::format("tt-submit logs -f {}   (watches it)", run.name);
    case RunState::finished:
      return fmt::format("tt-submit summary {}", run.name);
    case RunState::preempted:
      return "tt-submit run SWEEP resumes it";
    case RunState::lost:
      return fmt::format("look whether it still runs; then tt-submit retry --force {}", run.name);
    default:
      break;
  }
  if (last != nullptr) {
    const RetryDecision decision = decide_retry(ledger, *last);
    if (decision.retry)
      return fmt::format("tt-submit wait {}   (tries it again, after {}: {})", run.name, iso_time(decision.not_before),
                         decision.why);
  }
  return fmt::format("tt-submit retry {}   (same config; after changing the sweep: tt-submit run SWEEP --again={})",
                     run.name, run.name);
}

std::string line(const char* label, const std::string& text) {
  return text.empty() ? "" : fmt::format("  {:<11} {}\n", label, text);
}

std::string evidence_text(const Value& diagnosis) {
  if (!diagnosis.is_table()) return "";
  std::string text =
      line("cause", fmt::format("{} ({})", diagnosis.text_or("cause", "unknown"), diagnosis.text_or("confidence")));
  if (const Value& rank = diagnosis.at("rank"); rank.is_integer())
    text += line("rank", std::to_string(rank.as_integer()));
  const std::string evidence = diagnosis.text_or("evidence");
  if (!evidence.empty()) {
    const Value& number = diagnosis.at("line");
    const std::string where =
        diagnosis.text_or("file") + (number.is_integer() ? fmt::format(":{}", number.as_integer()) : "");
    text += line("evidence", where) + fmt::format("      {}\n", evidence);
  }
  if (const Value& also = diagnosis.at("also"); also.is_list()) {
    for (const Value& note : also.as_list())
      text += line("also", fmt::format("{}: {}", note.text_or("cause"), note.text_or("evidence")));
  }
  return text + line("remedy", diagnosis.text_or("remedy"));
}

}  // namespace

Explanation explain(const Surroundings& around, const ledger::Ledger& ledger, const RunView& run) {
  const ledger::AttemptState* last = ledger::last_attempt(ledger, run.id);
  collect(around, ledger, run);
  const auto summary = load_summary(run.folder);
  const Value diagnosis = summary ? summary->at("diagnosis") : Value();
  const std::string why = summary ? summary->text_or("why") : "";
  const std::string next = next_step(run, last, ledger);

  Explanation explanation;
  explanation.record = Value::object()
                           .set("schema", "tt.explanation/1")
                           .set("name", run.name)
                           .set("folder", run.folder.path().string())
                           .set("state", to_string(run.state))
                           .set("raw_state", run.raw_state.empty() ? Value() : Value(run.raw_state))
                           .set("reason", run.reason.empty() ? Value() : Value(run.reason))
                           .set("why", why.empty() ? Value() : Value(why))
                           .set("attempt", run.attempt == 0 ? Value() : Value(run.attempt))
                           .set("job", run.job.empty() ? Value() : Value(run.job.text))
                           .set("diagnosis", diagnosis)
                           .set("next", next);
  std::string text = fmt::format("{}: {}\n", run.name, to_string(run.state));
  text += line("why", why);
  text += line("scheduler", run.raw_state + (run.reason.empty() ? "" : fmt::format(" ({})", run.reason)));
  text += evidence_text(diagnosis);
  if (run.attempt > 0) {
    text += line("attempt", fmt::format("{}, job {}", run.attempt, run.job.empty() ? "unknown" : run.job.text));
    if (is_there(run.folder.attempt_log(run.attempt)))
      text += line("log", run.folder.attempt_log(run.attempt).string());
  }
  text += line("folder", run.folder.path().string());
  text += line("next", next);
  explanation.text = std::move(text);
  return explanation;
}

}  // namespace tt::flow
