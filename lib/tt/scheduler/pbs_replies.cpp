#include "tt/scheduler/pbs_replies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tt/base/error.hpp"
#include "tt/base/text.hpp"
#include "tt/base/value.hpp"

namespace tt::scheduler::pbs {
namespace {

// 123.server or 123[].server, the whole line.
bool is_job_id(std::string_view line) {
  std::size_t at = 0;
  while (at < line.size() && is_digit(line[at])) ++at;
  if (at == 0) return false;
  if (line.substr(at).starts_with("[]")) at += 2;
  if (at >= line.size() || line[at] != '.') return false;
  const std::string_view server = line.substr(at + 1);
  const auto fits = [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
  };
  return !server.empty() && std::all_of(server.begin(), server.end(), fits);
}

// The id that stands after (or before) some words of an error line, as a key; an element may read "123[9,99]".
std::optional<std::string> key_in(std::string_view line) {
  for (const std::string& word : split(line, ' ')) {
    if (!word.empty() && is_digit(word[0]) && word.find_first_not_of("0123456789") != std::string::npos) {
      const std::size_t dot = word.find('.');
      const std::string key = word.substr(0, dot);
      if (key.find_first_not_of("0123456789[],-") == std::string::npos) return key;
    }
  }
  return std::nullopt;
}

bool has(std::string_view text, std::string_view words) { return text.find(words) != std::string_view::npos; }

// A table is flattened one level down: resources_used.walltime. Scalars as text: PBS types them by their looks.
Job job_of(const std::string& id, const Value& record) {
  Job job{id, {}};
  for (const auto& [name, value] : record.as_table()) {
    if (name == "Variable_List") continue;
    if (value.is_table()) {
      for (const auto& [inner, text] : value.as_table())
        job.attributes[fmt::format("{}.{}", name, inner)] = plain_text(text);
    } else {
      job.attributes[name] = plain_text(value);
    }
  }
  return job;
}

void read_json(const std::string& text, Listing& listing) {
  const Value document = parse_json(text, "qstat");
  const Value& jobs = document.at("Jobs");
  if (!jobs.is_table()) return;
  for (const auto& [id, record] : jobs.as_table()) {
    if (record.is_table()) listing.jobs[key_of(id)] = job_of(id, record);
  }
}

constexpr std::string_view kDelimitedBegin = "Job Id: ";

// name=value fields between '|'; a backslash makes the next character a plain one.
Job delimited_job(std::string_view line) {
  Job job;
  std::string field;
  const auto take = [&] {
    const std::size_t equals = field.find('=');
    if (job.id.empty())
      job.id = trim(field.substr(std::min(kDelimitedBegin.size(), field.size())));
    else if (equals != std::string::npos && !field.starts_with("Variable_List="))
      job.attributes.emplace(field.substr(0, equals), field.substr(equals + 1));
    field.clear();
  };
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size())
      field += line[++i];
    else if (line[i] == '|')
      take();
    else
      field += line[i];
  }
  take();
  return job;
}

// One job per line; a value that holds a line end goes on in the next.
void read_delimited(const std::string& text, Listing& listing) {
  std::string record;
  const auto take = [&] {
    if (record.empty()) return;
    Job job = delimited_job(record);
    std::string key = key_of(job.id);
    listing.jobs.insert_or_assign(std::move(key), std::move(job));
  };
  for (const std::string& line : split_lines(text)) {
    if (line.starts_with(kDelimitedBegin)) {
      take();
      record = line;
    } else if (!record.empty()) {
      record += "\n" + line;
    }
  }
  take();
}

void read_errors(const std::string& text, Listing& listing) {
  for (const std::string& line : split_lines(text)) {
    const auto key = key_in(line);
    if (!key) continue;
    if (has(line, "Job has finished")) listing.finished.insert(*key);
    if (has(line, "Unknown Job Id")) listing.unknown.insert(*key);
  }
}

std::string one_line(std::string_view text) {
  std::vector<std::string> lines;
  for (const std::string& line : split_lines(text)) {
    if (!trim(line).empty()) lines.emplace_back(trim(line));
  }
  return join(lines, "; ");
}

}  // namespace

std::string own_words(const ProcessResult& reply, std::string_view program) {
  std::vector<std::string> own;
  std::string last;
  for (const std::string& line : split_lines(reply.err)) {
    const std::string_view trimmed = trim(line);
    if (trimmed.starts_with(std::string(program) + ":")) own.emplace_back(trimmed);
    if (!trimmed.empty()) last = trimmed;
  }
  return printable(own.empty() ? last : join(own, "; "), 400);
}

std::string unreachable(const ProcessResult& reply) {
  switch (reply.ending) {
    case Ending::timed_out:
      return "PBS did not answer in time";
    case Ending::never_started:
      return "the PBS command could not be started: " + reply.reason;
    case Ending::signalled:
      return "the PBS command was ended by " + signal_name(reply.status);
    case Ending::exited:
      break;
  }
  if (reply.status == 0) return "";
  static constexpr std::array<std::string_view, 6> kSigns{
      "cannot connect to server", "Connection refused", "Unknown Host",
      "Unable to authenticate",   "errno=15010",        "cannot find server"};
  for (const std::string_view sign : kSigns) {
    if (has(reply.err, sign)) return "PBS cannot be reached: " + printable(one_line(reply.err), 200);
  }
  return "";
}

namespace {

// What to do about a refusal, by what qsub said.
std::string_view advice_for(std::string_view words) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kAdvice{{
      {"Unknown queue", "--partition NAME names another; `qstat -Q` lists them"},
      {"Queue is not enabled", "--partition NAME names another; `qstat -Q` says which take jobs"},
      {"Access to queue is denied", "--partition NAME names another; some queues are filled by others only"},
      {"Unauthorized Request", "--partition NAME names a queue that is open to you"},
      {"violates queue",
       "`qstat -Q -f` tells what the queue takes; --partition NAME, or other `resources` in the sweep"},
      {"Account_Name is required", "--account NAME, TT_ACCOUNT, or launch.account of the profile"},
      {"filesystems is required", "launch.always = [\"-l filesystems=...\"] of the profile"},
      {"Unknown resource", "launch.gpu_request, launch.constraint and launch.always of the profile ask for resources"},
      {"Array job exceeds", "`tt-submit run` asks for the limit and cuts there"},
  }};
  for (const auto& [said, advice] : kAdvice) {
    if (has(words, said)) return advice;
  }
  return "";
}

}  // namespace

SubmitAnswer read_submit(const ProcessResult& reply) {
  if (const std::string why = unreachable(reply); !why.empty()) {
    // With -f qsub connects first and says this only then: nothing was sent, and nothing can surface.
    const bool nothing_sent = reply.ending == Ending::exited && has(reply.err, "qsub: cannot connect to server");
    if (nothing_sent) return Refused{why, true};
    return NoAnswer{why};
  }
  if (reply.status == 0) {
    std::optional<std::string> id;
    for (const std::string& line : split_lines(reply.out)) {
      if (is_job_id(trim(line))) id = trim(line);
    }
    if (id) return Accepted{JobId{*id}};
    return NoAnswer{fmt::format("qsub ended well and told no job id: '{}'", printable(trim(reply.out)))};
  }
  const std::string words = own_words(reply, "qsub");
  // A limit of what one user may have there at a time: the same is taken once something has ended.
  const bool for_now = has(words, "would exceed") && (has(words, "limit"));
  if (words.empty()) return Refused{fmt::format("qsub: exit status {}", reply.status), false};
  const std::string_view advice = advice_for(words);
  return Refused{advice.empty() ? words : fmt::format("{} ({})", words, advice), for_now, for_now};
}

bool has_no_history(const ProcessResult& reply) {
  return has(reply.err, "not configured to maintain job history") ||
         has(reply.out, "not configured to maintain job history");
}

FindAnswer read_find(const ProcessResult& reply) {
  if (const std::string why = unreachable(reply); !why.empty()) return CouldNotAsk{why};
  if (reply.status != 0) return CouldNotAsk{own_words(reply, "qselect")};
  for (const std::string& line : split_lines(reply.out)) {
    if (is_job_id(trim(line))) return Found{JobId{std::string(trim(line))}};
  }
  return Absent{};
}

ListingAnswer read_listing(const ProcessResult& reply, Format format) {
  if (const std::string why = unreachable(reply); !why.empty()) return CouldNotAsk{why};
  Listing listing;
  read_errors(reply.err, listing);
  if (format == Format::delimited) {
    read_delimited(reply.out, listing);
  } else if (!trim(reply.out).empty()) {
    try {
      read_json(reply.out, listing);
    } catch (const Error& error) {
      return Unreadable{error.what()};
    }
  }
  const bool says_nothing = listing.jobs.empty() && listing.finished.empty() && listing.unknown.empty();
  if (says_nothing && reply.status != 0) {
    const std::string words = own_words(reply, "qstat");
    return CouldNotAsk{words.empty() ? fmt::format("qstat: exit status {}", reply.status) : words};
  }
  return listing;
}

std::map<std::string, ActAnswer, std::less<>> read_act(const ProcessResult& reply, std::string_view program,
                                                       std::span<const std::string> ids) {
  std::map<std::string, ActAnswer, std::less<>> answers;
  const std::string why = unreachable(reply);
  for (const std::string& id : ids) {
    if (why.empty())
      answers[key_of(id)] = Done{};
    else
      answers[key_of(id)] = CouldNotAsk{why};
  }
  if (!why.empty() || reply.status == 0) return answers;
  bool told = false;
  for (const std::string& line : split_lines(reply.err)) {
    const auto key = key_in(line);
    if (!key) continue;
    told = true;
    // Over, or never there: nothing is left to do. (An error for "123[9,99]" is about 99 alone; 9 was acted on.)
    if (has(line, "Job has finished") || has(line, "Unknown Job Id")) continue;
    const auto found = answers.find(*key);
    if (found != answers.end()) found->second = CouldNot{printable(trim(line))};
  }
  if (told) return answers;
  for (auto& [key, answer] : answers) answer = CouldNot{own_words(reply, program)};
  return answers;
}

std::optional<int> read_count(const ProcessResult& reply) {
  if (!reply.ok()) return std::nullopt;
  int count = 0;
  for (const std::string& line : split_lines(reply.out)) {
    const std::string key = key_of(trim(line));
    const bool is_id = !key.empty() && is_digit(key[0]) && trim(line).size() > key.size();
    if (is_id && !key.ends_with("[]")) ++count;
  }
  return count;
}

std::optional<int> read_max_array_size(const ProcessResult& reply) {
  if (!reply.ok()) return std::nullopt;
  for (const std::string& line : split_lines(reply.out)) {
    const std::size_t equals = line.find('=');
    if (equals == std::string::npos || trim(std::string_view(line).substr(0, equals)) != "max_array_size") continue;
    if (const auto number = to_integer(trim(std::string_view(line).substr(equals + 1))); number && *number > 0)
      return static_cast<int>(*number);
  }
  return std::nullopt;
}

}  // namespace tt::scheduler::pbs
