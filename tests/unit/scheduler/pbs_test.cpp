// PBS behind the interface, against the fake one.
#include "tt/scheduler/pbs.hpp"

#include <gmock/gmock.h>

#include "support/error_text.hpp"
#include "support/eventually.hpp"
#include "support/fake_pbs.hpp"
#include "tt/base/files.hpp"

namespace tt::scheduler {
namespace {

using test::eventually;
using test::FakePbs;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::VariantWith;

const char* const kScript = R"(#!/bin/bash
#PBS -N tt-abcdefgh23
#PBS -j oe -k doe
#PBS -o "^array_index^.out"
#PBS -W umask=022
)";

class Pbs : public testing::Test {
 protected:
  PbsScheduler scheduler(Seconds limit = Seconds{60}) {
    return PbsScheduler(profile, folder.path(), pbs.environment(), runner, clock, {limit, limit});
  }
  SubmitRequest request(std::vector<int> indices, const std::string& lines = "exit $PBS_ARRAY_INDEX\n") {
    folder.write("job.sh", kScript + lines);
    SubmitRequest made;
    made.token = Token{"abcdefgh23"};
    made.submission = folder.path();
    made.script = folder / "job.sh";
    made.indices = std::move(indices);
    return made;
  }
  static JobId accepted(const SubmitAnswer& answer) {
    EXPECT_THAT(answer, VariantWith<Accepted>(testing::_));
    return std::holds_alternative<Accepted>(answer) ? std::get<Accepted>(answer).job : JobId{};
  }
  static std::vector<TaskRef> tasks(const JobId& job, int count) {
    std::vector<TaskRef> refs;
    for (int i = 0; i < count; ++i) refs.push_back({job, Token{"abcdefgh23"}, i});
    return refs;
  }
  static RunState state(const TaskStatus& status) {
    const auto* known = std::get_if<Known>(&status);
    return known == nullptr ? RunState::lost : known->state.value_or(RunState::finished);
  }
  static bool is_over(const std::vector<TaskStatus>& all) {
    return std::all_of(all.begin(), all.end(), [](const TaskStatus& one) {
      const auto* known = std::get_if<Known>(&one);
      return known != nullptr && known->ended;
    });
  }

  FakePbs pbs;
  test::TempFolder folder;
  site::Profile profile;
  SystemRunner runner;
  SystemClock clock;
};

TEST_F(Pbs, ElementsOfAnArrayEndEachWithItsOwnStatus) {
  PbsScheduler here = scheduler();
  const JobId job = accepted(here.submit(request({0, 1, 2})));
  EXPECT_EQ(job.text, "0[].pbs0");
  std::vector<TaskStatus> all;
  ASSERT_TRUE(eventually([&] { return is_over(all = here.status(tasks(job, 3))); }));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(std::get<Known>(all[static_cast<std::size_t>(i)]).ended->status, i);
}

TEST_F(Pbs, ASingleTaskIsAJobThatIsNoArray) {
  PbsScheduler here = scheduler();
  const JobId job = accepted(here.submit(request({0}, "echo \"token $TT_TOKEN, $(umask)\"\nexit 5\n")));
  EXPECT_EQ(job.text, "0.pbs0");
  std::vector<TaskStatus> all;
  ASSERT_TRUE(eventually([&] { return is_over(all = here.status(tasks(job, 1))); }));
  EXPECT_EQ(std::get<Known>(all[0]).ended->status, 5);
}

TEST_F(Pbs, AOneElementArrayOfAnotherIndexRunsThatIndexOnly) {
  PbsScheduler here = scheduler();
  const JobId job = accepted(here.submit(request({3})));
  EXPECT_EQ(job.text, "0[].pbs0");
  const std::vector<TaskRef> third{{job, Token{"abcdefgh23"}, 3}};
  std::vector<TaskStatus> all;
  ASSERT_TRUE(eventually([&] { return is_over(all = here.status(third)); }));
  EXPECT_EQ(std::get<Known>(all[0]).ended->status, 3);
  EXPECT_TRUE(is_there(folder / "3.out"));
  EXPECT_FALSE(is_there(folder / "4.out"));
}

TEST_F(Pbs, AThrottleLetsSoManyRunAtOnce) {
  PbsScheduler here = scheduler();
  SubmitRequest throttled = request({0, 1, 2, 3}, "sleep 60\n");
  throttled.throttle = 2;
  const JobId job = accepted(here.submit(throttled));
  const auto all = here.status(tasks(job, 4));
  EXPECT_THAT(std::vector<RunState>({state(all[0]), state(all[1]), state(all[2]), state(all[3])}),
              ElementsAre(RunState::running, RunState::running, RunState::queued, RunState::queued));
}

TEST_F(Pbs, StatusOfTenThousandElementsIsOneCall) {
  pbs.set("hosts", Value::array());
  PbsScheduler here = scheduler();
  std::vector<int> indices(10000);
  for (int i = 0; i < 10000; ++i) indices[static_cast<std::size_t>(i)] = i;
  const JobId job = accepted(here.submit(request(indices)));
  const std::size_t before = pbs.calls("qstat").size();
  const auto all = here.status(tasks(job, 10000));
  EXPECT_EQ(pbs.calls("qstat").size() - before, 1U);
  ASSERT_THAT(all, SizeIs(10000));
  EXPECT_EQ(std::count_if(all.begin(), all.end(), [](const TaskStatus& one) { return state(one) == RunState::queued; }),
            10000);
}

TEST_F(Pbs, SeveralJobsAreTwoCallsAtMostWhateverEndedMeanwhile) {
  pbs.set("json_first_only", true);
  PbsScheduler here = scheduler();
  const JobId ended = accepted(here.submit(request({0, 1})));
  const JobId single = accepted(here.submit(request({0}, "exit 4\n")));
  const JobId runs = accepted(here.submit(request({0, 1}, "sleep 60\n")));
  std::vector<TaskRef> all = tasks(ended, 2);
  all.push_back({single, Token{"abcdefgh23"}, 0});
  ASSERT_TRUE(eventually([&] { return is_over(here.status(all)); }));
  all.push_back({runs, Token{"abcdefgh23"}, 1});
  const std::size_t before = pbs.calls("qstat").size();
  const auto answers = here.status(all);
  EXPECT_EQ(pbs.calls("qstat").size() - before, 2U);
  EXPECT_EQ(std::get<Known>(answers[1]).ended->status, 1);
  EXPECT_EQ(std::get<Known>(answers[2]).ended->status, 4);
  EXPECT_EQ(state(answers[3]), RunState::running);
}

TEST_F(Pbs, AJobIsFoundByItsTokenWhileItRunsAndAfterIt) {
  PbsScheduler here = scheduler();
  EXPECT_THAT(here.find(Token{"abcdefgh23"}), VariantWith<Absent>(testing::_));
  const JobId job = accepted(here.submit(request({0, 1})));
  ASSERT_TRUE(eventually([&] { return is_over(here.status(tasks(job, 2))); }));
  const FindAnswer after = here.find(Token{"abcdefgh23"});
  EXPECT_EQ(std::get<Found>(after).job, job);
  EXPECT_THAT(here.find(Token{"abcdefgh2"}), VariantWith<Absent>(testing::_)) << "a beginning is another name";
}

TEST_F(Pbs, ASubmissionThatIsTakenAndNeverAnsweredIsFound) {
  pbs.set("hang_after_accept", 1);
  PbsScheduler here = scheduler(Seconds{1});
  const SubmitAnswer answer = here.submit(request({0, 1}, "sleep 60\n"));
  EXPECT_EQ(std::get<NoAnswer>(answer).why, "PBS did not answer in time");
  EXPECT_THAT(scheduler().find(Token{"abcdefgh23"}), VariantWith<Found>(testing::_));
}

TEST_F(Pbs, AnOutageIsNeitherGoneNorRefused) {
  PbsScheduler here = scheduler();
  const JobId job = accepted(here.submit(request({0, 1}, "sleep 60\n")));
  pbs.set("down", true);
  const auto all = here.status(tasks(job, 2));
  EXPECT_EQ(std::get<CouldNotAsk>(all[1]).why,
            "PBS cannot be reached: Connection refused; qstat: cannot connect to server pbs0 (errno=15010)");
  EXPECT_THAT(here.find(Token{"abcdefgh23"}), VariantWith<CouldNotAsk>(testing::_));
  const SubmitAnswer nothing_sent = here.submit(request({0}));
  ASSERT_TRUE(std::holds_alternative<Refused>(nothing_sent));
  EXPECT_TRUE(std::get<Refused>(nothing_sent).for_now);
  EXPECT_EQ(test::error_text([&] { here.check_it_answers(); }),
            "PBS cannot be reached: Connection refused; qstat: cannot connect to server pbs0 (errno=15010)");
  EXPECT_THAT(here.cancel(tasks(job, 2), StopAs::cancelled), Each(VariantWith<CouldNotAsk>(testing::_)));
  EXPECT_THAT(here.hold(tasks(job, 2)), Each(VariantWith<CouldNotAsk>(testing::_)));
  pbs.set("down", false);
  EXPECT_EQ(state(here.status(tasks(job, 2))[0]), RunState::running);
}

TEST_F(Pbs, AFrozenServerIsWaitedForSoLongAndChangesNothing) {
  const JobId job = accepted(scheduler().submit(request({0, 1}, "sleep 60\n")));
  pbs.set("hang", parse_json("[\"qstat\", \"qselect\", \"qdel\"]", "switch"));
  PbsScheduler here = scheduler(Seconds{1});
  for (const TaskStatus& one : here.status(tasks(job, 2)))
    EXPECT_EQ(std::get<CouldNotAsk>(one).why, "PBS did not answer in time");
  EXPECT_THAT(here.find(Token{"abcdefgh23"}), VariantWith<CouldNotAsk>(testing::_));
  EXPECT_THAT(here.cancel(tasks(job, 2), StopAs::cancelled), Each(VariantWith<CouldNotAsk>(testing::_)));
  EXPECT_EQ(test::error_text([&] { here.check_it_answers(); }), "PBS did not answer in time");
  pbs.set("hang", Value::array());
  EXPECT_EQ(state(scheduler().status(tasks(job, 2))[0]), RunState::running);
}

TEST_F(Pbs, ATaskWhoseNodeIsLostStartsASecondTimeAndIsToldAsThatLoss) {
  PbsScheduler here = scheduler();
  // As a job script of ours: the second start finds its attempt claimed.
  const JobId job = accepted(here.submit(request({0}, "mkdir \"$PBS_O_WORKDIR/claim\" || exit 66\nsleep 60\n")));
  ASSERT_TRUE(eventually([&] { return is_there(folder / "claim"); }));
  write_file(pbs.folder() / "jobs/0.0.lost", "");
  std::vector<TaskStatus> all;
  ASSERT_TRUE(eventually([&] { return is_over(all = here.status(tasks(job, 1))); }));
  const TaskEnd end = *std::get<Known>(all[0]).ended;
  EXPECT_EQ(end.reason, EndReason::node_failed);
  EXPECT_TRUE(end.started);
  profile.queues.resize(1);
  profile.queues[0].name = "workq";
  profile.queues[0].preemptible = true;
  EXPECT_EQ(std::get<Known>(scheduler().status(tasks(job, 1))[0]).ended->reason, EndReason::preempted);
}

TEST_F(Pbs, WhatWaitsInAnArrayThatBeganIsNotToldThatItBegan) {
  PbsScheduler here = scheduler();
  SubmitRequest throttled = request({0, 1}, "sleep 60\n");
  throttled.throttle = 1;
  const JobId job = accepted(here.submit(throttled));
  const auto all = here.status(tasks(job, 2));
  EXPECT_THAT(std::get<Known>(all[0]).reason, testing::StartsWith("Job run at "));
  EXPECT_EQ(std::get<Known>(all[1]).state, RunState::queued);
  EXPECT_EQ(std::get<Known>(all[1]).reason, "");
}

TEST_F(Pbs, ItIsThereWhenItAnswers) { EXPECT_NO_THROW(scheduler().check_it_answers()); }

TEST_F(Pbs, AnIdOfAJobThatIsNotThereIsARefusal) {
  pbs.set("vanish", 1);
  PbsScheduler here = scheduler();
  const SubmitAnswer answer = here.submit(request({0, 1}));
  EXPECT_EQ(std::get<Refused>(answer).reason,
            "PBS took the job as 0[].pbs0 and dropped it at once: no queue accepts it (its size or its walltime is "
            "outside what the queues behind '-q' take, say)");
}

TEST_F(Pbs, WithoutHistoryAQuickJobIsNotTakenForADroppedOne) {
  pbs.set("history", false);
  pbs.set("vanish", 1);
  PbsScheduler here = scheduler();
  const JobId job = accepted(here.submit(request({0, 1})));
  EXPECT_THAT(here.status(tasks(job, 2)), Each(VariantWith<Gone>(testing::_)));
  EXPECT_THAT(here.find(Token{"abcdefgh23"}), VariantWith<Absent>(testing::_));
}

TEST_F(Pbs, ADroppedDependentNeverStartedThoughItLooksLikeASuccess) {
  pbs.set("drop", 1);
  PbsScheduler here = scheduler();
  const JobId job = accepted(here.submit(request({0})));
  const auto all = here.status(tasks(job, 1));
  EXPECT_EQ(std::get<Known>(all[0]).ended->reason, EndReason::never_started);
}

TEST_F(Pbs, JsonThatIsNoneIsAskedForInTheOtherForm) {
  PbsScheduler here = scheduler();
  const JobId job = accepted(here.submit(request({0, 1}, "sleep 60\n")));
  pbs.set("broken_json", true);
  const std::size_t before = pbs.calls("qstat").size();
  EXPECT_EQ(state(here.status(tasks(job, 2))[1]), RunState::running);
  EXPECT_EQ(pbs.calls("qstat").size() - before, 2U);
}

TEST_F(Pbs, ABannerAndASlowServerChangeNothing) {
  pbs.set("banner", "Welcome. Job 17.x of node 12.y was the last one here.");
  pbs.set("slow", 0.1);
  PbsScheduler here = scheduler();
  const JobId job = accepted(here.submit(request({0, 1}, "sleep 60\n")));
  EXPECT_EQ(job.text, "0[].pbs0");
  EXPECT_EQ(state(here.status(tasks(job, 2))[1]), RunState::running);
}

TEST_F(Pbs, CancelOfSomeElementsLeavesTheOthersAndTheirRecords) {
  PbsScheduler here = scheduler();
  const JobId job = accepted(here.submit(request({0, 1, 2, 3}, "((PBS_ARRAY_INDEX)) || exit 9\nsleep 60\n")));
  const std::vector<TaskRef> all = tasks(job, 4);
  ASSERT_TRUE(eventually([&] { return is_over(here.status(std::span(all).first(1))); }));
  EXPECT_THAT(here.cancel(std::span(all).subspan(1, 2), StopAs::cancelled), Each(VariantWith<Done>(testing::_)));
  ASSERT_TRUE(eventually([&] { return is_over(here.status(std::span(all).first(3))); }));
  const auto after = here.status(all);
  EXPECT_EQ(std::get<Known>(after[0]).ended->status, 9) << "what had ended is still known";
  EXPECT_EQ(std::get<Known>(after[2]).ended->reason, EndReason::cancelled);
  EXPECT_EQ(state(after[3]), RunState::running);
  // All that is left: still by element, since a qdel of the array would wipe the record of element 0.
  EXPECT_THAT(here.cancel(all, StopAs::cancelled), Each(VariantWith<Done>(testing::_)));
  EXPECT_THAT(pbs.calls("qdel"), ElementsAre("qdel 0[1-2]", "qdel 0[3]"));
  ASSERT_TRUE(eventually([&] { return is_over(here.status(all)); }));
  EXPECT_EQ(std::get<Known>(here.status(all)[0]).ended->status, 9);
}

TEST_F(Pbs, CancelOfAllThatIsOpenIsOneWord) {
  PbsScheduler here = scheduler();
  const JobId job = accepted(here.submit(request({0, 1, 2}, "sleep 60\n")));
  EXPECT_THAT(here.cancel(tasks(job, 3), StopAs::cancelled), Each(VariantWith<Done>(testing::_)));
  EXPECT_THAT(pbs.calls("qdel"), ElementsAre("qdel 0[]"));
  ASSERT_TRUE(eventually([&] { return is_over(here.status(tasks(job, 3))); }));
  EXPECT_THAT(here.cancel(tasks(job, 3), StopAs::cancelled), Each(VariantWith<Done>(testing::_))) << "nothing left";
}

TEST_F(Pbs, AnArrayIsHeldAndReleasedAsAWhole) {
  pbs.set("ncpus", 0);  // nothing starts
  PbsScheduler here = scheduler();
  const JobId job = accepted(here.submit(request({0, 1, 2}, "sleep 60\n")));
  const std::vector<TaskRef> all = tasks(job, 3);
  const auto some = here.hold(std::span(all).first(2));
  EXPECT_EQ(std::get<CouldNot>(some[0]).why,
            "PBS holds and releases an array as a whole: name all 3 runs of job 0[].pbs0 that wait");
  EXPECT_THAT(here.hold(all), Each(VariantWith<Done>(testing::_)));
  EXPECT_EQ(state(here.status(all)[1]), RunState::held);
  EXPECT_THAT(here.release(all), Each(VariantWith<Done>(testing::_)));
  EXPECT_EQ(state(here.status(all)[1]), RunState::queued);
}

TEST_F(Pbs, WhatRunsCannotBeHeld) {
  PbsScheduler here = scheduler();
  const JobId job = accepted(here.submit(request({0}, "sleep 60\n")));
  const auto answers = here.hold(tasks(job, 1));
  EXPECT_EQ(std::get<CouldNot>(answers[0]).why, "it runs already, and PBS holds only what waits");
}

TEST_F(Pbs, LimitsAreAskedForAndRemembered) {
  pbs.set("max_array_size", 1234);
  EXPECT_EQ(scheduler().limits().max_array_tasks, std::nullopt);
  EXPECT_EQ(scheduler().ask_limits().max_array_tasks, 1234);
  pbs.set("down", true);
  PbsScheduler later = scheduler();
  EXPECT_EQ(later.ask_limits().max_array_tasks, 1234);
  EXPECT_TRUE(later.limits().as_of);
}

TEST_F(Pbs, WhatTheUserHasThereIsCountedByElement) {
  pbs.set("ncpus", 0);
  PbsScheduler here = scheduler();
  EXPECT_EQ(here.count_submitted(), 0);
  accepted(here.submit(request({0, 1, 2})));
  accepted(here.submit(request({0})));
  EXPECT_EQ(here.count_submitted(), 4);
  pbs.set("down", true);
  EXPECT_EQ(here.count_submitted(), std::nullopt);
}

TEST_F(Pbs, WhereThereIsNoPbsTheAnswerSaysWhatToDo) {
  test::TempFolder programs;
  programs.write("qsub", "#!/bin/sh\n# This file is part of Slurm\nexit 2\n");
  std::filesystem::permissions(programs / "qsub", std::filesystem::perms::owner_all);
  Environment environment;
  environment.set("PATH", programs.path().string());
  environment.set("PBS_CONF_FILE", (programs / "none").string());
  PbsScheduler here(profile, folder.path(), environment, runner, clock);
  const FindAnswer answer = here.find(Token{"abcdefgh23"});
  EXPECT_EQ(test::error_text([&] { here.check_it_answers(); }), std::get<CouldNotAsk>(answer).why);
  EXPECT_EQ(std::get<CouldNotAsk>(answer).why,
            "no PBS Professional or OpenPBS here: " + (programs / "qsub").string() +
                " is Slurm's look-alike; --site slurm speaks to Slurm itself; put the bin folder of PBS into PATH, or "
                "set PBS_CONF_FILE to its pbs.conf");
}

}  // namespace
}  // namespace tt::scheduler
