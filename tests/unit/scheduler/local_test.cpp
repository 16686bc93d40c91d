#include "tt/scheduler/local.hpp"

#include <unistd.h>

#include "unit/scheduler/local_fixture.hpp"

namespace tt::scheduler {
namespace {

using ThisMachine = LocalTest;

TEST_F(ThisMachine, RunsAJobAndLeavesTheVerdictToTheRunFolder) {
  LocalScheduler local = scheduler();
  const SubmitAnswer answer = local.submit(request("aaa", "echo $TT_JOB $TT_INDEX $PWD; echo trouble >&2"));
  ASSERT_TRUE(std::holds_alternative<Accepted>(answer));
  EXPECT_EQ(std::get<Accepted>(answer).job.text, "local-aaa");
  const Known known = end_of(local, task("aaa"));
  EXPECT_EQ(known.state, std::nullopt);
  EXPECT_EQ(known.raw, "EXITED");
  EXPECT_EQ(known.reason, "exit status 0");
  EXPECT_EQ(known.ended->reason, EndReason::exited);
  EXPECT_EQ(known.ended->status, 0);
  EXPECT_TRUE(known.ended->started);
  EXPECT_EQ(lines("submissions/aaa/0.out"),
            (std::vector<std::string>{"local-aaa 0 " + workspace_.path().string(), "trouble"}));
}

TEST_F(ThisMachine, TellsAnExitStatusFromASignal) {
  LocalScheduler local = scheduler();
  local.submit(request("aaa", "if [ $TT_INDEX = 0 ]; then exit 3; else kill -SEGV $$; fi", 2));
  EXPECT_EQ(end_of(local, task("aaa", 0)).ended->status, 3);
  const Known killed = end_of(local, task("aaa", 1));
  EXPECT_EQ(killed.ended->status, std::nullopt);
  EXPECT_EQ(killed.ended->signal, "SIGSEGV");
  EXPECT_EQ(killed.reason, "SIGSEGV");
}

TEST_F(ThisMachine, GivesATaskItsOwnEnvironmentAndNoOpenFiles) {
  LocalScheduler local = scheduler(2, {3, 5});
  SubmitRequest wide = request("aaa", "env | sort | grep -v -e ^_= -e ^SHLVL= -e ^PWD=; ls /proc/$$/fd");
  wide.shape.gpus = 2;
  wide.environment.set("NCCL_ALGO", "Ring");
  local.submit(wide);
  end_of(local, task("aaa"));
  EXPECT_EQ(lines("submissions/aaa/0.out"),
            (std::vector<std::string>{"CUDA_VISIBLE_DEVICES=3,5", "NCCL_ALGO=Ring", "PATH=/usr/bin:/bin", "TT_INDEX=0",
                                      "TT_JOB=local-aaa", "0", "1", "2", "255"}));  // 255: bash's own, the script
}

TEST_F(ThisMachine, RunsAsManyTasksAsItHasSlotsInTheOrderTheyCame) {
  LocalScheduler local = scheduler(2);
  local.submit(request("bbb", "echo b$TT_INDEX >> order; until [ -e go-b$TT_INDEX ]; do sleep 0.02; done", 3));
  ASSERT_TRUE(test::eventually([&] { return lines("order").size() == 2; }));
  local.submit(request("aaa", "echo a$TT_INDEX >> order; until [ -e go-a$TT_INDEX ]; do sleep 0.02; done", 1));
  EXPECT_EQ(raw(local, task("bbb", 0)), "RUNNING");
  EXPECT_EQ(raw(local, task("bbb", 1)), "RUNNING");
  EXPECT_EQ(ask(local, task("bbb", 2))->position, 1);
  EXPECT_EQ(ask(local, task("aaa", 0))->position, 2);
  EXPECT_EQ(ask(local, task("aaa", 0))->state, RunState::queued);
  touch("go-b1");
  ASSERT_TRUE(test::eventually([&] { return lines("order").size() == 3; }));
  EXPECT_EQ(lines("order").back(), "b2");
  EXPECT_EQ(raw(local, task("aaa", 0)), "QUEUED");
  touch("go-b0");
  ASSERT_TRUE(test::eventually([&] { return lines("order").size() == 4; }));
  EXPECT_EQ(lines("order").back(), "a0");
  touch("go-b2");
  touch("go-a0");
  EXPECT_EQ(end_of(local, task("aaa", 0)).ended->status, 0);
}

TEST_F(ThisMachine, NeverStartsATaskThatWasCancelledBefore) {
  LocalScheduler quiet = quiet_scheduler();
  quiet.submit(request("aaa", "echo ran >> ran", 2));
  const std::vector<TaskRef> both{task("aaa", 0), task("aaa", 1)};
  quiet.cancel(std::span(both).first(1), StopAs::cancelled);
  quiet.cancel(std::span(both).last(1), StopAs::preempted);
  const Known known = *ask(quiet, both[0]);
  EXPECT_EQ(known.state, RunState::cancelled);
  EXPECT_EQ(known.raw, "CANCELLED");
  EXPECT_EQ(known.reason, "before it started");
  EXPECT_FALSE(known.ended->started);
  EXPECT_EQ(ask(quiet, both[1])->state, RunState::preempted);
  const ProcessIdentity worker = start_supervisor();
  ASSERT_TRUE(test::eventually([&] { return !is_alive(worker); })) << "it finds nothing to do and leaves";
  EXPECT_FALSE(has("ran"));
  EXPECT_TRUE(spool_.open_tokens().empty());
}

TEST_F(ThisMachine, TellsARunningTaskToStopAndKeepsWhatItAnswered) {
  LocalScheduler local = scheduler();
  local.submit(request("aaa", "trap 'echo told; exit 5' TERM; touch up; while :; do sleep 0.02; done"));
  ASSERT_TRUE(test::eventually([&] { return has("up"); }));
  const TaskRef ref = task("aaa");
  EXPECT_TRUE(std::holds_alternative<Done>(local.cancel(std::span(&ref, 1), StopAs::preempted).at(0)));
  const Known known = end_of(local, ref);
  EXPECT_EQ(known.state, RunState::preempted);
  EXPECT_EQ(known.ended->status, 5);
  EXPECT_EQ(lines("submissions/aaa/0.out"), std::vector<std::string>{"told"});
}

TEST_F(ThisMachine, KillsTheWholeSessionOfATaskThatDoesNotStop) {
  LocalScheduler local = scheduler();
  SubmitRequest stubborn =
      request("aaa", "trap '' TERM; sleep 600 & echo $! > child; touch up; while :; do sleep 0.02; done");
  stubborn.kill_after = Seconds{0.2};
  local.submit(stubborn);
  ASSERT_TRUE(test::eventually([&] { return has("up"); }));
  const ProcessIdentity child = identify(std::stoi(lines("child").at(0))).value();
  const TaskRef ref = task("aaa");
  local.cancel(std::span(&ref, 1), StopAs::cancelled);
  const Known known = end_of(local, ref);
  EXPECT_EQ(known.state, RunState::cancelled);
  EXPECT_EQ(known.ended->signal, "SIGKILL");
  EXPECT_TRUE(test::eventually([&] { return !is_alive(child); }));
}

TEST_F(ThisMachine, KillsWhatATaskLeftBehind) {
  LocalScheduler local = scheduler();
  local.submit(request("aaa", "sleep 600 & echo $! > child"));
  end_of(local, task("aaa"));
  const auto child = identify(std::stoi(lines("child").at(0)));
  EXPECT_TRUE(!child || test::eventually([&] { return !is_alive(*child); }));
}

TEST_F(ThisMachine, WarnsATaskBeforeItsTimeLimitAndKillsItAtTheLimit) {
  LocalScheduler local = scheduler();
  SubmitRequest endless = request("aaa", "trap 'echo warned' USR1; while :; do sleep 0.02; done");
  endless.walltime = Seconds{1};
  endless.warn_before = Seconds{0.5};
  local.submit(endless);
  const Known known = end_of(local, task("aaa"));
  EXPECT_EQ(known.state, RunState::timed_out);
  EXPECT_EQ(known.raw, "TIME-LIMIT");
  EXPECT_EQ(known.ended->signal, "SIGKILL");
  EXPECT_EQ(lines("submissions/aaa/0.out"), std::vector<std::string>{"warned"});
  const LocalTask ended = spool_.load_task(Token{"aaa"}, 0);
  EXPECT_GE(ended.end->time.value() - ended.start->time, std::chrono::milliseconds(1000));
}

TEST_F(ThisMachine, HoldsAndReleasesAWaitingTask) {
  LocalScheduler quiet = quiet_scheduler();
  quiet.submit(request("aaa", "touch ran"));
  const TaskRef ref = task("aaa");
  EXPECT_TRUE(std::holds_alternative<Done>(quiet.hold(std::span(&ref, 1)).at(0)));
  EXPECT_EQ(ask(quiet, ref)->state, RunState::held);
  EXPECT_EQ(ask(quiet, ref)->position, std::nullopt);
  const ProcessIdentity worker = start_supervisor();
  ASSERT_TRUE(test::eventually([&] { return !is_alive(worker); })) << "a held task is no work";
  EXPECT_FALSE(has("ran"));
  LocalScheduler local = scheduler();
  EXPECT_EQ(raw(local, ref), "HELD");
  EXPECT_FALSE(is_there(spool_.supervisor_log())) << "and nobody is started for it";
  local.release(std::span(&ref, 1));
  EXPECT_EQ(end_of(local, ref).ended->status, 0);
  EXPECT_TRUE(has("ran"));
}

TEST_F(ThisMachine, CannotHoldWhatRuns) {
  LocalScheduler local = scheduler();
  local.submit(request("aaa", "touch up; until [ -e go ]; do sleep 0.02; done"));
  ASSERT_TRUE(test::eventually([&] { return has("up"); }));
  const TaskRef ref = task("aaa");
  const ActAnswer answer = local.hold(std::span(&ref, 1)).at(0);
  EXPECT_EQ(std::get<CouldNot>(answer).why, "it is running; only a waiting task can be held");
  touch("go");
  end_of(local, ref);
}

TEST_F(ThisMachine, RefusesWhatItCanNeverRun) {
  LocalScheduler quiet = quiet_scheduler(2);
  SubmitRequest wide = request("aaa", "");
  wide.shape.gpus = 8;
  EXPECT_EQ(std::get<Refused>(quiet.submit(wide)).reason, "a task wants 8 GPUs and this machine has 2 slots");
  wide.shape = {2, 1, 2, Seconds{0}};
  EXPECT_EQ(std::get<Refused>(quiet.submit(wide)).reason, "a task wants 2 nodes and this machine is one");
  EXPECT_TRUE(std::holds_alternative<Absent>(quiet.find(Token{"aaa"})));
}

TEST_F(ThisMachine, AcceptsTheSameSubmissionOnce) {
  LocalScheduler quiet = quiet_scheduler();
  quiet.submit(request("aaa", "", 2));
  const std::string before = test::snapshot(spool_.root());
  EXPECT_TRUE(std::holds_alternative<Accepted>(quiet.submit(request("aaa", "", 3))));
  EXPECT_EQ(test::snapshot(spool_.root()), before);
  EXPECT_EQ(std::get<Found>(quiet.find(Token{"aaa"})).job.text, "local-aaa");
}

TEST_F(ThisMachine, KnowsNothingOfAStranger) {
  LocalScheduler quiet = quiet_scheduler();
  quiet.submit(request("aaa", ""));
  const std::vector<TaskRef> strangers{task("zzz", 0), task("aaa", 7)};
  for (const TaskStatus& answer : quiet.status(strangers)) EXPECT_TRUE(std::holds_alternative<Gone>(answer));
}

TEST_F(ThisMachine, CannotSpeakForAnotherHost) {
  LocalScheduler quiet = quiet_scheduler();
  quiet.submit(request("aaa", ""));
  fs::rename(spool_.root(), workspace_ / ".tt/local/gpu7");
  EXPECT_EQ(std::get<Found>(quiet.find(Token{"aaa"})).job.text, "local-aaa") << "it did go in";
  const TaskRef ref = task("aaa");
  const std::string why = "local-aaa is a job of host gpu7 and this is here; ask there";
  EXPECT_EQ(std::get<CouldNotAsk>(quiet.status(std::span(&ref, 1)).at(0)).why, why);
  EXPECT_EQ(std::get<CouldNotAsk>(quiet.cancel(std::span(&ref, 1), StopAs::cancelled).at(0)).why, why);
}

TEST_F(ThisMachine, SaysBeforehandWhatItExecutesForEachTask) {
  LocalScheduler local = scheduler();
  const SubmitRequest two = request("aaa", "tr '\\0' '\\n' </proc/$$/cmdline", 2);
  const std::string script = (workspace_ / "submissions/aaa/job.sh").string();
  EXPECT_EQ(local.submit_argv(two), (std::vector<std::string>{"bash", script, "INDEX"}));
  local.submit(two);
  end_of(local, task("aaa", 0));
  end_of(local, task("aaa", 1));
  EXPECT_EQ(lines("submissions/aaa/0.out"), (std::vector<std::string>{"bash", script, "0"}));
  EXPECT_EQ(lines("submissions/aaa/1.out"), (std::vector<std::string>{"bash", script, "1"}));
}

// Whatever is read once and cannot change is spoiled afterwards: only who reads it again would notice.
TEST_F(ThisMachine, DoesNotReadAgainWhatCannotChange) {
  LocalScheduler quiet = quiet_scheduler();
  quiet.submit(request("aaa", "", 2));
  const fs::path job = fs::relative(spool_.folder(Token{"aaa"}), workspace_.path());
  const auto spoil = [&](const char* file) { workspace_.write((job / file).string(), "spoiled"); };
  EXPECT_EQ(raw(quiet, task("aaa", 1)), "QUEUED");
  spoil("job.json");
  EXPECT_EQ(raw(quiet, task("aaa", 1)), "QUEUED");

  TaskStart start;
  start.process = identify(::getpid()).value();
  start.time = clock_.now();
  ASSERT_TRUE(spool_.place_start(Token{"aaa"}, 0, start));
  EXPECT_EQ(raw(quiet, task("aaa", 0)), "RUNNING") << "what is new is read";
  spool_.set_held(Token{"aaa"}, 1, true);
  EXPECT_EQ(raw(quiet, task("aaa", 1)), "HELD");
  spoil("0.started");
  EXPECT_EQ(raw(quiet, task("aaa", 0)), "RUNNING");

  spool_.write_end(Token{"aaa"}, 0, {EndReason::exited, true, 3, {}, clock_.now()});
  EXPECT_EQ(ask(quiet, task("aaa", 0))->reason, "exit status 3");
  spoil("0.ended");
  EXPECT_EQ(ask(quiet, task("aaa", 0))->reason, "exit status 3");
  spool_.set_held(Token{"aaa"}, 1, false);
  EXPECT_EQ(raw(quiet, task("aaa", 1)), "QUEUED") << "the other task is still looked at";
}

TEST_F(ThisMachine, ForgetsAJobWhoseFolderWasRemoved) {
  LocalScheduler quiet = quiet_scheduler();
  quiet.submit(request("aaa", ""));
  const TaskRef ref = task("aaa");
  quiet.cancel(std::span(&ref, 1), StopAs::cancelled);
  spool_.mark_done(Token{"aaa"});
  EXPECT_EQ(raw(quiet, ref), "CANCELLED");
  remove_tree(spool_.folder(Token{"aaa"}));
  EXPECT_TRUE(std::holds_alternative<Gone>(quiet.status(std::span(&ref, 1)).at(0)));
}

TEST_F(ThisMachine, CannotAnswerForAnyTaskOfAJobItCannotRead) {
  LocalScheduler quiet = quiet_scheduler();
  quiet.submit(request("aaa", "", 2));
  const fs::path file = spool_.folder(Token{"aaa"}) / "job.json";
  write_file(file, R"({"schema":"other"})");
  const std::vector<TaskRef> both{task("aaa", 0), task("aaa", 1)};
  const auto answers = quiet.status(both);
  for (const TaskStatus& answer : answers) {
    EXPECT_EQ(std::get<CouldNotAsk>(answer).why, file.string() + ": schema is 'other', wanted 'tt.local-job/1'");
  }
}

TEST_F(ThisMachine, KeepsTheJobsEnvironmentFromOtherUsers) {
  quiet_scheduler().submit(request("aaa", ""));
  EXPECT_EQ(fs::status(spool_.folder(Token{"aaa"})).permissions(), fs::perms::owner_all);
}

TEST_F(ThisMachine, SaysWhyATaskCouldNotBegin) {
  LocalScheduler local = scheduler();
  SubmitRequest lost = request("aaa", "touch ran");
  lost.workdir = "/nowhere/at/all";
  local.submit(lost);
  EXPECT_EQ(end_of(local, task("aaa")).ended->status, 126);
  EXPECT_EQ(lines("submissions/aaa/0.out"),
            std::vector<std::string>{"tt-submit: error: cannot enter /nowhere/at/all: No such file or directory"});
}

}  // namespace
}  // namespace tt::scheduler
