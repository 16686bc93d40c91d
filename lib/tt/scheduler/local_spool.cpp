#include "tt/scheduler/local_spool.hpp"

#include <fmt/format.h>

#include <set>
#include <string_view>
#include <system_error>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/hash.hpp"
#include "tt/base/value.hpp"
#include "tt/scheduler/local_records.hpp"

namespace tt::scheduler {

JobId local_job_id(const Token& token) { return JobId{"local-" + token.text}; }

EndReason reason_of(StopAs as) { return as == StopAs::cancelled ? EndReason::cancelled : EndReason::preempted; }

Spool::Spool(const fs::path& workspace, const std::string& host) : root_(workspace / ".tt" / "local" / host) {}

fs::path Spool::file(const Token& token, int index, const char* kind) const {
  return folder(token) / fmt::format("{}.{}", index, kind);
}

std::vector<Token> Spool::tokens() const {
  std::vector<Token> tokens;
  for (const std::string& name : list_folder(root_)) {
    if (has_job(Token{name})) tokens.push_back(Token{name});
  }
  return tokens;
}

std::vector<Token> Spool::open_tokens() const {
  std::vector<Token> open;
  for (const std::string& name : list_folder(root_)) {
    if (has_job(Token{name}) && !is_done(Token{name})) open.push_back(Token{name});
  }
  return open;
}

bool Spool::has_job(const Token& token) const { return is_there(folder(token) / "job.json"); }

bool Spool::is_done(const Token& token) const { return is_there(folder(token) / "done"); }

std::optional<LocalJob> Spool::load_job(const Token& token) const {
  const fs::path path = folder(token) / "job.json";
  const auto text = read_file_if_there(path);
  if (!text) return std::nullopt;
  return read_local_job(*text, path.string());
}

void Spool::write_job(const LocalJob& job) const {
  make_folders(folder(job.token));
  // The job's environment is in the file: for its owner's eyes.
  std::error_code error;
  fs::permissions(folder(job.token), fs::perms::owner_all, error);
  if (error) throw Error(fmt::format("cannot make {} private: {}", folder(job.token).string(), error.message()));
  write_file(folder(job.token) / "job.json", local_job_text(job), Sync::yes);
}

std::vector<LocalTask> Spool::load_tasks(const LocalJob& job, const std::vector<LocalTask>& known) const {
  const std::vector<std::string> listed = list_folder(folder(job.token));
  const std::set<std::string_view> names(listed.begin(), listed.end());
  const auto has = [&](int index, const char* kind) { return names.contains(fmt::format("{}.{}", index, kind)); };
  std::vector<LocalTask> tasks;
  tasks.reserve(job.indices.size());
  for (std::size_t i = 0; i < job.indices.size(); ++i) {
    const int index = job.indices[i];
    LocalTask task;
    if (i < known.size() && known[i].index == index) task = known[i];
    task.index = index;
    if (!task.is_over()) {
      task.held = has(index, "hold");
      if (!task.start && has(index, "started")) task.start = load_start(job.token, index);
      if (has(index, "ended")) task.end = load_end(job.token, index);
      if (!task.stop && has(index, "cancel")) task.stop = load_stop(job.token, index);
      task.limit_reached = task.limit_reached || has(index, "limit");
    }
    tasks.push_back(std::move(task));
  }
  return tasks;
}

LocalTask Spool::load_task(const Token& token, int index) const {
  LocalTask task;
  task.index = index;
  task.start = load_start(token, index);
  task.end = load_end(token, index);
  task.stop = load_stop(token, index);
  task.limit_reached = is_there(file(token, index, "limit"));
  task.held = is_there(file(token, index, "hold"));
  return task;
}

std::optional<TaskStart> Spool::load_start(const Token& token, int index) const {
  const auto text = read_file_if_there(file(token, index, "started"));
  return text ? std::optional(read_task_start(*text, file(token, index, "started").string())) : std::nullopt;
}

std::optional<TaskEnd> Spool::load_end(const Token& token, int index) const {
  const auto text = read_file_if_there(file(token, index, "ended"));
  return text ? std::optional(read_task_end(*text, file(token, index, "ended").string())) : std::nullopt;
}

std::optional<StopAs> Spool::load_stop(const Token& token, int index) const {
  const auto text = read_file_if_there(file(token, index, "cancel"));
  if (!text) return std::nullopt;
  return text->starts_with("preempted") ? StopAs::preempted : StopAs::cancelled;
}

bool Spool::place_start(const Token& token, int index, const TaskStart& start) const {
  const std::string content = task_start_text(start);
  const fs::path name = file(token, index, "started");
  const fs::path own = folder(token) / unique_name(fmt::format("{}.started", index));
  write_new_file(own, content);
  link_file(own, name);
  // On NFS a repeated link() reports "exists" to its own winner: what stands there decides.
  const bool is_ours = read_file_if_there(name) == content;
  std::error_code ignored;
  fs::remove(own, ignored);
  return is_ours;
}

void Spool::write_end(const Token& token, int index, const TaskEnd& end) const {
  write_file(file(token, index, "ended"), task_end_text(end), Sync::yes);
}

bool Spool::revoke(const Token& token, int index, EndReason why, Instant now) const {
  TaskStart start;
  start.time = now;
  start.nonce = random_hex(16);
  start.revoked = why;
  return place_start(token, index, start);
}

void Spool::request_stop(const Token& token, int index, StopAs as) const {
  write_file(file(token, index, "cancel"), to_string(reason_of(as)) + "\n");
}

void Spool::mark_limit(const Token& token, int index) const { write_file(file(token, index, "limit"), ""); }

void Spool::set_held(const Token& token, int index, bool held) const {
  if (held)
    write_file(file(token, index, "hold"), "");
  else
    remove_tree(file(token, index, "hold"));
}

void Spool::mark_done(const Token& token) const { write_file(folder(token) / "done", ""); }

std::optional<std::string> Spool::other_host_of(const Token& token) const {
  for (const std::string& name : list_folder(root_.parent_path())) {
    if (name != host() && is_there(root_.parent_path() / name / token.text / "job.json")) return name;
  }
  return std::nullopt;
}

}  // namespace tt::scheduler
