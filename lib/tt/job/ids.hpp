// tt/job/ids.hpp: names of things. Distinct ids are distinct types.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <utility>

namespace tt {

template <class Tag>
struct Id {
  std::string text;
  bool empty() const { return text.empty(); }
  friend auto operator<=>(const Id&, const Id&) = default;
};

using RunId = Id<struct RunTag>;    // "r" and 16 hexadecimal digits: sweep name + settings; survives a rename
using Token = Id<struct TokenTag>;  // one per submission; the job's name is "tt-<token>"
using JobId = Id<struct JobTag>;    // what the scheduler answered; no task index in it

// The job of a task that called itself by an id of its own: task 3 of Slurm's array 77 is "77_3". Others (PBS, this
// machine) name the whole already.
inline JobId job_of_task(std::string task, int index) {
  const std::string own = "_" + std::to_string(index);
  if (task.ends_with(own)) task.resize(task.size() - own.size());
  return JobId{std::move(task)};
}

// One try of a run. Attempts count from 1 within a run folder and are never reused.
struct AttemptKey {
  RunId run;
  int attempt = 0;
  friend auto operator<=>(const AttemptKey&, const AttemptKey&) = default;
};

}  // namespace tt

template <class Tag>
struct std::hash<tt::Id<Tag>> {
  std::size_t operator()(const tt::Id<Tag>& id) const noexcept { return std::hash<std::string>{}(id.text); }
};
