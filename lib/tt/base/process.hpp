// tt/base/process.hpp: the one door through which programs are started. argv only, never a shell string.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tt/base/clock.hpp"
#include "tt/base/environment.hpp"

namespace tt {

struct Command {
  std::vector<std::string> argv;
  Environment environment;
  std::filesystem::path folder;  // empty: where we are
};

// Four answers that are never blurred.
enum class Ending { exited, signalled, timed_out, never_started };

struct ProcessResult {
  Ending ending = Ending::never_started;
  int status = 0;      // exit status (exited) or signal number (signalled)
  std::string reason;  // never_started: the system's reason
  std::string out;
  std::string err;
  bool ok() const { return ending == Ending::exited && status == 0; }
};

class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;
  // stdin is empty; both streams are drained together; after `limit` the process is killed.
  virtual ProcessResult run(const Command& command, Seconds limit) = 0;
};

class SystemRunner final : public ProcessRunner {
 public:
  ProcessResult run(const Command& command, Seconds limit) override;
};

// A process that is told apart from a later one with the same pid.
struct ProcessIdentity {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  // field 22 of /proc/<pid>/stat
  std::string boot_id;            // /proc/sys/kernel/random/boot_id
};

// Starts a session of its own (setsid), stdin from /dev/null, stdout and stderr appended to `output`
// (or /dev/null when empty); nobody waits for it here. Throws Error when it cannot be started.
ProcessIdentity start_detached(const Command& command, const std::filesystem::path& output);

ProcessIdentity identify_this_process();
std::optional<ProcessIdentity> identify(pid_t pid);  // nullopt: no such process (or a zombie)
bool is_alive(const ProcessIdentity& process);
// Every process of a session, leaders first. Empty when the session is gone.
std::vector<pid_t> processes_of_session(pid_t session);
// Sends a signal to one process / to every process of a session; a vanished process is no error.
void send_signal(pid_t pid, int signal);
void signal_session(pid_t session, int signal);

// Collects children of this process that ended: pid and raw wait status. Does not block.
struct Reaped {
  pid_t pid = 0;
  std::optional<int> exit_status;
  std::optional<int> signal;
};
std::vector<Reaped> reap_children();

// "SIGTERM" for 15; "SIG99" for one without a name.
std::string signal_name(int signal);
std::optional<int> signal_number(const std::string& name);

std::string this_host();
std::filesystem::path this_program();  // absolute path of the running executable

}  // namespace tt
