// The job script of PBS on three nodes, with stand-ins for what starts a process on each of them: the words they are
// called with, what reaches the trainings, and how it ends.
#include <gmock/gmock.h>

#include "support/job_support.hpp"
#include "support/temp_folder.hpp"
#include "tt/base/files.hpp"
#include "tt/base/text.hpp"

namespace tt::render {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

// Each leaves its words, ended by NUL, in a file called after it and its node, and starts what it was asked to start
// the way the real one does: with an environment that has nothing of the job script's, and no signal that is ignored.
const char* const kStandIns = R"sh(#!/bin/bash
notes=@NOTES@
name=${0##*/}
words=("$@")
note() { printf '%s\0' "${words[@]}" >"$notes/$name$1"; }
bare=(env -i --default-signal HOME=/ PATH=/usr/bin:/bin PBS_JOBID=12.pbs0 "PBS_NODEFILE=$PBS_NODEFILE")
case $name in
  ssh)
    note ".${words[-2]}"
    exec env -i --default-signal HOME=/ PATH=/usr/bin:/bin /bin/sh -c "${words[-1]}"
    ;;
  pbs_tmrsh)
    note ".$1"
    exec "${bare[@]}" PBS_NODENUM=9 "${words[@]:1}"
    ;;
  pbsdsh)
    note ".$2"
    "${bare[@]}" PBS_NODENUM=9 "${words[@]:3}" || echo "pbsdsh: task 0x00000000 exit status $?" >&2
    exit 0
    ;;
  mpiexec | mpirun)
    note ""
    until [[ ${words[0]} == /bin/bash ]]; do words=("${words[@]:1}"); done
    started=() worst=0
    for rank in 0 1 2; do
      if [[ $name == mpiexec ]]; then own=("PALS_RANKID=$rank"); else own=("OMPI_COMM_WORLD_RANK=$rank"); fi
      "${bare[@]}" "${own[@]}" "${words[@]}" &
      started+=($!)
    done
    for pid in "${started[@]}"; do wait "$pid" || worst=$?; done
    exit "$worst"
    ;;
esac
)sh";

const std::string kOdd = " two  'single' \"double\" $HOME $(touch canary) `touch canary` \\n * ~ ; & | # für ";

std::string nul_ended(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += word + std::string(1, '\0');
  return text;
}

class PbsLaunch : public testing::Test {
 protected:
  explicit PbsLaunch(const std::string& training =
                         "printf '%s\\0' \"$ODD\" \"$SITE_ODD\" \"$SUBMITTED\" \"$TT_NODE\" "
                         "\"$TT_NODES\" \"$TT_HEAD\" \"$@\" >\"seen-$TT_NODE\"")
      : job(training) {
    for (const char* name : {"ssh", "pbs_tmrsh", "pbsdsh", "mpiexec", "mpirun"}) {
      const fs::path program =
          folder.write(std::string("bin/") + name, replace_all(kStandIns, "@NOTES@", folder.path().string()));
      fs::permissions(program, fs::perms::owner_all);
    }
    const std::string path = (folder / "bin").string() + ":/usr/bin:/bin";
    job.request.submission_folder = folder / "sub's \"$(touch canary)\" für/abcdefgh23";
    make_folders(job.request.submission_folder);
    job.request.site.scheduler = "pbs";
    job.request.site.environment = {{"SITE_ODD", kOdd}};
    job.request.submitter = {{"PATH", path}, {"SUBMITTED", kOdd}};
    job.request.shape = {3, 2, 6, Seconds{60}};
    job.task().record.resources = job.request.shape;
    job.task().record.environment = {{"ODD", kOdd}};
    job.task().record.launch.arguments = {"--key=" + kOdd};
    job.environment.set("PATH", path);
    job.environment.set("HOME", folder.path().string());
    job.environment.set("PBS_JOBID", "12.pbs0");
    // Two ranks on each host: a host stands there twice.
    job.environment.set("PBS_NODEFILE", folder.write("nodes", "localhost\nlocalhost\nn2\nn2\nn3\nn3\n").string());
  }
  // The words a stand-in was called with.
  std::vector<std::string> words(const std::string& note) const {
    std::vector<std::string> all = split(test::read(folder / note), '\0');
    all.pop_back();
    return all;
  }
  std::string script() const { return (job.request.submission_folder / "job.sh").string(); }
  std::string launch() const { return (job.folder().attempt(1) / "launch-1").string(); }
  void expect_three_trainings() const {
    for (const char* node : {"0", "1", "2"}) {
      EXPECT_EQ(job.seen(std::string("seen-") + node),
                nul_ended({kOdd, kOdd, kOdd, node, "3", "localhost", "--key=" + kOdd}));
    }
    const ExitRecord record = job.exit_record();
    ASSERT_EQ(record.nodes.size(), 3U);
    for (const auto& node : record.nodes) EXPECT_EQ(node.status, 0) << node.name;
    EXPECT_EQ(record.nodes[2].name, "n3");
    for (const fs::path& place : {folder.path(), job.folder().path(), job.request.submission_folder})
      EXPECT_FALSE(is_there(place / "canary")) << place;
  }
  test::TempFolder folder;
  test::JobOnDisk job;
};

TEST_F(PbsLaunch, SshIsGivenOneCommandThatAShellThereReadsBack) {
  job.request.site.launcher = "ssh";
  job.request.site.launcher_words = {"-o", "User=a b'c $(touch canary)"};
  const ProcessResult ended = job.run();
  EXPECT_EQ(ended.status, 0) << ended.out << ended.err;
  expect_three_trainings();
  const auto quoted = [](const std::string& text) { return "'" + replace_all(text, "'", "'\\''") + "'"; };
  EXPECT_THAT(
      words("ssh.n2"),
      ElementsAre("-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=accept-new", "-o", "User=a b'c $(touch canary)",
                  "n2", "exec /bin/bash -l " + quoted(script()) + " --node " + quoted(launch()) + " 1"));
}

TEST_F(PbsLaunch, PbsTmrshIsGivenAProgramAndItsWordsForEachHost) {
  job.request.site.launcher = "pbs_tmrsh";
  const ProcessResult ended = job.run();
  EXPECT_EQ(ended.status, 0) << ended.out << ended.err;
  expect_three_trainings();
  int number = 0;
  for (const std::string host : {"localhost", "n2", "n3"}) {
    EXPECT_THAT(words("pbs_tmrsh." + host),
                ElementsAre(host, "/bin/bash", "-l", script(), "--node", launch(), std::to_string(number++)));
  }
}

TEST_F(PbsLaunch, PbsdshIsGivenTheFirstLineOfEachHost) {
  job.request.site.launcher = "pbsdsh";
  const ProcessResult ended = job.run();
  EXPECT_EQ(ended.status, 0) << ended.out << ended.err;
  expect_three_trainings();
  int number = 0;
  for (const std::string line : {"0", "2", "4"}) {
    EXPECT_THAT(words("pbsdsh." + line), ElementsAre("-n", line, "--", "/bin/bash", "-l", script(), "--node", launch(),
                                                     std::to_string(number++)));
  }
}

TEST_F(PbsLaunch, MpiexecStartsOneProcessOnEachNodeWithTheWordsOfTheSite) {
  job.request.site.launcher = "mpiexec-pals";
  job.request.site.launcher_words = {"--depth", "64", "--env", "NOTE=a b'c $(touch canary)"};
  const ProcessResult ended = job.run();
  EXPECT_EQ(ended.status, 0) << ended.out << ended.err;
  expect_three_trainings();
  EXPECT_THAT(words("mpiexec"),
              ElementsAre("-n", "3", "--ppn", "1", "--depth", "64", "--env", "NOTE=a b'c $(touch canary)", "/bin/bash",
                          "-l", script(), "--node", launch()));
}

TEST_F(PbsLaunch, MpirunStartsOneProcessOnEachNodeWithTheWordsOfTheSite) {
  job.request.site.launcher = "mpirun";
  job.request.site.launcher_words = {"--mca", "plm_rsh_agent", "pbs_tmrsh"};
  const ProcessResult ended = job.run();
  EXPECT_EQ(ended.status, 0) << ended.out << ended.err;
  expect_three_trainings();
  EXPECT_THAT(words("mpirun"), ElementsAre("-np", "3", "--map-by", "ppr:1:node", "--mca", "plm_rsh_agent", "pbs_tmrsh",
                                           "/bin/bash", "-l", script(), "--node", launch()));
}

// Node 1 fails, the others would train for a minute.
class PbsLaunchOfABadNode : public PbsLaunch, public testing::WithParamInterface<std::string> {
 protected:
  PbsLaunchOfABadNode()
      : PbsLaunch(
            "touch \"seen-$TT_NODE\"\nif [ \"$TT_NODE\" = 1 ]; then\n"
            "  until [ -e seen-0 ] && [ -e seen-2 ]; do sleep 0.1; done\n  exit 3\nfi\nsleep 60") {}
};

TEST_P(PbsLaunchOfABadNode, EndsTheOthersAndEachSaysHow) {
  job.request.site.launcher = GetParam();
  const ProcessResult ended = job.run();
  EXPECT_NE(ended.status, 0);
  const ExitRecord record = job.exit_record();
  ASSERT_EQ(record.nodes.size(), 3U);
  EXPECT_EQ(record.nodes[0].signal, "SIGTERM") << ended.out << ended.err;
  EXPECT_EQ(record.nodes[1].status, 3);
  EXPECT_EQ(record.nodes[2].signal, "SIGTERM");
}
// mpiexec and mpirun end the others themselves: the stories of tests/contract are told with them.
INSTANTIATE_TEST_SUITE_P(With, PbsLaunchOfABadNode, testing::Values("ssh", "pbs_tmrsh", "pbsdsh"),
                         [](const auto& one) { return one.param; });

}  // namespace
}  // namespace tt::render
