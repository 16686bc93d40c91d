#include "tt/logs/verdict.hpp"

#include <fmt/format.h>

namespace tt::logs {

namespace {

std::string describe_node(const NodeExit& node) {
  if (node.signal) return fmt::format("node {} was ended by {}", node.name, *node.signal);
  if (node.status) return fmt::format("node {} ended with exit status {}", node.name, *node.status);
  return fmt::format("nobody saw how node {} ended", node.name);
}

std::string describe_exit(const std::optional<ExitRecord>& exit) {
  if (!exit) return "the job left no exit record";
  for (const auto& node : exit->nodes) {
    if (node.signal || node.status != 0) return describe_node(node);
  }
  return "the exit record names no node";
}

std::string describe_end(const LogState& log) {
  const auto done = log.steps_done();
  if (done && log.total_steps) {
    return fmt::format("every node ended with exit status 0, but the log stops at step {} of {}", *done,
                       *log.total_steps);
  }
  return "every node ended with exit status 0, but the log shows neither an end mark nor the last step";
}

}  // namespace

Outcome decide(const LogState& log, const std::optional<ExitRecord>& exit) {
  if (!exit || !exit->all_zero()) return {RunState::failed, describe_exit(exit)};
  if (!log.end_mark && !log.reached_last_step()) return {RunState::failed, describe_end(log)};
  if (!log.loss_is_finite()) {
    return {RunState::failed, fmt::format("loss or gradient norm is not finite from step {} on", log.non_finite->step)};
  }
  const auto done = log.steps_done();
  if (!log.last_step && done.value_or(0) > 0)
    return {RunState::finished, fmt::format("all {} steps were done before", *done)};
  if (done.value_or(0) <= 0) return {RunState::finished, "the end mark was seen"};
  return {RunState::finished, fmt::format("{} steps done", *done)};
}

}  // namespace tt::logs
