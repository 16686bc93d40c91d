#include "tt/flow/collect.hpp"

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/lock.hpp"
#include "tt/comm/estimate_text.hpp"
#include "tt/comm/titan_estimate.hpp"
#include "tt/flow/estimate_input.hpp"
#include "tt/flow/measured_comm.hpp"
#include "tt/sweep/site_fabric.hpp"

namespace tt::flow {
namespace {

void write_if_changed(const fs::path& path, const std::string& text) {
  if (read_file_if_there(path) != text) write_file(path, text);
}

// The hardware a run trained on: its site's, else what its log names.
std::optional<comm::Fabric> fabric_of_run(const Surroundings& around, const RunRecord& record,
                                          const std::string& device) {
  if (around.site.profile.name == record.site)
    if (auto fabric = sweep::fabric_of(around.site.profile)) return fabric;
  auto fabric = comm::hardware_of_device(device);
  if (fabric) fabric->gpus_per_node = record.resources.gpus_per_node;
  return fabric;
}

Value by_published(const EstimateInput& input, const std::string& reason) {
  Value record = comm::estimate_published(input.shape, input.architecture).record;
  Value warnings = record.at("warnings");
  warnings.push("model titan cannot describe this run: " + reason);
  return record.set("warnings", std::move(warnings));
}

// The estimate of a run, from the config it trains with: model titan where it can describe the run, else published,
// which says why. nullopt: its era or config cannot be read any more.
std::optional<Value> estimate_of(const Surroundings& around, const RunFolder& folder, const RunRecord& record,
                                 const std::string& device) {
  std::optional<EstimateInput> input;
  try {
    input = estimate_input_of(folder, record);
  } catch (const Error&) {
    return std::nullopt;
  }
  comm::TitanOptions options;
  options.profile = input->profile;
  options.fabric = fabric_of_run(around, record, device);
  options.gpus_per_node = record.resources.gpus_per_node;
  try {
    return comm::titan_record(comm::make_titan_estimate(input->shape, input->architecture, options));
  } catch (const BadInput& refusal) {
    std::string reasons;
    for (const Problem& problem : refusal.problems())
      reasons += (reasons.empty() ? "" : "; ") + problem.message.substr(problem.message.find(": ") + 2);
    return by_published(*input, reasons);
  }
}

AttemptLine line_of(const ledger::AttemptState& attempt, const AttemptReading* reading, RunState state) {
  AttemptLine line;
  line.number = attempt.key.attempt;
  line.state = to_string(state);
  line.job = attempt.job.text;
  if (reading != nullptr && reading->exit) {
    line.started = reading->exit->started;
    line.ended = reading->exit->ended;
  }
  return line;
}

std::vector<AttemptLine> attempt_lines(const ledger::RunHistory& history, const RunReadings& readings, int judged,
                                       RunState state) {
  std::vector<AttemptLine> lines;
  for (const AttemptReading& reading : readings.attempts) {
    const ledger::AttemptState& attempt = history.attempts.at(reading.attempt);
    lines.push_back(line_of(attempt, &reading, reading.attempt == judged ? state : attempt.state));
  }
  return lines;
}

// 0: of none.
std::int64_t last_attempt_of(const Value& summary) {
  const Value& told = summary.at("attempt_history");
  return told.is_list() && !told.as_list().empty() ? told.as_list().back().integer_or("attempt") : 0;
}

}  // namespace

bool tells_of(const Value& summary, int attempt) { return last_attempt_of(summary) == attempt; }

bool write_summary(const Surroundings& around, const ledger::RunHistory& history, const ledger::AttemptState& attempt,
                   const RunReadings& readings, const Judgement& judgement) {
  const RunFolder folder(history.folder);
  const auto record = folder.load_record();
  if (!record || record->id != attempt.key.run) return false;  // removed, put aside, or another run by now
  Summary summary;
  summary.run = *record;
  summary.state = judgement.state;
  summary.why = judgement.why;
  summary.attempts = attempt_lines(history, readings, attempt.key.attempt, judgement.state);
  summary.metrics = readings.metrics();
  summary.diagnosis = judgement.diagnosis;
  if (const AttemptReading* last = readings.last()) {
    summary.printed_version = last->log.titan_version;
    summary.device = last->log.device;
    summary.software = last->log.software;
  }
  summary.estimate = estimate_of(around, folder, *record, summary.device.value_or(""));
  if (is_ended(summary.state)) {  // while it trains, a recording is half written
    const auto before = load_summary(folder);
    summary.measured_comm = measured_comm(folder, summary.estimate, before ? before->at("measured_comm") : Value());
  }
  const FileLock lock = FileLock::acquire(folder.lock(), *around.clock);
  if (const auto there = load_summary(folder); there && is_open(summary.state)) {
    const auto state = parse_run_state(there->text_or("state"));
    if (state && is_ended(*state) && last_attempt_of(*there) >= attempt.key.attempt &&
        there->text_or("id") == record->id.text)
      return true;
  }
  write_if_changed(folder.summary_md(), report::summary_markdown(summary));
  write_if_changed(folder.summary_json(), to_pretty_json(report::summary_record(summary)));
  return true;
}

bool collect(const Surroundings& around, const ledger::Ledger& ledger, const RunView& run) {
  const ledger::AttemptState* last = ledger::last_attempt(ledger, run.id);
  if (last == nullptr || !is_there(run.folder.attempt_log(last->key.attempt)))
    return load_summary(run.folder).has_value();
  const ledger::RunHistory& history = ledger.runs.at(run.id);
  const RunReadings readings = read_attempts(around.workspace, history);
  Judgement judgement{run.state, run.cause, run.reason, {}};
  if (last->closed) {
    judgement.why.clear();
    if (const auto before = load_summary(run.folder);
        before && tells_of(*before, last->key.attempt)) {  // the verdict was settled with what the scheduler said then
      judgement.why = before->text_or("why");
      if (const Value& diagnosis = before->at("diagnosis"); diagnosis.is_table())
        judgement.diagnosis = logs::read_diagnosis(diagnosis);
    }
  }
  return write_summary(around, history, *last, readings, judgement);
}

std::optional<Value> load_summary(const RunFolder& folder) {
  const auto text = read_file_if_there(folder.summary_json());
  if (!text) return std::nullopt;
  return parse_json(*text, folder.summary_json().string());
}

bool append_estimate(const Surroundings& around, const RunFolder& folder) {
  const auto record = folder.load_record();
  if (!record) return false;
  const FileLock lock = FileLock::acquire(folder.lock(), *around.clock);
  auto summary = load_summary(folder);
  if (!summary) return false;
  const auto estimate = estimate_of(around, folder, *record, summary->text_or("device"));
  const auto page = read_file_if_there(folder.summary_md());
  if (!page || !estimate) return false;
  summary->set("estimate", *estimate);
  write_if_changed(folder.summary_json(), to_pretty_json(*summary));
  write_if_changed(folder.summary_md(), comm::with_section(*page, comm::estimate_section(*estimate)));
  return true;
}

}  // namespace tt::flow
