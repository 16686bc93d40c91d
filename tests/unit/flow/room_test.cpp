#include "tt/flow/room.hpp"

#include <gtest/gtest.h>

#include "support/ledger_support.hpp"
#include "support/temp_folder.hpp"
#include "tt/ledger/journal.hpp"

namespace tt::flow {
namespace {

using namespace ledger;
using test::at;
using test::event;
using test::task_of;

// Two runs that another command of this workspace hands over while we are about to: what the scheduler was asked at
// 12:00:10 may have been before its jobs came.
class TwoAtOnce : public testing::Test {
 protected:
  // How many jobs are counted besides those that the scheduler told of.
  int others(const std::vector<Event>& events) {
    const FileLock lock = FileLock::acquire(around_.workspace.lock(), clock_);
    Journal(folder_.path(), "s").append(lock, events);
    Room room{{}, 0, at("12:00:10")};
    add_others(room, around_);
    return room.there;
  }
  static Event intent(const std::string& time) {
    return event(time, Intent{Token{"t1"}, "lab", "slurm", "s", {task_of("r1", 1, 0), task_of("r2", 1, 1)}, {}, {}});
  }
  static Event taken(const std::string& time) { return event(time, Answered{Token{"t1"}, JobId{"7"}}); }

  test::TempFolder folder_;
  test::PatientClock clock_{"2026-03-01T12:00:12Z"};
  Surroundings around_ = [this] {
    Surroundings around;
    around.workspace = Workspace(folder_.path());
    around.site.profile.name = "lab";
    around.clock = &clock_;
    std::filesystem::create_directories(around.workspace.own());
    return around;
  }();
};

TEST_F(TwoAtOnce, WhatWasTakenBeforeTheQuestionIsInItsAnswer) {
  EXPECT_EQ(others({intent("12:00:08"), taken("12:00:09")}), 0);
}

TEST_F(TwoAtOnce, WhatWasIntendedBeforeTheQuestionAndTakenAfterItMayNotBe) {
  EXPECT_EQ(others({intent("12:00:08"), taken("12:00:11")}), 2);
}

TEST_F(TwoAtOnce, TheSecondOfTheQuestionIsNoProof) { EXPECT_EQ(others({intent("12:00:08"), taken("12:00:10")}), 2); }

TEST_F(TwoAtOnce, WhatIsOnlyIntendedMayCome) { EXPECT_EQ(others({intent("12:00:08")}), 2); }

TEST_F(TwoAtOnce, WhatLookedLostMayHaveCome) {
  EXPECT_EQ(others({intent("12:00:08"), event("12:00:09", NoAnswer{Token{"t1"}, "time-out"})}), 2);
}

TEST_F(TwoAtOnce, WhatWasRefusedOrEndedIsNotThere) {
  EXPECT_EQ(others({intent("12:00:08"), event("12:00:11", Refused{Token{"t1"}, "no"})}), 0);
}

TEST_F(TwoAtOnce, OfWhatIsThereOnlyTheOpenOnesCount) {
  EXPECT_EQ(others({intent("12:00:08"), taken("12:00:11"),
                    event("12:00:12", Ended{{RunId{"r1"}, 1}, Token{"t1"}, RunState::finished, "", ""})}),
            1);
}

}  // namespace
}  // namespace tt::flow
