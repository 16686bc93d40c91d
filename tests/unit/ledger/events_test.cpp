#include "tt/ledger/events.hpp"

#include <gtest/gtest.h>

#include "support/ledger_support.hpp"
#include "tt/ledger/journal.hpp"

namespace tt::ledger {
namespace {

using test::at;
using test::event;
using test::task_of;

TEST(LedgerEvents, AreLinesAPersonCanGrep) {
  EXPECT_EQ(to_line(event("12:00:00", Answered{Token{"abc"}, JobId{"77"}})),
            R"({"time":"2026-03-01T12:00:00Z","event":"answered","token":"abc","job":"77"})");
  EXPECT_EQ(to_line(event("12:00:00", Intent{Token{"abc"}, "laptop", "local", "lr", {task_of("r1", 2, 0)}, {}, {}})),
            R"({"time":"2026-03-01T12:00:00Z","event":"intent","token":"abc","site":"laptop","scheduler":"local",)"
            R"("sweep":"lr","runs":[{"run":"r1","name":"name-r1","folder":"/w/logs/m/name-r1","attempt":2,"index":0,)"
            R"("mode":"resume"}]})");
  EXPECT_EQ(to_line(event("12:00:00",
                          Seen{{RunId{"r1"}, 1}, Token{"abc"}, RunState::timed_out, "TIMEOUT", "limit", std::nullopt})),
            R"({"time":"2026-03-01T12:00:00Z","event":"seen","run":"r1","attempt":1,"token":"abc","state":"timed-out",)"
            R"("raw":"TIMEOUT","reason":"limit","since":null})");
}

TEST(LedgerEvents, SayOfManyTasksInOneLineWhatIsTheSameOfThem) {
  const std::string line =
      R"({"time":"2026-03-01T12:00:00Z","event":"seen-together","token":"abc","tasks":"0-2,7","state":"queued",)"
      R"("raw":"PENDING","reason":"Priority","since":null})";
  EXPECT_EQ(
      to_line(event("12:00:00",
                    SeenTogether{Token{"abc"}, {7, 0, 1, 2}, RunState::queued, "PENDING", "Priority", std::nullopt})),
      line);
  EXPECT_TRUE(read_journal(line + "\n", "j").warnings.empty());
  for (const char* tasks : {"", "0-", "x", "3-1", "0-2,...", "0-99999999999"}) {
    const JournalText damaged =
        read_journal(R"({"time":"2026-03-01T12:00:00Z","event":"seen-together","token":"abc","tasks":")" +
                         std::string(tasks) + R"(","state":"queued"})" + "\n",
                     "j");
    EXPECT_TRUE(damaged.events.empty()) << tasks;
    ASSERT_EQ(damaged.warnings.size(), 1u) << tasks;
    EXPECT_EQ(damaged.warnings[0].substr(0, 51), "j:1: skipped: an event without a usable 'tasks': {\"") << tasks;
  }
}

TEST(LedgerEvents, SayWhatWasAskedForOnlyWhereSomebodyAsked) {
  EXPECT_EQ(
      to_line(event("12:00:00",
                    Waits{"lr", {task_of("r1", 2, 0)}, "no room", {}, 0, "lab", {"m1", "", "high", "", 2}})),
      R"({"time":"2026-03-01T12:00:00Z","event":"waits","sweep":"lr","runs":[{"run":"r1","name":"name-r1",)"
      R"("folder":"/w/logs/m/name-r1","attempt":2,"index":0,"mode":"resume"}],"why":"no room","site":"lab",)"
      R"("asked":{"account":"m1","qos":"high","throttle":2}})");
  const std::string older = R"({"time":"2026-03-01T12:00:00Z","event":"waits","sweep":"lr","runs":[],"why":"no room"})";
  const JournalText read = read_journal(older + "\n", "j");
  ASSERT_EQ(read.events.size(), 1u);
  EXPECT_EQ(std::get<Waits>(read.events[0].body).site, "");
  EXPECT_EQ(std::get<Waits>(read.events[0].body).asked, Asked{});
}

// Every kind, written, read and written again, is the same line.
TEST(LedgerEvents, ReadBackAsTheyWereWritten) {
  PlannedTask fresh = task_of("r2", 1, 1);
  fresh.mode = RetryMode::fresh;
  const AttemptKey key{RunId{"r1"}, 3};
  const std::vector<Event> events{
      event("12:00:00", Intent{Token{"b"},
                               "x",
                               "slurm",
                               "s\n\"q",
                               {task_of("r1", 3, 0), fresh},
                               Token{"a"},
                               Submitter{"h", {41, 99, "boot"}}}),
      event("12:00:01", Answered{Token{"b"}, JobId{"77"}}),
      event("12:00:02", Refused{Token{"b"}, "no such partition"}),
      event("12:00:03", NoAnswer{Token{"b"}, "timed out"}),
      event("12:00:04", Adopted{Token{"b"}, JobId{"77"}, "claim", {RunId{"r1"}}}),
      event("12:00:05", Absent{Token{"b"}, {RunId{"r1"}, RunId{"r2"}}}),
      event("12:00:06", Seen{key, Token{"b"}, RunState::running, "R", "", at("11:59:59")}),
      event("12:00:06", SeenTogether{Token{"b"}, {0, 1, 2, 7}, RunState::queued, "PENDING", "Priority", {}, true}),
      event("12:00:07", CancelWanted{{key, {RunId{"r2"}, 1}}, CancelAs::preempted}),
      event("12:00:08", Ended{key, Token{"b"}, RunState::failed, "oom", "n3"}),
      event("12:00:09", Renamed{RunId{"r1"}, "old", "new", "/w/logs/m/new"}),
      event("12:00:10", RetryUsed{key, "nccl-timeout"}),
      event("12:00:11", Again{key}),
      event("12:00:12", Waits{"s", {task_of("r1", 3, 0), fresh}, "no room", RunId{"r9"}, 4}),
      event("12:00:13", Waits{"s", {task_of("r1", 3, 0)}, "no room", std::nullopt, 0}),
      event("12:00:14", WaitsNoMore{{RunId{"r1"}}}),
      event("12:00:15", Stopped{"s", "traceback", 5}),
      event("12:00:16", GoesOn{"s"}),
      event("12:00:17", Policy{"s", 3}),
      event("12:00:18", Seen{key, Token{"b"}, RunState::queued, "PENDING", "PartitionConfig", {}, true}),
      event("12:00:19", Ended{key, Token{"b"}, RunState::finished, "", "", at("12:00:02")}),
      event("12:00:20", WaitsNoMore{{RunId{"r1"}}, true}),
      event("12:00:21", Intent{Token{"c"}, "x", "slurm", "s", {fresh}, {}, {}, {"m1", "debug", "\"high", "a&b", 2}}),
      event("12:00:22", Waits{"s", {fresh}, "no room", {}, 0, "lab", {"", "", "high", "", {}}}),
  };
  std::string text;
  for (const Event& one : events) text += to_line(one) + "\n";
  const JournalText read = read_journal(text, "j");
  EXPECT_TRUE(read.warnings.empty());
  ASSERT_EQ(read.events.size(), events.size());
  std::string again;
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(read.events[i].body.index(), events[i].body.index()) << to_line(events[i]);
    EXPECT_EQ(read.events[i].time, events[i].time);
    again += to_line(read.events[i]) + "\n";
  }
  EXPECT_EQ(again, text);
}

TEST(LedgerEvents, OfALaterVersionAreKeptAsTheyAre) {
  const std::string line = R"({"time":"2026-03-01T12:00:00Z","event":"teleported","run":"r1","where":[1,2]})";
  const JournalText read = read_journal(line + "\n", "j");
  ASSERT_EQ(read.events.size(), 1u);
  EXPECT_TRUE(read.warnings.empty());
  EXPECT_EQ(std::get<UnknownEvent>(read.events[0].body).kind, "teleported");
  EXPECT_EQ(to_line(read.events[0]), line);
}

TEST(LedgerEvents, IgnoreFieldsTheyDoNotKnow) {
  const std::string line =
      R"({"time":"2026-03-01T12:00:00Z","event":"answered","mood":"good","token":"a","job":"7","more":{"x":1}})";
  const JournalText read = read_journal(line + "\n", "j");
  ASSERT_EQ(read.events.size(), 1u);
  EXPECT_EQ(std::get<Answered>(read.events[0].body).job.text, "7");
}

TEST(LedgerEvents, TakeAStateOfALaterVersionAsUnknown) {
  const std::string line = R"({"time":"2026-03-01T12:00:00Z","event":"seen","run":"r1","attempt":1,"token":"a",)"
                           R"("state":"hibernating","raw":"HIB","reason":"","since":null})";
  const JournalText read = read_journal(line + "\n", "j");
  ASSERT_EQ(read.events.size(), 1u);
  EXPECT_EQ(std::get<Seen>(read.events[0].body).state, RunState::unknown);
  EXPECT_EQ(std::get<Seen>(read.events[0].body).raw, "HIB");
}

}  // namespace
}  // namespace tt::ledger
