#include "tt/scheduler/choose.hpp"

#include <gtest/gtest.h>

#include "support/temp_folder.hpp"
#include "tt/base/error.hpp"

namespace tt::scheduler {
namespace {

TEST(ChooseScheduler, TakesThisMachineForALocalSite) {
  const test::TempFolder workspace;
  SystemClock clock;
  site::Profile profile;
  profile.name = "laptop";
  profile.scheduler = "local";
  profile.slots = 2;
  const auto scheduler = make_scheduler(profile, workspace.path(), Environment{}, clock);
  EXPECT_EQ(scheduler->name(), "local");
  EXPECT_EQ(scheduler->settle_time(), Seconds{0});
  EXPECT_EQ(test::snapshot(workspace.path()), "") << "nothing is written before it is used";
}

TEST(ChooseScheduler, NamesASchedulerItCannotSpeakTo) {
  const test::TempFolder workspace;
  SystemClock clock;
  site::Profile profile;
  profile.name = "bigsite";
  profile.scheduler = "lsf";
  try {
    make_scheduler(profile, workspace.path(), Environment{}, clock);
    FAIL() << "made";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()),
              "site 'bigsite' uses the scheduler 'lsf', and this version speaks to 'local', 'slurm' and 'pbs' only; "
              "--site laptop runs on this machine");
  }
}

}  // namespace
}  // namespace tt::scheduler
