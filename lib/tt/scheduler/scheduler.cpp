#include "tt/scheduler/scheduler.hpp"

#include <array>
#include <utility>

namespace tt::scheduler {
namespace {

constexpr std::array<std::pair<EndReason, std::string_view>, 8> kReasons{{
    {EndReason::exited, "exited"},
    {EndReason::time_limit, "time-limit"},
    {EndReason::cancelled, "cancelled"},
    {EndReason::preempted, "preempted"},
    {EndReason::lost, "lost"},
    {EndReason::never_started, "never-started"},
    {EndReason::node_failed, "node-failed"},
    {EndReason::out_of_memory, "out-of-memory"},
}};

}  // namespace

std::string to_string(EndReason reason) {
  for (const auto& [known, word] : kReasons) {
    if (known == reason) return std::string(word);
  }
  return "lost";
}

std::optional<EndReason> parse_end_reason(std::string_view word) {
  for (const auto& [reason, known] : kReasons) {
    if (known == word) return reason;
  }
  return std::nullopt;
}

}  // namespace tt::scheduler
