#include "tt/flow/moved.hpp"

#include <gmock/gmock.h>

#include "support/ledger_support.hpp"
#include "support/temp_folder.hpp"
#include "tt/base/files.hpp"

namespace tt::flow {
namespace {

using ledger::Adopted;
using ledger::Ended;
using ledger::Intent;
using ledger::Waits;
using test::event;
using testing::HasSubstr;

// Handed over as task 0 of submission t1 while the workspace was at `then`; looked at from `now`.
class AMovedWorkspace : public testing::Test {
 protected:
  void SetUp() override { make_folders(now_ / "submissions/t1"); }

  PlannedTask task(const fs::path& root) const {
    return {RunId{"r1"}, "_bs1", (root / "logs/m/_bs1").string(), 1, 0, RetryMode::resume};
  }
  ledger::Ledger handed_over_at(const fs::path& root) const {
    const std::vector<ledger::Event> events = {
        event("12:00:00", Intent{Token{"t1"}, "laptop", "local", "lr", {task(root)}, std::nullopt, std::nullopt})};
    return ledger::fold(events);
  }
  std::string folder_of(ledger::Ledger ledger) const {
    follow_moved_folders(ledger, Workspace(now_));
    return ledger.runs.at(RunId{"r1"}).folder;
  }

  test::TempFolder folder_;
  fs::path then_ = folder_ / "then", now_ = folder_ / "now";
};

TEST_F(AMovedWorkspace, HasItsRunsBelowItself) { EXPECT_EQ(folder_of(handed_over_at(then_)), now_ / "logs/m/_bs1"); }

// TorchTitan makes the folders it writes to, also where nothing is any more; or somebody began another workspace there.
TEST_F(AMovedWorkspace, IsNotWhatStandsInItsPlaceByNow) {
  make_folders(then_ / "logs/m/_bs1/out");
  make_folders(then_ / ".tt");
  make_folders(then_ / "submissions/t7");
  EXPECT_EQ(folder_of(handed_over_at(then_)), now_ / "logs/m/_bs1");
}

TEST_F(AMovedWorkspace, IsOneThatOnlyWaits) {
  const std::vector<ledger::Event> events = {event("12:00:00", Waits{"lr", {task(then_)}, "no room", {}, 0})};
  ledger::Ledger ledger = ledger::fold(events);
  follow_moved_folders(ledger, Workspace(now_));
  EXPECT_EQ(ledger.runs.at(RunId{"r1"}).waiting->task.folder, now_ / "logs/m/_bs1");
}

// Jobs of the original write to the original.
TEST_F(AMovedWorkspace, IsNoCopy) {
  make_folders(then_ / "submissions/t1");
  EXPECT_EQ(folder_of(handed_over_at(then_)), then_ / "logs/m/_bs1");
}

TEST_F(AMovedWorkspace, IsNotOneThatIsNamedAnotherWay) {
  fs::create_directory_symlink(now_, then_);
  EXPECT_EQ(folder_of(handed_over_at(then_)), then_ / "logs/m/_bs1");
}

TEST_F(AMovedWorkspace, IsNotOneWhoseRunsWereMadeUnderAnotherName) {
  make_folders(now_ / "logs/m/_bs1");
  RunRecord record;
  record.launch.config = then_ / "logs/m/_bs1/config.toml";
  EXPECT_TRUE(was_moved(record, RunFolder(now_ / "logs/m/_bs1")));
  fs::create_directory_symlink(now_, then_);
  EXPECT_FALSE(was_moved(record, RunFolder(now_ / "logs/m/_bs1")));
  const Workspace workspace(now_);
  EXPECT_EQ(Originals(workspace).root_of((then_ / "logs/m/_bs1").string()), "");
}

TEST_F(AMovedWorkspace, SaysWhereItsOpenJobsLookForIt) {
  const ledger::Ledger open = handed_over_at(then_);
  const std::string said = where_jobs_look_in_vain(open, Workspace(now_));
  EXPECT_THAT(said, HasSubstr("ln -s " + now_.string() + " " + then_.string()));
  EXPECT_EQ(where_jobs_look_in_vain(handed_over_at(now_), Workspace(now_)), "");
  ledger::Ledger over = open;
  ledger::apply(over, event("13:00:00", Ended{{RunId{"r1"}, 1}, Token{"t1"}, RunState::finished, "", ""}));
  EXPECT_EQ(where_jobs_look_in_vain(over, Workspace(now_)), "");
  fs::create_directory_symlink(now_, then_);
  EXPECT_EQ(where_jobs_look_in_vain(open, Workspace(now_)), "");
}

}  // namespace
}  // namespace tt::flow
