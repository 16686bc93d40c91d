#include "tt/base/lock.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/ledger_support.hpp"
#include "support/self_call.hpp"
#include "support/temp_folder.hpp"
#include "tt/base/error.hpp"
#include "tt/base/files.hpp"
#include "tt/base/stop_point.hpp"
#include "tt/base/value.hpp"

namespace tt {
namespace {

// One of the racers: takes the lock again and again, and dies holding it. Nobody else may be inside meanwhile.
int race(const fs::path& folder, int times) {
  SystemClock clock;
  for (int i = 0; i <= times; ++i) {
    auto lock = FileLock::acquire(folder / "lock", clock, Seconds{50});
    if (i == times) ::_exit(0);
    if (!create_exclusive(folder / "inside", "")) return 3;
    const int count = std::stoi(read_file(folder / "count"));
    write_file(folder / "count", std::to_string(count + 1));
    lock.check_still_ours();
    fs::remove(folder / "inside");
  }
  return 0;
}

[[maybe_unused]] const bool kHelper = [] {
  const auto words = test::own_arguments();
  if (words.size() == 3 && words[0] == "--tt-lock-race") {
    try {
      ::_exit(race(words[1], std::stoi(words[2])));
    } catch (const std::exception&) {
      ::_exit(4);
    }
  }
  if (words.size() == 1 && words[0] == "--tt-stop-point") {
    stop_point("before-it");
    stop_point("at-it");
    ::_exit(0);
  }
  return false;
}();

std::string lock_text(const std::string& host, const ProcessIdentity& process) {
  return to_json(Value::object()
                     .set("schema", "tt.lock/1")
                     .set("host", host)
                     .set("pid", static_cast<std::int64_t>(process.pid))
                     .set("start_ticks", process.start_ticks)
                     .set("boot_id", process.boot_id)
                     .set("since", "2026-03-01T11:00:00Z")
                     .set("nonce", "n"));
}

std::string sentence(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

class ALock : public testing::Test {
 protected:
  test::TempFolder folder_;
  fs::path file_ = folder_ / "lock";
  test::PatientClock clock_{"2026-03-01T12:00:00Z"};
};

TEST_F(ALock, IsThereWhileItIsHeldAndGoneAfterwards) {
  {
    const auto lock = FileLock::acquire(file_, clock_);
    const auto holder = lock_holder(file_);
    ASSERT_TRUE(holder);
    EXPECT_EQ(holder->host, this_host());
    EXPECT_EQ(holder->process.pid, ::getpid());
    EXPECT_EQ(holder->since, "2026-03-01T12:00:00Z");
    EXPECT_FALSE(FileLock::try_acquire(file_, clock_));
  }
  EXPECT_TRUE(list_folder(folder_.path()).empty());
}

TEST_F(ALock, MovesWithItsOwner) {
  auto lock = FileLock::acquire(file_, clock_);
  {
    const FileLock other = std::move(lock);
    EXPECT_TRUE(is_there(file_));
  }
  EXPECT_FALSE(is_there(file_));
}

TEST_F(ALock, IsTakenOverFromADeadProcessOfThisHost) {
  ProcessIdentity dead = identify(::getpid()).value();
  dead.start_ticks += 1;  // this pid, started at another time: that process is gone
  write_file(file_, lock_text(this_host(), dead));
  const auto lock = FileLock::acquire(file_, clock_, Seconds{0});
  EXPECT_EQ(lock_holder(file_)->process.start_ticks, dead.start_ticks - 1);
  EXPECT_EQ(list_folder(folder_.path()), std::vector<std::string>{"lock"}) << "nothing is left beside it";
}

TEST_F(ALock, IsTakenOverAfterARestartOfThisHost) {
  ProcessIdentity before = identify(::getpid()).value();
  before.boot_id = "another-boot";
  write_file(file_, lock_text(this_host(), before));
  EXPECT_TRUE(FileLock::try_acquire(file_, clock_));
}

TEST_F(ALock, OfALivingProcessIsWaitedForAndThenNamed) {
  const auto lock = FileLock::acquire(file_, clock_);
  EXPECT_EQ(sentence([&] { FileLock::acquire(file_, clock_, Seconds{10}); }),
            file_.string() + " is held by pid " + std::to_string(::getpid()) + " on " + this_host() +
                " since 2026-03-01T12:00:00Z (waited 10 s); try again when that process has ended");
  EXPECT_EQ(iso_time(clock_.now()), "2026-03-01T12:00:10Z");
}

TEST_F(ALock, OfAnotherHostIsNeverTakenOver) {
  write_file(file_, lock_text("login99", {12, 34, "boot"}));
  EXPECT_EQ(sentence([&] { FileLock::acquire(file_, clock_, Seconds{1}); }),
            file_.string() +
                " is held by pid 12 on login99 since 2026-03-01T11:00:00Z (waited 1 s); "
                "if that machine is gone, remove " +
                file_.string());
  EXPECT_EQ(read_file(file_), lock_text("login99", {12, 34, "boot"}));
}

TEST_F(ALock, ThatSaysNothingIsLeftToAPerson) {
  write_file(file_, "scribble");
  EXPECT_EQ(sentence([&] { FileLock::acquire(file_, clock_, Seconds{1}); }),
            file_.string() +
                " is in the way and does not say who holds it (waited 1 s); "
                "if no tt is at work here, remove it");
}

TEST_F(ALock, ReleasesOnlyItself) {
  auto lock = FileLock::acquire(file_, clock_);
  const std::string other = lock_text("login99", {12, 34, "boot"});
  write_file(file_, other);
  lock.release();
  EXPECT_EQ(read_file(file_), other);
}

TEST_F(ALock, IsHeldByOneOfManyAlsoWhenItsHoldersDie) {
  constexpr int kRacers = 8, kTimes = 6;
  write_file(folder_ / "count", "0");
  ProcessIdentity dead = identify(::getpid()).value();
  dead.start_ticks += 1;
  write_file(file_, lock_text(this_host(), dead));
  std::vector<pid_t> racers;
  for (int i = 0; i < kRacers; ++i) {
    const auto command = test::self_command({"--tt-lock-race", folder_.path().string(), std::to_string(kTimes)},
                                            Environment::of_this_process());
    racers.push_back(start_detached(command, {}).pid);
  }
  for (const pid_t racer : racers) {
    int status = 0;
    ASSERT_EQ(::waitpid(racer, &status, 0), racer);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
  }
  EXPECT_EQ(read_file(folder_ / "count"), std::to_string(kRacers * kTimes));
}

TEST(StopPoint, KillsTheProcessThereAndOnlyThere) {
  Environment environment = Environment::of_this_process();
  SystemRunner runner;
  environment.set("TT_STOP_AT", "at-it");
  const ProcessResult killed = runner.run(test::self_command({"--tt-stop-point"}, environment), Seconds{20});
  EXPECT_EQ(killed.ending, Ending::signalled);
  EXPECT_EQ(killed.status, SIGKILL);
  environment.set("TT_STOP_AT", "elsewhere");
  EXPECT_TRUE(runner.run(test::self_command({"--tt-stop-point"}, environment), Seconds{20}).ok());
}

}  // namespace
}  // namespace tt
