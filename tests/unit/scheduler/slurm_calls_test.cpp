// What Slurm is asked and how its answers are read, against recordings of Slurm 22.05.8.
#include "tt/scheduler/slurm_calls.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

#include "support/error_text.hpp"
#include "support/recording.hpp"

namespace tt::slurm {
namespace {

using scheduler::EndReason;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

ProcessResult slurm(const std::string& name) { return test::recorded("slurm-22.05", name); }

// Of the task "77_3".
const Row& row(const Rows& rows, const std::string& task) {
  const std::size_t bar = task.find('_');
  const Row* found = rows.find(JobId{task.substr(0, bar)}, std::stoi(task.substr(bar + 1)));
  if (found == nullptr) throw std::out_of_range(task);
  return *found;
}

Instant at(std::int64_t epoch) { return Instant{std::chrono::seconds{epoch}}; }

scheduler::SubmitRequest request_of(const Resources& shape) {
  scheduler::SubmitRequest request;
  request.token = Token{"abc"};
  request.submission = "/w/submissions/abc";
  request.script = "/w/submissions/abc/job.sh";
  request.indices = {0, 1, 2};
  request.shape = shape;
  request.walltime = Seconds{1800};
  request.warn_before = Seconds{60};
  request.workdir = "/w";
  return request;
}

site::Profile lab() {
  site::Profile site;
  site.name = "lab";
  site.scheduler = "slurm";
  site.gpus_per_node = 8;
  site.gpu_request = "--gpus-per-node={gpus}";
  return site;
}

// --- submitting ------------------------------------------------------------------------------------------------------

TEST(SlurmDirectives, AskForWholeNodesWhereTheNumberOfCpusIsUnknown) {
  EXPECT_THAT(directives(request_of({2, 8, 16, Seconds{1800}}), lab()),
              ElementsAre("#SBATCH --nodes=2", "#SBATCH --ntasks-per-node=1", "#SBATCH --exclusive",
                          "#SBATCH --gpus-per-node=8", "#SBATCH --time=00:30:00", "#SBATCH --signal=B:USR1@60",
                          "#SBATCH --no-requeue"));
}

TEST(SlurmDirectives, GiveARunOnAPartOfANodeItsPartOfTheCpus) {
  site::Profile site = lab();
  site.cpus_per_node = 128;
  const Words lines = directives(request_of({1, 2, 2, Seconds{1800}}), site);
  EXPECT_THAT(lines, testing::Contains("#SBATCH --cpus-per-task=32"));
  EXPECT_THAT(lines, Not(testing::Contains("#SBATCH --exclusive")));
}

TEST(SlurmDirectives, SayWhatTheSiteWantsAndNeverWhatItRefuses) {
  site::Profile site = lab();
  site.account = "m1234_g";
  site.constraint = "gpu&hbm80g";
  site.qos = "regular";
  site.partition = "gpu_ss11";
  site.always = {"--mem=0", "--mail-type=FAIL", "--requeue"};
  site.never = {"--partition", "--gpus-per-node", "--exclusive"};
  EXPECT_THAT(
      directives(request_of({1, 8, 8, Seconds{1800}}), site),
      ElementsAre("#SBATCH --account=m1234_g", "#SBATCH --qos=regular", "#SBATCH --constraint=\"gpu&hbm80g\"",
                  "#SBATCH --nodes=1", "#SBATCH --ntasks-per-node=1", "#SBATCH --time=00:30:00",
                  "#SBATCH --signal=B:USR1@60", "#SBATCH --mem=0", "#SBATCH --mail-type=FAIL", "#SBATCH --requeue"));
}

TEST(SlurmDirectives, KeepOffNodesThatFailed) {
  scheduler::SubmitRequest request = request_of({1, 8, 8, Seconds{1800}});
  request.exclude = {"n1", "n3"};
  EXPECT_THAT(directives(request, lab()), testing::Contains("#SBATCH --exclude=n1,n3"));
}

TEST(SlurmDirectives, CarryAValueOnOneLineOrNotAtAll) {
  EXPECT_EQ(directive("--comment", "a \"b\" \\ #c $(reboot)"), "#SBATCH --comment=\"a \\\"b\\\" \\\\ #c $(reboot)\"");
  EXPECT_EQ(test::error_text([] { directive("--account", "a\n#SBATCH --wrap=reboot"); }),
            "the value of --account is 'a\\x0a#SBATCH --wrap=reboot', and it would not stay on one #SBATCH line");
  EXPECT_EQ(test::error_text([] { directive("--mem 0; reboot"); }),
            "'--mem 0; reboot' is no option of sbatch: --name or --name=value was wanted");
}

TEST(SlurmSubmit, SaysTokenTasksAndOutputOnTheCommandLine) {
  scheduler::SubmitRequest request = request_of({1, 1, 1, Seconds{1800}});
  request.indices = {0, 1, 2, 5};
  request.throttle = 2;
  request.submission = "/w/50%/abc";
  EXPECT_THAT(submit_words(request), ElementsAre("sbatch", "--parsable", "--job-name=tt-abc", "--comment=tt-abc",
                                                 "--array=0-2,5%2", "--output=/w/50%%/abc/%a.out", "--open-mode=append",
                                                 "--chdir=/w", "--export=ALL", "/w/submissions/abc/job.sh"));
}

TEST(SlurmSubmit, TakesTheIdAndPassesOverBanners) {
  EXPECT_EQ(std::get<scheduler::Accepted>(read_submit(slurm("sbatch-accepted"))).job.text, "1");
  ProcessResult reply = slurm("sbatch-accepted");
  reply.out = "Welcome to lab\n  42;lab\n";
  EXPECT_EQ(std::get<scheduler::Accepted>(read_submit(reply)).job.text, "42");
  reply.out = "5 nodes are down\n";
  EXPECT_TRUE(std::holds_alternative<scheduler::NoAnswer>(read_submit(reply)));
}

TEST(SlurmSubmit, TellsANoFromSilence) {
  EXPECT_EQ(std::get<scheduler::Refused>(read_submit(slurm("sbatch-no-partition"))).reason,
            "invalid partition specified: nosuch; Invalid partition name specified");
  EXPECT_EQ(std::get<scheduler::Refused>(read_submit(slurm("sbatch-too-many-gpus"))).reason,
            "Requested node configuration is not available");
  EXPECT_FALSE(std::get<scheduler::Refused>(read_submit(slurm("sbatch-too-many-gpus"))).for_now);
  EXPECT_TRUE(std::holds_alternative<scheduler::Refused>(read_submit(slurm("sbatch-bad-option"))));
  for (const char* name : {"sbatch-controller-gone", "sbatch-controller-frozen"})
    EXPECT_TRUE(std::holds_alternative<scheduler::NoAnswer>(read_submit(slurm(name)))) << name;
  ProcessResult killed;
  killed.ending = Ending::signalled;
  killed.status = 9;
  EXPECT_EQ(std::get<scheduler::NoAnswer>(read_submit(killed)).why, "sbatch was ended by SIGKILL");
  killed.ending = Ending::timed_out;
  EXPECT_EQ(std::get<scheduler::NoAnswer>(read_submit(killed)).why, "sbatch did not answer in time");
}

TEST(SlurmSubmit, KnowsARefusalForWantOfRoom) {
  const auto refused = [](const char* recording) {
    return std::get<scheduler::Refused>(read_submit(slurm(recording)));
  };
  for (const char* name : {"sbatch-qos-submit-limit", "sbatch-group-submit-limit", "sbatch-account-submit-limit"}) {
    EXPECT_TRUE(refused(name).for_now) << name;
    EXPECT_TRUE(refused(name).fewer_may_go) << name;
  }
  EXPECT_EQ(refused("sbatch-qos-submit-limit").reason,
            "QOSMaxSubmitJobPerUserLimit; Job violates accounting/QOS policy (job submit limit, user's size and/or "
            "time limits)");
  // The same sentence about what no waiting changes.
  for (const char* name : {"sbatch-qos-walltime", "sbatch-qos-cpus", "sbatch-no-account"})
    EXPECT_FALSE(refused(name).for_now) << name;
  ProcessResult reply = slurm("sbatch-no-partition");
  reply.err =
      "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size "
      "and/or time limits)\n";
  EXPECT_TRUE(std::get<scheduler::Refused>(read_submit(reply)).for_now) << "nobody says which limit";
  reply.err =
      "sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying\nsbatch: error: Batch job "
      "submission failed: Resource temporarily unavailable\n";
  EXPECT_TRUE(std::get<scheduler::Refused>(read_submit(reply)).for_now);
  EXPECT_FALSE(std::get<scheduler::Refused>(read_submit(reply)).fewer_may_go) << "each try takes two minutes";
}

// --- asking ----------------------------------------------------------------------------------------------------------

TEST(SlurmQueue, ReadsEveryTaskOfAnArray) {
  const Rows rows = std::get<Rows>(read_queue_each(slurm("squeue-array")));
  ASSERT_EQ(rows.size(), 8U);
  EXPECT_EQ(row(rows, "1_0").status, 0);
  EXPECT_EQ(row(rows, "1_1").status, 3);
  EXPECT_EQ(row(rows, "1_2").signal, 9);
  EXPECT_EQ(row(rows, "1_4").start, at(1795895236));
  EXPECT_EQ(row(rows, "1_4").nodes, "n1");
  EXPECT_EQ(row(rows, "1_7").start, std::nullopt);
}

TEST(SlurmQueue, SaysHowEveryTaskStands) {
  const Rows rows = std::get<Rows>(read_queue_each(slurm("squeue-array")));
  const scheduler::Known done = read_row(row(rows, "1_0"));
  EXPECT_EQ(done.state, std::nullopt);  // its run folder says whether it did its work
  EXPECT_EQ(done.ended->reason, EndReason::exited);
  EXPECT_EQ(done.ended->status, 0);
  EXPECT_EQ(read_row(row(rows, "1_1")).ended->status, 3);
  EXPECT_EQ(read_row(row(rows, "1_2")).ended->signal, "SIGKILL");
  EXPECT_EQ(read_row(row(rows, "1_3")).state, RunState::running);  // COMPLETING: its processes may still live
  EXPECT_EQ(read_row(row(rows, "1_4")).state, RunState::running);
  EXPECT_EQ(read_row(row(rows, "1_4")).since, at(1795895236));
  EXPECT_EQ(read_row(row(rows, "1_7")).state, RunState::held);
  EXPECT_EQ(read_row(row(rows, "1_7")).reason, "JobHeldAdmin");
}

TEST(SlurmQueue, TellsForgottenFromCouldNotAsk) {
  EXPECT_TRUE(std::get<Rows>(read_queue(slurm("squeue-forgotten"))).empty());
  EXPECT_TRUE(std::get<Rows>(read_queue(slurm("squeue-none-known"))).empty());
  EXPECT_EQ(std::get<Rows>(read_queue(slurm("squeue-some-unknown"))).size(), 8U);
  EXPECT_EQ(std::get<scheduler::CouldNotAsk>(read_queue(slurm("squeue-controller-gone"))).why,
            "squeue: slurm_load_jobs error: Unable to contact slurm controller (connect failure)");
  EXPECT_EQ(std::get<scheduler::CouldNotAsk>(read_queue(slurm("squeue-controller-frozen"))).why,
            "squeue: slurm_load_jobs error: Socket timed out on send/recv operation");
}

TEST(SlurmQueue, IsAskedInOneQuestionThatKeepsApartWhatWaitsForOtherReasons) {
  const std::vector<std::string> arrays{"1", "7"};
  const std::string fields =
      "--Format=JobArrayID:|,State:|,Reason:|,exit_code:|,StartTime:|,EndTime:|,NodeList:|,Name:|,Comment:|";
  EXPECT_THAT(queue_words(arrays),
              ElementsAre("squeue", "--noheader", "--array-unique", "--states=all", fields, "--jobs", "1,7"));
  EXPECT_THAT(queue_words_each(arrays),
              ElementsAre("squeue", "--noheader", "--array", "--states=all", fields, "--jobs", "1,7"));
}

// 18_[3,10,14,16-19%2] waits; 11 to 13 are held, 15 was given a time, 20 was cancelled: nobody knows it.
TEST(SlurmQueue, SaysTheSameInOneLineForManyTasksAsInALineForEach) {
  const Rows together = std::get<Rows>(read_queue(slurm("squeue-unique")));
  const Rows each = std::get<Rows>(read_queue_each(slurm("squeue-unique-one-a-line")));
  EXPECT_EQ(together.size(), 14U);
  EXPECT_EQ(each.size(), 14U);
  for (int index = 0; index <= 20; ++index) {
    const Row* one = together.find(JobId{"18"}, index);
    const Row* other = each.find(JobId{"18"}, index);
    ASSERT_EQ(one == nullptr, other == nullptr) << index;
    ASSERT_EQ(one == nullptr, (index >= 4 && index <= 9) || index == 20) << index;
    if (one == nullptr) continue;
    EXPECT_EQ(one->word, other->word) << index;
    EXPECT_EQ(one->reason, other->reason) << index;
    EXPECT_EQ(one->status, other->status) << index;
    EXPECT_EQ(one->start, other->start) << index;
    EXPECT_EQ(one->end, other->end) << index;
    EXPECT_EQ(one->nodes, other->nodes) << index;
  }
  EXPECT_EQ(read_row(row(together, "18_12")).state, RunState::held);
  EXPECT_EQ(read_row(row(together, "18_14")).state, RunState::queued);
  EXPECT_EQ(row(together, "18_14").reason, "JobArrayTaskLimit");
}

TEST(SlurmQueue, IsAskedAgainForEachTaskWhereAListIsCutOffOrNotUnderstood) {
  EXPECT_TRUE(std::holds_alternative<AskEach>(read_queue(slurm("squeue-unique-cut-off"))));
  ProcessResult reply = slurm("squeue-unique");
  for (const char* list :
       {"1_[0-3", "1_[0-3,...]", "1_[0-3,5...%2]", "1_[]", "1_[3-0]", "1_[0-3%]", "1_[0-3%x]", "1_[a]", "1_[-1]",
        "1_[0-9:0]", "1_[0-99999999999]", "1_[0-9999999,0-9999999]", "1_[0-3]4", "[0-3]"}) {
    reply.out = std::string(list) + "|PENDING|Resources|0|N/A|N/A||\n";
    EXPECT_TRUE(std::holds_alternative<AskEach>(read_queue(reply))) << list;
  }
  ProcessResult older = slurm("squeue-controller-gone");
  older.err = "squeue: unrecognized option '--array-unique'\nTry \"squeue --help\" for more information\n";
  EXPECT_TRUE(std::holds_alternative<AskEach>(read_queue(older)));
  EXPECT_TRUE(std::holds_alternative<scheduler::CouldNotAsk>(read_queue_each(older)));
}

TEST(SlurmQueue, ATaskWithALineOfItsOwnIsAsThatSays) {
  ProcessResult reply = slurm("squeue-unique");
  reply.out =
      "5_2|RUNNING|None|0|1795936307|NONE|n1|\n5_[0-8:2%1]|PENDING|Priority|0|N/A|N/A||\n"
      "5_4|PENDING|BeginTime|0|1795939910|NONE||\n5_[9]|PENDING|JobHeldUser|0|N/A|N/A||\n";
  const Rows rows = std::get<Rows>(read_queue(reply));
  EXPECT_EQ(row(rows, "5_0").reason, "Priority");
  EXPECT_EQ(row(rows, "5_2").word, "RUNNING");
  EXPECT_EQ(row(rows, "5_4").reason, "BeginTime");
  EXPECT_EQ(row(rows, "5_8").reason, "Priority");
  EXPECT_EQ(row(rows, "5_9").reason, "JobHeldUser");
  EXPECT_EQ(rows.find(JobId{"5"}, 1), nullptr);
  EXPECT_EQ(rows.find(JobId{"6"}, 0), nullptr);
  EXPECT_EQ(rows.size(), 6U);
}

TEST(SlurmQueue, KnowsEveryWordOfSlurmAndKeepsOthers) {
  const auto end_of = [](const std::string& word) {
    Row row;
    row.word = word;
    row.start = at(1);
    return read_row(row).ended.value().reason;
  };
  EXPECT_EQ(end_of("TIMEOUT"), EndReason::time_limit);
  EXPECT_EQ(end_of("DEADLINE"), EndReason::time_limit);
  EXPECT_EQ(end_of("CANCELLED"), EndReason::cancelled);
  EXPECT_EQ(end_of("PREEMPTED"), EndReason::preempted);
  EXPECT_EQ(end_of("NODE_FAIL"), EndReason::node_failed);
  EXPECT_EQ(end_of("BOOT_FAIL"), EndReason::node_failed);
  EXPECT_EQ(end_of("OUT_OF_MEMORY"), EndReason::out_of_memory);
  EXPECT_EQ(end_of("REVOKED"), EndReason::lost);
  Row row;
  row.word = "HYPERSLEEP";
  EXPECT_EQ(read_row(row).state, RunState::unknown);
  EXPECT_EQ(read_row(row).raw, "HYPERSLEEP");
  row.word = "REQUEUE_HOLD";
  EXPECT_EQ(read_row(row).state, RunState::held);
  for (const char* word : {"CONFIGURING", "SUSPENDED", "RESIZING", "SIGNALING", "STAGE_OUT", "STOPPED"}) {
    row.word = word;
    EXPECT_EQ(read_row(row).state, RunState::running) << word;
  }
}

TEST(SlurmQueue, SaysWhatWaitsInVain) {
  Row row;
  row.word = "PENDING";
  row.reason = "PartitionConfig";
  EXPECT_TRUE(read_row(row).hopeless);
  row.reason = "Resources";
  EXPECT_FALSE(read_row(row).hopeless);
}

TEST(SlurmQueue, AJobWhoseOutputCouldNotBeOpenedNeverStarted) {
  Row row;
  row.word = "FAILED";
  row.reason = "JobLaunchFailure";
  row.signal = 53;
  row.start = at(1);
  EXPECT_EQ(read_row(row).ended->reason, EndReason::never_started);
  EXPECT_FALSE(read_row(row).ended->started);
}

// The same again is the same answer, and what differs in what we make of it is another one.
TEST(SlurmQueue, IsTheSameWhileItSaysTheSame) {
  ProcessResult reply = slurm("squeue-unique");
  const auto gist = [&](const std::string& out) {
    reply.out = out;
    return gist_of_queue(reply);
  };
  const auto first = gist("5_[0-8%1]|PENDING|Priority|0|N/A|N/A||\n5_9|RUNNING|None|0|1795936307|1795936907|n1|\n");
  ASSERT_TRUE(first);
  EXPECT_EQ(gist("5_[0-8%1]|PENDING|Priority|0|N/A|N/A||\n5_9|RUNNING|None|0|1795936307|1795999999|n1|\n"), first)
      << "when a running job has to end moves with its limit";
  EXPECT_EQ(
      gist("5_[0-8%1]|PENDING|Priority|0|1795939910|1795940210||\n5_9|RUNNING|None|0|1795936307|1795936907|n1|\n"),
      first)
      << "when a waiting job may start is a guess, made anew every half minute";
  EXPECT_EQ(gist("welcome\n5_[0-8%1] |PENDING|Priority |0|N/A|N/A||\n5_9|RUNNING|None|0|1795936307|1795936907|n1|\n"),
            first);
  for (const char* other : {"5_[0-7%1]|PENDING|Priority|0|N/A|N/A||\n5_9|RUNNING|None|0|1795936307|1795936907|n1|\n",
                            "5_[0-8%1]|PENDING|Resources|0|N/A|N/A||\n5_9|RUNNING|None|0|1795936307|1795936907|n1|\n",
                            "5_[0-8%1]|REQUEUED|Priority|0|N/A|N/A||\n5_9|RUNNING|None|0|1795936307|1795936907|n1|\n",
                            "5_[0-8%1]|PENDING|Priority|0|N/A|N/A||\n5_9|RUNNING|None|0|1795936308|1795936907|n1|\n",
                            "5_[0-8%1]|PENDING|Priority|0|N/A|N/A||\n5_9|FAILED|None|256|1795936307|1795936907|n1|\n",
                            "5_[0-8%1]|PENDING|Priority|0|N/A|N/A||\n5_9|COMPLETED|None|0|1795936307|1795936907|n1|\n",
                            "5_[0-8%1]|PENDING|Priority|0|N/A|N/A||\n", ""}) {
    EXPECT_NE(gist(other), first) << other;
  }
  EXPECT_EQ(gist_of_queue(slurm("squeue-controller-gone")), std::nullopt);
  EXPECT_EQ(gist_of_queue(slurm("squeue-controller-frozen")), std::nullopt);
}

TEST(SlurmFind, KnowsATokenByItsName) {
  EXPECT_THAT(find_words(Token{"abc"}), testing::Contains("--name=tt-abc"));
  EXPECT_EQ(std::get<scheduler::Found>(read_find(slurm("squeue-by-name"))).job.text, "1");
  EXPECT_TRUE(std::holds_alternative<scheduler::Absent>(read_find(slurm("squeue-by-name-absent"))));
  EXPECT_TRUE(std::holds_alternative<scheduler::CouldNotAsk>(read_find(slurm("squeue-controller-gone"))));
  EXPECT_EQ(std::get<scheduler::Found>(read_find_ended(slurm("sacct-by-name"))).job.text, "1");
}

TEST(SlurmAccounting, ReadsWhatTheControllerForgot) {
  const Rows rows = std::get<Rows>(read_accounting(slurm("sacct-array")));
  EXPECT_EQ(row(rows, "1_0").status, 0);
  EXPECT_EQ(row(rows, "1_1").status, 3);
  EXPECT_EQ(row(rows, "1_2").signal, 9);
  EXPECT_EQ(row(rows, "1_3").word, "CANCELLED");  // "CANCELLED by 0"
  EXPECT_EQ(read_row(row(rows, "1_7")).ended->reason, EndReason::cancelled);
  EXPECT_FALSE(read_row(row(rows, "1_7")).ended->started);
}

TEST(SlurmAccounting, SpreadsTheRowOfAPartThatNeverBegan) {
  ProcessResult reply = slurm("sacct-array");
  reply.out = "12_[2-4,9%2]|CANCELLED by 0|None|0:0|None|1795895238|None assigned\n13|COMPLETED|None|0:0|1|2|n1\n";
  const Rows rows = std::get<Rows>(read_accounting(reply));
  EXPECT_EQ(rows.size(), 4U) << "a row of a whole array is not believed";
  EXPECT_EQ(row(rows, "12_9").word, "CANCELLED");
}

TEST(SlurmLimits, ReadsTheSizeOfArrays) {
  EXPECT_EQ(read_config(slurm("scontrol-config"))->max_array_tasks, 10001);
  EXPECT_FALSE(read_config(slurm("squeue-controller-gone")));
  EXPECT_EQ(read_count(slurm("squeue-mine")), 8);
}

// --- acting ----------------------------------------------------------------------------------------------------------

std::vector<scheduler::TaskRef> tasks_of(const char* job, std::initializer_list<int> indices) {
  std::vector<scheduler::TaskRef> tasks;
  for (const int index : indices) tasks.push_back({JobId{job}, Token{"t"}, index});
  return tasks;
}

TEST(SlurmAct, NamesAllTasksOfAnArrayInOneWord) {
  auto tasks = tasks_of("77", {3, 0, 1, 2, 9});
  tasks.push_back({JobId{"78_4"}, Token{"u"}, 4});  // as a claim spells it
  EXPECT_THAT(cancel_words(tasks), ElementsAre("scancel", "77_[0-3,9]", "78_[4]"));
}

TEST(SlurmAct, TellsWhichTasksCouldNotBeHeld) {
  const auto tasks = tasks_of("1", {0, 1, 5, 7});
  const auto answers = read_act(tasks, "scontrol", slurm("scontrol-hold-ended"));
  EXPECT_EQ(std::get<scheduler::CouldNot>(answers[0]).why, "Job has already finished");
  EXPECT_TRUE(std::holds_alternative<scheduler::CouldNot>(answers[1]));
  EXPECT_TRUE(std::holds_alternative<scheduler::Done>(answers[2]));
  EXPECT_TRUE(std::holds_alternative<scheduler::Done>(answers[3])) << "it was held already";
}

TEST(SlurmAct, ACancelOfWhatEndedIsDoneAndSilenceIsNot) {
  const auto tasks = tasks_of("1", {0});
  EXPECT_TRUE(std::holds_alternative<scheduler::Done>(read_act(tasks, "scancel", slurm("scancel-ended")).front()));
  EXPECT_TRUE(std::holds_alternative<scheduler::CouldNotAsk>(
      read_act(tasks, "scancel", slurm("scancel-controller-gone")).front()));
}

TEST(SlurmWords, ReadIndexListsAsTheyWriteThem) {
  EXPECT_EQ(index_list({5, 0, 1, 2, 2}), "0-2,5");
  EXPECT_THAT(read_index_list("0-2,5%3"), ElementsAre(0, 1, 2, 5));
  EXPECT_THAT(read_index_list("0-6:3"), ElementsAre(0, 3, 6));
  EXPECT_TRUE(read_index_list("x").empty());
}

}  // namespace
}  // namespace tt::slurm
