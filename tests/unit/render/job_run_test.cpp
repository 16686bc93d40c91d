// The rendered script, really run, with a stand-in for run_train.sh.
#include <gtest/gtest.h>
#include <signal.h>

#include "support/job_support.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace tt::render {
namespace {

using test::JobOnDisk;

TEST(JobRun, ASuccessLeavesLogClaimAndExitRecord) {
  JobOnDisk job("echo step 1; echo warning >&2");
  const ProcessResult result = job.run();
  EXPECT_EQ(result.status, 0) << result.out << result.err;
  EXPECT_EQ(result.out + result.err, "");
  EXPECT_TRUE(job.log().ends_with("# output of the training:\nstep 1\nwarning\n")) << job.log();

  const auto claim = load_claim(job.folder().claim(1));
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->run, "r00112233445566ff");
  EXPECT_EQ(claim->attempt, 1);
  EXPECT_EQ(claim->token, "abcdefgh23");
  EXPECT_EQ(claim->index, 0);
  EXPECT_EQ(claim->job, "local-17");
  EXPECT_EQ(claim->host, this_host());
  EXPECT_FALSE(claim->nonce.empty());
  EXPECT_FALSE(claim->revoked);

  const ExitRecord record = job.exit_record();
  EXPECT_EQ(record.run, "r00112233445566ff");
  EXPECT_EQ(record.token, "abcdefgh23");
  EXPECT_EQ(record.attempt, 1);
  EXPECT_EQ(record.restart_count, 0);
  EXPECT_EQ(record.job, "local-17");
  EXPECT_TRUE(parse_iso_time(record.started));
  EXPECT_TRUE(parse_iso_time(record.ended));
  ASSERT_EQ(record.nodes.size(), 1u);
  EXPECT_EQ(record.nodes[0].name, this_host());
  EXPECT_TRUE(record.all_zero());
  EXPECT_EQ(record.ended_by, std::nullopt);
}

TEST(JobRun, LeavesNothingBehindButTheFilesOfARun) {
  JobOnDisk job("true");
  job.run();
  EXPECT_EQ(list_folder(job.folder().path()),
            (std::vector<std::string>{"attempt-1", "claim-1", "config.toml", "exit.json", "log.txt", "run.json",
                                      "run_train.sh"}));
  EXPECT_EQ(list_folder(job.folder().attempt(1)),
            (std::vector<std::string>{"exit.json", "log.txt", "node-0.exit", "torchrun"}));
  EXPECT_EQ(fs::read_symlink(job.folder().log()), "attempt-1/log.txt");
  EXPECT_EQ(fs::read_symlink(job.folder().exit()), "attempt-1/exit.json");
}

TEST(JobRun, LinksPointIntoTheNewAttemptAndTheOldOneIsKept) {
  JobOnDisk job("echo \"attempt $TT_ATTEMPT\"");
  job.run();
  job.task().attempt = 2;
  EXPECT_EQ(job.run().status, 0);
  EXPECT_TRUE(job.log().ends_with("attempt 2\n"));
  EXPECT_EQ(job.exit_record().attempt, 2);
  EXPECT_TRUE(test::read(job.folder().attempt_log(1)).ends_with("attempt 1\n"));
}

TEST(JobRun, TheExitStatusOfTheTrainingIsTheScriptsAndIsRecorded) {
  JobOnDisk job("exit 3");
  EXPECT_EQ(job.run().status, 3);
  EXPECT_EQ(job.exit_record().nodes.at(0).status, 3);
  EXPECT_EQ(job.exit_record().nodes.at(0).signal, std::nullopt);
  EXPECT_FALSE(job.exit_record().all_zero());
}

TEST(JobRun, ASignalThatKillsTheTrainingIsRecordedByName) {
  JobOnDisk job("kill -SEGV $$");
  EXPECT_EQ(job.run().status, 128 + SIGSEGV);
  EXPECT_EQ(job.exit_record().nodes.at(0).status, std::nullopt);
  EXPECT_EQ(job.exit_record().nodes.at(0).signal, "SIGSEGV");
  EXPECT_EQ(job.exit_record().ended_by, std::nullopt);
}

TEST(JobRun, TheHeaderIsThereBeforeTheTrainingStarts) {
  JobOnDisk job("cat log.txt >seen");
  job.environment.set("CUDA_VISIBLE_DEVICES", "2,3");
  job.task().record.environment = {{"NCCL_ALGO", "Ring"}};
  job.task().record.launch.arguments = {"--training.steps=5"};
  job.run();
  const std::string header = job.seen();
  EXPECT_EQ(header.rfind("# tt: run r00112233445566ff, attempt 1\n# command:  cd ", 0), 0u) << header;
  for (const std::string& line :
       {"# host:     " + this_host(), std::string("# token:    abcdefgh23"), std::string("# job:      local-17"),
        std::string("# mode:     fresh"), "# config:   " + job.folder().config().string(),
        // sha256sum of "[training]\nsteps = 5\n"
        std::string("# sha256:   6d8ab4d70bb8ff2ddc2001ce3b64f7a08f2b384d98c1d2cec16bc46158c53989"),
        std::string("# set:      NCCL_ALGO=Ring"), std::string("# env:      CUDA_VISIBLE_DEVICES=2,3"),
        std::string("# env:      NGPU=2")}) {
    EXPECT_NE(header.find(line + "\n"), std::string::npos) << line << "\n" << header;
  }
  // The folder's name is it's a "run" $HOME `id` für.
  const std::string folder = replace_all(job.folder().path().string(), "'", "'\\''");
  EXPECT_NE(header.find("# command:  cd '" + folder + "' && NGPU=2 LOG_RANK=0 CONFIG_FILE='" + folder +
                        "/config.toml' '" + folder + "/run_train.sh' --training.steps=5\n"),
            std::string::npos)
      << header;
}

TEST(JobRun, NothingThatLooksSecretIsInTheLog) {
  JobOnDisk job("true");
  job.task().record.environment = {
      {"HF_TOKEN", "hf_abcdefgh"}, {"WANDB_API_KEY", "0123456789"}, {"HF_HUB_NOTE", "hf_zyxw"}};
  job.task().record.launch.arguments = {"--metrics.api_key=topsecret", "--model.tokenizer_path=/t"};
  EXPECT_EQ(job.run().status, 0);
  for (const char* secret : {"hf_abcdefgh", "0123456789", "hf_zyxw", "topsecret"}) {
    EXPECT_EQ(job.log().find(secret), std::string::npos) << secret << "\n" << job.log();
  }
  EXPECT_NE(job.log().find("HF_TOKEN=(hidden)"), std::string::npos);
  EXPECT_NE(job.log().find("--model.tokenizer_path=/t"), std::string::npos) << job.log();
}

TEST(JobRun, OddValuesArriveUnchanged) {
  const std::string odd = " two  'single' \"double\" $HOME $(id) `id` \\n * ~ ; & | # für ";
  JobOnDisk job("printf '%s\\0' \"$ODD\" \"$EMPTY\" \"${EMPTY+set}\" \"$SITE_ODD\" \"$@\" >seen");
  job.task().record.environment = {{"ODD", odd}, {"EMPTY", ""}};
  job.task().record.launch.arguments = {odd, "", "--key=" + odd, "--", "*"};
  job.request.site.environment = {{"SITE_ODD", odd}};
  EXPECT_EQ(job.run().status, 0) << job.log();
  std::string wanted;
  for (const std::string& value : {odd, std::string(), std::string("set"), odd, odd, std::string(), "--key=" + odd,
                                   std::string("--"), std::string("*")}) {
    wanted += value + std::string(1, '\0');
  }
  EXPECT_EQ(job.seen(), wanted);
}

TEST(JobRun, ATrainingWithoutVariablesAndArgumentsIsStartedWithNone) {
  JobOnDisk job("echo \"$#\" >seen");
  EXPECT_EQ(job.run().status, 0) << job.log();
  EXPECT_EQ(job.seen(), "0\n");
}

TEST(JobRun, SetsWhatRunTrainReads) {
  JobOnDisk job("printf '%s\\n' \"$NGPU\" \"$LOG_RANK\" \"$CONFIG_FILE\" \"$PET_LOG_DIR\" \"$PWD\" \"$TT_RUN\" >seen");
  job.task().record.launch.log_rank = "1";
  EXPECT_EQ(job.run().status, 0) << job.log();
  const std::string folder = job.folder().path().string();
  EXPECT_EQ(job.seen(), "2\n1\n" + folder + "/config.toml\n" + folder + "/attempt-1/torchrun/" + this_host() + "\n" +
                            folder + "\nr00112233445566ff\n");
  EXPECT_TRUE(is_folder(job.folder().attempt(1) / "torchrun" / this_host()));
}

TEST(JobRun, NothingOfAnotherTrainingIsInherited) {
  JobOnDisk job("printf '%s\\n' \"${PET_NNODES-no}\" \"${RANK-no}\" \"${COMM_MODE-no}\" \"${MODULE-no}\" >seen");
  for (const char* name : {"PET_NNODES", "RANK", "COMM_MODE", "MODULE"}) job.environment.set(name, "2");
  job.task().record.environment = {{"MODULE", "llama3"}};
  EXPECT_EQ(job.run().status, 0) << job.log();
  EXPECT_EQ(job.seen(), "no\nno\nno\nllama3\n");
}

TEST(JobRun, SetupOfTheSiteRunsBeforeAndItsOutputIsInTheLog) {
  JobOnDisk job("echo \"$FROM_SETUP $COLOUR\" >seen");
  job.request.site.setup = {"echo module loaded", "export FROM_SETUP=\"$((6 * 7))\" COLOUR=grey"};
  job.request.site.environment = {{"COLOUR", "red"}};
  job.task().record.environment = {{"COLOUR", "blue"}};
  EXPECT_EQ(job.run().status, 0) << job.log();
  EXPECT_EQ(job.seen(), "42 blue\n");
  EXPECT_NE(job.log().find("\nmodule loaded\n"), std::string::npos);
}

TEST(JobRun, AScriptThatIsNotExecutableIsRunByBash) {
  JobOnDisk job("echo \"$BASH_VERSION\" >seen");
  fs::permissions(job.task().record.launch.script, fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(job.run().status, 0) << job.log();
  EXPECT_TRUE(job.has_seen());
}

TEST(JobRun, AMissingScriptIsRecordedAsCommandNotFound) {
  JobOnDisk job("true");
  job.task().record.launch.script = "/nowhere/run_train.sh";
  EXPECT_EQ(job.run().status, 127);
  EXPECT_EQ(job.exit_record().nodes.at(0).status, 127);
  EXPECT_NE(job.log().find("/nowhere/run_train.sh: No such file or directory"), std::string::npos) << job.log();
}

TEST(JobRun, AMissingWorkingFolderIsRecorded) {
  JobOnDisk job("touch seen");
  job.task().record.launch.folder = "/nowhere/at/all";
  EXPECT_EQ(job.run().status, 126);
  EXPECT_EQ(job.exit_record().nodes.at(0).status, 126);
  EXPECT_NE(job.log().find("/nowhere/at/all: No such file or directory"), std::string::npos) << job.log();
}

TEST(JobRun, TheIndexChoosesTheTask) {
  JobOnDisk job("true");
  JobOnDisk other("echo other >seen");
  other.task().index = 10;
  job.request.tasks.front().index = 1;
  job.request.tasks.push_back(other.task());
  EXPECT_EQ(job.run(10).status, 0);
  EXPECT_TRUE(other.has_seen());
  EXPECT_FALSE(exists(job.folder().claim(1)));
}

// In an array that was handed over whole the task with index i is the i-th line; the others are read by nobody.
TEST(JobRun, TheIndexChoosesTheTaskAmongMany) {
  JobOnDisk job("touch seen");
  JobOnDisk other("echo other >seen");
  other.task().index = 2;
  job.request.tasks.push_back(job.task());
  job.request.tasks.back().index = 1;
  job.request.tasks.push_back(other.task());
  EXPECT_EQ(job.run(2).status, 0);
  EXPECT_TRUE(other.has_seen());
  EXPECT_FALSE(job.has_seen());
}

TEST(JobRun, AnIndexIsANumberAsItIsWrittenInTheTaskFile) {
  JobOnDisk job("touch seen");
  const std::string file = (job.request.submission_folder / "tasks.tsv").string();
  for (const std::string index : {"00", "08", "99999999999999999999"}) {
    job.write();
    job.environment.set("TT_INDEX", index);
    const ProcessResult result = SystemRunner().run(
        {{"bash", (job.request.submission_folder / "job.sh").string()}, job.environment, {}}, Seconds{30});
    EXPECT_EQ(result.status, 65);
    EXPECT_EQ(result.out, "tt: the task file " + file + " has no line for index " + index + "\n");
    EXPECT_EQ(result.err, "");
  }
  EXPECT_FALSE(job.has_seen());
}

TEST(JobRun, AnIndexWithoutALineStartsNothing) {
  JobOnDisk job("touch seen");
  const ProcessResult result = job.run(7);
  EXPECT_EQ(result.status, 65);
  EXPECT_EQ(result.out, "tt: the task file " + (job.request.submission_folder / "tasks.tsv").string() +
                            " has no line for index 7\n");
  EXPECT_FALSE(job.has_seen());
}

}  // namespace
}  // namespace tt::render
