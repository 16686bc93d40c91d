// tt/job/state.hpp: where a run stands.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tt {

enum class RunState {
  planned,    // has a folder, nobody was asked to run it
  submitted,  // handed to the scheduler, nothing heard since
  queued,
  held,
  running,
  finished,  // exit 0 on every node, end mark or last step seen, finite loss
  failed,
  cancelled,
  timed_out,
  preempted,
  lost,     // nobody can say
  skipped,  // refused by a rule; never queued
  unknown,  // the scheduler used a word we do not know
};

std::string to_string(RunState state);  // "timed-out"
std::optional<RunState> parse_run_state(std::string_view word);
bool is_open(RunState state);   // submitted, queued, held, running, unknown: the scheduler may still act
bool is_ended(RunState state);  // finished, failed, cancelled, timed_out, preempted, lost

enum class RetryMode { resume, fresh };  // same out/ | out/ put aside
std::string to_string(RetryMode mode);

}  // namespace tt
