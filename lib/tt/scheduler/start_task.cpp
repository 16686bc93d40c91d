#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/hash.hpp"
#include "tt/base/lock.hpp"
#include "tt/base/process.hpp"
#include "tt/base/stop_point.hpp"
#include "tt/base/text.hpp"
#include "tt/scheduler/local_spool.hpp"
#include "tt/scheduler/local_supervisor.hpp"

namespace tt::scheduler {
namespace {

// As a shell answers for a command that cannot be executed.
constexpr int kCannotExecute = 126;

TaskStart our_start(const Environment& environment, const Clock& clock) {
  const auto self = identify(::getpid());
  if (!self) throw Error("cannot start a task: /proc does not show this process");
  TaskStart start;
  start.process = *self;
  start.time = clock.now();
  start.nonce = random_hex(16);
  start.slots = static_cast<int>(to_integer(environment.get("TT_START_SLOTS").value_or("1")).value_or(1));
  for (const std::string& id : split(environment.get("TT_START_GPUS").value_or(""), ',')) {
    if (const auto number = to_integer(id)) start.gpus.push_back(static_cast<int>(*number));
  }
  return start;
}

std::vector<std::string> task_environment(const LocalJob& job, int index, const TaskStart& start) {
  Environment environment = job.environment;
  environment.set("TT_INDEX", std::to_string(index));
  environment.set("TT_JOB", local_job_id(job.token).text);
  if (!start.gpus.empty()) environment.set("CUDA_VISIBLE_DEVICES", fmt::format("{}", fmt::join(start.gpus, ",")));
  std::vector<std::string> strings;
  for (const auto& [name, value] : environment.all()) strings.push_back(fmt::format("{}={}", name, value));
  return strings;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (std::string& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// From here on this process is the job script; the pid on record stays true.
int execute(const LocalJob& job, int index, const TaskStart& start) {
  const fs::path folder = job.workdir.empty() ? job.submission : job.workdir;
  if (::chdir(folder.c_str()) != 0) {
    fmt::print(stderr, "tt-submit: error: cannot enter {}: {}\n", folder.string(), std::strerror(errno));
    return kCannotExecute;
  }
  std::vector<std::string> words{"bash", job.script.string(), std::to_string(index)};
  std::vector<std::string> variables = task_environment(job, index, start);
  for (const char* shell : {"/bin/bash", "/usr/bin/bash", "/usr/local/bin/bash"}) {
    ::execve(shell, pointers(words).data(), pointers(variables).data());
  }
  fmt::print(stderr, "tt-submit: error: cannot execute /bin/bash: {}\n", std::strerror(errno));
  return kCannotExecute;
}

}  // namespace

int start_task(const fs::path& spool_folder, const Token& token, int index, const Environment& environment,
               Clock& clock) {
  const Spool spool{spool_folder};
  const auto job = spool.load_job(token);
  if (!job) throw Error(fmt::format("there is no job {} in {}", token.text, spool_folder.string()));
  stop_point("task-before-record");
  const TaskStart start = our_start(environment, clock);
  if (!spool.place_start(token, index, start)) {
    fmt::print(stderr, "tt-submit: task {} of {} was started or cancelled before; leaving it alone\n", index,
               token.text);
    return 0;
  }
  stop_point("task-after-record");
  return execute(*job, index, start);
}

}  // namespace tt::scheduler
