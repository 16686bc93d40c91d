#include <gtest/gtest.h>

#include "support/error_text.hpp"
#include "tt/render/job_script.hpp"

namespace tt::render {
namespace {

using test::error_text;

JobRequest request_of_one() {
  JobTask task{3, 2, RetryMode::resume, RunFolder("/w/logs/m/a run"), {}};
  task.record.id = RunId{"r01"};
  task.record.name = "_tp2";
  task.record.resources = {1, 4, 4, Seconds{60}};
  task.record.launch.config = "/w/logs/m/a run/config.toml";
  task.record.launch.folder = "/opt/torchtitan";
  task.record.launch.script = "/opt/torchtitan/run_train.sh";
  task.record.launch.log_rank = "2";
  JobRequest request;
  request.token = Token{"abc"};
  request.tasks.push_back(task);
  return request;
}

std::string lines_after_the_head(const JobRequest& request) {
  const std::string text = task_file(request);
  return text.substr(text.find('\n') + 1);
}

TEST(TaskFile, BeginsWithALineThatIsNoTask) {
  EXPECT_EQ(task_file(request_of_one()).substr(0, 15), "#index\tattempt\t");
}

TEST(TaskFile, HasALineForEachTask) {
  JobRequest request = request_of_one();
  request.tasks.push_back(request.tasks.front());
  request.tasks.back().index = 4;
  request.tasks.back().mode = RetryMode::fresh;
  const std::string fields =
      "\tr01\t/w/logs/m/a run\t/w/logs/m/a run/config.toml\t/opt/torchtitan\t/opt/torchtitan/run_train.sh\t4\t2\t0\t\t\t--\n";
  EXPECT_EQ(lines_after_the_head(request), "3\t2\tresume" + fields + "4\t2\tfresh" + fields);
}

TEST(TaskFile, PutsVariablesBeforeTheDashesAndArgumentsAfter) {
  JobRequest request = request_of_one();
  request.tasks.front().record.environment = {{"A", "x  y"}, {"EMPTY", ""}};
  request.tasks.front().record.launch.arguments = {"--a.b=$(id)", "", "--"};
  const std::string text = lines_after_the_head(request);
  EXPECT_EQ(text.substr(text.find("\t4\t2\t")), "\t4\t2\t0\t\t\tA=x  y\tEMPTY=\t--\t--a.b=$(id)\t\t--\n");
}

TEST(TaskFile, NamesTheConfigFunctionOfTheRegistryEra) {
  JobRequest request = request_of_one();
  request.tasks.front().record.launch.script = "";
  request.tasks.front().record.launch.module = "llama3";
  request.tasks.front().record.launch.function = "llama3_8b";
  const std::string text = lines_after_the_head(request);
  EXPECT_EQ(text.substr(text.find("/opt/torchtitan")), "/opt/torchtitan\t\t4\t2\t0\tllama3\tllama3_8b\t--\n");
}

TEST(TaskFile, RefusesATabInAVariable) {
  JobRequest request = request_of_one();
  request.tasks.front().record.environment = {{"NOTE", "a\tb"}};
  EXPECT_EQ(
      error_text([&] { task_file(request); }),
      "run _tp2: the variable NOTE 'NOTE=a\\x09b' has a control character (a TAB or a line end, say); a task file "
      "cannot carry it");
}

TEST(TaskFile, RefusesALineEndInAnArgumentAndInAPath) {
  JobRequest request = request_of_one();
  request.tasks.front().record.launch.arguments = {"--a=1\n2"};
  EXPECT_EQ(
      error_text([&] { task_file(request); }),
      "run _tp2: the argument '--a=1\\x0a2' has a control character (a TAB or a line end, say); a task file cannot "
      "carry it");
  request = request_of_one();
  request.tasks.front().record.launch.folder = "/opt/\x01";
  EXPECT_EQ(error_text([&] { task_file(request); }),
            "run _tp2: the working folder '/opt/\\x01' has a control character (a TAB or a line end, say); a task file "
            "cannot carry it");
}

TEST(TaskFile, RefusesNamesThatAreNoVariables) {
  JobRequest request = request_of_one();
  request.tasks.front().record.environment = {{"A-B", "1"}};
  EXPECT_EQ(error_text([&] { task_file(request); }), "run _tp2: 'A-B' is no name of an environment variable");
  request.tasks.front().record.environment = {{"x;reboot", "1"}};
  EXPECT_EQ(error_text([&] { task_file(request); }), "run _tp2: 'x;reboot' is no name of an environment variable");
}

TEST(TaskFile, RefusesVariablesThatBashOrTheScriptKeeps) {
  JobRequest request = request_of_one();
  request.tasks.front().record.environment = {{"UID", "0"}};
  EXPECT_EQ(error_text([&] { task_file(request); }), "run _tp2: bash does not let anybody set the variable UID");
  request.tasks.front().record.environment = {{"tt_leader", "1"}};
  EXPECT_EQ(error_text([&] { task_file(request); }),
            "run _tp2: the variable tt_leader is kept for the job script (all names that begin with TT_ are)");
}

TEST(TaskFile, RefusesTwoTasksOfOneIndex) {
  JobRequest request = request_of_one();
  request.tasks.push_back(request.tasks.front());
  EXPECT_EQ(error_text([&] { task_file(request); }), "run _tp2: index 3 is given to two tasks of submission abc");
}

}  // namespace
}  // namespace tt::render
