#include "tt/ledger/journal.hpp"

#include <gtest/gtest.h>

#include "support/ledger_support.hpp"
#include "support/temp_folder.hpp"
#include "tt/base/error.hpp"
#include "tt/base/files.hpp"

namespace tt::ledger {
namespace {

using test::event;

class JournalTest : public testing::Test {
 protected:
  FileLock lock() { return FileLock::acquire(workspace_.path() / ".tt" / "lock", clock_); }
  test::TempFolder workspace_;
  SystemClock clock_;
};
using AJournal = JournalTest;

Event answered(const std::string& time, const std::string& job) {
  return event(time, Answered{Token{"t"}, JobId{job}});
}

TEST_F(AJournal, IsEmptyBeforeItsFirstEvent) {
  const Journal journal(workspace_.path(), "lr");
  EXPECT_FALSE(journal.exists());
  EXPECT_TRUE(journal.load().events.empty());
  EXPECT_TRUE(journaled_sweeps(workspace_.path()).empty());
}

TEST_F(AJournal, KeepsEventsInTheOrderTheyWereAppended) {
  Journal journal(workspace_.path(), "lr");
  journal.append(lock(), answered("12:00:00", "1"));
  journal.append(lock(), std::vector<Event>{answered("11:00:00", "2"), answered("12:00:01", "3")});
  EXPECT_EQ(test::read(journal.file()), R"({"time":"2026-03-01T12:00:00Z","event":"answered","token":"t","job":"1"})"
                                        "\n"
                                        R"({"time":"2026-03-01T11:00:00Z","event":"answered","token":"t","job":"2"})"
                                        "\n"
                                        R"({"time":"2026-03-01T12:00:01Z","event":"answered","token":"t","job":"3"})"
                                        "\n");
  EXPECT_EQ(journal.load().events.size(), 3u);
  EXPECT_FALSE(journal.load().torn);
}

TEST_F(AJournal, SkipsATornLastLineAndSaysSo) {
  const std::string whole = to_line(answered("12:00:00", "1")) + "\n";
  const JournalText read = read_journal(whole + R"({"time":"2026-03-01T12:0)", "j");
  EXPECT_EQ(read.events.size(), 1u);
  EXPECT_TRUE(read.torn);
  EXPECT_TRUE(read.warnings.empty());
}

TEST_F(AJournal, TakesALastLineWithoutItsEndAsTornEvenWhenItIsWholeJson) {
  EXPECT_TRUE(read_journal(to_line(answered("12:00:00", "1")), "j").events.empty());
}

TEST_F(AJournal, MendsATornLastLineBeforeTheNextAppend) {
  Journal journal(workspace_.path(), "lr");
  journal.append(lock(), answered("12:00:00", "1"));
  append_to_file(journal.file(), R"({"time":"2026)", Sync::no);
  journal.append(lock(), answered("12:00:01", "2"));
  const JournalText read = journal.load();
  EXPECT_TRUE(read.warnings.empty());
  EXPECT_FALSE(read.torn);
  ASSERT_EQ(read.events.size(), 2u);
  EXPECT_EQ(std::get<Answered>(read.events[1].body).job.text, "2");
  EXPECT_EQ(test::read(journal.file().string() + ".torn"), "{\"time\":\"2026\n");
  EXPECT_EQ(journaled_sweeps(workspace_.path()), std::vector<std::string>{"lr"});
}

TEST_F(AJournal, MendsAFileThatIsNothingButATornLine) {
  Journal journal(workspace_.path(), "lr");
  workspace_.write(".tt/journal/lr.jsonl", "{\"ti");
  journal.append(lock(), answered("12:00:00", "1"));
  EXPECT_EQ(journal.load().events.size(), 1u);
  EXPECT_TRUE(journal.load().warnings.empty());
}

// Cut at every byte: what was whole is read, and the next writer goes on behind it.
TEST_F(AJournal, SurvivesACutAtEveryByte) {
  const std::string first = to_line(answered("12:00:00", "1")) + "\n";
  const std::string both = first + to_line(answered("12:00:01", "2")) + "\n";
  Journal journal(workspace_.path(), "lr");
  for (std::size_t cut = 0; cut <= both.size(); ++cut) {
    workspace_.write(".tt/journal/lr.jsonl", both.substr(0, cut));
    const std::size_t whole = cut == both.size() ? 2 : cut >= first.size() ? 1 : 0;
    ASSERT_EQ(journal.load().events.size(), whole) << cut;
    journal.append(lock(), answered("12:00:02", "3"));
    const JournalText read = journal.load();
    ASSERT_EQ(read.events.size(), whole + 1) << cut;
    ASSERT_TRUE(read.warnings.empty()) << cut;
  }
}

TEST_F(AJournal, SkipsGarbageInTheMiddleAndNamesTheLine) {
  const std::string good = to_line(answered("12:00:00", "1")) + "\n";
  const JournalText read =
      read_journal(good + "\x01garbage\n" + good + R"({"time":"2026-03-01T12:00:00Z","event":"answered","token":"t"})" +
                       "\n" + R"({"event":"answered","token":"t","job":"1"})" + "\n[]\n\n" + good,
                   "/w/j.jsonl");
  EXPECT_EQ(read.events.size(), 3u);
  EXPECT_EQ(read.warnings, (std::vector<std::string>{
                               "/w/j.jsonl:2: skipped: not a JSON object: \\x01garbage",
                               "/w/j.jsonl:4: skipped: an event without a usable 'job': "
                               "{\"time\":\"2026-03-01T12:00:00Z\",\"event\":\"answered\",\"token\"...",
                               "/w/j.jsonl:5: skipped: an event without a usable 'time': "
                               "{\"event\":\"answered\",\"token\":\"t\",\"job\":\"1\"}",
                               "/w/j.jsonl:6: skipped: not a JSON object: []",
                           }));
}

TEST_F(AJournal, HasAFileNameForAnySweepName) {
  for (const std::string name : {"a/b", "..", ".hidden", "100%", "lr v2", "größe"}) {
    Journal(workspace_.path(), name).append(lock(), answered("12:00:00", "1"));
  }
  EXPECT_EQ(Journal(workspace_.path(), "a/b").file().filename(), "a%2Fb.jsonl");
  EXPECT_EQ(Journal(workspace_.path(), "..").file().filename(), "%2E..jsonl");
  EXPECT_EQ(journaled_sweeps(workspace_.path()),
            (std::vector<std::string>{"..", ".hidden", "100%", "a/b", "größe", "lr v2"}));
}

TEST_F(AJournal, IsNotWrittenUnderALockThatWasTakenAway) {
  Journal journal(workspace_.path(), "lr");
  const FileLock held = lock();
  fs::remove(held.file());
  try {
    journal.append(held, answered("12:00:00", "1"));
    FAIL() << "written without a lock";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              "the lock " + held.file().string() +
                  " was taken away while it was held; nothing was written, run the command again");
  }
  EXPECT_FALSE(journal.exists());
}

}  // namespace
}  // namespace tt::ledger
