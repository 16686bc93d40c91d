#include "tt/scheduler/local_reading.hpp"

#include <algorithm>
#include <utility>

namespace tt::scheduler {

const SpoolReading::Entry* SpoolReading::entry(const Token& token) {
  const auto before = entries_.find(token);
  if (before != entries_.end() && before->second.question == question_) return &before->second;
  if (!spool_.has_job(token)) {
    entries_.erase(token);
    return nullptr;
  }
  // Kept only when all of it could be read: trouble is met again by whoever asks next.
  Entry fresh = before == entries_.end() ? Entry{} : std::move(before->second);
  entries_.erase(token);
  if (fresh.place.empty()) {
    auto job = spool_.load_job(token);
    if (!job) return nullptr;
    fresh.read.job = std::move(*job);
    for (std::size_t i = 0; i < fresh.read.job.indices.size(); ++i) fresh.place[fresh.read.job.indices[i]] = i;
  }
  if (!fresh.done) {
    const bool is_marked = spool_.is_done(token);  // before the tasks: they were all over when it was made
    fresh.read.tasks = spool_.load_tasks(fresh.read.job, fresh.read.tasks);
    fresh.done = is_marked && is_over(fresh.read);
  }
  fresh.question = question_;
  return &(entries_[token] = std::move(fresh));
}

const QueuedJob* SpoolReading::job(const Token& token) {
  const Entry* found = entry(token);
  return found == nullptr ? nullptr : &found->read;
}

const LocalTask* SpoolReading::task(const Token& token, int index) {
  const Entry* found = entry(token);
  if (found == nullptr) return nullptr;
  const auto place = found->place.find(index);
  return place == found->place.end() ? nullptr : &found->read.tasks[place->second];
}

std::vector<const QueuedJob*> SpoolReading::queue() {
  std::vector<const QueuedJob*> queue;
  for (const Token& token : spool_.open_tokens()) {
    if (const QueuedJob* open = job(token)) queue.push_back(open);
  }
  std::sort(queue.begin(), queue.end(), [](const auto* a, const auto* b) { return comes_before(*a, *b); });
  return queue;
}

}  // namespace tt::scheduler
