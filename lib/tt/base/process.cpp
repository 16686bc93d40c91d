#include "tt/base/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

// posix_spawn does all that is needed (own session, working folder, closing what is not to be inherited), so no
// process library is used. Needs glibc 2.34.
namespace tt {
namespace {

using Monotonic = std::chrono::steady_clock;
constexpr Seconds kForever{1e9};  // thirty years; more would not fit a time point

// argv or envp as the system wants them; the strings live in the object.
class StringVector {
 public:
  explicit StringVector(std::vector<std::string> strings) : strings_(std::move(strings)) {
    for (std::string& text : strings_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
  }
  char* const* data() { return pointers_.data(); }

 private:
  std::vector<std::string> strings_;
  std::vector<char*> pointers_;
};

std::vector<std::string> environment_strings(const Environment& environment) {
  std::vector<std::string> strings;
  for (const auto& [name, value] : environment.all()) strings.push_back(fmt::format("{}={}", name, value));
  return strings;
}

// execvp looks in our PATH; a command is looked up in the PATH it will run with.
std::optional<std::string> find_program(const std::string& name, const Environment& environment) {
  if (name.find('/') != std::string::npos) return name;
  for (const std::string& folder : split(environment.get("PATH").value_or("/usr/bin:/bin"), ':')) {
    const std::string candidate = (folder.empty() ? "." : folder) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0 && !is_folder(candidate)) return candidate;
  }
  return std::nullopt;
}

struct Spawned {
  pid_t pid = -1;
  std::string error;  // "program: reason"; empty when it was started
};

class FileActions {
 public:
  FileActions() { posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

// posix_spawn says what went wrong, but not with what.
std::string describe_failure(const Command& command, int error) {
  const std::string& folder = command.folder.native();
  const bool is_of_folder = !folder.empty() && (!is_folder(folder) || ::access(folder.c_str(), X_OK) != 0);
  const std::string what = is_of_folder ? fmt::format("cannot enter folder {}: ", folder) : "";
  return fmt::format("{}: {}{}", command.argv.at(0), what, std::strerror(error));
}

// Whoever started us may have left SIGCHLD ignored: the kernel would then forget how every child ended.
void want_exit_statuses() {
  struct sigaction action {};
  ::sigaction(SIGCHLD, nullptr, &action);
  const bool ignored = (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_IGN;
  if (!ignored && (action.sa_flags & SA_NOCLDWAIT) == 0) return;
  if (ignored) action.sa_handler = SIG_DFL;
  action.sa_flags &= ~SA_NOCLDWAIT;
  ::sigaction(SIGCHLD, &action, nullptr);
}

Spawned spawn(const Command& command, FileActions& files, short extra_flags) {
  const auto program = find_program(command.argv.at(0), command.environment);
  if (!program) return {-1, fmt::format("{}: {}", command.argv.at(0), std::strerror(ENOENT))};
  want_exit_statuses();
  if (!command.folder.empty()) posix_spawn_file_actions_addchdir_np(files.get(), command.folder.c_str());
  posix_spawn_file_actions_addclosefrom_np(files.get(), 3);

  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | extra_flags));
  StringVector argv(command.argv);
  StringVector envp(environment_strings(command.environment));
  Spawned result;
  const int error = posix_spawn(&result.pid, program->c_str(), files.get(), &attributes, argv.data(), envp.data());
  posix_spawnattr_destroy(&attributes);
  if (error != 0) result.error = describe_failure(command, error);
  return result;
}

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw Error(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
    read_end = ends[0];
    write_end = ends[1];
  }
  ~Pipe() {
    close_read();
    close_write();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_read() { close_end(read_end); }
  void close_write() { close_end(write_end); }

 private:
  static void close_end(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
};

// Reads what is there; closes the pipe at its end.
void drain(Pipe& pipe, std::string& text) {
  std::array<char, 65536> buffer{};
  const ssize_t got = ::read(pipe.read_end, buffer.data(), buffer.size());
  if (got > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  } else if (got == 0 || (errno != EINTR && errno != EAGAIN)) {
    pipe.close_read();
  }
}

void drain_ready(Pipe& out, Pipe& err, ProcessResult& result, int wait_ms) {
  std::array<pollfd, 2> ends{{{out.read_end, POLLIN, 0}, {err.read_end, POLLIN, 0}}};
  if (::poll(ends.data(), ends.size(), wait_ms) <= 0) return;
  if (ends[0].revents != 0) drain(out, result.out);
  if (ends[1].revents != 0) drain(err, result.err);
}

// Everything that is in the pipe at this moment, however late we come to read it, and no more than that.
void drain_present(Pipe& pipe, std::string& text) {
  int present = 0;
  if (pipe.read_end < 0 || ::ioctl(pipe.read_end, FIONREAD, &present) != 0) return;
  const std::size_t wanted = text.size() + static_cast<std::size_t>(present);
  while (pipe.read_end >= 0 && text.size() < wanted) drain(pipe, text);
}

void set_ending(ProcessResult& result, int wait_status, bool timed_out) {
  result.ending = timed_out ? Ending::timed_out : WIFSIGNALED(wait_status) ? Ending::signalled : Ending::exited;
  result.status = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

// Fields of /proc/<pid>/stat after the command name, which may itself hold spaces and brackets.
std::optional<std::vector<std::string>> stat_fields(pid_t pid) {
  std::optional<std::string> text;
  try {
    text = read_file_if_there(fmt::format("/proc/{}/stat", pid));
  } catch (const Error&) {  // it ended between open and read (ESRCH)
  }
  if (!text) return std::nullopt;
  const std::size_t close = text->rfind(')');
  if (close == std::string::npos) return std::nullopt;
  return split(trim(std::string_view(*text).substr(close + 1)), ' ');
}
constexpr std::size_t kState = 0, kSession = 3, kStartTicks = 19;  // fields 3, 6 and 22 of proc(5)

std::string boot_id() {
  static const std::string id(trim(read_file_if_there("/proc/sys/kernel/random/boot_id").value_or("unknown")));
  return id;
}

constexpr int kSignalsEnd = 128;  // a wait status has seven bits for one

}  // namespace

ProcessResult SystemRunner::run(const Command& command, Seconds limit) {
  ProcessResult result;
  Pipe out, err;
  FileActions files;
  posix_spawn_file_actions_addopen(files.get(), 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(files.get(), out.write_end, 1);
  posix_spawn_file_actions_adddup2(files.get(), err.write_end, 2);
  const Spawned child = spawn(command, files, POSIX_SPAWN_SETPGROUP);
  if (!child.error.empty()) {
    result.reason = child.error;
    return result;
  }
  out.close_write();
  err.close_write();

  const auto deadline = Monotonic::now() + std::chrono::duration_cast<Monotonic::duration>(std::min(limit, kForever));
  int wait_status = 0;
  pid_t ended = 0;
  bool timed_out = false;
  auto pause = std::chrono::microseconds(100);  // closing its streams is mostly the last thing that a program does
  while ((ended = ::waitpid(child.pid, &wait_status, WNOHANG)) == 0) {
    if (!timed_out && Monotonic::now() >= deadline) {
      timed_out = true;
      ::kill(-child.pid, SIGKILL);
    }
    if (out.read_end >= 0 || err.read_end >= 0) {
      drain_ready(out, err, result, 20);
    } else {
      std::this_thread::sleep_for(pause);
      pause = std::min<std::chrono::microseconds>(2 * pause, std::chrono::milliseconds(5));
    }
  }
  if (ended < 0) throw Error(fmt::format("cannot learn how {} ended: {}", command.argv.at(0), std::strerror(errno)));
  // What it wrote before it ended is in the pipes; a grandchild that keeps them open gets a moment, no more.
  drain_present(out, result.out);
  drain_present(err, result.err);
  const auto patience = Monotonic::now() + std::chrono::milliseconds(200);
  while ((out.read_end >= 0 || err.read_end >= 0) && Monotonic::now() < patience) drain_ready(out, err, result, 20);
  set_ending(result, wait_status, timed_out);
  return result;
}

ProcessIdentity start_detached(const Command& command, const std::filesystem::path& output) {
  FileActions files;
  const std::string target = output.empty() ? "/dev/null" : output.string();
  const int opened = ::open(target.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (opened < 0) {
    throw Error(fmt::format("cannot start {}: cannot write {}: {}", command.argv.at(0), target, std::strerror(errno)));
  }
  posix_spawn_file_actions_adddup2(files.get(), opened, 1);
  posix_spawn_file_actions_adddup2(files.get(), 1, 2);
  posix_spawn_file_actions_addopen(files.get(), 0, "/dev/null", O_RDONLY, 0);
  const Spawned child = spawn(command, files, POSIX_SPAWN_SETSID);
  ::close(opened);
  if (!child.error.empty()) throw Error("cannot start " + child.error);
  // It may have ended already: its pid is still ours until it is waited for.
  return identify(child.pid).value_or(ProcessIdentity{child.pid, 0, boot_id()});
}

ProcessIdentity identify_this_process() {
  return identify(::getpid()).value_or(ProcessIdentity{::getpid(), 0, boot_id()});
}

std::optional<ProcessIdentity> identify(pid_t pid) {
  const auto fields = stat_fields(pid);
  if (!fields || fields->size() <= kStartTicks || (*fields)[kState] == "Z") return std::nullopt;
  const auto ticks = to_integer((*fields)[kStartTicks]);
  if (!ticks) return std::nullopt;
  return ProcessIdentity{pid, static_cast<std::uint64_t>(*ticks), boot_id()};
}

bool is_alive(const ProcessIdentity& process) {
  const auto now = identify(process.pid);
  return now && now->start_ticks == process.start_ticks && now->boot_id == process.boot_id;
}

std::vector<pid_t> processes_of_session(pid_t session) {
  std::vector<pid_t> members;
  if (session <= 0) return members;  // 0 is the kernel's, or of processes outside a container
  for (const std::string& name : list_folder("/proc")) {
    const auto pid = to_integer(name);
    if (!pid) continue;
    const auto fields = stat_fields(static_cast<pid_t>(*pid));
    if (!fields || fields->size() <= kSession || (*fields)[kState] == "Z") continue;
    if (to_integer((*fields)[kSession]) == session) members.push_back(static_cast<pid_t>(*pid));
  }
  std::stable_partition(members.begin(), members.end(), [&](pid_t pid) { return pid == session; });
  return members;
}

void send_signal(pid_t pid, int signal) {
  if (pid > 0) ::kill(pid, signal);
}

void signal_session(pid_t session, int signal) {
  for (const pid_t pid : processes_of_session(session)) send_signal(pid, signal);
}

std::vector<Reaped> reap_children() {
  std::vector<Reaped> ended;
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    Reaped child{pid, std::nullopt, std::nullopt};
    if (WIFEXITED(status)) child.exit_status = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) child.signal = WTERMSIG(status);
    ended.push_back(child);
  }
  return ended;
}

std::string signal_name(int signal) {
  const char* word = ::sigabbrev_np(signal);
  return word != nullptr ? fmt::format("SIG{}", word) : fmt::format("SIG{}", signal);
}

std::optional<int> signal_number(const std::string& name) {
  for (int signal = 1; signal < kSignalsEnd; ++signal) {
    if (name == signal_name(signal)) return signal;
  }
  return std::nullopt;
}

std::string this_host() {
  static const std::string name = [] {
    std::array<char, 256> buffer{};
    return ::gethostname(buffer.data(), buffer.size() - 1) == 0 ? std::string(buffer.data()) : std::string("unknown");
  }();
  return name;
}

std::filesystem::path this_program() {
  std::error_code error;
  auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) throw Error("cannot find out the path of this program: " + error.message());
  return path;
}

}  // namespace tt
