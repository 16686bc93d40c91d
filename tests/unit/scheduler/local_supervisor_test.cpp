#include "tt/scheduler/local_supervisor.hpp"

#include <unistd.h>

#include <algorithm>
#include <random>

#include "unit/scheduler/local_fixture.hpp"

namespace tt::scheduler {
namespace {

// The two hidden commands of tt-submit, played by this test program.
[[maybe_unused]] const bool kHelper = [] {
  const auto words = test::own_arguments();
  const auto environment = Environment::of_this_process();
  SystemClock clock;
  try {
    if (words.size() == 2 && words[0] == "--tt-supervise") {
      SuperviseOptions options;
      options.workspace = words[1];
      options.host = kHost;
      options.start_task = {this_program().string(), "--tt-start-task"};
      options.environment = environment;
      options.idle = Seconds{0.3};
      options.poll = Seconds{0.02};
      ::_exit(supervise(options, clock));
    }
    if (words.size() == 4 && words[0] == "--tt-start-task") {
      ::_exit(start_task(words[1], Token{words[2]}, std::stoi(words[3]), environment, clock));
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    ::_exit(1);
  }
  return false;
}();

using ASupervisor = LocalTest;

TEST_F(ASupervisor, IsOneHoweverManyAreStarted) {
  quiet_scheduler().submit(request("aaa", "touch up; until [ -e go ]; do sleep 0.02; done"));
  std::vector<ProcessIdentity> started;
  for (int i = 0; i < 5; ++i) started.push_back(start_supervisor());
  const auto living = [&] { return std::count_if(started.begin(), started.end(), is_alive); };
  ASSERT_TRUE(test::eventually([&] { return has("up") && living() == 1; }));
  EXPECT_TRUE(is_alive(supervisor()));
  touch("go");
  EXPECT_TRUE(test::eventually([&] { return living() == 0; })) << "it leaves when there is nothing to do";
  EXPECT_FALSE(is_there(spool_.supervisor_lock()));
}

TEST_F(ASupervisor, KeepsATaskWhoseSupervisorDies) {
  LocalScheduler local = scheduler();
  local.submit(request("aaa", "echo ran >> ran; until [ -e go ]; do sleep 0.02; done; echo end >> ran"));
  ASSERT_TRUE(test::eventually([&] { return has("ran"); }));
  const TaskStart before = *spool_.load_task(Token{"aaa"}, 0).start;
  kill_supervisor();
  EXPECT_TRUE(is_alive(before.process));
  LocalScheduler next = scheduler();
  EXPECT_EQ(raw(next, task("aaa")), "RUNNING");
  ASSERT_TRUE(test::eventually([&] { return is_supervised(); })) << "asking for the status brings a new one";
  touch("go");
  const Known known = end_of(next, task("aaa"));
  EXPECT_EQ(known.raw, "EXITED");
  EXPECT_EQ(known.ended->status, std::nullopt);
  EXPECT_EQ(known.ended->signal, std::nullopt);
  EXPECT_EQ(known.reason, "nobody saw its exit status");
  EXPECT_EQ(lines("ran"), (std::vector<std::string>{"ran", "end"}));
}

TEST_F(ASupervisor, ArmsTheTimeLimitOfAnAdoptedTaskAgain) {
  LocalScheduler local = scheduler();
  SubmitRequest endless = request("aaa", "trap 'echo warned >> warned' USR1; touch up; while :; do sleep 0.02; done");
  endless.walltime = Seconds{4};
  endless.warn_before = Seconds{2};
  local.submit(endless);
  ASSERT_TRUE(test::eventually([&] { return has("up"); }));
  kill_supervisor();
  start_supervisor();
  const Known known = end_of(local, task("aaa"));
  EXPECT_EQ(known.state, RunState::timed_out);
  const LocalTask ended = spool_.load_task(Token{"aaa"}, 0);
  EXPECT_GE(ended.end->time.value() - ended.start->time, std::chrono::milliseconds(4000));
  EXPECT_EQ(lines("warned"), std::vector<std::string>{"warned"});
}

// It cannot know what its predecessor said last; the job script takes both warnings for one.
TEST_F(ASupervisor, WarnsAnAdoptedTaskAgain) {
  LocalScheduler local = scheduler();
  SubmitRequest endless = request("aaa", "trap 'echo warned >> warned' USR1; while :; do sleep 0.02; done");
  endless.walltime = Seconds{6};
  endless.warn_before = Seconds{5};  // shortened to half of the walltime
  local.submit(endless);
  ASSERT_TRUE(test::eventually([&] { return lines("warned").size() == 1; }));
  kill_supervisor();
  start_supervisor();
  EXPECT_TRUE(test::eventually([&] { return lines("warned").size() == 2; }));
  EXPECT_EQ(end_of(local, task("aaa")).state, RunState::timed_out);
  EXPECT_EQ(lines("warned").size(), 2u);
}

// A job script that has not come as far as its traps has started nothing: the warning ends it.
TEST_F(ASupervisor, EndsATaskThatDoesNotListenToTheWarning) {
  LocalScheduler local = scheduler();
  SubmitRequest deaf = request("aaa", "while :; do sleep 0.02; done");
  deaf.walltime = Seconds{3};
  deaf.warn_before = Seconds{2.5};  // shortened to half of the walltime
  local.submit(deaf);
  const Known known = end_of(local, task("aaa"));
  EXPECT_EQ(known.state, RunState::timed_out);
  EXPECT_EQ(known.ended->signal, "SIGUSR1");
}

TEST_F(ASupervisor, CallsATaskOfAnEarlierBootLost) {
  quiet_scheduler().submit(request("aaa", "touch ran"));
  TaskStart start;
  start.process = identify(::getpid()).value();
  start.process.boot_id = "an-earlier-boot";
  start.slots = 1;
  start.time = clock_.now();
  ASSERT_TRUE(spool_.place_start(Token{"aaa"}, 0, start));
  LocalScheduler local = scheduler();
  const Known known = end_of(local, task("aaa"));
  EXPECT_EQ(known.state, RunState::lost);
  EXPECT_EQ(known.reason, "the machine restarted");
  EXPECT_FALSE(has("ran"));
}

TEST_F(ASupervisor, StartsATaskOnceHoweverOftenItIsStarted) {
  quiet_scheduler().submit(request("aaa", "echo ran >> ran"));
  Environment environment;
  environment.set("PATH", "/usr/bin:/bin");
  std::vector<ProcessIdentity> starters;
  for (int i = 0; i < 8; ++i) {
    const auto command = test::self_command({"--tt-start-task", spool_.root().string(), "aaa", "0"}, environment);
    starters.push_back(start_detached(command, workspace_ / "starters.log"));
  }
  ASSERT_TRUE(test::eventually([&] { return std::none_of(starters.begin(), starters.end(), is_alive); }));
  EXPECT_EQ(lines("ran"), std::vector<std::string>{"ran"});
  EXPECT_EQ(lines("starters.log"),
            std::vector<std::string>(7, "tt-submit: task 0 of aaa was started or cancelled before; leaving it alone"));
}

TEST_F(ASupervisor, IgnoresAClosedTerminal) {
  LocalScheduler local = scheduler();
  local.submit(request("aaa", "touch up; until [ -e go ]; do sleep 0.02; done; exit 7"));
  ASSERT_TRUE(test::eventually([&] { return has("up"); }));
  send_signal(supervisor().pid, SIGHUP);
  touch("go");
  EXPECT_EQ(end_of(local, task("aaa")).ended->status, 7) << "seen by the one supervisor that could see it";
}

TEST_F(ASupervisor, LeavesWhenTheWorkspaceIsRemoved) {
  const test::TempFolder elsewhere;
  SubmitRequest waiting = request("aaa", "until [ -e go ]; do sleep 0.02; done");
  waiting.workdir = elsewhere.path();
  quiet_scheduler().submit(waiting);
  const ProcessIdentity worker = start_supervisor();
  ASSERT_TRUE(test::eventually([&] { return spool_.load_task(Token{"aaa"}, 0).is_running(); }));
  const ProcessIdentity leader = spool_.load_task(Token{"aaa"}, 0).start->process;
  remove_tree(workspace_ / ".tt");
  EXPECT_TRUE(test::eventually([&] { return !is_alive(worker); }));
  signal_session(leader.pid, SIGKILL);
}

// Killed at a named place; whatever comes next finds one task that ran once and ended once.
class KilledAt : public LocalTest, public testing::WithParamInterface<const char*> {};

TEST_P(KilledAt, ATaskRunsOnceAndEndsOnce) {
  quiet_scheduler().submit(request("aaa", "echo ran-$TT_INDEX >> ran; exit 4", 3));
  const ProcessIdentity first = start_supervisor(GetParam());
  ASSERT_TRUE(test::eventually([&] { return !is_alive(first); }));
  LocalScheduler local = scheduler();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(end_of(local, task("aaa", i)).raw, "EXITED");
  std::vector<std::string> ran = lines("ran");
  std::sort(ran.begin(), ran.end());
  EXPECT_EQ(ran, (std::vector<std::string>{"ran-0", "ran-1", "ran-2"}));
}
INSTANTIATE_TEST_SUITE_P(Supervisor, KilledAt, testing::Values("supervisor-after-start", "supervisor-before-ended"));

// Killed again and again at any moment, with a client that only asks.
TEST_F(ASupervisor, LosesAndDoublesNoTaskWhenKilledAtRandom) {
  constexpr int kTasks = 24;
  quiet_scheduler(3).submit(request("aaa", "echo ran-$TT_INDEX >> ran; sleep 0.05; echo end-$TT_INDEX >> ran", kTasks));
  std::mt19937 random(7);
  std::uniform_int_distribution<int> milliseconds(5, 150);
  for (int kills = 0; kills < 20; ++kills) {
    const ProcessIdentity one = start_supervisor();
    const Instant until = clock_.now() + std::chrono::milliseconds(milliseconds(random));
    test::eventually([&] { return clock_.now() >= until || !is_alive(one); });
    send_signal(one.pid, SIGKILL);
    EXPECT_TRUE(test::eventually([&] { return !is_alive(one); }));
  }
  LocalScheduler local = scheduler(3);
  std::vector<std::string> expected;
  for (int i = 0; i < kTasks; ++i) {
    EXPECT_EQ(end_of(local, task("aaa", i)).raw, "EXITED") << i;
    expected.push_back("ran-" + std::to_string(i));
    expected.push_back("end-" + std::to_string(i));
  }
  std::vector<std::string> ran = lines("ran");
  std::sort(ran.begin(), ran.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(ran, expected);
}

TEST_F(ASupervisor, GivesUpATaskWhoseStartersAllDie) {
  LocalScheduler local = scheduler(4, {}, "task-before-record");
  local.submit(request("aaa", "touch ran"));
  const Known known = end_of(local, task("aaa"));
  EXPECT_EQ(known.state, RunState::failed);
  EXPECT_EQ(known.raw, "NEVER-STARTED");
  EXPECT_EQ(known.reason, "could not be started");
  EXPECT_FALSE(known.ended->started);
  EXPECT_FALSE(has("ran"));
}

TEST_F(ASupervisor, DoesNotStartATaskAgainThatDiedAfterItsRecord) {
  LocalScheduler local = scheduler(4, {}, "task-after-record");
  local.submit(request("aaa", "touch ran"));
  const Known known = end_of(local, task("aaa"));
  EXPECT_EQ(known.raw, "EXITED");
  EXPECT_EQ(known.ended->signal, "SIGKILL");
  EXPECT_FALSE(has("ran"));
}

}  // namespace
}  // namespace tt::scheduler
