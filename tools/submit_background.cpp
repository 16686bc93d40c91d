#include "submit_background.hpp"

#include <memory>

#include "tt/base/process.hpp"
#include "tt/scheduler/local_supervisor.hpp"

namespace tt::tool {
namespace {

struct Task {
  std::string spool;
  std::string token;
  int index = 0;
};

ExitCode supervise(Tool& tool) {
  scheduler::SuperviseOptions options;
  options.workspace = tool.flags().workspace;
  options.host = this_host();
  options.start_task = {this_program().string(), "start-task"};
  options.environment = tool.environment();
  return static_cast<ExitCode>(scheduler::supervise(options, tool.clock()));
}

ExitCode start_task(Tool& tool, const Task& task) {
  return static_cast<ExitCode>(
      scheduler::start_task(task.spool, Token{task.token}, task.index, tool.environment(), tool.clock()));
}

}  // namespace

void add_background_commands(Tool& tool) {
  tool.hidden_command("supervise", [&tool] { return supervise(tool); });
  const auto task = std::make_shared<Task>();
  CLI::App& start = tool.hidden_command("start-task", [&tool, task] { return start_task(tool, *task); });
  start.add_option("SPOOL", task->spool)->required();
  start.add_option("TOKEN", task->token)->required();
  start.add_option("INDEX", task->index)->required();
}

}  // namespace tt::tool
