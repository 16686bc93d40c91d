#include "support/forked.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <exception>
#include <stdexcept>

namespace tt::test {
namespace {

constexpr int kThrew = 100, kSignalled = 101;

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) throw std::runtime_error("pipe");
  return ends;
}

[[noreturn]] void act_and_exit(int k, int start, const std::function<int(int)>& act) {
  char nothing = 0;
  while (::read(start, &nothing, 1) > 0) {
  }
  try {
    ::_exit(act(k));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "process %d: %s\n", k, error.what());
    ::_exit(kThrew);
  }
}

}  // namespace

std::vector<int> in_forked_processes(int count, const std::function<int(int)>& act) {
  // Everybody waits for the end of an empty pipe, which comes to all of them at once.
  const std::array<int, 2> start = make_pipe();
  std::vector<pid_t> pids;
  for (int k = 0; k < count; ++k) {
    const pid_t pid = ::fork();
    if (pid < 0) throw std::runtime_error("fork");
    if (pid == 0) {
      ::close(start[1]);
      act_and_exit(k, start[0], act);
    }
    pids.push_back(pid);
  }
  ::close(start[0]);
  ::close(start[1]);
  std::vector<int> answers;
  for (const pid_t pid : pids) {
    int status = 0;
    ::waitpid(pid, &status, 0);
    answers.push_back(WIFEXITED(status) ? WEXITSTATUS(status) : kSignalled);
  }
  return answers;
}

}  // namespace tt::test
