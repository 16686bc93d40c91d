#include "tt/job/state.hpp"

#include <array>
#include <utility>

namespace tt {
namespace {

constexpr std::array<std::pair<RunState, std::string_view>, 13> kWords{{
    {RunState::planned, "planned"},
    {RunState::submitted, "submitted"},
    {RunState::queued, "queued"},
    {RunState::held, "held"},
    {RunState::running, "running"},
    {RunState::finished, "finished"},
    {RunState::failed, "failed"},
    {RunState::cancelled, "cancelled"},
    {RunState::timed_out, "timed-out"},
    {RunState::preempted, "preempted"},
    {RunState::lost, "lost"},
    {RunState::skipped, "skipped"},
    {RunState::unknown, "unknown"},
}};

}  // namespace

std::string to_string(RunState state) {
  for (const auto& [known, word] : kWords) {
    if (known == state) return std::string(word);
  }
  return "unknown";
}

std::optional<RunState> parse_run_state(std::string_view text) {
  for (const auto& [state, word] : kWords) {
    if (word == text) return state;
  }
  return std::nullopt;
}

bool is_open(RunState state) {
  switch (state) {
    case RunState::submitted:
    case RunState::queued:
    case RunState::held:
    case RunState::running:
    case RunState::unknown:
      return true;
    default:
      return false;
  }
}

bool is_ended(RunState state) { return !is_open(state) && state != RunState::planned && state != RunState::skipped; }

std::string to_string(RetryMode mode) { return mode == RetryMode::resume ? "resume" : "fresh"; }

}  // namespace tt
