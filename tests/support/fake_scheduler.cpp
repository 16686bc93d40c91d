#include "support/fake_scheduler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "tt/base/error.hpp"

namespace tt::test {
namespace {

using scheduler::ActAnswer;
using scheduler::Known;
using scheduler::TaskEnd;
using scheduler::TaskRef;
using scheduler::TaskStatus;

Known waiting() { return {RunState::queued, "QUEUED", "Priority", {}, {}, {}}; }

bool has_ended_already(const TaskStatus& status) {
  const Known* known = std::get_if<Known>(&status);
  return known == nullptr || known->ended.has_value();
}

bool has_started(const TaskStatus& status) {
  const Known* known = std::get_if<Known>(&status);
  return known != nullptr && known->state == RunState::running;
}

}  // namespace

void FakeScheduler::set_mood(Mood mood, const std::string& word) {
  cluster_->mood = mood;
  cluster_->word = word;
}
void FakeScheduler::accepts() { set_mood(Mood::accepts, ""); }
void FakeScheduler::refuses(const std::string& reason) { set_mood(Mood::refuses, reason); }
void FakeScheduler::has_room_for(int tasks, const std::string& reason) {
  set_mood(Mood::is_narrow, reason);
  cluster_->room = tasks;
}
void FakeScheduler::swallows(const std::string& why) { set_mood(Mood::swallows, why); }
void FakeScheduler::drops(const std::string& why) { set_mood(Mood::drops, why); }

FakeScheduler::Job& FakeScheduler::job(const Token& token) {
  const auto found = cluster_->jobs.find(token);
  if (found == cluster_->jobs.end()) throw std::runtime_error("the fake scheduler has no submission " + token.text);
  return found->second;
}

ProcessResult FakeScheduler::run(const Token& token, int index, Seconds limit) {
  surface(token);
  is_running(token, index);
  const scheduler::SubmitRequest& request = job(token).request;
  Command command{{"bash", request.script.string(), std::to_string(index)},
                  request.environment,
                  request.workdir.empty() ? request.submission : request.workdir};
  command.environment.set("TT_INDEX", std::to_string(index));
  command.environment.set("TT_JOB", job_id(token).text);
  const ProcessResult result = SystemRunner().run(command, limit);
  TaskEnd end{scheduler::EndReason::exited, result.ending != Ending::never_started, {}, {}, {}};
  if (result.ending == Ending::exited) end.status = result.status;
  if (result.ending == Ending::signalled) end.signal = signal_name(result.status);
  has_ended(token, index, end);
  return result;
}

void FakeScheduler::is_queued(const Token& token, int index) { set(token, index, waiting()); }

void FakeScheduler::is_running(const Token& token, int index) {
  set(token, index, Known{RunState::running, "RUNNING", "", {}, {}, {}});
}

void FakeScheduler::has_ended(const Token& token, int index, const TaskEnd& end) {
  Known known;
  known.raw = to_string(end.reason);
  known.ended = end;
  switch (end.reason) {
    case scheduler::EndReason::exited:
      break;  // the run folder says how
    case scheduler::EndReason::time_limit:
      known.state = RunState::timed_out;
      break;
    case scheduler::EndReason::cancelled:
      known.state = RunState::cancelled;
      break;
    case scheduler::EndReason::preempted:
      known.state = RunState::preempted;
      break;
    case scheduler::EndReason::lost:
      known.state = RunState::lost;
      break;
    case scheduler::EndReason::never_started:
    case scheduler::EndReason::node_failed:
    case scheduler::EndReason::out_of_memory:
      known.state = RunState::failed;
      break;
  }
  set(token, index, known);
}

void FakeScheduler::check_it_answers() {
  if (!cluster_->missing.empty()) throw Error(cluster_->missing);
}

std::vector<Token> FakeScheduler::tokens() const {
  std::vector<Token> tokens;
  for (const scheduler::SubmitRequest& request : cluster_->submitted) tokens.push_back(request.token);
  return tokens;
}

int FakeScheduler::tasks_there() const {
  int there = 0;
  for (const auto& [token, job] : cluster_->jobs) {
    for (const auto& [index, status] : job.tasks) there += has_ended_already(status) ? 0 : 1;
  }
  return there;
}

std::vector<std::string> FakeScheduler::unsayable(const site::Profile& site) const {
  std::vector<std::string> sentences;
  for (const auto& [qos, sentence] : cluster_->unsayable) {
    if (qos.empty() || qos == site.qos) sentences.push_back(sentence);
  }
  return sentences;
}

scheduler::SubmitAnswer FakeScheduler::submit(const scheduler::SubmitRequest& request) {
  cluster_->submitted.push_back(request);
  if (cluster_->on_submit) cluster_->on_submit();
  const Mood mood = cluster_->mood;
  if (mood == Mood::refuses) return scheduler::Refused{cluster_->word};
  if (mood == Mood::is_narrow && tasks_there() + static_cast<int>(request.indices.size()) > cluster_->room)
    return scheduler::Refused{cluster_->word, true, true};
  if (mood == Mood::drops) return scheduler::NoAnswer{cluster_->word};
  Job taken{request, mood != Mood::swallows, {}};
  for (const int index : request.indices) taken.tasks.emplace(index, waiting());
  cluster_->jobs.emplace(request.token, std::move(taken));
  if (mood == Mood::swallows) return scheduler::NoAnswer{cluster_->word};
  return scheduler::Accepted{job_id(request.token)};
}

std::vector<std::string> FakeScheduler::submit_argv(const scheduler::SubmitRequest& request) const {
  return {"fake-submit", "--token", request.token.text, request.script.string()};
}

scheduler::FindAnswer FakeScheduler::find(const Token& token) {
  if (!cluster_->deaf.empty()) return scheduler::CouldNotAsk{cluster_->deaf};
  const auto found = cluster_->jobs.find(token);
  if (found == cluster_->jobs.end() || !found->second.known) return scheduler::Absent{};
  return scheduler::Found{job_id(token)};
}

TaskStatus* FakeScheduler::known_task(const TaskRef& task) {
  const auto found = cluster_->jobs.find(task.token);
  if (found == cluster_->jobs.end() || !found->second.known) return nullptr;
  const auto status = found->second.tasks.find(task.index);
  return status == found->second.tasks.end() ? nullptr : &status->second;
}

namespace {

std::string in_words(const TaskStatus& status) {
  const Known* known = std::get_if<Known>(&status);
  if (known == nullptr) return "gone";
  std::string words = fmt::format("{}|{}|{}|{}|{}", known->state ? to_string(*known->state) : "", known->raw,
                                  known->reason, known->hopeless, known->since ? iso_time(*known->since) : "");
  if (known->ended) words += fmt::format("|{}|{}", to_string(known->ended->reason), known->ended->status.value_or(-1));
  return words;
}

}  // namespace

scheduler::Echo FakeScheduler::echo_about(const std::vector<std::string>& jobs) const {
  scheduler::Echo echo{jobs, ""};
  for (const auto& [token, job] : cluster_->jobs) {
    if (!job.known || std::find(jobs.begin(), jobs.end(), job_id(token).text) == jobs.end()) continue;
    for (const auto& [index, status] : job.tasks)
      echo.answer += fmt::format("{}_{}: {}\n", token.text, index, in_words(status));
  }
  return echo;
}

bool FakeScheduler::says_the_same(const scheduler::Echo& echo) {
  ++cluster_->times_asked;
  return cluster_->deaf.empty() && echo_about(echo.jobs).answer == echo.answer;
}

std::vector<TaskStatus> FakeScheduler::status(std::span<const TaskRef> tasks) {
  ++cluster_->times_asked;
  std::set<std::string> jobs;
  for (const TaskRef& task : tasks) jobs.insert(task.job.text);
  last_.reset();
  if (cluster_->deaf.empty()) last_ = echo_about({jobs.begin(), jobs.end()});
  std::vector<TaskStatus> answers;
  for (const TaskRef& task : tasks) {
    const TaskStatus* known = known_task(task);
    if (!cluster_->deaf.empty())
      answers.emplace_back(scheduler::CouldNotAsk{cluster_->deaf});
    else
      answers.push_back(known == nullptr ? TaskStatus{scheduler::Gone{}} : *known);
  }
  return answers;
}

// Waiting tasks are over at once; running ones are told, and over when the test says so.
std::vector<ActAnswer> FakeScheduler::cancel(std::span<const TaskRef> tasks, scheduler::StopAs as) {
  if (!cluster_->deaf.empty()) return {tasks.size(), scheduler::CouldNotAsk{cluster_->deaf}};
  for (const TaskRef& task : tasks) {
    cluster_->cancelled.emplace_back(task, as);
    const TaskStatus* known = known_task(task);
    if (known == nullptr || has_ended_already(*known) || has_started(*known)) continue;
    const auto reason =
        as == scheduler::StopAs::cancelled ? scheduler::EndReason::cancelled : scheduler::EndReason::preempted;
    has_ended(task.token, task.index, {reason, false, {}, {}, {}});
  }
  return {tasks.size(), scheduler::Done{}};
}

std::vector<ActAnswer> FakeScheduler::set_all(std::span<const TaskRef> tasks, const Known& state) {
  if (!cluster_->deaf.empty()) return {tasks.size(), scheduler::CouldNotAsk{cluster_->deaf}};
  std::vector<ActAnswer> answers;
  for (const TaskRef& task : tasks) {
    TaskStatus* known = known_task(task);
    if (known != nullptr && has_started(*known)) {
      answers.emplace_back(scheduler::CouldNot{"it is running"});
      continue;
    }
    if (known != nullptr && !has_ended_already(*known)) *known = state;
    answers.emplace_back(scheduler::Done{});
  }
  return answers;
}

std::vector<ActAnswer> FakeScheduler::hold(std::span<const TaskRef> tasks) {
  return set_all(tasks, {RunState::held, "HELD", "JobHeldUser", {}, {}, {}});
}

std::vector<ActAnswer> FakeScheduler::release(std::span<const TaskRef> tasks) { return set_all(tasks, waiting()); }

}  // namespace tt::test
