#include "tt/scheduler/pbs_job.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>

#include "tt/base/process.hpp"
#include "tt/base/text.hpp"

namespace tt::scheduler::pbs {
namespace {

// Exit_status as PBS gives it for what it ended itself (from 22.05 on; before, the limit reads as 271).
constexpr int kOverWalltime = -29;
constexpr int kOverMemory = -27;
constexpr int kOverVirtualMemory = -26;
constexpr int kFirstNodeLost = -20;
constexpr int kOtherNodeLost = -14;
constexpr int kTopProcessSignalled = 256;  // + signal
constexpr int kSigterm = 271;
constexpr int kClaimed = 66;  // of the job script: the attempt belongs to another start
// Substates.
constexpr int kTerminated = 91;

bool is_over(std::string_view state) { return state == "F" || state == "X"; }

bool reached_walltime(const Job& job) {
  if (job.text("comment").find("exceeded resource walltime") != std::string::npos) return true;
  const auto status = job.number("Exit_status");
  if (status == kOverWalltime) return true;
  const auto used = read_duration(job.text("resources_used.walltime"));
  const auto asked = read_duration(job.text("Resource_List.walltime"));
  return status == kSigterm && used && asked && asked->count() > 0 && *used >= *asked;
}

TaskEnd exited(int status) {
  TaskEnd end;
  end.reason = EndReason::exited;
  if (status >= kTopProcessSignalled)
    end.signal = signal_name(status - kTopProcessSignalled);
  else if (status > 128 && status < 160)  // the login shell above the script says 128 + n
    end.signal = signal_name(status - 128);
  else
    end.status = status;
  return end;
}

TaskEnd never_ran(const Job& job, const Job* array) {
  TaskEnd end;
  end.started = false;
  // An element that was deleted while it waited takes the substate of its array.
  const bool deleted = array != nullptr || job.number("substate") == kTerminated;
  end.reason = deleted ? EndReason::cancelled : EndReason::never_started;
  return end;
}

TaskEnd read_end(const Job& job, const Job* array) {
  const auto status = job.number("Exit_status");
  if (!job.has("exec_host")) return never_ran(job, array);
  TaskEnd end;
  if (reached_walltime(job))
    end.reason = EndReason::time_limit;
  else if (job.number("substate") == kTerminated)
    end.reason = EndReason::cancelled;
  else if (!status)
    end.reason = EndReason::lost;
  else if (status == kFirstNodeLost || status == kOtherNodeLost || (was_started_again(job) && status == kClaimed))
    end.reason = EndReason::node_failed;
  else if (status == kOverMemory || status == kOverVirtualMemory)
    end.reason = EndReason::out_of_memory;
  else if (job.text("comment").find("exceeded resource") != std::string::npos) {  // cput, ncpus
    end.reason = EndReason::exited;
    end.signal = "SIGKILL";
  } else if (*status < 0) {
    end.reason = EndReason::never_started;
    end.started = false;
  } else {
    end = exited(*status);
  }
  return end;
}

std::optional<Instant> first_time(const Job& job, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (const auto time = read_time(job.text(name))) return time;
  }
  return std::nullopt;
}

// Words for what waits for ever: a size no node has, or a start that failed as often as PBS tries.
bool is_hopeless(std::string_view comment) {
  // A file system that is marked down comes back: "... server resource: eagle_fs (True != False)".
  if (comment.find("server resource") != std::string_view::npos && comment.ends_with("(True != False)")) return false;
  return comment.starts_with("Can Never Run") || comment.find("too many failed attempts to run") != std::string::npos;
}

RunState state_while_open(std::string_view state, const Job& job, const Job* array) {
  const auto is_held = [](const Job* one) {
    return one != nullptr &&
           (one->text("job_state") == "H" || (!one->text("Hold_Types").empty() && one->text("Hold_Types") != "n"));
  };
  if (state == "Q" || state == "W" || state == "T" || state == "B")
    return is_held(array) || is_held(&job) ? RunState::held : RunState::queued;
  if (state == "H") return RunState::held;
  if (state == "R" || state == "E" || state == "S" || state == "U") return RunState::running;
  return RunState::unknown;
}

// What waits is told with the comment of its array, and after another start with that of the one before: neither says
// why it waits.
bool tells_of_a_start(std::string_view comment) {
  return comment.starts_with("Job Array Began") || comment.starts_with("Job run at") ||
         comment.starts_with("Job was sent for execution");
}

}  // namespace

std::string Job::text(std::string_view name) const {
  const auto found = attributes.find(name);
  return found == attributes.end() ? "" : found->second;
}

std::optional<int> Job::number(std::string_view name) const {
  const auto number = to_integer(text(name));
  if (!number) return std::nullopt;
  return static_cast<int>(*number);
}

std::string key_of(std::string_view id) { return std::string(id.substr(0, id.find('.'))); }

bool is_array(std::string_view id) { return key_of(id).ends_with("[]"); }

std::string key_of_task(std::string_view job, int index) {
  std::string key = key_of(job);
  if (!key.ends_with("[]")) return key;
  return fmt::format("{}[{}]", key.substr(0, key.size() - 2), index);
}

std::optional<Instant> read_time(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::vector<std::string> words;
  for (std::string& word : split(text, ' ')) {
    if (!word.empty()) words.push_back(std::move(word));
  }
  if (words.size() != 5) return std::nullopt;
  unsigned month = 0;
  while (month < kMonths.size() && kMonths[month] != words[1]) ++month;
  const auto day = to_integer(words[2]);
  const auto year = to_integer(words[4]);
  const auto time = read_duration(words[3]);
  if (month == kMonths.size() || !day || !year || !time) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)), std::chrono::month(month + 1),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::duration_cast<std::chrono::milliseconds>(*time);
}

std::optional<Seconds> read_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  double seconds = 0;
  for (const std::string& part : split(text, ':')) {
    const auto number = to_integer(part);
    if (!number || *number < 0) return std::nullopt;
    seconds = seconds * 60 + static_cast<double>(*number);
  }
  return Seconds{seconds};
}

bool was_started_again(const Job& job) { return job.number("run_count").value_or(0) > 1; }

Known read_task(const Job& job, const Job* array) {
  Known known;
  known.raw = job.text("job_state");
  known.reason = job.text("comment");
  if (known.reason.empty() && array != nullptr && !is_over(known.raw)) known.reason = array->text("comment");
  if (is_over(known.raw)) {
    known.ended = read_end(job, array);
    known.ended->time = first_time(job, {"obittime", "mtime"});
    known.since = known.ended->time;
    return known;
  }
  known.state = state_while_open(known.raw, job, array);
  const bool waits = known.state == RunState::queued || known.state == RunState::held;
  if (waits && tells_of_a_start(known.reason)) known.reason.clear();
  known.hopeless = waits && is_hopeless(known.reason);
  known.since = known.state == RunState::running ? first_time(job, {"stime"}) : first_time(job, {"etime", "qtime"});
  return known;
}

}  // namespace tt::scheduler::pbs
