// tt/scheduler/pbs_job.hpp: one job, array or element of an array as PBS tells it, and what that means.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tt/scheduler/scheduler.hpp"

namespace tt::scheduler::pbs {

// Attributes as text, whatever form they were read from: "job_state" → "R", "resources_used.walltime" → "00:00:05".
struct Job {
  std::string id;  // as told: "123.pbs0", "123[].pbs0", "123[4].pbs0"
  std::map<std::string, std::string, std::less<>> attributes;
  std::string text(std::string_view name) const;  // "" when absent
  std::optional<int> number(std::string_view name) const;
  bool has(std::string_view name) const { return attributes.find(name) != attributes.end(); }
};

// The part of an id that tells jobs apart, without the server: "123", "123[]", "123[4]". All commands accept it, and
// servers are named in more than one way.
std::string key_of(std::string_view id);
bool is_array(std::string_view id);  // "123[].pbs0"
// The key of a task: "123[4]" of an array, "123" of a job that is none.
std::string key_of_task(std::string_view job, int index);

// "Sun Nov 22 15:36:58 2026", told in UTC (client_environment asks for that).
std::optional<Instant> read_time(std::string_view text);
// "00:10:00", "30:00:00" (hours), "90" (seconds).
std::optional<Seconds> read_duration(std::string_view text);

// What a task's record means. `array`: the record of the array it belongs to, when it does.
//   A state other than F and X has not ended, whatever Exit_status says (after a node was lost it shows that of the
//   start before). A task that ended without an exec_host never ran: its state, its substate (92 is that of success)
//   and its Exit_status then say nothing.
//   A task that was started again ends with the status of a script whose attempt is claimed already: what ended it the
// first time was its node.
Known read_task(const Job& job, const Job* array);
bool was_started_again(const Job& job);

}  // namespace tt::scheduler::pbs
