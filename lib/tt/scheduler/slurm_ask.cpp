#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "tt/base/hash.hpp"
#include "tt/base/text.hpp"
#include "tt/scheduler/slurm_calls.hpp"

namespace tt::slurm {
namespace {

// Fields of a row, as printed with `|` behind each one. The reason may hold anything but that.
constexpr std::string_view kQueueFields =
    "JobArrayID:|,State:|,Reason:|,exit_code:|,StartTime:|,EndTime:|,NodeList:|,Name:|,Comment:|";
constexpr std::string_view kAccountingFields = "jobid,state,reason,exitcode,start,end,nodelist,jobname,comment";
constexpr std::size_t kFields = 9;
constexpr std::size_t kNeededFields = 7;  // all but name and comment

std::optional<Instant> epoch(std::string_view text) {
  const auto seconds = to_integer(text);
  if (!seconds || *seconds <= 0) return std::nullopt;  // N/A, Unknown, 0
  return Instant{std::chrono::seconds{*seconds}};
}

// Ten thousand tasks are ten thousand lines: fields are looked at where they stand. Fewer than wanted: a site's banner.
using Fields = std::array<std::string_view, kFields>;
std::optional<Fields> fields_of(std::string_view line) {
  Fields fields;
  for (std::size_t i = 0; i < kFields; ++i) {
    const std::size_t end = line.find('|');
    if (end == std::string_view::npos && i + 1 < kNeededFields) return std::nullopt;
    fields[i] = trim(line.substr(0, end));
    line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  }
  return fields;
}

template <class Take>
void for_each_row(std::string_view text, Take take) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (const auto fields = fields_of(text.substr(0, end))) take(*fields);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// "CANCELLED by 1000" and "CANCELLED+" are CANCELLED.
std::string state_word(std::string_view text) {
  std::string_view word = text.substr(0, text.find(' '));
  if (word.ends_with('+')) word.remove_suffix(1);
  return std::string(word);
}

// squeue's exit_code is the raw wait status.
void set_raw_status(Row& row, std::string_view text) {
  const auto raw = to_integer(text);
  if (!raw) return;
  const int signal = static_cast<int>(*raw & 0x7f);
  if (signal != 0)
    row.signal = signal;
  else
    row.status = static_cast<int>((*raw >> 8) & 0xff);
}

// sacct's is "status:signal".
void set_status(Row& row, std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return;
  const auto status = to_integer(text.substr(0, colon));
  const auto signal = to_integer(text.substr(colon + 1));
  if (signal && *signal != 0)
    row.signal = static_cast<int>(*signal);
  else if (status)
    row.status = static_cast<int>(*status);
}

// id, state, reason, status, start, end, nodes, name, comment; the two programs spell the status differently.
Row row_of(const Fields& fields, void (*read_status)(Row&, std::string_view)) {
  Row row;
  row.word = state_word(fields[1]);
  row.reason = fields[2];
  read_status(row, fields[3]);
  row.start = epoch(fields[4]);
  row.end = epoch(fields[5]);
  row.nodes = fields[6];
  row.name = fields[7];
  row.comment = fields[8];
  return row;
}

std::string said(const ProcessResult& reply) {
  const std::vector<std::string> lines = split_lines(reply.err.empty() ? reply.out : reply.err);
  return lines.empty() ? fmt::format("exit status {}", reply.status) : printable(trim(lines.front()), 200);
}

bool knows_no_id(const ProcessResult& reply) {
  return reply.ending == Ending::exited && reply.err.find("Invalid job id") != std::string::npos;
}

// First word that is a number of the first line that begins with one; banners are passed over.
std::optional<std::string> first_id(const std::string& out) {
  for (const std::string& line : split_lines(out)) {
    const std::string word(trim(line.substr(0, line.find_first_of("|_ "))));
    if (!word.empty() && to_integer(word).value_or(-1) > 0) return word;
  }
  return std::nullopt;
}

Words with_list(Words words, std::span<const std::string> ids) {
  words.push_back(join(ids, ","));
  return words;
}

}  // namespace

std::optional<std::string> trouble(const std::string& program, const ProcessResult& reply) {
  switch (reply.ending) {
    case Ending::never_started:
      return fmt::format("{} could not be started: {}", program, reply.reason);
    case Ending::timed_out:
      return program + " did not answer in time";
    case Ending::signalled:
      return fmt::format("{} was ended by {}", program, signal_name(reply.status));
    case Ending::exited:
      break;
  }
  if (reply.status == 0) return std::nullopt;
  return fmt::format("{}: {}", program, said(reply));
}

Words find_words(const Token& token) {
  return {"squeue", "--noheader", "--states=all", "--name=tt-" + token.text, "--format=%F"};
}

scheduler::FindAnswer read_find(const ProcessResult& reply) {
  if (const auto why = trouble("squeue", reply)) return scheduler::CouldNotAsk{*why};
  if (const auto id = first_id(reply.out)) return scheduler::Found{JobId{*id}};
  return scheduler::Absent{};
}

Words find_ended_words(const Token& token) {
  return {
      "sacct",         "--noheader", "--allocations", "--parsable2", "--name=tt-" + token.text, "--starttime=now-7days",
      "--format=jobid"};
}

scheduler::FindAnswer read_find_ended(const ProcessResult& reply) {
  if (const auto why = trouble("sacct", reply)) return scheduler::CouldNotAsk{*why};
  if (const auto id = first_id(reply.out)) return scheduler::Found{JobId{*id}};
  return scheduler::Absent{};
}

namespace {

Words queue_words_with(const char* lines, std::span<const std::string> arrays) {
  return with_list({"squeue", "--noheader", lines, "--states=all", "--Format=" + std::string(kQueueFields), "--jobs"},
                   arrays);
}

bool knows_no_such_option(const ProcessResult& reply) {
  return reply.ending == Ending::exited && reply.status != 0 && reply.err.find("array-unique") != std::string::npos;
}

// "77_[2-5,9%4]" → 77 and {2,3,4,5,9}. Empty: it is cut off, or no list we know.
struct ManyTasks {
  std::string_view array;
  std::vector<int> indices;
};
std::optional<ManyTasks> many_tasks(std::string_view id) {
  const std::size_t bracket = id.find("_[");
  if (bracket == std::string_view::npos || !id.ends_with(']')) return std::nullopt;
  const std::string_view list = id.substr(bracket + 2, id.size() - bracket - 3);
  ManyTasks tasks{id.substr(0, bracket), read_index_list(list)};
  if (tasks.indices.empty()) return std::nullopt;
  return tasks;
}

}  // namespace

Words queue_words(std::span<const std::string> arrays) { return queue_words_with("--array-unique", arrays); }
Words queue_words_each(std::span<const std::string> arrays) { return queue_words_with("--array", arrays); }

QueueAnswer read_queue(const ProcessResult& reply) {
  if (knows_no_id(reply)) return Rows{};
  if (knows_no_such_option(reply)) return AskEach{};
  if (const auto why = trouble("squeue", reply)) return scheduler::CouldNotAsk{*why};
  Rows rows;
  bool whole = true;
  for_each_row(reply.out, [&](const Fields& fields) {
    if (fields[0].find('[') == std::string_view::npos) {
      rows.add(fields[0], row_of(fields, set_raw_status));
    } else if (const auto tasks = many_tasks(fields[0])) {
      rows.add_many(tasks->array, tasks->indices, row_of(fields, set_raw_status));
    } else {
      whole = false;
    }
  });
  if (!whole) return AskEach{};
  return rows;
}

std::optional<std::string> gist_of_queue(const ProcessResult& reply) {
  if (knows_no_id(reply) || trouble("squeue", reply)) return std::nullopt;
  std::string gist;
  gist.reserve(reply.out.size());
  for_each_row(reply.out, [&](const Fields& fields) {
    const auto& [id, state, reason, status, start, end, nodes, name, comment] = fields;
    const std::string word = state_word(state);
    const bool has_ended = !is_waiting(word) && !is_running(word);
    for (const std::string_view field : {id, state, reason, name, comment}) gist.append(field).push_back('|');
    if (!is_waiting(word)) gist.append(start);
    if (has_ended) {
      for (const std::string_view field : {status, end, nodes}) gist.append("|").append(field);
    }
    gist.push_back('\n');
  });
  return fingerprint(gist);
}

RowsAnswer read_queue_each(const ProcessResult& reply) {
  if (knows_no_id(reply)) return Rows{};
  if (const auto why = trouble("squeue", reply)) return scheduler::CouldNotAsk{*why};
  Rows rows;
  for_each_row(reply.out, [&](const Fields& fields) { rows.add(fields[0], row_of(fields, set_raw_status)); });
  return rows;
}

Words accounting_words(std::span<const std::string> arrays) {
  return with_list(
      {"sacct", "--noheader", "--allocations", "--parsable2", "--format=" + std::string(kAccountingFields), "--jobs"},
      arrays);
}

RowsAnswer read_accounting(const ProcessResult& reply) {
  if (const auto why = trouble("sacct", reply)) return scheduler::CouldNotAsk{*why};
  Rows rows;
  for_each_row(reply.out, [&](const Fields& fields) {
    const std::string_view id = fields[0];
    Row row = row_of(fields, set_status);
    const std::size_t bracket = id.find("_[");
    if (bracket != std::string_view::npos) {
      const std::string_view list = id.substr(bracket + 2);
      rows.add_many(id.substr(0, bracket), read_index_list(list.substr(0, list.find(']'))), std::move(row));
    } else if (id.find('_') != std::string_view::npos || row.word == "CANCELLED") {
      rows.add(id, std::move(row));
    }
  });
  return rows;
}

Words count_words() { return {"squeue", "--noheader", "--array", "--me", "--format=%i"}; }

std::optional<int> read_count(const ProcessResult& reply) {
  if (trouble("squeue", reply)) return std::nullopt;
  int count = 0;
  for (const std::string& line : split_lines(reply.out)) {
    if (!line.empty() && line.front() >= '0' && line.front() <= '9') ++count;
  }
  return count;
}

Words config_words() { return {"scontrol", "show", "config"}; }

std::optional<scheduler::Limits> read_config(const ProcessResult& reply) {
  if (trouble("scontrol", reply)) return std::nullopt;
  scheduler::Limits limits;
  for (const std::string& line : split_lines(reply.out)) {
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos || trim(line.substr(0, equals)) != "MaxArraySize") continue;
    if (const auto size = to_integer(trim(std::string_view(line).substr(equals + 1))); size && *size > 0)
      limits.max_array_tasks = static_cast<int>(std::min<std::int64_t>(*size, 1'000'000'000));
  }
  if (!limits.max_array_tasks) return std::nullopt;
  return limits;
}

Words task_groups(std::span<const scheduler::TaskRef> tasks) {
  std::map<std::string, std::vector<int>> by_array;
  for (const scheduler::TaskRef& task : tasks) by_array[array_of(task.job)].push_back(task.index);
  Words groups;
  for (const auto& [array, indices] : by_array) groups.push_back(fmt::format("{}_[{}]", array, index_list(indices)));
  return groups;
}

namespace {

bool only_no_errors(const std::string& err) {
  const std::vector<std::string> lines = split_lines(err);
  return !lines.empty() &&
         std::all_of(lines.begin(), lines.end(), [](const std::string& line) { return line.ends_with(": No error"); });
}

Words on_tasks(Words words, std::span<const scheduler::TaskRef> tasks) {
  for (std::string& group : task_groups(tasks)) words.push_back(std::move(group));
  return words;
}

}  // namespace

Words cancel_by_name_words(const Token& token) { return {"scancel", "--name=tt-" + token.text}; }

Words cancel_words(std::span<const scheduler::TaskRef> tasks) { return on_tasks({"scancel"}, tasks); }
Words hold_words(std::span<const scheduler::TaskRef> tasks) { return on_tasks({"scontrol", "hold"}, tasks); }
Words release_words(std::span<const scheduler::TaskRef> tasks) { return on_tasks({"scontrol", "release"}, tasks); }

std::vector<scheduler::ActAnswer> read_act(std::span<const scheduler::TaskRef> tasks, const std::string& program,
                                           const ProcessResult& reply) {
  const auto why = trouble(program, reply);
  if (!why) return std::vector<scheduler::ActAnswer>(tasks.size(), scheduler::Done{});
  std::map<std::string, std::string> refused;  // task id → why
  for (const std::string& line : split_lines(reply.err)) {
    const std::size_t colon = line.find(": ");
    const std::size_t bar = line.find('_');
    if (colon == std::string::npos || bar == std::string::npos || bar > colon) continue;
    if (line.ends_with(": No error")) continue;  // it stands already as asked
    for (const int index : read_index_list(std::string_view(line).substr(bar + 1, colon - bar - 1)))
      refused[task_id(JobId{line.substr(0, bar)}, index)] = line.substr(colon + 2);
  }
  const bool silent = reply.ending != Ending::exited || reply.err.find("Unable to contact") != std::string::npos ||
                      reply.err.find("timed out") != std::string::npos;
  std::vector<scheduler::ActAnswer> answers;
  for (const scheduler::TaskRef& task : tasks) {
    const auto named = refused.find(task_id(task.job, task.index));
    if (silent)
      answers.emplace_back(scheduler::CouldNotAsk{*why});
    else if (named != refused.end())
      answers.emplace_back(scheduler::CouldNot{named->second});
    else if (!refused.empty() || only_no_errors(reply.err))
      answers.emplace_back(scheduler::Done{});
    else
      answers.emplace_back(scheduler::CouldNot{*why});
  }
  return answers;
}

}  // namespace tt::slurm
