#include "tt/flow/room.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "tt/base/text.hpp"
#include "tt/flow/history.hpp"

namespace tt::flow {
namespace {

// Whether jobs go to this queue; the only one of a profile that says nothing else is meant as well.
bool goes_to(const site::Profile& site, const std::string& wanted, const site::Queue& queue) {
  return queue.name == wanted || (wanted.empty() && site.queues.size() == 1);
}

bool is_bounded(const site::Profile& site, const scheduler::Limits& limits) {
  return limits.max_submitted_tasks ||
         std::any_of(site.queues.begin(), site.queues.end(), [](const site::Queue& queue) { return queue.max_queued; });
}

}  // namespace

Room ask_room(const Surroundings& around, scheduler::Scheduler& scheduler) {
  Room room{scheduler.ask_limits(), 0, {}};
  if (!is_bounded(around.site.profile, room.limits)) return room;
  room.asked = std::chrono::floor<std::chrono::seconds>(around.clock->now());  // as journals tell time
  room.there = scheduler.count_submitted().value_or(0);
  return room;
}

// Whatever was written down as taken before the scheduler was asked is in its answer. An intent alone proves nothing:
// its jobs may have come after the answer. What is counted twice, since it was there already, is held back until the
// next look.
void add_others(Room& room, const Surroundings& around) {
  if (!room.asked) return;
  const ledger::Ledger ledger = load_history(around.workspace, known_sweeps(around.workspace));
  for (const auto& one : ledger.submissions) {
    const ledger::SubmissionState& submission = one.second;
    const bool was_not_counted = !submission.accepted || *submission.accepted >= *room.asked;
    const bool is_there = submission.answer != ledger::Answer::refused && !submission.replaced_by;
    if (submission.site != around.site.profile.name || !was_not_counted || !is_there) continue;
    const auto open = std::count_if(submission.runs.begin(), submission.runs.end(), [&](const PlannedTask& task) {
      const ledger::AttemptState* attempt = ledger::find_attempt(ledger, {task.run, task.attempt});
      return attempt != nullptr && !attempt->closed && attempt->token == submission.token;
    });
    room.there += static_cast<int>(open);
  }
}

Room remember_room(const Surroundings& around, const scheduler::Scheduler& scheduler) {
  Room room{scheduler.limits(), 0, {}};
  if (!is_bounded(around.site.profile, room.limits)) return room;
  const ledger::Ledger ledger = load_history(around.workspace, known_sweeps(around.workspace));
  const auto open = ledger::open_attempts(ledger);
  const auto here = std::count_if(open.begin(), open.end(), [&](const ledger::AttemptState* attempt) {
    const auto submission = ledger.submissions.find(attempt->token);
    return submission != ledger.submissions.end() && submission->second.site == around.site.profile.name;
  });
  room.there = static_cast<int>(here);
  return room;
}

std::optional<Window> window_of(const site::Profile& site, const scheduler::Limits& limits, const std::string& queue) {
  const std::string& wanted = queue.empty() ? site.partition : queue;
  std::optional<Window> window;
  if (limits.max_submitted_tasks) window = Window{*limits.max_submitted_tasks, ""};
  for (const site::Queue& one : site.queues) {
    const bool bounds = one.max_queued && goes_to(site, wanted, one);
    if (bounds && (!window || *one.max_queued < window->jobs)) window = Window{*one.max_queued, one.name};
  }
  return window;
}

std::string describe_window(const site::Profile& site, const Window& window) {
  return fmt::format("{} takes {} of one user at a time{}", site.name, plural(window.jobs, "job"),
                     window.queue.empty() ? "" : " in " + window.queue);
}

std::optional<int> usual_throttle(const site::Profile& site) {
  for (const site::Queue& queue : site.queues) {
    if (goes_to(site, site.partition, queue)) return queue.max_running;
  }
  return std::nullopt;
}

}  // namespace tt::flow
