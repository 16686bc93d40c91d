#include "tt/scheduler/local.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/lock.hpp"
#include "tt/base/log.hpp"
#include "tt/base/process.hpp"
#include "tt/base/stop_point.hpp"
#include "tt/base/text.hpp"
#include "tt/scheduler/local_plan.hpp"
#include "tt/scheduler/unsayable.hpp"

namespace tt::scheduler {
namespace {

// A supervisor takes a moment to show up; a second one would only leave again.
constexpr Seconds kSupervisorShowsUp{2};

std::optional<std::string> refusal(const SubmitRequest& request, const LocalMachine& machine) {
  if (request.indices.empty()) return "there is no task to run";
  if (request.shape.nodes > 1) {
    return fmt::format("a task wants {} nodes and this machine is one", request.shape.nodes);
  }
  if (request.shape.gpus > machine.slots) {
    const std::string has = machine.gpus.empty() ? plural(machine.slots, "slot") : plural(machine.slots, "GPU");
    return fmt::format("a task wants {} and this machine has {}", plural(request.shape.gpus, "GPU"), has);
  }
  return std::nullopt;
}

LocalJob job_of(const SubmitRequest& request, const LocalMachine& machine, Instant now) {
  LocalJob job;
  job.token = request.token;
  job.submitted = now;
  job.submission = request.submission;
  job.script = request.script;
  job.workdir = request.workdir;
  job.indices = request.indices;
  if (request.throttle) job.throttle = std::max(1, *request.throttle);
  job.slots = std::max(1, request.shape.gpus);
  job.machine = machine;
  job.walltime = request.walltime;
  job.warn_before = request.warn_before;
  job.kill_after = request.kill_after;
  job.environment = request.environment;
  return job;
}

std::string raw_word(EndReason reason) {
  std::string word = to_string(reason);
  for (char& c : word) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return word;
}

// Empty for a task that ended by itself: its run folder says how.
std::optional<RunState> state_of(EndReason reason) {
  switch (reason) {
    case EndReason::exited:
      return std::nullopt;
    case EndReason::time_limit:
      return RunState::timed_out;
    case EndReason::cancelled:
      return RunState::cancelled;
    case EndReason::preempted:
      return RunState::preempted;
    case EndReason::lost:
      return RunState::lost;
    case EndReason::never_started:
    case EndReason::node_failed:
    case EndReason::out_of_memory:
      return RunState::failed;
  }
  return RunState::lost;
}

std::string end_sentence(const TaskEnd& end) {
  if (!end.started) return end.reason == EndReason::never_started ? "could not be started" : "before it started";
  if (end.status) return fmt::format("exit status {}", *end.status);
  if (end.signal) return *end.signal;
  return end.reason == EndReason::lost ? "the machine restarted" : "nobody saw its exit status";
}

Known known_end(const TaskEnd& end) {
  return {state_of(end.reason), raw_word(end.reason), end_sentence(end), end.time, end, std::nullopt};
}

Known known_task(const LocalTask& task, const LocalJob& job, std::optional<int> position) {
  if (task.end) return known_end(*task.end);
  if (task.start && task.start->revoked) return known_end({*task.start->revoked, false, {}, {}, task.start->time});
  if (task.start) return {RunState::running, "RUNNING", "", task.start->time, std::nullopt, std::nullopt};
  if (task.held) return {RunState::held, "HELD", "held by its user", job.submitted, std::nullopt, std::nullopt};
  return {RunState::queued, "QUEUED", "waits for its turn", job.submitted, std::nullopt, position};
}

using Positions = std::map<std::pair<Token, int>, int>;

// Where each waiting task stands among all jobs of this machine.
Positions queue_positions(SpoolReading& reading) {
  Positions positions;
  for (const QueuedJob* queued : reading.queue()) {
    for (const LocalTask& task : queued->tasks) {
      if (!task.is_pending() || task.held) continue;
      const int next = static_cast<int>(positions.size()) + 1;
      positions[{queued->job.token, task.index}] = next;
    }
  }
  return positions;
}

ActAnswer act_on(const std::function<void()>& act) {
  try {
    act();
    return Done{};
  } catch (const Error& error) {
    return CouldNot{error.what()};
  }
}

}  // namespace

LocalScheduler::LocalScheduler(LocalOptions options, Clock& clock)
    : options_(std::move(options)), clock_(clock), spool_(options_.workspace, options_.host), reading_(spool_) {}

SubmitAnswer LocalScheduler::submit(const SubmitRequest& request) {
  if (auto reason = refusal(request, options_.machine)) return Refused{*reason};
  try {
    stop_point("local-before-accept");
    if (!spool_.has_job(request.token)) spool_.write_job(job_of(request, options_.machine, clock_.now()));
    stop_point("local-after-accept");
  } catch (const Error& error) {
    // The rename is the acceptance; what failed after it (a sync) leaves the job accepted or not, the spool says which.
    if (spool_.has_job(request.token)) return NoAnswer{error.what()};
    return Refused{error.what()};
  }
  start_supervisor_if_needed();
  return Accepted{local_job_id(request.token)};
}

std::vector<std::string> LocalScheduler::submit_argv(const SubmitRequest& request) const {
  return {"bash", request.script.string(), "INDEX"};
}

std::vector<std::string> LocalScheduler::unsayable(const site::Profile& site) const {
  constexpr std::array<Wording, 4> wordings{{{"account", ""}, {"partition", ""}, {"qos", ""}, {"constraint", ""}}};
  auto sentences = scheduler::unsayable(site, "this machine, which has no batch system", wordings, {});
  if (!site.always.empty()) {
    sentences.push_back(
        fmt::format("launch.always of site '{}' has '{}', and this machine has no batch system that could "
                    "be told: take it out of the profile",
                    site.name, printable(site.always.front())));
  }
  if (!site.gpu_request.empty()) {
    sentences.push_back(
        fmt::format("launch.gpu_request of site '{}' is '{}', and this machine has no batch system that "
                    "could be told: node.slots says how many GPUs' worth of runs go at once",
                    site.name, printable(site.gpu_request)));
  }
  return sentences;
}

std::string LocalScheduler::cannot_keep_off(std::span<const std::string> nodes) const {
  return fmt::format("{} cannot be kept off: this machine is the only node there is", names_of(nodes));
}

FindAnswer LocalScheduler::find(const Token& token) {
  if (spool_.has_job(token) || spool_.other_host_of(token)) return Found{local_job_id(token)};
  return Absent{};
}

bool LocalScheduler::is_host_elsewhere(const Token& token, std::string& why) const {
  const auto host = spool_.other_host_of(token);
  if (!host) return false;
  why = fmt::format("{} is a job of host {} and this is {}; ask there", local_job_id(token).text, *host, spool_.host());
  return true;
}

std::vector<TaskStatus> LocalScheduler::status(std::span<const TaskRef> tasks) {
  start_supervisor_if_needed();
  reading_.begin();
  std::optional<Positions> positions;
  std::vector<TaskStatus> answers;
  for (const TaskRef& ref : tasks) {
    std::string why;
    try {
      const LocalTask* task = reading_.task(ref.token, ref.index);
      if (task == nullptr) {
        if (is_host_elsewhere(ref.token, why))
          answers.emplace_back(CouldNotAsk{why});
        else
          answers.emplace_back(Gone{});
        continue;
      }
      std::optional<int> position;
      if (task->is_pending() && !task->held) {
        if (!positions) positions = queue_positions(reading_);
        const auto found = positions->find({ref.token, ref.index});
        if (found != positions->end()) position = found->second;
      }
      answers.emplace_back(known_task(*task, reading_.job(ref.token)->job, position));
    } catch (const Error& error) {
      answers.emplace_back(CouldNotAsk{error.what()});
    }
  }
  return answers;
}

std::vector<ActAnswer> LocalScheduler::cancel(std::span<const TaskRef> tasks, StopAs as) {
  return act(tasks, [&](const TaskRef& ref, const LocalTask& task) -> ActAnswer {
    if (task.is_over()) return Done{};
    return act_on([&] {
      // A task that has not started never will: whoever places its start record decides.
      if (task.start || !spool_.revoke(ref.token, ref.index, reason_of(as), clock_.now())) {
        spool_.request_stop(ref.token, ref.index, as);
      }
    });
  });
}

std::vector<ActAnswer> LocalScheduler::hold(std::span<const TaskRef> tasks) {
  return act(tasks, [&](const TaskRef& ref, const LocalTask& task) -> ActAnswer {
    if (task.is_over()) return CouldNot{"it has ended"};
    if (task.start) return CouldNot{"it is running; only a waiting task can be held"};
    return act_on([&] { spool_.set_held(ref.token, ref.index, true); });
  });
}

std::vector<ActAnswer> LocalScheduler::release(std::span<const TaskRef> tasks) {
  return act(tasks, [&](const TaskRef& ref, const LocalTask&) -> ActAnswer {
    return act_on([&] { spool_.set_held(ref.token, ref.index, false); });
  });
}

std::vector<ActAnswer> LocalScheduler::act(std::span<const TaskRef> tasks, const Act& deed) {
  reading_.begin();
  std::vector<ActAnswer> answers;
  for (const TaskRef& ref : tasks) {
    std::string why;
    try {
      if (const LocalTask* task = reading_.task(ref.token, ref.index))
        answers.push_back(deed(ref, *task));
      else if (is_host_elsewhere(ref.token, why))
        answers.emplace_back(CouldNotAsk{why});
      else
        answers.emplace_back(Done{});
    } catch (const Error& error) {
      answers.emplace_back(CouldNotAsk{error.what()});
    }
  }
  start_supervisor_if_needed();
  return answers;
}

// Work, or a job whose end nobody has put down yet. Held tasks alone need nobody.
bool LocalScheduler::needs_supervisor() {
  reading_.begin();
  const std::vector<const QueuedJob*> queue = reading_.queue();
  return std::any_of(queue.begin(), queue.end(),
                     [](const QueuedJob* queued) { return has_work(std::span(queued, 1)) || is_over(*queued); });
}

void LocalScheduler::start_supervisor_if_needed() {
  if (options_.supervisor.empty()) return;
  if (supervisor_started_ && clock_.now() - *supervisor_started_ < kSupervisorShowsUp) return;
  try {
    if (is_held_here(spool_.supervisor_lock()) || !needs_supervisor()) return;
    start_detached({options_.supervisor, options_.environment, options_.workspace}, spool_.supervisor_log());
    supervisor_started_ = clock_.now();
  } catch (const Error& error) {
    log::warning(
        fmt::format("no supervisor for the jobs of this machine: {}; `tt-submit status` tries again", error.what()));
  }
}

}  // namespace tt::scheduler
