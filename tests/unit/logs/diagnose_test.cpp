#include "tt/logs/diagnose.hpp"

#include <gtest/gtest.h>

#include "support/log_support.hpp"

namespace tt::logs {
namespace {

using test::diagnosed;
using test::log_file;
using test::recorded;

ExitRecord exit_of(std::optional<int> status, std::optional<std::string> signal = {}) {
  ExitRecord record;
  record.nodes.push_back({"n1", status, std::move(signal)});
  return record;
}

struct Launch {
  const char* file;
  const char* verdict;
  const char* cause;
  std::size_t line;
  const char* rank;
};

// Recorded launches of run_train.sh; what happened is told by README.md beside them.
class RecordedLaunch : public testing::TestWithParam<Launch> {};

TEST_P(RecordedLaunch, IsDiagnosed) {
  const Launch& launch = GetParam();
  const Diagnosis d = diagnosed(recorded(std::string("torchrun/") + launch.file));
  EXPECT_EQ(to_string(d.verdict), launch.verdict);
  EXPECT_EQ(d.cause.value_or(""), launch.cause) << d.evidence;
  EXPECT_EQ(d.line.value_or(0), launch.line) << d.evidence;
  EXPECT_EQ(d.all_ranks ? "*" : d.rank ? std::to_string(*d.rank) : "", launch.rank);
}

INSTANTIATE_TEST_SUITE_P(Torchrun, RecordedLaunch,
                         testing::Values(Launch{"bad-override-key.txt", "failed", "config-unknown-key", 19, "*"},
                                         Launch{"missing-config-file.txt", "failed", "config-file-missing", 19, "0"},
                                         Launch{"unknown-toml-key.txt", "failed", "config-unknown-key", 29, "0"},
                                         Launch{"tokenizer-missing.txt", "failed", "assets-missing", 40, "0"},
                                         Launch{"dataset-unknown.txt", "failed", "python-exception", 50, "*"},
                                         Launch{"bad-degrees.txt", "failed", "config-parallel-dims", 44, "*"},
                                         Launch{"no-gpu-driver.txt", "failed", "gpu-driver", 35, "*"},
                                         Launch{"sigkill-one-rank.txt", "failed", "sigkill", 149, "1"},
                                         Launch{"sigterm-agent.txt", "failed", "sigterm", 104, ""},
                                         Launch{"nan-loss.txt", "failed", "loss-nan", 63, ""},
                                         Launch{"torchrun-missing.txt", "failed", "command-not-found", 12, ""},
                                         Launch{"registry-bad-config.txt", "failed", "config-model-flavor", 27, "0"},
                                         Launch{"port-in-use-c10d.txt", "failed", "rdzv-address-in-use", 17, ""},
                                         Launch{"late-worker-node-static.node01.txt", "failed", "rdzv-timeout", 57, ""},
                                         Launch{"segfault-one-rank.node02.txt", "failed", "segfault", 22, "2"},
                                         Launch{"exit-code-7.node02.txt", "failed", "child-failed", 67, "2"},
                                         Launch{"v0.3.0-bad-degrees.txt", "failed", "config-parallel-dims", 47, "*"},
                                         Launch{"v0.3.0-bad-override-key.txt", "failed", "config-unknown-key", 15, "0"},
                                         Launch{"v0.3.0-fake-ac-subcommand.txt", "failed", "config-unknown-key", 17,
                                                ""},
                                         Launch{"v0.3.0-pp2-cuda-graphs.txt", "failed", "config-pipeline", 15, "*"},
                                         Launch{"v0.3.0-wheel-no-dataset.txt", "failed", "dataset-error", 63, "0"},
                                         Launch{"v0.3.0-nonfinite-loss.txt", "failed", "loss-nan", 50, ""},
                                         Launch{"v0.3.0-local-tensor.txt", "unknown", "", 18, ""}),
                         [](const testing::TestParamInfo<Launch>& launch) {
                           std::string name;
                           for (const char c : std::string(launch.param.file))
                             name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
                           return name;
                         });

TEST(Diagnose, FindsNothingInAnyRecordedRunThatWentWell) {
  const auto folder = std::filesystem::path(TT_SOURCE_DIR) / "tests/transcripts/torchrun";
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with("ok-") && name.find("-ok-") == std::string::npos) continue;
    ++seen;
    const auto d = diagnosed(test::read(entry.path()));
    EXPECT_EQ(d.verdict, DiagnosisVerdict::ok) << name;
    EXPECT_EQ(d.cause, std::nullopt) << name << ": " << d.evidence;
  }
  EXPECT_GE(seen, 22);
}

DiagnosisInput two_nodes(const std::string& stem) {
  DiagnosisInput input;
  for (const std::string node : {"node01", "node02"}) {
    auto file = log_file(node + ".txt", recorded("torchrun/" + stem + "." + node + ".txt"));
    file.node = node;
    input.files.push_back(std::move(file));
  }
  return input;
}

TEST(DiagnoseTogether, TheExceptionOfOneNodeBeatsTheEchoesOfTheOther) {
  const auto d = diagnose(two_nodes("exception-one-rank"));
  EXPECT_EQ(d.cause, "python-exception");
  EXPECT_EQ(d.rank, 3);
  EXPECT_EQ(d.local_rank, 1);
  EXPECT_EQ(d.node, "node02");
  EXPECT_EQ(d.file, "node02.txt");
  EXPECT_EQ(d.evidence, "[rank1]:[rank3]: RuntimeError: boom on purpose");
  EXPECT_FALSE(d.all_ranks);
}

TEST(DiagnoseTogether, AnExitCodeOfItsOwnBeatsAPlainOne) {
  const auto d = diagnose(two_nodes("exit-code-7"));
  EXPECT_EQ(d.cause, "child-failed");
  EXPECT_EQ(d.rank, 2);
  EXPECT_EQ(d.node, "node02");
}

TEST(DiagnoseTogether, AKilledRankBeatsTheLostStoreOfTheOtherNode) {
  const auto d = diagnose(two_nodes("sigkill-one-rank-two-nodes"));
  EXPECT_EQ(d.cause, "sigkill");
  EXPECT_EQ(d.rank, 1);
  EXPECT_EQ(d.node, "node01");
  EXPECT_EQ(d.confidence, Confidence::likely);
}

const std::string traceback_of_rank_1 =
    "Traceback (most recent call last):\n"
    "  File \"train.py\", line 1, in <module>\n"
    "    main()\n"
    "ValueError: bad shard 17\n";

TEST(DiagnoseTogether, ARanksOwnFileShowsWhatTheConsoleFiltered) {
  DiagnosisInput input;
  input.files.push_back(
      log_file("log.txt",
               "[rank0]:step:  1  loss: 2.0\n"
               "E1122 20:21:08.096000 7994 torch/distributed/elastic/multiprocessing/api.py:984] failed (exitcode: 1) "
               "local_rank: 1 (pid: 8112) of binary: python\n"));
  input.files.push_back({"torchrun/n1/1/stderr.log", traceback_of_rank_1, {}, LogKind::rank, "", 1});
  const auto d = diagnose(input);
  EXPECT_EQ(d.cause, "python-exception");
  EXPECT_EQ(d.file, "torchrun/n1/1/stderr.log");
  EXPECT_EQ(d.line, 4u);
  EXPECT_EQ(d.rank, 1);
  EXPECT_EQ(d.evidence, "ValueError: bad shard 17");
}

TEST(Diagnose, CountsTracebackTextInDataForNothing) {
  const auto d = diagnosed(
      "sample: \"Traceback (most recent call last): RuntimeError: CUDA out of memory. Tried to allocate\"\n"
      "Traceback (most recent call last): is what Python prints\n"
      "RuntimeError: CUDA out of memory. Tried to allocate 2 GiB\n");
  EXPECT_EQ(d.verdict, DiagnosisVerdict::unknown);
  EXPECT_EQ(d.cause, std::nullopt);
}

TEST(Diagnose, KeepsInterleavedTracebacksApart) {
  const auto d = diagnosed(
      "[rank0]:[rank0]: Traceback (most recent call last):\n"
      "[rank1]:[rank1]: Traceback (most recent call last):\n"
      "[rank0]:[rank0]:   File \"a.py\", line 1, in <module>\n"
      "[rank1]:[rank1]:   File \"b.py\", line 1, in <module>\n"
      "[rank0]:[rank0]:     dist.all_reduce(t)\n"
      "[rank1]:[rank1]:     x.backward()\n"
      "[rank0]:[rank0]: RuntimeError: [gloo/transport/tcp/pair.cc:547] Connection closed by peer [127.0.0.1]:3\n"
      "[rank1]:[rank1]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 3.91 GiB.\n");
  EXPECT_EQ(d.cause, "cuda-oom");
  EXPECT_EQ(d.rank, 1);
  EXPECT_EQ(d.line, 8u);
}

TEST(Diagnose, ReadsPyTorchsOwnTagWhereTorchrunSetsNone) {
  const auto d = diagnosed(
      "[rank3]: Traceback (most recent call last):\n"
      "[rank3]:   File \"a.py\", line 1, in <module>\n"
      "[rank3]:     x()\n"
      "[rank3]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 3.91 GiB.\n");
  EXPECT_EQ(d.cause, "cuda-oom");
  EXPECT_EQ(d.rank, 3);
}

TEST(Diagnose, TakesTheMembersOfAnExceptionGroup) {
  const auto d = diagnosed(
      "  + Exception Group Traceback (most recent call last):\n"
      "  |   File \"a.py\", line 1, in <module>\n"
      "  |     main()\n"
      "  | ExceptionGroup: two went wrong (2 sub-exceptions)\n"
      "  +-+---------------- 1 ----------------\n"
      "    | Traceback (most recent call last):\n"
      "    |   File \"b.py\", line 2, in save\n"
      "    |     write()\n"
      "    | OSError: [Errno 28] No space left on device\n"
      "    +------------------------------------\n");
  EXPECT_EQ(d.cause, "disk-full");
  EXPECT_EQ(d.line, 9u);
}

TEST(Diagnose, DoesNotBlameAnIgnoredException) {
  const auto d = diagnosed(
      "Exception ignored in: <_io.TextIOWrapper name='<stdout>' mode='w' encoding='utf-8'>\n"
      "Traceback (most recent call last):\n"
      "  File \"a.py\", line 1, in <module>\n"
      "    flush()\n"
      "BrokenPipeError: [Errno 32] Broken pipe\n");
  EXPECT_EQ(d.cause, std::nullopt);
}

TEST(Diagnose, DoesNotBlameAScriptsComplaintWhenTheTrainingRan) {
  const auto d = diagnosed(
      "job.sh: line 4: module: command not found\n"
      "[rank0]:step:  1  loss: 2.0\n"
      "[rank0]:Traceback (most recent call last):\n"
      "[rank0]:  File \"a.py\", line 1, in <module>\n"
      "[rank0]:    x()\n"
      "[rank0]:torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 3.91 GiB.\n");
  EXPECT_EQ(d.cause, "cuda-oom");
  EXPECT_TRUE(d.also.empty());
}

TEST(Diagnose, ReportsNanBesideTheCause) {
  const auto d = diagnosed(
      "[rank0]:step:  1  loss: 2.0  grad_norm: 1.0\n"
      "[rank0]:step:  2  loss: nan  grad_norm: nan\n"
      "slurmstepd: error: *** JOB 8 ON n1 CANCELLED AT 2026-11-22T20:24:10 DUE TO TIME LIMIT ***\n");
  EXPECT_EQ(d.cause, "time-limit");
  ASSERT_EQ(d.also.size(), 1u);
  EXPECT_EQ(d.also[0].cause, "loss-nan");
  EXPECT_EQ(d.also[0].line, 2u);
}

TEST(Diagnose, PrefersWhatHappenedBeforeTheKill) {
  const auto d =
      diagnosed(traceback_of_rank_1 +
                "slurmstepd: error: *** JOB 8 ON n1 CANCELLED AT 2026-11-22T20:24:10 DUE TO TIME LIMIT ***\n");
  EXPECT_EQ(d.cause, "python-exception");
  ASSERT_EQ(d.also.size(), 1u);
  EXPECT_EQ(d.also[0].cause, "time-limit");
}

TEST(Diagnose, TakesSrunsEndOfAStepForAnEcho) {
  const auto d = diagnosed(
      "srun: error: n2: task 1: Exited with exit code 3\n"
      "0: slurmstepd: error: *** STEP 5.0 ON n1 CANCELLED AT 2026-11-22T20:00:53 ***\n");
  EXPECT_EQ(d.cause, std::nullopt);
}

TEST(Diagnose, JudgesTheLastTryInAFileOnly) {
  const auto d = diagnosed(
      "Training starts at step 1\nstep:  1  loss: 2.0\nstep:  2  loss: 1.9\n"
      "slurmstepd: error: *** JOB 6 ON n1 CANCELLED AT 2026-11-22T20:03:02 DUE TO PREEMPTION ***\n"
      "Training starts at step 3\nstep:  3  loss: 1.8\nTraining completed\n");
  EXPECT_EQ(d.verdict, DiagnosisVerdict::ok);
}

TEST(Diagnose, NamesTheRankBehindByItsSmallerSequenceNumber) {
  const std::string watchdog =
      "Watchdog caught collective operation timeout: WorkNCCL(SeqNum=%, OpType=ALLREDUCE, NumelIn=1, NumelOut=1, "
      "Timeout(ms)=1000) ran for 1004 milliseconds before timing out.\n";
  std::string log;
  const char* numbers[] = {"41", "41", "40", "41"};
  for (int rank = 0; rank < 4; ++rank) {
    const auto tag = std::to_string(rank);
    auto text = watchdog;
    text.replace(text.find('%'), 1, numbers[rank]);
    log += "[rank" + tag + "]:[rank" + tag + "]:[E1014 22:41:07.318842117 ProcessGroupNCCL.cpp:684] [Rank " + tag +
           "] " + text;
  }
  const auto d = diagnosed(log);
  EXPECT_EQ(d.cause, "nccl-timeout");
  EXPECT_EQ(d.rank, 2);
  EXPECT_EQ(d.retry, Retry::retry);
}

TEST(Diagnose, NamesTheNodeBehindALabel) {
  const auto d = diagnosed(recorded("failures/gpu-ecc--1.txt"));
  EXPECT_EQ(d.node, "node23");
  EXPECT_EQ(d.local_rank, 7);
  EXPECT_EQ(d.confidence, Confidence::sure);
}

TEST(Diagnose, NamesTheNodeThatFailedNotTheSurvivor) {
  EXPECT_EQ(diagnosed(recorded("failures/node-failure--1.txt")).node, "n2");
}

TEST(DiagnoseWithScheduler, ItsWordDecidesWhereTheLogIsSilent) {
  DiagnosisInput input;
  input.files.push_back(log_file("log.txt", "[rank0]:step:  4  loss: 2.0\n"));
  input.scheduler = SchedulerVerdict::timed_out;
  input.scheduler_words = "State=TIMEOUT";
  const auto d = diagnose(input);
  EXPECT_EQ(d.verdict, DiagnosisVerdict::failed);
  EXPECT_EQ(d.cause, "time-limit");
  EXPECT_EQ(d.evidence, "State=TIMEOUT");
  EXPECT_EQ(d.line, std::nullopt);
  EXPECT_EQ(d.confidence, Confidence::sure);
  EXPECT_EQ(d.retry, Retry::resume);
}

TEST(DiagnoseWithScheduler, ALineOfTheLogIsBetterEvidence) {
  DiagnosisInput input;
  input.files.push_back(log_file("log.txt", recorded("failures/time-limit--1.txt")));
  input.scheduler = SchedulerVerdict::timed_out;
  EXPECT_EQ(diagnose(input).line, 61u);
}

TEST(DiagnoseWithScheduler, ExplainsAMereSignal) {
  DiagnosisInput input;
  input.files.push_back(log_file("log.txt", recorded("failures/sigterm--1.txt")));
  input.scheduler = SchedulerVerdict::cancelled;
  input.scheduler_words = "State=CANCELLED by 1000";
  const auto d = diagnose(input);
  EXPECT_EQ(d.cause, "cancelled");
  EXPECT_EQ(d.retry, Retry::none);
}

TEST(DiagnoseWithScheduler, DoesNotHideAnEarlierError) {
  DiagnosisInput input;
  input.files.push_back(log_file("log.txt", traceback_of_rank_1));
  input.scheduler = SchedulerVerdict::timed_out;
  EXPECT_EQ(diagnose(input).cause, "python-exception");
}

TEST(DiagnoseWithScheduler, KnowsJobsThatNeverStarted) {
  DiagnosisInput input;
  input.scheduler = SchedulerVerdict::never_started;
  input.scheduler_words = "JobHeldAdmin";
  const auto d = diagnose(input);
  EXPECT_EQ(d.cause, "never-started");
  EXPECT_EQ(d.verdict, DiagnosisVerdict::failed);
  EXPECT_EQ(d.retry, Retry::ask_user);
}

TEST(DiagnoseWithScheduler, SaysNothingAboutALostJob) {
  DiagnosisInput input;
  input.scheduler = SchedulerVerdict::lost;
  const auto d = diagnose(input);
  EXPECT_EQ(d.verdict, DiagnosisVerdict::unknown);
  EXPECT_EQ(d.cause, std::nullopt);
}

TEST(DiagnoseHang, BeatsTheTimeLimitAndForbidsAPlainResume) {
  DiagnosisInput input;
  input.files.push_back(log_file("log.txt", recorded("failures/time-limit--1.txt")));
  input.hung = true;
  const auto d = diagnose(input);
  EXPECT_EQ(d.cause, "hang");
  EXPECT_EQ(d.line, 59u);
  EXPECT_EQ(d.retry, Retry::retry_elsewhere);
}

TEST(DiagnoseWithExit, IsOkWhenTheRunFinished) {
  DiagnosisInput input;
  input.files.push_back(log_file("log.txt", recorded("torchrun/ok-fsdp2.txt")));
  input.exit = exit_of(0);
  EXPECT_EQ(diagnose(input).verdict, DiagnosisVerdict::ok);
}

TEST(DiagnoseWithExit, OfAFinishedRunASpikeIsOnlyANote) {
  DiagnosisInput input;
  input.files.push_back(log_file("log.txt", recorded("failures/loss-spike--1.txt")));
  input.exit = exit_of(0);
  const auto d = diagnose(input);
  EXPECT_EQ(d.verdict, DiagnosisVerdict::ok);
  EXPECT_EQ(d.cause, std::nullopt);
  ASSERT_EQ(d.also.size(), 1u);
  EXPECT_EQ(d.also[0].cause, "loss-spike");
}

TEST(DiagnoseWithExit, NanThatExitedZeroIsAFailure) {
  DiagnosisInput input;
  input.files.push_back(log_file("log.txt", recorded("torchrun/nan-loss.txt")));
  input.exit = exit_of(0);
  const auto d = diagnose(input);
  EXPECT_EQ(d.verdict, DiagnosisVerdict::failed);
  EXPECT_EQ(d.cause, "loss-nan");
  EXPECT_EQ(d.retry, Retry::no_retry);
}

TEST(DiagnoseWithExit, NamesTheSignalNobodyElseSaw) {
  DiagnosisInput input;
  input.files.push_back(log_file("log.txt", "[rank0]:step:  4  loss: 2.0\n"));
  input.exit = exit_of(std::nullopt, "SIGKILL");
  const auto d = diagnose(input);
  EXPECT_EQ(d.cause, "sigkill");
  EXPECT_EQ(d.node, "n1");
  EXPECT_EQ(d.evidence, "node n1 was ended by SIGKILL");
}

TEST(DiagnoseWithExit, NeverGuesses) {
  DiagnosisInput input;
  input.files.push_back(log_file("log.txt", "hello\n\x1b[31mgood bye\x1b[39m\n\n"));
  input.exit = exit_of(1);
  const auto d = diagnose(input);
  EXPECT_EQ(d.verdict, DiagnosisVerdict::failed);
  EXPECT_EQ(d.cause, std::nullopt);
  EXPECT_EQ(d.evidence, "good bye");
  EXPECT_EQ(d.line, 2u);
}

TEST(Diagnose, OfAnEmptyFileIsUnknown) {
  const auto d = diagnosed("");
  EXPECT_EQ(d.verdict, DiagnosisVerdict::unknown);
  EXPECT_EQ(d.line, std::nullopt);
}

TEST(Diagnose, SaysWhichLogItCannotRead) {
  DiagnosisInput input;
  input.files.push_back({"gone", std::nullopt, "/no/such/log.txt", LogKind::node, "", std::nullopt});
  EXPECT_THROW(
      {
        try {
          diagnose(input);
        } catch (const std::exception& error) {
          EXPECT_STREQ(error.what(), "cannot read the log /no/such/log.txt: No such file or directory");
          throw;
        }
      },
      std::exception);
}

TEST(Causes, EveryPatternAndEveryRemedyIsKnown) {
  for (const auto& cause : all_causes()) {
    EXPECT_FALSE(cause.remedy.empty()) << cause.id;
    EXPECT_TRUE(cause.tier >= 1 && cause.tier <= 8) << cause.id;
    EXPECT_EQ(find_cause(cause.id), &cause) << cause.id << " is listed twice";
  }
  for (const auto& pattern : all_patterns()) {
    const bool special = pattern.cause == echo || pattern.cause == wrapper;
    EXPECT_TRUE(special || find_cause(pattern.cause) != nullptr) << pattern.cause;
  }
}

TEST(DiagnosisRecord, HasTheKeysOfTheContract) {
  const auto d = diagnosed(recorded("failures/cuda-oom--2.txt"));
  const Value value = to_value(d);
  EXPECT_EQ(value.text_or("verdict"), "failed");
  EXPECT_EQ(value.text_or("cause"), "cuda-oom");
  EXPECT_EQ(value.integer_or("tier"), 2);
  EXPECT_EQ(value.text_or("confidence"), "sure");
  EXPECT_EQ(value.integer_or("rank"), 3);
  EXPECT_EQ(value.integer_or("local_rank"), 3);
  EXPECT_FALSE(value.boolean_or("all_ranks", true));
  EXPECT_EQ(value.text_or("file"), "log.txt");
  EXPECT_EQ(value.integer_or("line"), 12);
  EXPECT_TRUE(value.text_or("evidence").starts_with("[rank3]:[rank3]: torch.OutOfMemoryError: CUDA out of memory."));
  EXPECT_TRUE(value.at("also").is_list());
  EXPECT_EQ(value.text_or("retry"), "no-retry");
  EXPECT_TRUE(value.text_or("remedy").starts_with("Lower local_batch_size or seq_len"));
  EXPECT_EQ(to_json(to_value(read_diagnosis(value))), to_json(value));
}

TEST(DiagnosisRecord, ShowsNullForWhatIsNotKnown) {
  EXPECT_EQ(to_json(to_value(Diagnosis{})),
            "{\"verdict\":\"unknown\",\"cause\":null,\"tier\":null,\"confidence\":\"guess\",\"rank\":null,"
            "\"node\":null,\"local_rank\":null,\"all_ranks\":false,\"file\":\"\",\"line\":null,\"evidence\":\"\","
            "\"also\":[],\"retry\":\"none\",\"remedy\":\"\"}");
}

}  // namespace
}  // namespace tt::logs
