#include "tt/ledger/rebuild.hpp"

#include <gtest/gtest.h>

#include "support/ledger_support.hpp"
#include "support/temp_folder.hpp"
#include "tt/base/files.hpp"
#include "tt/job/run_folder.hpp"
#include "tt/ledger/fold.hpp"
#include "tt/ledger/journal.hpp"
#include "tt/ledger/submission_folder.hpp"

namespace tt::ledger {
namespace {

using test::event;

class RebuildTest : public testing::Test {
 protected:
  PlannedTask task(const std::string& run, int attempt, int index) const {
    PlannedTask planned = test::task_of(run, attempt, index);
    planned.folder = workspace_.path() / "logs/m" / planned.name;
    return planned;
  }

  // What tt-submit does before and after it calls the scheduler.
  void submit(const std::string& time, const std::string& token, const std::vector<PlannedTask>& tasks,
              const std::string& job, std::optional<Token> replaces = std::nullopt) {
    const std::string created = "2026-03-01T" + time + "Z";
    write_submission(SubmissionFolder(workspace_.path(), Token{token}),
                     {Token{token}, "laptop", "local", "lr", tasks, {}, created, replaces}, "", "");
    append(time, Intent{Token{token}, "laptop", "local", "lr", tasks, replaces, std::nullopt});
    if (!job.empty()) append(time, Answered{Token{token}, JobId{job}});
  }

  void append(const std::string& time, EventBody body) {
    Journal(workspace_.path(), "lr")
        .append(FileLock::acquire(workspace_.path() / ".tt" / "lock", clock_), event(time, std::move(body)));
  }

  void claim(const PlannedTask& planned, const std::string& token, const std::string& job, bool revoked = false) {
    ClaimRecord record{planned.run.text, planned.attempt, token, planned.index, job, "host", "nonce", revoked};
    workspace_.write(fs::relative(RunFolder(planned.folder).claim(planned.attempt), workspace_.path()).string(),
                     claim_text(record));
  }

  Ledger from_journal() const { return fold(Journal(workspace_.path(), "lr").load().events); }
  Ledger from_folders() const {
    const Rebuilt rebuilt = rebuild(workspace_.path());
    EXPECT_TRUE(rebuilt.warnings.empty());
    return rebuilt.events.contains("lr") ? fold(rebuilt.events.at("lr")) : Ledger{};
  }

  test::TempFolder workspace_;
  SystemClock clock_;
};
using AJournalRebuilt = RebuildTest;

// What must be the same: which token carries which attempt of which run, where it stands in which job.
std::vector<std::string> carried(const Ledger& ledger) {
  std::vector<std::string> lines;
  for (const auto& [id, run] : ledger.runs) {
    for (const auto& [number, a] : run.attempts) {
      lines.push_back(id.text + "/" + std::to_string(number) + " " + run.name + " " + run.folder + " " + a.token.text +
                      "[" + std::to_string(a.index) + "] job " + a.job.text + (a.closed ? " closed" : ""));
    }
  }
  for (const auto& [token, s] : ledger.submissions) {
    lines.push_back(token.text + " " + s.site + " " + s.scheduler + " " + s.sweep + " " + iso_time(s.intended) + " " +
                    s.job.text + " " + (s.replaced_by ? s.replaced_by->text : "-"));
  }
  return lines;
}

TEST_F(AJournalRebuilt, HoldsWhatTheOldOneHeld) {
  submit("12:00:00", "t1", {task("r1", 1, 0), task("r2", 1, 1)}, "77");
  claim(task("r1", 1, 0), "t1", "77");
  claim(task("r2", 1, 1), "t1", "77");
  submit("13:00:00", "t2", {task("r1", 2, 0)}, "88");
  claim(task("r1", 2, 0), "t2", "88");
  const auto before = carried(from_journal());
  ASSERT_EQ(before.size(), 5u);
  remove_tree(workspace_ / ".tt");
  EXPECT_EQ(carried(from_folders()), before);
}

// A task of Slurm's array 77 calls itself 77_1.
TEST_F(AJournalRebuilt, NamesTheJobOfTheArrayWhereTasksNameThemselves) {
  submit("12:00:00", "t1", {task("r1", 1, 0), task("r2", 1, 1), task("r3", 1, 2)}, "77");
  claim(task("r1", 1, 0), "t1", "77_0");
  workspace_.write("logs/m/name-r2/attempt-1/exit.json",
                   R"({"schema":"tt.exit/1","run":"r2","token":"t1","attempt":1,"job":"77_1","nodes":[]})");
  EXPECT_EQ(carried(from_folders()), carried(from_journal()));
}

TEST_F(AJournalRebuilt, IsOnlyOfWhatIsNotToldAlready) {
  submit("12:00:00", "t1", {task("r1", 1, 0)}, "77");
  submit("13:00:00", "t2", {task("r1", 2, 0)}, "88");
  claim(task("r1", 1, 0), "t1", "77");
  const Rebuilt rebuilt = rebuild(workspace_.path(), {Token{"t2"}});
  const Ledger ledger = fold(rebuilt.events.at("lr"));
  ASSERT_EQ(ledger.submissions.size(), 1u);
  EXPECT_EQ(ledger.submissions.begin()->first.text, "t1");
}

// Lines that were lost are written behind the others.
TEST_F(AJournalRebuilt, TakesNoAttemptFromALaterSubmissionThatIsToldBeforeIt) {
  submit("12:00:00", "t1", {task("r1", 1, 0)}, "77");
  submit("13:00:00", "t2", {task("r1", 1, 0)}, "88", Token{"t1"});
  std::vector<Event> events = rebuild(workspace_.path(), {Token{"t1"}}).events.at("lr");
  const std::vector<Event> lost = rebuild(workspace_.path(), {Token{"t2"}}).events.at("lr");
  events.insert(events.end(), lost.begin(), lost.end());
  EXPECT_EQ(last_attempt(fold(events), RunId{"r1"})->token.text, "t2");
}

TEST_F(AJournalRebuilt, AsksTheSchedulerAboutWhatNeverStarted) {
  submit("12:00:00", "t1", {task("r1", 1, 0)}, "77");
  const Ledger ledger = from_folders();
  ASSERT_EQ(unanswered_submissions(ledger).size(), 1u);
  EXPECT_EQ(unanswered_submissions(ledger)[0]->token.text, "t1");
}

TEST_F(AJournalRebuilt, KnowsWhichOfTwoSubmissionsOfOneAttemptTrains) {
  submit("12:00:00", "t1", {task("r1", 1, 0), task("r2", 1, 1)}, "");
  submit("13:00:00", "t2", {task("r1", 1, 0), task("r2", 1, 1)}, "88", Token{"t1"});
  claim(task("r1", 1, 0), "t1", "77");  // the first one surfaced late and was faster
  claim(task("r2", 1, 1), "t2", "88");
  append("13:10:00", Adopted{Token{"t1"}, JobId{"77"}, "claim", {RunId{"r1"}}});
  const auto before = carried(from_journal());
  EXPECT_EQ(from_folders().runs.at(RunId{"r1"}).attempts.at(1).token.text, "t1");
  EXPECT_EQ(carried(from_folders()), before);
}

TEST_F(AJournalRebuilt, ClosesAnAttemptWhoseClaimWasRevoked) {
  submit("12:00:00", "t1", {task("r1", 1, 0)}, "77");
  claim(task("r1", 1, 0), "t1", "", true);
  const Ledger ledger = from_folders();
  EXPECT_TRUE(open_attempts(ledger).empty());
  EXPECT_EQ(last_attempt(ledger, RunId{"r1"})->state, RunState::cancelled);
}

TEST_F(AJournalRebuilt, KnowsThatARunWasStartedAfresh) {
  submit("12:00:00", "t1", {task("r1", 1, 0), task("r2", 1, 1)}, "77");
  append("12:30:00", Again{{RunId{"r1"}, 1}});
  PlannedTask again = task("r1", 2, 0);
  again.mode = RetryMode::fresh;
  submit("13:00:00", "t2", {again, task("r2", 2, 1)}, "88");
  EXPECT_EQ(from_journal().runs.at(RunId{"r1"}).fresh_after, 1);
  remove_tree(workspace_ / ".tt");
  EXPECT_EQ(from_folders().runs.at(RunId{"r1"}).fresh_after, 1);
  EXPECT_EQ(from_folders().runs.at(RunId{"r2"}).fresh_after, 0);
}

TEST_F(AJournalRebuilt, TakesAResultAsProofWhenTheClaimIsGone) {
  submit("12:00:00", "t1", {task("r1", 1, 0)}, "");
  workspace_.write("logs/m/name-r1/attempt-1/exit.json",
                   R"({"schema":"tt.exit/1","run":"r1","token":"t1","attempt":1,"job":"77","nodes":[]})");
  EXPECT_EQ(last_attempt(from_folders(), RunId{"r1"})->job.text, "77");
}

TEST_F(AJournalRebuilt, DoesNotTakeAnotherTokensResult) {
  submit("12:00:00", "t1", {task("r1", 1, 0)}, "");
  workspace_.write("logs/m/name-r1/attempt-1/exit.json",
                   R"({"schema":"tt.exit/1","run":"r1","token":"t9","attempt":1,"job":"77","nodes":[]})");
  EXPECT_TRUE(last_attempt(from_folders(), RunId{"r1"})->job.empty());
}

TEST_F(AJournalRebuilt, FindsARunUnderItsNewName) {
  submit("12:00:00", "t1", {task("r1", 1, 0)}, "77");
  RunRecord record;
  record.id = RunId{"r1"};
  record.name = "renamed";
  workspace_.write("logs/m/renamed/run.json", to_pretty_json(to_value(record)));
  const Ledger ledger = from_folders();
  EXPECT_EQ(ledger.runs.at(RunId{"r1"}).name, "renamed");
  EXPECT_EQ(ledger.runs.at(RunId{"r1"}).folder, workspace_ / "logs/m/renamed");
}

TEST_F(AJournalRebuilt, TakesNoClaimOfAnotherRunThatLiesInItsFolder) {
  submit("12:00:00", "t1", {task("r1", 1, 0), task("r2", 1, 1)}, "");
  PlannedTask swapped = task("r2", 1, 1);
  swapped.folder = task("r1", 1, 0).folder;
  claim(swapped, "t1", "77");
  EXPECT_EQ(unanswered_submissions(from_folders()).size(), 1u);
}

// Somebody kept a copy of a submission.
TEST_F(AJournalRebuilt, PassesOverAFolderThatHoldsAnotherSubmission) {
  submit("12:00:00", "t1", {task("r1", 1, 0)}, "77");
  fs::copy(workspace_ / "submissions/t1", workspace_ / "submissions/t1.bak", fs::copy_options::recursive);
  EXPECT_TRUE(rebuild(workspace_.path(), {Token{"t1"}}).events.empty());
}

TEST_F(AJournalRebuilt, NamesASubmissionItCannotRead) {
  const fs::path bad = workspace_.write("submissions/zz/submission.json", R"({"schema":"other"})");
  const Rebuilt rebuilt = rebuild(workspace_.path());
  EXPECT_TRUE(rebuilt.events.empty());
  EXPECT_EQ(rebuilt.warnings, std::vector<std::string>{bad.string() + " is not a submission of this version: schema is "
                                                                      "'other', wanted 'tt.submission/1'"});
}

}  // namespace
}  // namespace tt::ledger
