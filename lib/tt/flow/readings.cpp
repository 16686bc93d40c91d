#include "tt/flow/readings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"
#include "tt/ledger/submission_folder.hpp"

namespace tt::flow {
namespace {

// The remembered state of a log belongs to one attempt of one token; any other is started over.
logs::LogState remembered(const fs::path& file, const Token& token) {
  const auto text = read_file_if_there(file);
  if (!text) return {};
  try {
    const Value json = parse_json(*text, file.string());
    if (json.text_or("schema") == "tt.collected/1" && json.text_or("token") == token.text) {
      return logs::read_log_state(json.at("log"));
    }
  } catch (const Error&) {  // damaged: the log is read again from its beginning
  }
  return {};
}

void remember(const fs::path& file, const Token& token, const logs::LogState& state) {
  const Value memory =
      Value::object().set("schema", "tt.collected/1").set("token", token.text).set("log", logs::to_value(state));
  try {
    make_folders(file.parent_path());
    write_file(file, to_json(memory));
  } catch (const Error&) {  // it is read from the beginning next time
  }
}

logs::LogState read_log(const Workspace& workspace, const RunFolder& folder, const ledger::AttemptState& attempt) {
  const fs::path log = folder.attempt_log(attempt.key.attempt);
  if (!is_there(log)) return {};
  const fs::path memory = workspace.collected(attempt.key.run, attempt.key.attempt);
  logs::LogState state = remembered(memory, attempt.token);
  if (state.offset > fs::file_size(log)) state = {};
  const std::string fresh = read_file_from(log, state.offset);
  if (!fresh.empty()) {
    logs::read_more(state, fresh);
    remember(memory, attempt.token, state);
  }
  if (attempt.closed) logs::read_end(state);
  return state;
}

std::optional<ExitRecord> exit_of(const RunFolder& folder, const ledger::AttemptState& attempt) {
  auto exit = load_exit_record(folder.attempt_exit(attempt.key.attempt));
  if (!exit || exit->run != attempt.key.run.text || exit->attempt != attempt.key.attempt) return std::nullopt;
  // Whoever claimed the attempt trained, whether its submission is remembered or not.
  const auto claim = exit->token == attempt.token.text ? std::nullopt : claim_of(folder, attempt.key);
  const bool counts = exit->token == attempt.token.text || (claim && !claim->revoked && claim->token == exit->token);
  return counts ? exit : std::nullopt;
}

// torchrun/<node>/<id>/attempt_<k>/<local rank>/stderr.log
void add_rank_files(const fs::path& folder, std::vector<logs::LogFile>& files) {
  if (!is_folder(folder)) return;
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().filename() == "stderr.log") found.push_back(entry->path());
  }
  std::sort(found.begin(), found.end());
  for (const fs::path& path : found) {
    logs::LogFile file;
    file.path = path;
    file.name = path.lexically_relative(folder.parent_path().parent_path()).string();
    file.kind = logs::LogKind::rank;
    file.node = path.lexically_relative(folder).begin()->string();
    if (const auto rank = to_integer(path.parent_path().filename().string())) file.local_rank = static_cast<int>(*rank);
    files.push_back(std::move(file));
  }
}

void add_node_file(const fs::path& path, const std::string& name, std::vector<logs::LogFile>& files) {
  if (!is_there(path)) return;
  logs::LogFile file;
  file.path = path;
  file.name = name;
  files.push_back(std::move(file));
}

}  // namespace

logs::Metrics RunReadings::metrics() const {
  std::vector<logs::StepSeries> series;
  for (const AttemptReading& attempt : attempts) series.push_back(attempt.log.steps);
  return logs::make_metrics(logs::StepSeries::merge(series));
}

const AttemptReading* RunReadings::of(int attempt) const {
  const auto found = std::find_if(attempts.begin(), attempts.end(),
                                  [&](const AttemptReading& reading) { return reading.attempt == attempt; });
  return found == attempts.end() ? nullptr : &*found;
}

RunReadings read_attempts(const Workspace& workspace, const ledger::RunHistory& history) {
  RunReadings readings;
  const RunFolder folder(history.folder);
  for (const auto& [number, attempt] : history.attempts) {
    if (number <= history.fresh_after || ledger::was_refused(attempt)) continue;
    readings.attempts.push_back(
        {number, attempt.token, read_log(workspace, folder, attempt), exit_of(folder, attempt)});
  }
  return readings;
}

std::vector<logs::LogFile> log_files(const Workspace& workspace, const ledger::AttemptState& attempt,
                                     const RunFolder& folder) {
  std::vector<logs::LogFile> files;
  const fs::path attempt_folder = folder.attempt(attempt.key.attempt);
  const std::string name = attempt_folder.filename().string();
  add_node_file(attempt_folder / "log.txt", name + "/log.txt", files);
  for (const std::string& entry : list_folder(attempt_folder)) {
    if (entry.starts_with("node-") && entry.ends_with(".txt"))
      add_node_file(attempt_folder / entry, fmt::format("{}/{}", name, entry), files);
  }
  add_rank_files(attempt_folder / "torchrun", files);
  const SubmissionFolder submission(workspace.root(), attempt.token);
  add_node_file(submission.output(attempt.index),
                "submissions/" + attempt.token.text + "/" + std::to_string(attempt.index) + ".out", files);
  return files;
}

}  // namespace tt::flow
