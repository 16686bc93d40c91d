#include "tt/scheduler/local_records.hpp"

#include <fmt/format.h>

#include "tt/base/error.hpp"
#include "tt/base/value.hpp"

namespace tt::scheduler {
namespace {

constexpr const char* kJob = "tt.local-job/1";
constexpr const char* kStart = "tt.local-start/1";
constexpr const char* kEnd = "tt.local-end/1";

// Milliseconds: first come, first served needs more than whole seconds.
std::int64_t milliseconds(Instant time) { return time.time_since_epoch().count(); }
Instant instant(const Value& json, const char* key) { return Instant{std::chrono::milliseconds(json.integer_or(key))}; }

Value list_of(const std::vector<int>& numbers) {
  Value list = Value::array();
  for (const int number : numbers) list.push(number);
  return list;
}

std::vector<int> numbers(const Value& json, const char* key) {
  std::vector<int> found;
  const Value& list = json.at(key);
  if (!list.is_list()) return found;
  for (const Value& entry : list.as_list()) {
    if (entry.is_integer()) found.push_back(static_cast<int>(entry.as_integer()));
  }
  return found;
}

std::optional<int> number(const Value& json, const char* key) {
  const Value& found = json.at(key);
  return found.is_integer() ? std::optional(static_cast<int>(found.as_integer())) : std::nullopt;
}

Seconds seconds(const Value& json, const char* key) {
  const Value& found = json.at(key);
  return Seconds{found.is_number() ? found.as_number() : 0};
}

Value process_value(const ProcessIdentity& process) {
  return Value::object()
      .set("pid", static_cast<std::int64_t>(process.pid))
      .set("start_ticks", process.start_ticks)
      .set("boot_id", process.boot_id);
}

ProcessIdentity process_of(const Value& json) {
  return {static_cast<pid_t>(json.integer_or("pid")), static_cast<std::uint64_t>(json.integer_or("start_ticks")),
          json.text_or("boot_id")};
}

Value read_schema(const std::string& text, const std::string& file, const char* schema) {
  Value json = parse_json(text, file);
  if (json.text_or("schema") == schema) return json;
  throw Error(fmt::format("{}: schema is '{}', wanted '{}'", file, json.text_or("schema"), schema));
}

Environment environment_of(const Value& json) {
  Environment environment;
  if (!json.is_table()) return environment;
  for (const auto& [name, value] : json.as_table()) {
    if (value.is_string()) environment.set(name, value.as_string());
  }
  return environment;
}

}  // namespace

std::string local_job_text(const LocalJob& job) {
  Value environment = Value::object();
  for (const auto& [name, value] : job.environment.all()) environment.set(name, value);
  Value machine = Value::object().set("slots", job.machine.slots).set("gpus", list_of(job.machine.gpus));
  return to_pretty_json(Value::object()
                            .set("schema", kJob)
                            .set("token", job.token.text)
                            .set("job", local_job_id(job.token).text)
                            .set("submitted", iso_time(job.submitted))
                            .set("submitted_milliseconds", milliseconds(job.submitted))
                            .set("submission", job.submission.string())
                            .set("script", job.script.string())
                            .set("workdir", job.workdir.string())
                            .set("indices", list_of(job.indices))
                            .set("throttle", job.throttle ? Value(*job.throttle) : Value())
                            .set("slots", job.slots)
                            .set("machine", std::move(machine))
                            .set("walltime_seconds", job.walltime.count())
                            .set("warn_before_seconds", job.warn_before.count())
                            .set("kill_after_seconds", job.kill_after.count())
                            .set("environment", std::move(environment)));
}

LocalJob read_local_job(const std::string& text, const std::string& file) {
  const Value json = read_schema(text, file, kJob);
  LocalJob job;
  job.token = Token{json.text_or("token")};
  job.submitted = instant(json, "submitted_milliseconds");
  job.submission = json.text_or("submission");
  job.script = json.text_or("script");
  job.workdir = json.text_or("workdir");
  job.indices = numbers(json, "indices");
  job.throttle = number(json, "throttle");
  job.slots = static_cast<int>(json.integer_or("slots", 1));
  job.machine.slots = static_cast<int>(json.at("machine").integer_or("slots", 1));
  job.machine.gpus = numbers(json.at("machine"), "gpus");
  job.walltime = seconds(json, "walltime_seconds");
  job.warn_before = seconds(json, "warn_before_seconds");
  job.kill_after = seconds(json, "kill_after_seconds");
  job.environment = environment_of(json.at("environment"));
  return job;
}

std::string task_start_text(const TaskStart& start) {
  Value json = Value::object()
                   .set("schema", kStart)
                   .set("time", iso_time(start.time))
                   .set("milliseconds", milliseconds(start.time))
                   .set("nonce", start.nonce);
  if (start.revoked) return to_json(json.set("revoked", to_string(*start.revoked))) + "\n";
  json.set("process", process_value(start.process)).set("slots", start.slots).set("gpus", list_of(start.gpus));
  return to_json(json) + "\n";
}

TaskStart read_task_start(const std::string& text, const std::string& file) {
  const Value json = read_schema(text, file, kStart);
  TaskStart start;
  start.process = process_of(json.at("process"));
  start.slots = static_cast<int>(json.integer_or("slots"));
  start.gpus = numbers(json, "gpus");
  start.time = instant(json, "milliseconds");
  start.nonce = json.text_or("nonce");
  if (json.at("revoked").is_string()) {
    start.revoked = parse_end_reason(json.text_or("revoked")).value_or(EndReason::never_started);
  }
  return start;
}

std::string task_end_text(const TaskEnd& end) {
  return to_json(Value::object()
                     .set("schema", kEnd)
                     .set("reason", to_string(end.reason))
                     .set("started", end.started)
                     .set("status", end.status ? Value(*end.status) : Value())
                     .set("signal", end.signal ? Value(*end.signal) : Value())
                     .set("time", end.time ? Value(iso_time(*end.time)) : Value())
                     .set("milliseconds", end.time ? Value(milliseconds(*end.time)) : Value())) +
         "\n";
}

TaskEnd read_task_end(const std::string& text, const std::string& file) {
  const Value json = read_schema(text, file, kEnd);
  TaskEnd end;
  end.reason = parse_end_reason(json.text_or("reason")).value_or(EndReason::lost);
  end.started = json.boolean_or("started", true);
  end.status = number(json, "status");
  if (json.at("signal").is_string()) end.signal = json.text_or("signal");
  if (json.at("milliseconds").is_integer()) end.time = instant(json, "milliseconds");
  return end;
}

}  // namespace tt::scheduler
