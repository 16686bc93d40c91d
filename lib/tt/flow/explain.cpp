#include "tt/flow/explain.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/log.hpp"
#include "tt/base/text.hpp"
#include "tt/flow/bad_nodes.hpp"
#include "tt/flow/choose_runs.hpp"
#include "tt/flow/collect.hpp"
#include "tt/flow/retry_policy.hpp"
#include "tt/flow/sweep_index.hpp"
#include "tt/render/quote.hpp"

namespace tt::flow {
namespace {

// The sweep file, as a person would type it, where it still is.
std::string with_sweep_file(std::string text, const Surroundings& around, const RunView& run) {
  const auto index = load_sweep_index(around.workspace, run.sweep);
  if (!index || index->file.empty() || !is_there(index->file)) return text;
  return replace_all(std::move(text), "SWEEP", file_as_typed(index->file, around.here));
}

// Which nodes its next attempt keeps off, or why it cannot.
std::string about_nodes(const RunView& run, const ledger::Ledger& ledger, Schedulers& schedulers) {
  const std::vector<std::string> nodes = BadNodes(ledger).avoided_by(run.id);
  if (nodes.empty() || run.state == RunState::finished) return "";
  std::string why;
  const Schedulers::Site* site = schedulers.find(run.site, run.token, why);
  if (site == nullptr) return "";
  const std::string cannot = site->scheduler->cannot_keep_off(nodes);
  return cannot.empty() ? fmt::format("{} failed often enough: attempts from now on keep off", join(nodes, ", "))
                        : cannot;
}

// `word`: what means the run.
std::string next_step(const RunView& run, const std::string& word, const ledger::AttemptState* last,
                      const ledger::Ledger& ledger) {
  if (!run.next.empty()) return run.next;
  if (run.waits) return fmt::format("tt-submit wait {}   (hands it over once it may go)", word);
  switch (run.state) {
    case RunState::planned:
      return run.folder.last_attempt() > 0 ? "tt-submit run SWEEP goes on with it"
                                           : "tt-submit run SWEEP hands it over";
    case RunState::submitted:
    case RunState::queued:
      return fmt::format("tt-submit wait {}   (follows it)", word);
    case RunState::held:
      return fmt::format("tt-submit release {}", word);
    case RunState::running:
      return fmt::format("tt-submit logs -f {}   (watches it)", word);
    case RunState::finished:
      return fmt::format("tt-submit summary {}", word);
    case RunState::preempted:
      return "tt-submit run SWEEP resumes it";
    case RunState::lost:
      if (last == nullptr || !claimed_but_nobody_knows(run.folder, *last, ledger))
        return fmt::format("tt-submit retry {}   (nothing of it runs: should its job surface after that, it stops)",
                           word);
      return fmt::format("look whether it still runs; then tt-submit retry --force {}", word);
    default:
      break;
  }
  if (last != nullptr) {
    const RetryDecision decision = decide_retry(ledger, *last);
    if (decision.retry)
      return fmt::format("tt-submit wait {}   (tries it again, after {}: {})", word, iso_time(decision.not_before),
                         decision.why);
  }
  return fmt::format("tt-submit retry {}   (same config; after changing the sweep: tt-submit run SWEEP --again={})",
                     word, render::shell_word(run.name));
}

// Of a run that left nothing a summary could tell of.
std::string who_cancelled(const ledger::AttemptState* last) {
  if (last == nullptr) return "";
  const bool by_us = last->cancel_wanted || last->cause == "revoked";
  if (by_us) return "cancelled by tt-submit before it started";
  return last->unclaimed ? "cancelled at the scheduler before it started, by somebody else" : "";
}

// "11, task 17": which of the jobs of an array.
std::string job_and_task(const RunView& run, const ledger::Ledger& ledger) {
  if (run.job.empty()) return "unknown";
  const auto submission = ledger.submissions.find(run.token);
  const bool is_array = submission != ledger.submissions.end() && submission->second.runs.size() > 1;
  return is_array ? fmt::format("{}, task {}", run.job.text, run.index) : run.job.text;
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

Explanation explain(const Surroundings& around, Schedulers& schedulers, const ledger::Ledger& ledger,
                    const RunView& run, const std::vector<SiteAnswer>& sites) {
  const ledger::AttemptState* last = ledger::last_attempt(ledger, run.id);
  try {
    collect(around, ledger, run);
  } catch (const Error& error) {  // told as far as it was written
    log::warn_once(error.what());
  }
  auto summary = load_summary(run.folder);
  if (summary && last != nullptr && !ledger::was_refused(*last) && !tells_of(*summary, last->key.attempt))
    summary.reset();  // the end of an earlier one is no reason
  const Value diagnosis = summary ? summary->at("diagnosis") : Value();
  // Of a run that is not open the summary tells of the attempt that ended, unless it waits or was cancelled since.
  std::string why = summary ? summary->text_or("why") : "";
  const bool told_by_view = run.waits || (last != nullptr && ledger::was_refused(*last)) || !run.next.empty() ||
                            ledger::is_withdrawn(ledger, run.id);
  if (told_by_view || (why.empty() && !is_open(run.state))) why = run.reason;
  if (why.empty() && run.state == RunState::cancelled) why = who_cancelled(last);
  const std::string next = with_sweep_file(next_step(run, word_for(around.workspace, run), last, ledger), around, run);
  const std::string nodes = about_nodes(run, ledger, schedulers);
  const Asked asked = run.waits ? what_was_asked(around, ledger, run.id) : Asked{};
  const auto site = std::find_if(sites.begin(), sites.end(), [&](const SiteAnswer& answer) {
    return answer.site == run.site && !answer.asked && is_open(run.state);
  });
  const std::string silent = site == sites.end() ? "" : describe_silence(*site, around.clock->now());

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
                           .set("index", run.job.empty() ? Value() : Value(run.index))
                           .set("could_not_ask", silent.empty() ? Value() : Value(silent))
                           .set("diagnosis", diagnosis)
                           .set("nodes", nodes.empty() ? Value() : Value(nodes))
                           .set("asked", asked.says_anything() ? to_value(asked) : Value())
                           .set("next", next);
  std::string text = fmt::format("{}: {}\n", run.name, to_string(run.state));
  text += line("why", why);
  text += line("scheduler", run.raw_state + (run.raw_state.empty() || run.reason.empty() || run.reason == why
                                                 ? ""
                                                 : fmt::format(" ({})", run.reason)));
  text += line("silence", silent);
  text += evidence_text(diagnosis);
  text += line("nodes", nodes);
  text += line("goes with", describe(asked));
  if (run.attempt > 0) {
    text += line("attempt", fmt::format("{}, job {}", run.attempt, job_and_task(run, ledger)));
    if (is_there(run.folder.attempt_log(run.attempt)))
      text += line("log", run.folder.attempt_log(run.attempt).string());
  }
  text += line("folder", run.folder.path().string());
  text += line("next", next);
  explanation.text = std::move(text);
  return explanation;
}

std::string not_kept_off(Schedulers& schedulers, const ledger::Ledger& ledger, const std::vector<RunView>& runs) {
  const auto tried = std::find_if(runs.begin(), runs.end(), [](const RunView& run) {
    return run.attempt > 0 && run.state != RunState::finished && (run.attempt > 1 || !run.cause.empty());
  });
  if (tried == runs.end()) return "";
  const std::vector<std::string> nodes = BadNodes(ledger).avoided_now(ledger);
  std::string why;
  const Schedulers::Site* site = nodes.empty() ? nullptr : schedulers.find(tried->site, tried->token, why);
  return site == nullptr ? "" : site->scheduler->cannot_keep_off(nodes);
}

}  // namespace tt::flow
