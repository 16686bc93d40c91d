#include "tt/ledger/submission_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/hash.hpp"
#include "tt/base/value.hpp"

namespace tt {

SubmissionFolder::SubmissionFolder(const fs::path& workspace, const Token& token)
    : path_(workspace / "submissions" / token.text) {}

fs::path SubmissionFolder::output(int index) const { return path_ / fmt::format("{}.out", index); }

namespace ledger {
namespace {

constexpr const char* kSchema = "tt.submission/1";

Value task_value(const PlannedTask& task) {
  return Value::object()
      .set("run", task.run.text)
      .set("attempt", task.attempt)
      .set("index", task.index)
      .set("mode", to_string(task.mode))
      .set("name", task.name)
      .set("folder", task.folder);
}

std::string record_text(const SubmissionRecord& record) {
  Value runs = Value::array();
  for (const PlannedTask& task : record.runs) runs.push(task_value(task));
  Value argv = Value::array();
  for (const std::string& word : record.argv) argv.push(word);
  return to_pretty_json(Value::object()
                            .set("schema", kSchema)
                            .set("token", record.token.text)
                            .set("site", record.site)
                            .set("scheduler", record.scheduler)
                            .set("sweep", record.sweep)
                            .set("runs", std::move(runs))
                            .set("argv", std::move(argv))
                            .set("created", record.created)
                            .set("asked", to_value(record.asked))
                            .set("replaces", record.replaces ? Value(record.replaces->text) : Value()));
}

PlannedTask read_task(const Value& json) {
  PlannedTask task;
  task.run = RunId{json.text_or("run")};
  task.attempt = static_cast<int>(json.integer_or("attempt"));
  task.index = static_cast<int>(json.integer_or("index"));
  task.mode = json.text_or("mode") == "fresh" ? RetryMode::fresh : RetryMode::resume;
  task.name = json.text_or("name");
  task.folder = json.text_or("folder");
  return task;
}

SubmissionRecord read_record(const std::string& text, const std::string& file) {
  const Value json = parse_json(text, file);
  if (json.text_or("schema") != kSchema) {
    throw Error(fmt::format("{} is not a submission of this version: schema is '{}', wanted '{}'", file,
                            json.text_or("schema"), kSchema));
  }
  SubmissionRecord record;
  record.token = Token{json.text_or("token")};
  record.site = json.text_or("site");
  record.scheduler = json.text_or("scheduler");
  record.sweep = json.text_or("sweep");
  record.created = json.text_or("created");
  if (const Value& runs = json.at("runs"); runs.is_list()) {
    for (const Value& run : runs.as_list()) record.runs.push_back(read_task(run));
  }
  if (const Value& argv = json.at("argv"); argv.is_list()) {
    for (const Value& word : argv.as_list()) record.argv.push_back(word.is_string() ? word.as_string() : "");
  }
  if (const Value& replaced = json.at("replaces"); replaced.is_string()) record.replaces = Token{replaced.as_string()};
  record.asked = read_asked(json.at("asked"));
  return record;
}

void make_executable(const fs::path& file) {
  std::error_code error;
  fs::permissions(file, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec, fs::perm_options::add,
                  error);
  if (error) throw Error(fmt::format("cannot make {} executable: {}", file.string(), error.message()));
}

}  // namespace

Token make_token() {
  static constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
  const std::string random = random_hex(20);  // two digits a character; five bits of the eight are used
  Token token;
  for (std::size_t i = 0; i < random.size(); i += 2) {
    token.text += kLetters[static_cast<std::size_t>(std::stoi(random.substr(i, 2), nullptr, 16)) % kLetters.size()];
  }
  return token;
}

void write_submission(const SubmissionFolder& folder, const SubmissionRecord& record, const std::string& script,
                      const std::string& tasks, const std::vector<SubmissionFile>& files) {
  make_folders(folder.path());
  write_file(folder.tasks(), tasks, Sync::yes);
  write_file(folder.script(), script, Sync::yes);
  make_executable(folder.script());
  for (const SubmissionFile& file : files) {
    const fs::path path = folder.path() / file.name;
    make_folders(path.parent_path());
    write_file(path, file.content, Sync::yes);
    if (file.executable) make_executable(path);
  }
  write_file(folder.record(), record_text(record), Sync::yes);
  sync_folder(folder.path().parent_path());
}

std::optional<SubmissionRecord> load_submission(const SubmissionFolder& folder) {
  const auto text = read_file_if_there(folder.record());
  if (!text) return std::nullopt;
  return read_record(*text, folder.record().string());
}

std::vector<Token> list_submissions(const fs::path& workspace) {
  struct Dated {
    std::string created;
    Token token;
  };
  std::vector<Dated> found;
  for (const std::string& name : list_folder(workspace / "submissions")) {
    const SubmissionFolder folder(workspace, Token{name});
    if (!is_there(folder.record())) continue;
    std::string created;
    try {
      created = load_submission(folder)->created;
    } catch (const Error&) {  // listed all the same: who loads it is told why it cannot be read
    }
    found.push_back({std::move(created), Token{name}});
  }
  std::stable_sort(found.begin(), found.end(), [](const Dated& a, const Dated& b) { return a.created < b.created; });
  std::vector<Token> tokens;
  for (Dated& entry : found) tokens.push_back(std::move(entry.token));
  return tokens;
}

}  // namespace ledger
}  // namespace tt
