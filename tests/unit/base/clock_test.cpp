#include "tt/base/clock.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <thread>

namespace tt {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::sys_days;
using namespace std::chrono_literals;

Instant at(int year, unsigned month, unsigned day, seconds time = 0s) {
  return sys_days(std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day)) + time;
}

TEST(IsoTime, WritesUtcWithSeconds) {
  EXPECT_EQ(iso_time(Instant{}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(iso_time(at(2026, 3, 1, 12h)), "2026-03-01T12:00:00Z");
  EXPECT_EQ(iso_time(at(2026, 12, 31, 23h + 59min + 59s)), "2026-12-31T23:59:59Z");
}

TEST(IsoTime, CutsMillisecondsAndNeverRoundsIntoTheFuture) {
  EXPECT_EQ(iso_time(at(2026, 3, 1, 12h) + 999ms), "2026-03-01T12:00:00Z");
  EXPECT_EQ(iso_time(Instant{} - 1ms), "1969-12-31T23:59:59Z");
}

TEST(IsoTime, IsReadBackAsItWasWritten) {
  for (const Instant instant : {at(1970, 1, 1), at(2024, 2, 29, 1h + 2min + 3s), at(2026, 12, 31, 23h + 59min + 59s),
                                at(2038, 1, 19, 3h + 14min + 8s)}) {
    EXPECT_EQ(parse_iso_time(iso_time(instant)), instant);
  }
}

TEST(ParseIsoTime, ReadsTheSecondsSinceTheEpoch) {
  EXPECT_EQ(parse_iso_time("1970-01-02T00:00:01Z"), Instant(86401s));
  EXPECT_EQ(parse_iso_time("2001-09-09T01:46:40Z"), Instant(1'000'000'000s));
}

TEST(ParseIsoTime, RefusesWhatIsNoTimeOfOurs) {
  for (const char* text :
       {"", "2026-03-01", "2026-03-01 12:00:00Z", "2026-03-01T12:00:00", "2026-03-01T12:00:00+01:00",
        "2026-03-01T12:00:00.000Z", "2026-02-29T12:00:00Z", "2026-13-01T12:00:00Z", "2026-00-01T12:00:00Z",
        "2026-03-01T24:00:00Z", "2026-03-01T12:60:00Z", "2026-03-01T12:00:61Z", "2026-03-01T-1:00:00Z",
        "2026-03-01T+1:00:00Z", " 026-03-01T12:00:00Z", "2026-03-01T12:00:00Z ", "2026-03-01T12:00:0xZ"}) {
    EXPECT_EQ(parse_iso_time(text), std::nullopt) << text;
  }
}

TEST(ParseWalltime, ReadsEveryFormSlurmReads) {
  EXPECT_EQ(parse_walltime("90"), Seconds(90 * 60));
  EXPECT_EQ(parse_walltime("30:15"), Seconds(30 * 60 + 15));
  EXPECT_EQ(parse_walltime("00:30:00"), Seconds(30 * 60));
  EXPECT_EQ(parse_walltime("48:00:00"), Seconds(48 * 3600));
  EXPECT_EQ(parse_walltime("1-12"), Seconds(36 * 3600));
  EXPECT_EQ(parse_walltime("1-12:30"), Seconds(36 * 3600 + 30 * 60));
  EXPECT_EQ(parse_walltime("1-12:00:00"), Seconds(36 * 3600));
  EXPECT_EQ(parse_walltime("0"), Seconds(0));
}

TEST(ParseWalltime, RefusesWhatIsNoWallTime) {
  for (const char* text : {"", ":", "1:", ":30", "1:2:3:4", "1-", "-5", "1-2-3", "1-1:2:3:4", "1h", "01:00:00 ", "1.5",
                           "UNLIMITED", "+5", "9999999999"}) {
    EXPECT_EQ(parse_walltime(text), std::nullopt) << text;
  }
}

TEST(WalltimeText, WritesDaysOnlyWhenThereAreSome) {
  EXPECT_EQ(walltime_text(0s), "00:00:00");
  EXPECT_EQ(walltime_text(30min), "00:30:00");
  EXPECT_EQ(walltime_text(23h + 59min + 59s), "23:59:59");
  EXPECT_EQ(walltime_text(24h), "1-00:00:00");
  EXPECT_EQ(walltime_text(36h), "1-12:00:00");
  EXPECT_EQ(walltime_text(240h), "10-00:00:00");
}

TEST(WalltimeText, RoundsToSecondsAndCarries) {
  EXPECT_EQ(walltime_text(Seconds(59.6)), "00:01:00");
  EXPECT_EQ(walltime_text(Seconds(86399.7)), "1-00:00:00");
}

TEST(WalltimeText, IsReadBackAsItWasWritten) {
  for (const seconds duration : {0s, 1s, 59s, 60s, 3599s, 3600s, 86399s, 86400s, 90061s, 864000s}) {
    EXPECT_EQ(parse_walltime(walltime_text(duration)), Seconds(duration)) << duration.count();
  }
}

TEST(AgeText, ChoosesTheUnitAPersonWould) {
  EXPECT_EQ(age_text(42s), "42 s");
  EXPECT_EQ(age_text(3min), "3 min");
  EXPECT_EQ(age_text(5h), "5 h");
  EXPECT_EQ(age_text(48h), "2 d");
}

TEST(AgeText, IsNeverNegative) { EXPECT_EQ(age_text(-5s), "0 s"); }

TEST(SystemClock, GoesForwardWhileItSleeps) {
  SystemClock clock;
  const auto before = std::chrono::steady_clock::now();
  const Instant start = clock.now();
  clock.sleep(Seconds(0.05));
  EXPECT_GE(std::chrono::steady_clock::now() - before, 50ms);
  EXPECT_GE(clock.now() - start, 40ms);
}

TEST(SystemClock, DoesNotSleepForNothingOrLess) {
  SystemClock clock;
  const auto before = std::chrono::steady_clock::now();
  clock.sleep(Seconds(0));
  clock.sleep(Seconds(-3600));
  EXPECT_LT(std::chrono::steady_clock::now() - before, 60s);
}

TEST(SystemClock, WakesUpWhenASignalArrives) {
  struct sigaction before {
  }, ours{};
  ours.sa_handler = [](int) {};
  sigaction(SIGUSR1, &ours, &before);
  const auto begin = std::chrono::steady_clock::now();
  const auto sleeper = pthread_self();
  std::atomic<bool> awake{false};
  // Sent again and again: one that arrives before the sleep begins would be spent.
  std::thread caller([&] {
    while (!awake) {
      pthread_kill(sleeper, SIGUSR1);
      std::this_thread::sleep_for(5ms);
    }
  });
  SystemClock().sleep(Seconds(50));
  awake = true;
  caller.join();
  sigaction(SIGUSR1, &before, nullptr);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 40s);
}

}  // namespace
}  // namespace tt
