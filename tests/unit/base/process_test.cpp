#include "tt/base/process.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <limits>
#include <map>
#include <utility>

#include "support/error_text.hpp"
#include "support/eventually.hpp"
#include "support/temp_folder.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace tt {
namespace {

using test::error_text;
using test::eventually;
using test::read;
using test::TempFolder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Seconds kLong{60};

Environment with(const std::map<std::string, std::string, std::less<>>& variables) { return Environment(variables); }
Environment plain_environment() { return with({{"PATH", "/usr/bin:/bin"}}); }

Command shell(const std::string& script) { return {{"/bin/sh", "-c", script}, plain_environment(), {}}; }

ProcessResult run(const Command& command, Seconds limit = kLong) { return SystemRunner().run(command, limit); }

pid_t pid_in(const std::string& text) { return static_cast<pid_t>(to_integer(trim(text)).value()); }

bool is_gone(pid_t pid) { return !identify(pid); }

// Gives a signal another disposition as long as it lives.
class Disposition {
 public:
  Disposition(int signal, void (*handler)(int)) : signal_(signal) {
    struct sigaction action {};
    action.sa_handler = handler;
    ::sigaction(signal, &action, &before_);
  }
  ~Disposition() { ::sigaction(signal_, &before_, nullptr); }

 private:
  int signal_;
  struct sigaction before_ {};
};

// Something else at descriptor `number` as long as it lives; not closed by exec.
class DescriptorAt {
 public:
  DescriptorAt(int number, const std::filesystem::path& path) : number_(number), before_(::dup(number)) {
    const int opened = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    ::dup2(opened, number);
    ::close(opened);
  }
  ~DescriptorAt() {
    if (before_ < 0) {
      ::close(number_);
    } else {
      ::dup2(before_, number_);
      ::close(before_);
    }
  }

 private:
  int number_;
  int before_;
};

TEST(Run, GivesTheExitStatus) {
  const ProcessResult zero = run(shell("exit 0")), seven = run(shell("exit 7"));
  EXPECT_EQ(zero.ending, Ending::exited);
  EXPECT_TRUE(zero.ok());
  EXPECT_EQ(seven.ending, Ending::exited);
  EXPECT_EQ(seven.status, 7);
  EXPECT_FALSE(seven.ok());
}

TEST(Run, TellsASignalFromAnExitStatusOfTheSameNumber) {
  const ProcessResult killed = run(shell("kill -TERM $$")), exited = run(shell("exit 15"));
  EXPECT_EQ(killed.ending, Ending::signalled);
  EXPECT_EQ(killed.status, SIGTERM);
  EXPECT_EQ(exited.ending, Ending::exited);
  EXPECT_EQ(exited.status, 15);
}

TEST(Run, KeepsTheStreamsApart) {
  const ProcessResult result = run(shell("echo to out; echo to err >&2; exit 3"));
  EXPECT_EQ(result.out, "to out\n");
  EXPECT_EQ(result.err, "to err\n");
  EXPECT_EQ(result.status, 3);
}

TEST(Run, PassesWordsAsTheyAre) {
  const ProcessResult result = run({{"printf", "%s|", "a b", "", "$HOME", "'\"", "*", "\n"}, plain_environment(), {}});
  EXPECT_EQ(result.out, "a b||$HOME|'\"|*|\n|");
}

TEST(Run, DrainsAMegabyteOnBothStreams) {
  // First all of err, then all of out: a reader of one stream at a time would wait for ever.
  const ProcessResult result =
      run(shell("head -c 1048576 /dev/zero | tr '\\000' e >&2; "
                "head -c 1048576 /dev/zero | tr '\\000' o"));
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.out, std::string(1048576, 'o'));
  EXPECT_EQ(result.err, std::string(1048576, 'e'));
}

TEST(Run, KillsTheWholeGroupWhenTimeIsUp) {
  const auto begin = std::chrono::steady_clock::now();
  const ProcessResult result = run(shell("sleep 300 & echo $!; wait"), Seconds(0.5));
  EXPECT_EQ(result.ending, Ending::timed_out);
  EXPECT_FALSE(result.ok());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
  const pid_t grandchild = pid_in(result.out);
  EXPECT_TRUE(eventually([&] { return is_gone(grandchild); }));
}

TEST(Run, KillsWhoeverIgnoresTheTermSignalWhenTimeIsUp) {
  EXPECT_EQ(run(shell("trap '' TERM; sleep 300"), Seconds(0.3)).ending, Ending::timed_out);
}

TEST(Run, KeepsWhatWasSaidBeforeTimeWasUp) {
  const ProcessResult result = run(shell("echo half; sleep 300"), Seconds(1));
  EXPECT_EQ(result.ending, Ending::timed_out);
  EXPECT_EQ(result.out, "half\n");
}

TEST(Run, TakesALimitThatNeverComes) {
  EXPECT_TRUE(run(shell("sleep 0.1"), Seconds(1e12)).ok());
  EXPECT_TRUE(run(shell("sleep 0.1"), Seconds(std::numeric_limits<double>::infinity())).ok());
}

TEST(Run, DoesNotWaitForAGrandchildThatKeepsThePipeOpen) {
  const auto begin = std::chrono::steady_clock::now();
  const ProcessResult result = run(shell("sleep 300 & echo $!"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
  EXPECT_TRUE(result.ok());
  const pid_t grandchild = pid_in(result.out);
  EXPECT_FALSE(is_gone(grandchild));
  send_signal(grandchild, SIGKILL);
}

TEST(Run, DoesNotReadForEverFromAGrandchildThatNeverStops) {
  const ProcessResult result = run(shell("yes & echo $! >&2"));
  EXPECT_TRUE(result.ok());
  send_signal(pid_in(result.err), SIGKILL);
}

TEST(Run, SaysWhatWasNeverStarted) {
  const ProcessResult result = run({{"no-such-program", "x"}, plain_environment(), {}});
  EXPECT_EQ(result.ending, Ending::never_started);
  EXPECT_EQ(result.reason, "no-such-program: No such file or directory");
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(run({{"/no/such/program"}, plain_environment(), {}}).reason, "/no/such/program: No such file or directory");
}

TEST(Run, DoesNotTakeAProgramThatIsNoneForOneThatFailed) {
  TempFolder folder;
  const std::string path = folder.write("plain", "text\n").string();
  ::chmod(path.c_str(), 0644);
  const ProcessResult not_executable = run({{path}, plain_environment(), {}});
  EXPECT_EQ(not_executable.ending, Ending::never_started);
  EXPECT_EQ(not_executable.reason, path + ": Permission denied");
  ::chmod(path.c_str(), 0755);
  const ProcessResult no_program = run({{path}, plain_environment(), {}});
  EXPECT_EQ(no_program.ending, Ending::never_started);
  EXPECT_EQ(no_program.reason, path + ": Exec format error");
}

TEST(Run, BlamesTheFolderWhenItIsTheFolder) {
  TempFolder folder;
  const std::string missing = (folder / "none").string();
  const ProcessResult result = run({{"/bin/sh", "-c", "exit 0"}, plain_environment(), missing});
  EXPECT_EQ(result.ending, Ending::never_started);
  EXPECT_EQ(result.reason, "/bin/sh: cannot enter folder " + missing + ": No such file or directory");
}

TEST(Run, WorksInTheFolderItIsGiven) {
  TempFolder folder;
  const ProcessResult result = run({{"/bin/pwd", "-P"}, plain_environment(), folder.path()});
  EXPECT_EQ(result.out, folder.path().string() + "\n");
}

TEST(Run, LooksForTheProgramInThePathItWillHave) {
  TempFolder folder;
  const auto tool = folder.write("bin/tt-test-tool", "#!/bin/sh\necho found\n");
  ::chmod(tool.c_str(), 0755);
  fs::create_directories(folder / "decoy/tt-test-tool");  // a folder of that name is no program
  const std::string path = (folder / "decoy").string() + ":" + (folder / "bin").string();
  EXPECT_EQ(run({{"tt-test-tool"}, with({{"PATH", path}}), {}}).out, "found\n");
  EXPECT_EQ(run({{"tt-test-tool"}, plain_environment(), {}}).ending, Ending::never_started);
}

TEST(Run, PassesTheEnvironmentItIsGivenAndNothingElse) {
  const ProcessResult result = run({{"/usr/bin/env"}, with({{"B", "two words"}, {"A", ""}}), {}});
  EXPECT_EQ(result.out, "A=\nB=two words\n");
}

TEST(Run, HasAnEmptyStandardInput) {
  TempFolder folder;
  DescriptorAt ours(0, folder.write("f", "for the tool itself\n"));
  EXPECT_EQ(run(shell("cat")).out, "");
}

TEST(Run, InheritsNoOpenFiles) {
  TempFolder folder;
  DescriptorAt inherited(57, folder.write("f", "secret"));
  const std::string list = "for n in 3 4 5 6 7 8 9 57; do [ -e /proc/self/fd/$n ] && echo $n open; done; true";
  EXPECT_EQ(run(shell(list)).out, "");
}

TEST(Run, InheritsNoIgnoredOrBlockedSignals) {
  Disposition ignored(SIGTERM, SIG_IGN);
  sigset_t usr1, before;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  ::sigprocmask(SIG_BLOCK, &usr1, &before);
  const ProcessResult term = run(shell("kill -TERM $$; echo survived")),
                      blocked = run(shell("kill -USR1 $$; echo survived"));
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(term.ending, Ending::signalled);
  EXPECT_EQ(term.status, SIGTERM);
  EXPECT_EQ(blocked.ending, Ending::signalled);
  EXPECT_EQ(blocked.status, SIGUSR1);
}

// Whoever started us may have left SIGCHLD ignored; the kernel then forgets every exit status.
TEST(Run, KnowsTheExitStatusEvenWhenChildrenAreIgnored) {
  Disposition ignored(SIGCHLD, SIG_IGN);
  const ProcessResult result = run(shell("exit 7"));
  EXPECT_EQ(result.ending, Ending::exited);
  EXPECT_EQ(result.status, 7);
}

TEST(Run, StaysOutOfReachOfOurCtrlC) { EXPECT_NE(pid_in(run(shell("ps -o pgid= -p $$")).out), ::getpgrp()); }

TEST(StartDetached, IsALeaderOfItsOwnSession) {
  const ProcessIdentity started = start_detached(shell("exec sleep 300"), {});
  EXPECT_EQ(::getsid(started.pid), started.pid);
  EXPECT_NE(started.start_ticks, 0u);
  EXPECT_TRUE(is_alive(started));
  const auto now = identify(started.pid);
  ASSERT_TRUE(now);
  EXPECT_EQ(now->start_ticks, started.start_ticks);
  EXPECT_EQ(now->boot_id + "\n", read("/proc/sys/kernel/random/boot_id"));
  send_signal(started.pid, SIGKILL);
  ::waitpid(started.pid, nullptr, 0);
}

TEST(StartDetached, AppendsBothStreamsToTheOutput) {
  TempFolder folder;
  const auto output = folder.write("out.txt", "before\n");
  const ProcessIdentity started = start_detached(shell("echo one; echo two >&2; cat"), output);
  ::waitpid(started.pid, nullptr, 0);
  EXPECT_EQ(read(output), "before\none\ntwo\n");
}

TEST(StartDetached, SaysWhatItCannotStart) {
  TempFolder folder;
  const std::string missing = (folder / "none").string();
  EXPECT_EQ(error_text([&] {
              start_detached({{"no-such-program"}, plain_environment(), {}}, {});
            }),
            "cannot start no-such-program: No such file or directory");
  EXPECT_EQ(error_text([&] {
              start_detached({{"/bin/sh"}, plain_environment(), missing}, {});
            }),
            "cannot start /bin/sh: cannot enter folder " + missing + ": No such file or directory");
  EXPECT_EQ(error_text([&] {
              start_detached({{"/bin/sh"}, plain_environment(), {}}, missing + "/out.txt");
            }),
            "cannot start /bin/sh: cannot write " + missing + "/out.txt: No such file or directory");
}

TEST(IsAlive, IsNotFooledByARecycledPid) {
  const ProcessIdentity us = identify(::getpid()).value();
  EXPECT_TRUE(is_alive(us));
  ProcessIdentity started_earlier = us, before_reboot = us;
  started_earlier.start_ticks -= 1;
  before_reboot.boot_id = "00000000-0000-0000-0000-000000000000";
  EXPECT_FALSE(is_alive(started_earlier));
  EXPECT_FALSE(is_alive(before_reboot));
  EXPECT_FALSE(is_alive(ProcessIdentity{}));
}

TEST(IsAlive, IsFalseForAZombie) {
  const ProcessIdentity child = start_detached(shell("exec sleep 300"), {});
  send_signal(child.pid, SIGKILL);
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED | WNOWAIT);  // ended, not collected yet
  EXPECT_FALSE(is_alive(child));
  EXPECT_EQ(identify(child.pid).has_value(), false);
  ::waitpid(child.pid, nullptr, 0);
}

TEST(Identify, ReadsPastANameMadeToConfuse) {
  TempFolder folder;
  const auto program = folder / ") Z 1 2 3 (";
  fs::create_symlink("/bin/sleep", program);
  const ProcessIdentity child = start_detached({{program.string(), "300"}, plain_environment(), {}}, {});
  ASSERT_TRUE(eventually([&] { return read("/proc/" + std::to_string(child.pid) + "/comm") == ") Z 1 2 3 (\n"; }));
  EXPECT_TRUE(is_alive(child));
  EXPECT_THAT(processes_of_session(child.pid), ElementsAre(child.pid));
  send_signal(child.pid, SIGKILL);
  ::waitpid(child.pid, nullptr, 0);
}

TEST(Session, EndsWithAllItsProcesses) {
  const ProcessIdentity leader = start_detached(shell("sleep 300 & sh -c 'sleep 300; true' & wait"), {});
  ASSERT_TRUE(eventually([&] { return processes_of_session(leader.pid).size() == 4; }));
  EXPECT_EQ(processes_of_session(leader.pid).front(), leader.pid);
  signal_session(leader.pid, SIGKILL);
  EXPECT_TRUE(eventually([&] { return processes_of_session(leader.pid).empty(); }));
  ::waitpid(leader.pid, nullptr, 0);
}

// Session 0 is the kernel's, or that of processes outside a container: "pid not known" must not reach them.
TEST(Session, HasNobodyWhenThePidIsNotKnown) {
  EXPECT_THAT(processes_of_session(0), IsEmpty());
  EXPECT_THAT(processes_of_session(-1), IsEmpty());
}

TEST(SendSignal, DoesNothingWithoutAPid) {
  static volatile sig_atomic_t heard;
  heard = 0;
  Disposition counting(SIGCONT, [](int) { heard = heard + 1; });  // does nobody any harm
  send_signal(0, SIGCONT);  // kill(0) is our whole group, kill(-n) group n, kill(-1) everybody
  send_signal(-::getpgrp(), SIGCONT);
  EXPECT_EQ(heard, 0);
  send_signal(::getpid(), SIGCONT);
  EXPECT_EQ(heard, 1);
}

TEST(ReapChildren, TellsExitsFromSignals) {
  EXPECT_THAT(reap_children(), IsEmpty());
  const ProcessIdentity exits = start_detached(shell("exit 9"), {}), killed = start_detached(shell("kill -INT $$"), {});
  std::vector<Reaped> reaped;
  ASSERT_TRUE(eventually([&] {
    for (const Reaped& child : reap_children()) reaped.push_back(child);
    return reaped.size() == 2;
  }));
  if (reaped[0].pid != exits.pid) std::swap(reaped[0], reaped[1]);
  EXPECT_EQ(reaped[0].pid, exits.pid);
  EXPECT_EQ(reaped[0].exit_status, 9);
  EXPECT_EQ(reaped[0].signal, std::nullopt);
  EXPECT_EQ(reaped[1].pid, killed.pid);
  EXPECT_EQ(reaped[1].exit_status, std::nullopt);
  EXPECT_EQ(reaped[1].signal, SIGINT);
}

TEST(ReapChildren, DoesNotWait) {
  const ProcessIdentity child = start_detached(shell("exec sleep 300"), {});
  EXPECT_THAT(reap_children(), IsEmpty());
  send_signal(child.pid, SIGKILL);
  ::waitpid(child.pid, nullptr, 0);
}

TEST(SignalName, KnowsTheWords) {
  EXPECT_EQ(signal_name(9), "SIGKILL");
  EXPECT_EQ(signal_name(15), "SIGTERM");
  EXPECT_EQ(signal_name(6), "SIGABRT");
  EXPECT_EQ(signal_name(25), "SIGXFSZ");
  EXPECT_EQ(signal_name(99), "SIG99");
}

TEST(SignalName, IsReadBack) {
  for (const int signal : {1, 2, 3, 6, 7, 9, 10, 11, 12, 15, 24, 25, 31, 40, 99}) {
    EXPECT_EQ(signal_number(signal_name(signal)), signal);
  }
}

TEST(SignalNumber, RefusesWhatIsNoSignal) {
  for (const char* word : {"", "SIG", "TERM", "SIGNAL", "SIG0", "SIG-1", "SIG4294967305", "sigterm", "15"}) {
    EXPECT_EQ(signal_number(word), std::nullopt) << word;
  }
}

TEST(ThisHost, IsWhatTheSystemSays) { EXPECT_EQ(this_host() + "\n", read("/proc/sys/kernel/hostname")); }

TEST(ThisProgram, IsTheTestItself) {
  EXPECT_TRUE(this_program().is_absolute());
  EXPECT_EQ(this_program().filename(), "tt_unit");
}

}  // namespace
}  // namespace tt
